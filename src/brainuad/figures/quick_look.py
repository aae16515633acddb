"""A quick look at what a method finds in one scan."""

import numpy as np
from matplotlib.figure import Figure

from brainuad.figures import montage
from brainuad.figures.boxes import frame
from brainuad.figures.panels import around, grey, heat, robust_maximum, sides
from brainuad.figures.style import ORANGE, VERMILION

COLUMNS = ("scan", "anomaly map", "found")
ROWS = 4
PANEL, AROUND = 1.8, 0.95
"""Inches: the width of a panel, and the room for title, headings and note."""
NOTE = (
    "Orange: found, with boxes. No diagnosis: the method marks what it hasn't learnt. The patient's left (L) is on the "
    "left."
)


def choose(mask: np.ndarray, brain: np.ndarray) -> list[int]:
    """Of masks (D, H, W) the slices that hold most, in order; where nothing is found, the one with most brain."""
    area = mask.sum((1, 2))
    if not area.any():
        return [int(np.argmax(brain.sum((1, 2))))]
    largest = np.argsort(-area, kind="stable")[:ROWS]
    return sorted(int(k) for k in largest if area[k])


def size(shown: list[int], brain: np.ndarray) -> tuple[float, float]:
    """Width and height in inches of the figure of these slices."""
    rows, columns = brain[0][around(brain)].shape
    return 0.3 + len(COLUMNS) * (PANEL + 0.05), AROUND + len(shown) * (PANEL * rows / columns + 0.2)


def draw(
    figure: Figure,
    title: str,
    shown: list[int],
    scan: np.ndarray,
    brain: np.ndarray,
    score: np.ndarray,
    mask: np.ndarray,
) -> None:
    """Draw the `shown` of the slices (D, H, W) of scan, brain mask, map and mask, a row each."""
    axes, crop = montage.bare(figure.subplots(len(shown), len(COLUMNS), squeeze=False)), around(brain)
    white, top = float(np.percentile(scan[brain], 99)), robust_maximum(score, brain)
    for row, k in zip(axes, shown, strict=True):
        plain, hot, found = row
        grey(plain, scan[k][crop], white)
        montage.bar(hot, heat(hot, score[k][crop], top), "anomaly score", extend="max")
        grey(found, scan[k][crop] / 2, white)
        montage.fill(found, mask[k][crop], ORANGE, 0.6)
        frame(found, mask[k][crop], VERMILION)
        sides(plain)
        montage.below(plain, f"slice {k + 1} of {len(scan)} with brain, from below")
    montage.head(axes, COLUMNS)
    montage.note(figure, NOTE)
    montage.title(figure, title)
