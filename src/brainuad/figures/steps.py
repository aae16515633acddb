"""At which step a method that chooses superpixels loses: inpainting, heatmap or choice (Nguyen et al. 2021)."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainuad.figures.montage import TITLE
from brainuad.figures.study import SUBJECT, Method, Study, of
from brainuad.figures.style import FAINT, INK, looks
from brainuad.metrics.table import POOLED

ORACLE = "oracle"
COLUMNS = ("step", "method", "metric", "scope", "value", "low", "high")
LIMIT = {"color": INK, "linewidth": 0.9}
"""Lines at what chance, a perfect heatmap or the best choice reaches."""
CHANCE = (0, (4, 2))


@dataclass(frozen=True)
class Step:
    """A panel: what is measured after a step."""

    title: str
    axis: str
    metrics: tuple[str, ...]
    """The first is that of normal tissue where there are two."""
    scope: str = SUBJECT


STEPS = {
    "inpainting": Step("1. Inpainting", "mean |x - x̂|\n(mean over subjects)", ("l1_re_normal", "l1_re_anomalous")),
    "heatmap": Step("2. Heatmap", "AUPRC (brain voxels, pooled)\nbetter →", ("auprc",), POOLED),
    "choice": Step("3. Mask", "Dice (mean over subjects)\nbetter →", ("dice",)),
}
BOUNDS = {
    "dice_best_segment": ("best superpixel there is", "-"),
    "dice": ("superpixel by the oracle's heatmap", ":"),
}
"""The oracle's Dice: chosen by the label, and as the study chooses from a heatmap that knows the truth."""


def points(intervals: pd.DataFrame, dataset: str, methods: Sequence[str]) -> pd.DataFrame:
    """What is drawn, with the columns `COLUMNS`; what a method doesn't have is left out."""
    rows = []
    for name, step in STEPS.items():
        wanted = [(method, metric) for method in methods for metric in step.metrics]
        wanted += [(ORACLE, metric) for metric in BOUNDS] if name == "choice" else []
        for method, metric in wanted:
            known = of(intervals, dataset, metric, step.scope)
            if method in known.index:
                rows.append([name, method, metric, step.scope, *known.loc[method, ["value", "low", "high"]]])
    return pd.DataFrame(rows, columns=COLUMNS)


def size(methods: int) -> tuple[float, float]:
    """Width and height of the figure in inches."""
    return 8.2, 1.7 + 0.3 * methods


def draw(
    figure: Figure, study: Study, title: str, methods: Sequence[Method], shown: pd.DataFrame, prevalence: float
) -> None:
    """Draw a panel for each step, a row for each method; `shown` has `COLUMNS`."""
    axes = figure.subplots(1, len(STEPS), sharey=True)
    for ax, (name, step) in zip(axes, STEPS.items(), strict=True):
        rows = shown[(shown["step"] == name) & (shown["method"] != ORACLE)]
        _panel(ax, study, methods, rows, step)
    axes[1].axvline(prevalence, **LIMIT, linestyle=CHANCE)
    bounds = shown[(shown["step"] == "choice") & (shown["method"] == ORACLE)].set_index("metric")["value"]
    for metric, value in bounds.items():
        axes[2].axvline(value, **LIMIT, linestyle=BOUNDS[metric][1])
    axes[2].set_xlim(right=1)
    axes[0].set_yticks(range(len(methods)), [method.label for method in methods])
    axes[0].set_ylim(len(methods) - 0.5, -0.5)
    handles = [
        Line2D([], [], **_look(FAINT, filled=False), label="normal"),
        Line2D([], [], **_look(FAINT, filled=True), label="anomalous"),
        Line2D([], [], **LIMIT, linestyle=CHANCE, label="prevalence (chance)"),
    ]
    handles += [
        Line2D([], [], **LIMIT, linestyle=line, label=f"{label}: {bounds[metric]:.2f}")
        for metric, (label, line) in BOUNDS.items()
        if metric in bounds
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.suptitle(textwrap.fill(title, int(TITLE * figure.get_figwidth())), x=0.01, ha="left")


def _panel(ax: Axes, study: Study, methods: Sequence[Method], rows: pd.DataFrame, step: Step) -> None:
    places = {method.name: row for row, method in enumerate(methods)}
    for row in rows.itertuples():
        colour, place = looks(study)[row.method].colour, places[row.method]
        normal = row.metric != step.metrics[-1]
        if np.isfinite([row.low, row.high]).all():
            ax.plot([row.low, row.high], [place, place], color=colour, linewidth=1.1, zorder=2)
        ax.plot(row.value, place, **_look(colour, filled=not normal), zorder=3)
    ax.set_xlim(left=0)
    ax.set_title(step.title, loc="left")
    ax.set_xlabel(step.axis)
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)


def _look(colour: str, filled: bool) -> dict[str, object]:
    face = colour if filled else "white"
    return {"marker": "o", "markersize": 5, "linestyle": "", "color": colour, "markerfacecolor": face}
