"""Quality of methods at the levels of one varied setting (Baur et al. 2021, Fig. 8)."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainuad.figures.study import Study
from brainuad.figures.style import INK, Look, looks
from brainuad.metrics.catalogue import METRICS, Metric
from brainuad.metrics.table import POOLED

COLUMNS = ("level", "dataset", "metric", "method", "value", "low", "high", "seconds_per_volume")
DODGE, WIDEST = 0.07, 0.5
"""Between neighbouring methods, and of all together, in distances of levels."""
CHANCE = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 2)), "zorder": 1}


@dataclass(frozen=True)
class Quality:
    """What a panel shows."""

    metric: Metric
    scope: str
    """Whether it is of all voxels or a mean over subjects."""

    @property
    def label(self) -> str:
        """The name of the axis."""
        return f"{self.metric.label} ({'all voxels' if self.scope == POOLED else 'mean over subjects'})"


def size(datasets: int, methods: int, with_time: bool) -> tuple[float, float]:
    """Width and height in inches of the figure of that many datasets and methods."""
    return max(4.5, 2.7 * datasets + 0.4), 3.0 + 1.9 * with_time + 0.17 * (methods + 1)


def draw(
    figure: Figure,
    study: Study,
    title: str,
    axis: str,
    points: pd.DataFrame,
    panels: dict[str, Quality],
    prevalence: dict[str, float],
    with_time: bool,
) -> None:
    """Draw a panel for each dataset, and below it the time where asked; `points` has `COLUMNS`, levels in order.

    `prevalence` by dataset is what chance reaches, where it is that of the metric. `title` says that scans are made,
    the panels' titles don't repeat it.
    """
    levels, methods = (list(points[name].unique()) for name in ("level", "method"))
    axes = figure.subplots(1 + with_time, len(panels), squeeze=False, sharex=True)
    shown = None
    for column, (dataset, quality) in enumerate(panels.items()):
        rows = points[points["dataset"] == dataset]
        ax = axes[0, column]
        ax.set_title(textwrap.fill(study.cohort(dataset).title, 34), loc="left")
        _lines(ax, study, methods, levels, rows)
        if dataset in prevalence:
            ax.axhline(prevalence[dataset], **CHANCE)
        if quality.metric.range[0] == 0:
            ax.set_ylim(bottom=0)
        if quality != shown:
            ax.set_ylabel(quality.label)
            shown = quality
        if with_time:
            times = rows.assign(value=rows["seconds_per_volume"], low=np.nan, high=np.nan)
            _lines(axes[1, column], study, methods, levels, times)
            axes[1, column].set_yscale("log")
        axes[-1, column].set_xlabel(axis)
        axes[-1, column].set_xticks(range(len(levels)), levels)
        axes[-1, column].set_xlim(-0.5, len(levels) - 0.5)
    if with_time:
        axes[1, 0].set_ylabel(f"{METRICS['seconds_per_volume'].label}\n(log scale)")
    handles = [_handle(looks(study)[name], study.method(name).label) for name in methods]
    if prevalence:
        handles.append(Line2D([], [], label="chance (prevalence)", **CHANCE))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), max(2, len(panels))))
    figure.suptitle(title, x=0.01, ha="left")


def offsets(methods: int) -> np.ndarray:
    """(M) shifts that keep the whiskers of methods at one level apart, in distances of levels, about 0."""
    reach = min(DODGE * (methods - 1), WIDEST) / 2
    return np.linspace(-reach, reach, methods)


def _lines(ax: Axes, study: Study, methods: Sequence[str], levels: Sequence[str], rows: pd.DataFrame) -> None:
    style = looks(study)
    for name, shift in zip(methods, offsets(len(methods)), strict=True):
        line, look = rows[rows["method"] == name].set_index("level").reindex(levels), style[name]
        x = np.arange(len(levels)) + shift
        ax.plot(
            x,
            line["value"],
            color=look.colour,
            linestyle=look.line,
            marker=look.marker,
            markersize=4,
            markeredgecolor="white",
            markeredgewidth=0.4,
            zorder=3,
        )
        ax.vlines(x, line["low"], line["high"], color=look.colour, linewidth=0.9, zorder=2)
    ax.grid(axis="y")


def _handle(look: Look, label: str) -> Line2D:
    return Line2D([], [], color=look.colour, linestyle=look.line, marker=look.marker, markersize=4, label=label)
