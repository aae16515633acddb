"""Quality against time: which methods no other one beats in both."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox, BboxBase

from brainuad.figures.study import SEES_LABELS, Study
from brainuad.figures.style import FAINT, INK, looks
from brainuad.metrics.catalogue import Metric

DIAGONAL = 0.75
SIDES = (
    (1, 0, "left", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
    (-1, 0, "right", "center"),
    (DIAGONAL, DIAGONAL, "left", "bottom"),
    (DIAGONAL, -DIAGONAL, "left", "top"),
    (-DIAGONAL, DIAGONAL, "right", "bottom"),
    (-DIAGONAL, -DIAGONAL, "right", "top"),
)
NEAR = 3
PLACES = [(reach, *side) for reach in (NEAR, 12, 22, 34, 48) for side in SIDES]
"""Where a label is tried: distance from the marker's rim in points, direction and alignment."""


def front(cost: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """(N) bool: the points that no other one beats (no slower, no worse, and better in one of the two)."""
    cost, quality = np.asarray(cost, float), np.asarray(quality, float)
    no_worse = (cost[None] <= cost[:, None]) & (quality[None] >= quality[:, None])
    better = (cost[None] < cost[:, None]) | (quality[None] > quality[:, None])
    return ~(no_worse & better).any(axis=1)


def draw(figure: Figure, study: Study, title: str, points: pd.DataFrame, quality: Metric, cost: Metric) -> None:
    """Draw the methods; `points` by method: cost, value, low, high, parameters (NaN where unknown).

    The front leaves out controls that see the labels, as nothing label-free can be held against them.
    """
    style = looks(study)
    points = points.reindex([m.name for m in study.methods if m.name in points.index])
    points = points[(points["cost"] > 0) & points["value"].notna()]
    points = points.fillna({"low": points["value"], "high": points["value"]})
    sign = -1 if quality.direction == "lower" else 1
    contest = points[~points.index.isin(SEES_LABELS)]
    best = contest[front(contest["cost"], sign * contest["value"])].sort_values("cost")

    ax = figure.subplots()
    ax.plot(best["cost"], best["value"], color=FAINT, linewidth=1, drawstyle="steps-post", zorder=1)
    for name, point in points.iterrows():
        colour = style[name].colour
        ax.plot([point["cost"]] * 2, [point["low"], point["high"]], color=colour, linewidth=0.9, zorder=2)
        ax.scatter(
            point["cost"],
            point["value"],
            s=_area(point["parameters"]),
            color=colour,
            marker=style[name].marker,
            edgecolors="white",
            linewidths=0.6,
            zorder=3,
        )
    ax.set_xscale("log")
    if len(points):
        ax.set_xlim(points["cost"].min() / 2.5, points["cost"].max() * 4)
    ax.set_xlabel(cost.label + " (log scale)")
    ax.set_ylabel(f"{quality.label} (all voxels)")
    ax.margins(y=0.1)
    ax.grid()
    figure.suptitle(title, x=0.01, ha="left")
    handles = [Line2D([], [], color=FAINT, linewidth=1, label="not dominated")]
    for number, text in ((np.nan, "no parameters"), (1e5, "100 k parameters"), (1e7, "10 M parameters")):
        handles.append(ax.scatter([], [], s=_area(number), color=FAINT, label=text))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    _label(figure, ax, study, points, best)


def _area(parameters: float) -> float:
    """Marker area in square points, growing with the logarithm of the number of parameters."""
    return 22 + 22 * max(np.log10(parameters) - 3, 0) if parameters > 0 else 22


def _label(figure: Figure, ax: Axes, study: Study, points: pd.DataFrame, best: pd.DataFrame) -> None:
    """Label the points, each at the first place where its text covers no marker, line or other label."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # a further layout would move what was measured
    renderer = figure.canvas.get_renderer()
    frame = ax.get_window_extent(renderer)
    taken = _occupied(ax, points, best)
    for method in study.methods:
        if method.name not in points.index:
            continue
        point = tuple(points.loc[method.name, ["cost", "value"]])
        radius = np.sqrt(_area(points.at[method.name, "parameters"])) / 2
        text = ax.annotate(
            method.label,
            point,
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=7,
            color=FAINT if method.control else INK,
            zorder=5,
        )
        tried = []
        for reach, x, y, ha, va in PLACES:
            place = {"position": (x * (radius + reach), y * (radius + reach)), "ha": ha, "va": va}
            text.set(**place)
            box = text.get_window_extent(renderer)
            covered = sum(_overlap(box, other) for other in taken)
            outside = box.width * box.height - _overlap(box, frame)
            tried.append((covered + 100 * outside, len(tried), place, box, reach))
            if tried[-1][0] == 0:
                break
        _, _, place, box, reach = min(tried)
        text.set(**place)
        taken.append(box)
        if reach > NEAR:
            ax.annotate(
                "",
                point,
                xytext=place["position"],
                textcoords="offset points",
                arrowprops={
                    "arrowstyle": "-",
                    "color": FAINT,
                    "linewidth": 0.5,
                    "shrinkA": 0,
                    "shrinkB": radius,
                },
            )


def _occupied(ax: Axes, points: pd.DataFrame, best: pd.DataFrame) -> list[Bbox]:
    """Boxes in pixels around the markers, the bars and the front."""
    pixels = ax.figure.dpi / 72
    boxes = []
    for _, point in points.iterrows():
        (x, y), (_, low), (_, high) = ax.transData.transform(
            [(point["cost"], point[name]) for name in ("value", "low", "high")]
        )
        radius = np.sqrt(_area(point["parameters"])) / 2 * pixels
        boxes += [
            Bbox([(x - radius, y - radius), (x + radius, y + radius)]),
            Bbox([(x - 1, low), (x + 1, high)]),
        ]
    corners = ax.transData.transform(best[["cost", "value"]].to_numpy())
    for (x, y), (next_x, next_y) in pairwise(corners):
        boxes += [Bbox([(x, y - 1), (next_x, y + 1)]), Bbox([(next_x - 1, y), (next_x + 1, next_y)])]
    return boxes


def _overlap(a: BboxBase, b: BboxBase) -> float:
    """Area in square pixels that two boxes share."""
    width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return width * height if width > 0 and height > 0 else 0.0
