"""Boxes around what methods find beside those around the truth (Chatterjee et al. 2022, Fig. 6 to 8)."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from brainuad.errors import InputError
from brainuad.figures import montage
from brainuad.figures.panels import Choice, around, grey, outline, sides
from brainuad.figures.style import ORANGE, SKY, VERMILION
from brainuad.figures.superpixels import choose
from brainuad.metrics.boxes import DETECTED, Matches, boxes
from brainuad.metrics.overlap import Overlap
from brainuad.slices import check_same_order, open_checked, subjects

PANEL, GAP, BELOW, TOP, BOTTOM = 1.25, 0.05, 0.4, 0.65, 0.45
"""Inches: the width of a panel, the gap at its side, the room for text below it, for the title with the columns'
headings, and for the note."""
LETTERS = 22
"""That fit over a panel."""
FEWEST = 4
"""The figure has room for at least so many columns, so that the note is no tower."""
NOTE = (
    f"Orange: found, with red boxes. Blue: truth, with blue boxes. A true box is detected where its IoU with a red one "
    f"is above {DETECTED:g}. Dice and IoU are of the shown slice alone. The patient's left (L) is on the left."
)


@dataclass(frozen=True)
class Shown:
    """A slice (H, W), its truth, and the mask of each method, both bool."""

    choice: Choice
    image: np.ndarray
    label: np.ndarray
    masks: list[np.ndarray]


def read(images: Path, labels: Path, masks: list[Path]) -> list[Shown]:
    """Choose slices with the largest lesions, without a look at any mask, and read them, cropped around the brain.

    Raises InputError where files don't fit.
    """
    with open_checked(images, "images") as file, open_checked(labels, "labels") as truth:
        check_same_order(file, truth)
        choices = choose((truth["label"][:] > 0).sum(axis=(1, 2)), list(subjects(file)))
        if not choices:
            raise InputError(labels, "holds no lesion", "Show a dataset with lesions")
        rows = [choice.row for choice in choices]
        image, brain, label = (
            np.stack([array[k] for k in rows]) for array in (file["image"], file["brain"], truth["label"])
        )
        crop = around(brain | (label > 0))
        found = []
        for path in masks:
            with open_checked(path, "masks") as own:
                check_same_order(file, own)
                found.append(np.stack([own["mask"][k] for k in rows]))
    return [
        Shown(choice, image[k][crop], label[k][crop] > 0, [mask[k][crop] for mask in found])
        for k, choice in enumerate(choices)
    ]


def size(shown: list[Shown]) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    rows, across = shown[0].image.shape
    columns = max(FEWEST, 1 + len(shown[0].masks))
    return 0.2 + columns * (PANEL + GAP), TOP + BOTTOM + len(shown) * (PANEL * rows / across + BELOW)


def draw(figure: Figure, title: str, labels: list[str], shown: list[Shown]) -> None:
    """Draw each slice with its truth, then with what each method of these `labels` found, a row each."""
    width, height = figure.get_size_inches()
    panel = (height - TOP - BOTTOM) / len(shown) - BELOW
    place = {"left": 0.1 / width, "right": (0.1 + (1 + len(labels)) * (PANEL + GAP)) / width, "top": 1 - TOP / height}
    figure.subplots_adjust(**place, bottom=(BOTTOM + BELOW) / height, wspace=GAP / PANEL, hspace=BELOW / panel)
    axes = montage.bare(figure.subplots(len(shown), 1 + len(labels), squeeze=False))
    for row, entry in zip(axes, shown, strict=True):
        grey(row[0], entry.image)
        outline(row[0], entry.label)
        frame(row[0], entry.label, SKY)
        sides(row[0])
        montage.below(row[0], f"{entry.choice.subject}, slice {entry.choice.slice}")
        for ax, mask in zip(row[1:], entry.masks, strict=True):
            grey(ax, entry.image / 2)
            montage.fill(ax, mask, ORANGE, 0.6)
            outline(ax, entry.label)
            frame(ax, mask, VERMILION)
            frame(ax, entry.label, SKY)
            matches = Matches.of(mask[np.newaxis], entry.label[np.newaxis])
            dice = Overlap.of(mask, entry.label).dice
            montage.below(
                ax, f"Dice {dice:.2f}, IoU {matches.mean_iou:.2f}\n{matches.detected} of {matches.boxes} detected"
            )
    montage.head(axes, ("scan, truth", *(textwrap.fill(label, LETTERS) for label in labels)))
    montage.note(figure, NOTE)
    montage.title(figure, title)


def frame(ax: Axes, mask: np.ndarray, colour: str) -> None:
    """Draw a box around each component of a mask (H, W) bool."""
    for top, left, bottom, right in boxes(mask):
        place, width, height = (left - 0.5, top - 0.5), right - left, bottom - top
        ax.add_patch(Rectangle(place, width, height, fill=False, edgecolor=colour, linewidth=0.9))
