"""Contact sheet of the phantom cohort: people in rows, contrasts in columns, lesions outlined."""

from pathlib import Path

import matplotlib
import numpy as np
from scipy import ndimage

from brainuad.phantom.anatomy import person
from brainuad.phantom.contrast import CONTRASTS, render
from brainuad.phantom.head import with_head
from brainuad.phantom.lesions import KINDS, OUTSIDE
from brainuad.phantom.scanner import SCANNERS, Grid, acquire
from brainuad.seeds import generator
from brainuad.slices import to_slices

matplotlib.use("Agg")
from matplotlib import pyplot as plt

ROWS = (
    ("healthy", 24, "HH", True),
    ("healthy", 51, "Guys", True),
    ("healthy", 79, "IOP", True),
    ("tumour", 61, "HH", False),
    ("tumour", 47, "Guys", False),
    ("ms", 36, "HH", True),
    ("ms", 52, "Guys", False),
    ("metastases", 66, "HH", False),
    ("extracranial", 63, "HH", True),
    ("cavity", 58, "IOP", False),
    ("structural", 55, "HH", False),
    ("structural", 68, "Guys", True),
    ("structural", 73, "HH", False),
    ("artificial", 33, "HH", False),
)
"""Kind, age, scanner, with skull."""
OUTLINE = "#E69F00"
"""Orange of the Okabe-Ito palette, told apart by every kind of colour vision and absent from grey images."""


def row_images(
    kind: str, age: float, scanner: str, skull: bool, seed: int, spacing: float
) -> tuple[list[np.ndarray], np.ndarray]:
    """Axial slices (H, W) by contrast and the label there, at the largest lesion or the ventricles."""
    name = f"sheet/{kind}-{age}"

    def rng(step: str) -> np.random.Generator:
        return generator(seed, "phantom", name, step)

    anatomy = person(seed, name, spacing, age)
    if kind in OUTSIDE:
        anatomy, label = KINDS[kind](with_head(anatomy, rng("head")), rng("lesion"))
    else:
        anatomy, label = KINDS[kind](anatomy, rng("lesion"))
        anatomy = with_head(anatomy, rng("head")) if skull else anatomy
    bare = anatomy.brain
    k = slice_to_show(label, anatomy.affine)
    grid = Grid(bare.shape, anatomy.affine)
    thick = (0, 0, 1.2 * spacing)
    images = []
    for contrast in CONTRASTS:
        image = render(anatomy, contrast, rng(contrast))
        image = acquire(image, anatomy.affine, SCANNERS[scanner], grid, np.eye(4), rng(f"noise-{contrast}"), thick)
        shown = image if skull else np.where(bare, image, 0)
        bright = 1.1 * np.percentile(image[bare & (label == 0)], 99)
        if label.any():
            bright = max(bright, 1.05 * np.percentile(image[label > 0], 90))
        images.append(cropped(to_slices(shown)[k], spacing) / bright)
    return images, cropped(to_slices(label)[k], spacing)


def cropped(section: np.ndarray, spacing: float) -> np.ndarray:
    """A slice (H, W) without the empty margin of the head's box: 216 x 180 mm about its middle."""
    height, width = section.shape
    rows, columns = min(height, round(216 / spacing)), min(width, round(180 / spacing))
    top, left = (height - rows) // 2, (width - columns) // 2
    return section[top : top + rows, left : left + columns]


def slice_to_show(label: np.ndarray, affine: np.ndarray) -> int:
    """Index of the axial slice with most of the largest lesion, of MNI z = 10 mm without lesion."""
    pieces, count = ndimage.label(label > 0)
    if not count:
        return round((10 - affine[2, 3]) / affine[2, 2])
    largest = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    return int(largest.sum((0, 1)).argmax())


def sheet(path: Path, seed: int, spacing: float) -> None:
    """Draw the contact sheet as a PNG."""
    figure, axes = plt.subplots(
        len(ROWS), len(CONTRASTS), figsize=(8.6, 2.05 * len(ROWS) + 0.5), facecolor="black", squeeze=False
    )
    for (kind, age, scanner, skull), line in zip(ROWS, axes, strict=True):
        images, label = row_images(kind, age, scanner, skull, seed, spacing)
        for contrast, image, axis in zip(CONTRASTS, images, line, strict=True):
            axis.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="bicubic")
            if label.any():
                axis.contour(label > 0, levels=[0.5], colors=OUTLINE, linewidths=0.6)
            axis.set_axis_off()
            if axis in axes[0]:
                axis.set_title(contrast, color="white", fontsize=10)
        line[0].text(
            -0.04, 0.5, f"{kind}, {age} y, {scanner}", color="white", fontsize=8,
            rotation=90, ha="center", va="center", transform=line[0].transAxes,
        )  # fmt: skip
    figure.suptitle("Phantom cohort: every brain is made, lesions are outlined", color="white", fontsize=13, y=0.995)
    figure.subplots_adjust(left=0.03, right=1, top=0.978, bottom=0, wspace=0.02, hspace=0.02)
    figure.savefig(path, dpi=130, facecolor="black", format="png", metadata={"Software": None})
    plt.close(figure)
