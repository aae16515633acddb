"""StRegA from scan to mask, stage by stage (Chatterjee et al. 2022, Fig. 4 and 9 to 11)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import montage
from brainuad.figures.panels import Choice, around, grey, outline, sides
from brainuad.figures.style import ORANGE, SKY
from brainuad.figures.superpixels import choose
from brainuad.metrics.overlap import Overlap
from brainuad.segmentation import strega
from brainuad.slices import check_same_order, open_checked, subjects

COLUMNS = (
    "(a) scan",
    "(b) tissue map",
    "(c) reconstruction",
    "(d) step and Otsu",
    "(e) opening: prediction",
    "(f) truth",
)
PANEL, BELOW, AROUND = 1.4, 0.2, 0.95
"""Inches: the width of a panel, the room for text below it, and for the title, the columns' headings and the note."""
NOTE = (
    "Orange: what is found, before and after the area opening. Blue: truth. Tissue map: CSF dark, grey matter, white "
    "matter bright. The patient's left (L) is on the left."
)


@dataclass(frozen=True)
class Way:
    """A slice on its way to a mask, (H, W) each; the last three are bool."""

    choice: Choice
    scan: np.ndarray
    tissues: np.ndarray
    reconstruction: np.ndarray
    above: np.ndarray
    mask: np.ndarray
    label: np.ndarray


def read(
    scans: Path, tissues: Path, labels: Path, maps: Path, processed: Path, masks: Path, step: float | None, otsu: str
) -> list[Way]:
    """Choose slices with the largest lesions, without a look at any map, and read them, cropped around the brain.

    `step` and `otsu` are settings of `segmentation.strega`. Raises InputError where files don't fit.
    """
    kinds = [(tissues, "images"), (labels, "labels"), (maps, "maps"), (processed, "maps"), (masks, "masks")]
    with open_checked(scans, "images") as file:
        others = [open_checked(path, kind, values=False) for path, kind in kinds]
        try:
            for other in others[1:]:
                check_same_order(file, other)
            if any(not np.array_equal(file[name][:], others[0][name][:]) for name in ("brain", "subject", "slice")):
                raise InputError(tissues, f"holds other slices than {scans}", "Make both anew")
            images, truth, raw, final, found = others
            if "reconstruction" not in raw:
                raise InputError(maps, "holds no reconstruction", "Show a method that reconstructs")
            rows = {subject.name: subject.rows for subject in subjects(file)}
            choices = choose((truth["label"][:] > 0).sum(axis=(1, 2)), list(subjects(file)))
            if not choices:
                raise InputError(labels, "holds no lesion", "Show a dataset with lesions")
            crop = around(np.stack([file["brain"][choice.row] for choice in choices]))
            ways = []
            for choice in choices:
                whole = rows[choice.subject]
                above = strega.binary(final["score"][whole], step, otsu)[choice.row - whole.start]
                arrays = [array[choice.row] for array in (file["image"], images["image"], raw["reconstruction"])]
                arrays += [above, found["mask"][choice.row], truth["label"][choice.row] > 0]
                ways.append(Way(choice, *(array[crop] for array in arrays)))
        finally:
            for other in others:
                other.close()
    return ways


def size(ways: list[Way]) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    rows, across = ways[0].scan.shape
    return 0.3 + len(COLUMNS) * (PANEL + 0.05), AROUND + len(ways) * (PANEL * rows / across + BELOW)


def draw(figure: Figure, title: str, ways: list[Way]) -> None:
    """Draw each slice's way, a row each."""
    axes = montage.bare(figure.subplots(len(ways), len(COLUMNS), squeeze=False))
    for row, way in zip(axes, ways, strict=True):
        scan, tissues, reconstruction, above, predicted, truth = row
        grey(scan, way.scan)
        grey(tissues, way.tissues)
        grey(reconstruction, way.reconstruction)
        for ax in (above, predicted, truth):
            grey(ax, way.scan / 2)
        montage.fill(above, way.above, ORANGE)
        montage.fill(predicted, way.mask, ORANGE)
        outline(predicted, way.label)
        montage.fill(truth, way.label, SKY)
        sides(scan)
        montage.below(scan, f"{way.choice.subject}, slice {way.choice.slice}")
        montage.below(predicted, f"Dice {Overlap.of(way.mask, way.label).dice:.2f}")
    montage.head(axes, COLUMNS)
    montage.note(figure, NOTE)
    montage.title(figure, title)
