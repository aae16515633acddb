"""AUPRC of methods on several datasets, beside the published values (Baur et al. 2021, Fig. 5 and 9)."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainuad.figures.montage import TITLE
from brainuad.figures.study import Method, Study
from brainuad.figures.style import FAINT, INK, looks

MARKS = ("D", "o", "s", "^", "v", "P", "X")
"""Of the published datasets, in the order in which they occur."""


@dataclass(frozen=True)
class Panel:
    """One dataset; all values by method."""

    title: str
    values: pd.DataFrame
    """Columns value, low, high; the last two NaN where there is no interval."""
    published: pd.DataFrame
    """Columns published, published_dataset; a method has a row for each published dataset."""
    prevalence: float
    """What chance reaches, NaN where it isn't known."""


def size(methods: int, panels: int) -> tuple[float, float]:
    """Width and height of the figure in inches."""
    return 1.9 + 2.1 * panels, 1.5 + 0.34 * methods


def draw(
    figure: Figure,
    study: Study,
    title: str,
    methods: Sequence[Method],
    panels: Sequence[Panel],
    parameters: pd.Series,
) -> None:
    """Draw a panel for each dataset, a bar for each method; `parameters` by method, NaN where unknown."""
    counterparts = pd.concat([panel.published["published_dataset"] for panel in panels]).unique()
    marks = dict(zip(counterparts, MARKS, strict=False))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        _panel(ax, study, methods, panel, marks)
    _name(axes[0], methods, [parameters.get(method.name, np.nan) for method in methods])
    handles = [Line2D([], [], color=INK, linewidth=0.9, marker="|", markersize=5, label="95 % interval")]
    handles += [Line2D([], [], **_look(mark), linestyle="", label=f"published, {name}") for name, mark in marks.items()]
    handles.append(Line2D([], [], color=INK, linewidth=0.9, linestyle=(0, (4, 2)), label="prevalence (chance)"))
    figure.legend(handles=handles, loc="outside lower center", ncols=int(figure.get_figwidth() // 1.5))
    figure.suptitle(textwrap.fill(title, int(TITLE * figure.get_figwidth())), x=0.01, ha="left")


def _panel(ax: Axes, study: Study, methods: Sequence[Method], panel: Panel, marks: dict[str, str]) -> None:
    values = panel.values.reindex([method.name for method in methods])
    style = looks(study)
    for row, (name, (value, low, high)) in enumerate(values[["value", "low", "high"]].iterrows()):
        if np.isnan(value):
            ax.text(0.02, row, "no value", color=FAINT, va="center", fontsize=6.5, transform=ax.get_yaxis_transform())
            continue
        ax.barh(row, value, height=0.66, color=style[name].colour, alpha=0.75)
        if np.isfinite([low, high]).all():
            ax.plot([low, high], [row, row], color=INK, linewidth=0.9, marker="|", markersize=5)
    rows = {method.name: row for row, method in enumerate(methods)}
    for name, published in panel.published.groupby("published_dataset"):
        ax.plot(published["published"], published.index.map(rows), linestyle="", **_look(marks[name]), zorder=3)
    if np.isfinite(panel.prevalence):
        ax.axvline(panel.prevalence, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    ax.set_xlim(left=0)
    ax.set_title(textwrap.fill(panel.title, 30))
    ax.set_xlabel("AUPRC (all voxels)\nbetter →")
    ax.grid(axis="x")
    ax.tick_params(axis="y", which="both", length=0)


def _name(ax: Axes, methods: Sequence[Method], parameters: Sequence[float]) -> None:
    """The methods' names, below them in small grey the number of parameters where they have some."""
    counted = [(row, number) for row, number in enumerate(parameters) if number > 0]
    above = dict.fromkeys((row for row, _ in counted), 0.14)
    ax.set_yticks([row - above.get(row, 0) for row in range(len(methods))], [method.label for method in methods])
    ax.set_yticks([row + 0.26 for row, _ in counted], [in_short(number) for _, number in counted], minor=True)
    ax.tick_params(axis="y", which="minor", labelsize=6, labelcolor=FAINT)
    ax.set_ylim(len(methods) - 0.4, -0.6)
    for tick, method in zip(ax.get_yticklabels(), methods, strict=True):
        tick.set_color(FAINT if method.control else INK)


def _look(mark: str) -> dict[str, object]:
    return {
        "marker": mark,
        "markersize": 4.5,
        "markerfacecolor": "white",
        "markeredgecolor": INK,
        "markeredgewidth": 0.9,
    }


def in_short(number: float) -> str:
    """A number of parameters with three digits, such as '1.76 M'."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if number >= unit:
            return f"{number / unit:#.3g}".rstrip(".") + name
    return f"{number:.0f}"
