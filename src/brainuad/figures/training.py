"""Training curves: the loss and its terms, on training and validation subjects, of every trained model."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from brainuad.figures.style import BLUE, FAINT, VERMILION

WIDTH = 18
"""Letters in a line of a label."""
PARTS = {"train": (BLUE, (0, (4, 1.5))), "validation": (VERMILION, "-")}


def terms(table: pd.DataFrame) -> list[str]:
    """The loss and its terms, in the table's order, the loss first."""
    names = [column.partition("_")[2] for column in table if column.startswith(("train_", "validation_"))]
    return list(dict.fromkeys(["loss", *names]))


def draw(figure: Figure, title: str, models: list[tuple[str, list[pd.DataFrame]]]) -> None:
    """Draw a row for each model (its label, a table for each seed), a panel for the loss and each term."""
    widest = max(len(terms(seeds[0])) for _, seeds in models)
    axes = figure.subplots(len(models), widest, squeeze=False)
    for row, (label, seeds) in zip(axes, models, strict=True):
        for ax, term in zip(row, terms(seeds[0]), strict=False):
            _panel(ax, term, seeds)
        for ax in row[len(terms(seeds[0])) :]:
            ax.set_axis_off()
        row[0].set_ylabel(fill(label, WIDTH), fontweight="bold")
    handles = [Line2D([], [], color=colour, linestyle=line, label=part) for part, (colour, line) in PARTS.items()]
    handles.append(Line2D([], [], color=VERMILION, marker="o", linestyle="", label="weights that are kept"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.suptitle(title, x=0.01, ha="left")


def _panel(ax: Axes, term: str, seeds: list[pd.DataFrame]) -> None:
    shown = []
    for table in seeds:
        for part, (colour, line) in PARTS.items():
            name = f"{part}_{term}"
            if name in table and table[name].notna().any():
                rows = table[table[name].notna()]
                # A single epoch has no line, so it is drawn as a point.
                marker = "." if len(rows) == 1 else None
                ax.plot(rows["epoch"], rows[name], color=colour, linestyle=line, linewidth=1.1, marker=marker)
                shown.append(rows[name].to_numpy())
        if f"validation_{term}" in table:
            kept = table[table["kept"]]
            ax.plot(kept["epoch"], kept[f"validation_{term}"], "o", color=VERMILION, markersize=4)
    ax.set_title(term.replace("_", " "))
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    ax.grid()
    if not shown:
        ax.text(0.5, 0.5, "not recorded", color=FAINT, ha="center", transform=ax.transAxes)
    elif all((values > 0).all() and np.isfinite(values).all() for values in shown):
        ax.set_yscale("log")
