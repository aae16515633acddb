"""Dice against the volume of lesions, with and without the area opening (Chatterjee et al. 2022, section 5)."""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from brainuad.figures.study import Study, per_subject
from brainuad.figures.style import INK, looks

DICE, VOLUME = "dice_volume", "lesion_ml"
COLUMNS = 3
LETTERS = 26
"""That fit over a panel."""


@dataclass(frozen=True)
class Points:
    """A method's scans: volumes of their lesions in ml, Dice with the opening and without."""

    method: str
    volume: np.ndarray
    opened: np.ndarray
    unopened: np.ndarray


def points(opened: pd.DataFrame, unopened: pd.DataFrame, dataset: str, methods: list[str]) -> list[Points]:
    """The scans of each method that have a Dice in both long tables; methods without any are left out."""
    volume = per_subject(opened, dataset, VOLUME)
    both = per_subject(opened, dataset, DICE), per_subject(unopened, dataset, DICE)
    found = []
    for method in methods:
        if all(method in table for table in (volume, *both)):
            rows = pd.concat([volume[method], both[0][method], both[1][method]], axis=1, join="inner").dropna()
            found.append(Points(method, *rows.to_numpy().T))
    return [entry for entry in found if len(entry.volume)]


def size(shown: list[Points]) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    return max(4.5, 0.4 + 2.2 * min(COLUMNS, len(shown))), 0.75 + 1.9 * -(-len(shown) // COLUMNS)


def draw(figure: Figure, study: Study, title: str, shown: list[Points]) -> None:
    """Draw a panel for each method: a scan's two values joined by a line."""
    across = min(COLUMNS, len(shown))
    axes = figure.subplots(-(-len(shown) // COLUMNS), across, squeeze=False, sharex=True, sharey=True).ravel()
    for ax, entry in zip(axes, shown, strict=False):
        colour = looks(study)[entry.method].colour
        ax.vlines(entry.volume, entry.opened, entry.unopened, color=colour, linewidth=0.6, alpha=0.6)
        ax.plot(
            entry.volume, entry.unopened, "o", color="white", markeredgecolor=colour, markersize=3.5, label="without"
        )
        ax.plot(entry.volume, entry.opened, "o", color=colour, markersize=3.5, label="with opening")
        ax.set(xscale="log", ylim=(-0.03, 1.03))
        ax.set_title(textwrap.fill(study.method(entry.method).label, LETTERS), color=INK)
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.grid()
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    for ax in axes[max(len(shown) - across, 0) : len(shown)]:  # the lowest panel of each column
        ax.tick_params(labelbottom=True)
    axes[0].legend(loc="upper left", handletextpad=0.2, borderpad=0.1)
    figure.supxlabel("volume of a scan's lesions in ml", fontsize=8)
    figure.supylabel("Dice of the scan", fontsize=8)
    figure.suptitle(f"{title}: {max(len(entry.volume) for entry in shown)} scans", x=0.01, ha="left")
