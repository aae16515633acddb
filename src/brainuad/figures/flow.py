"""From the subjects of a dataset to the slices of its splits (Kobayashi et al. 2021, Fig. 3)."""

import textwrap
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from brainuad.figures.style import BLUE, FAINT, GREYS, INK

WIDTH, HEIGHT = 3.6, 0.62
"""Inches for a box and what is between it and the next."""
BOX = 0.86, 0.66
"""Share of that which a box takes."""


@dataclass(frozen=True)
class Part:
    """A split of a dataset."""

    name: str
    subjects: int
    slices: int
    anomalous: int
    """Slices with a labelled abnormality."""


@dataclass(frozen=True)
class Cohort:
    """A dataset and what became of its subjects."""

    title: str
    found: int
    """Subjects in its archives."""
    parts: list[Part]


def size(cohorts: list[Cohort]) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    return 0.2 + 3 * WIDTH * 0.75, 0.5 + sum(_rows(cohort) for cohort in cohorts) * HEIGHT


def draw(figure: Figure, title: str, cohorts: list[Cohort]) -> None:
    """Draw a row of boxes for each split: dataset, subjects, slices."""
    ax = figure.add_axes((0.01, 0.01, 0.98, 0.98 - 0.4 / figure.get_figheight()))
    ax.set(xlim=(0, 3), ylim=(-sum(map(_rows, cohorts)), 0))
    ax.set_axis_off()
    top = 0
    for cohort in cohorts:
        middle = -top - _rows(cohort) / 2
        scans = f"{textwrap.fill(cohort.title, 34)}\n{counted(cohort.found, 'subject')} with a scan"
        _box(ax, 0, middle, scans, GREYS[0])
        for k, part in enumerate(cohort.parts):
            y = -top - k - 0.5
            _arrow(ax, (BOX[0], middle), (1, y))
            _box(ax, 1, y, f"{part.name}\n{counted(part.subjects, 'subject')}", BLUE)
            _arrow(ax, (1 + BOX[0], y), (2, y))
            ill = f"{part.anomalous:,} with an abnormality" if part.anomalous else "none with an abnormality"
            _box(ax, 2, y, f"{counted(part.slices, 'slice')}\n{ill}", BLUE)
        top += _rows(cohort)
    figure.suptitle(title, x=0.01, ha="left", y=1 - 0.1 / figure.get_figheight(), va="top")


def counted(number: int, thing: str) -> str:
    """`1 subject`, `2 subjects`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _rows(cohort: Cohort) -> int:
    return max(len(cohort.parts), 1)


def _box(ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    ax.add_patch(Rectangle((x, y - BOX[1] / 2), *BOX, fill=False, edgecolor=colour, linewidth=1.0))
    ax.text(x + BOX[0] / 2, y, text, ha="center", va="center", fontsize=7, color=INK)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": FAINT, "linewidth": 0.9, "shrinkA": 0})
