"""Sheet of the synthetic anomalies: each kind in phantoms, before and after, and the sweep over the blobs' settings."""

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np

from brainuad.anomalies import kinds, sweep
from brainuad.figures.phantom import OUTLINE, cropped
from brainuad.phantom.anatomy import person
from brainuad.phantom.contrast import render
from brainuad.phantom.lesions import KINDS
from brainuad.phantom.scanner import SCANNERS, Grid, acquire
from brainuad.seeds import generator
from brainuad.slices import to_slices

matplotlib.use("Agg")
from matplotlib import pyplot as plt

PAIRS = (
    ("shapes", (("T1", "ms", {}), ("FLAIR", "ms", {}))),
    ("transplant", (("T2", "tumour", {"mode": "add"}), ("T2", "tumour", {"mode": "replace"}))),
    (
        "artificial",
        (("T1", "", {"form": "sphere", "effect": "uniform"}), ("T1", "", {"form": "box", "effect": "textured"})),
    ),
    (
        "artificial",
        (("T1", "", {"form": "box", "effect": "shifted"}), ("T1", "", {"form": "sphere", "effect": "mirrored"})),
    ),
    (
        "artificial",
        (("T2", "", {"form": "sphere", "effect": "duplicated"}), ("FLAIR", "", {"form": "box", "effect": "uniform"})),
    ),
)
"""Kind, and two examples of it: contrast, the donor's disease, settings."""
AXES = {
    "intensity": ["dark", "mid", "bright"],
    "size": [5, 10, 20, 30, 40],
    "texture": ["none", "rough"],
    "deformation": [1, 2, 3, 4],
}
COLUMNS = 6
BRIGHT = 1.5
"""White in a sweep's pictures, in units of the brain's 98th percentile: above the bright blobs."""
Panel = tuple[str, np.ndarray, np.ndarray | None]
"""Title, slice (H, W) in [0, 1], label (H, W) to outline."""


@cache
def scan(name: str, disease: str, age: float, contrast: str, seed: int, spacing: float) -> tuple:
    """A stripped phantom's image, brain, affine and label, in the template's space but for the person's own shape."""

    def rng(step: str) -> np.random.Generator:
        return generator(seed, "anomaly-sheet", name, step)

    anatomy, label = KINDS[disease](person(seed, f"anomaly-sheet/{name}", spacing, age), rng("lesion"))
    image = render(anatomy, contrast, rng(contrast))
    grid = Grid(anatomy.brain.shape, anatomy.affine)
    image = acquire(image, anatomy.affine, SCANNERS["HH"], grid, np.eye(4), rng(f"noise-{contrast}"))
    return np.where(anatomy.brain, image, 0).astype(np.float32), anatomy.brain, anatomy.affine, label


def implanted(kind: str, name: str, contrast: str, disease: str, settings: dict, seed: int, spacing: float) -> tuple:
    """Host, image and label of one example; donors need no registration here."""
    image, brain, affine, _ = scan(name, "healthy", 35, contrast, seed, spacing)
    host, donor = kinds.Host(image, brain, affine, contrast), None
    if disease:
        shown, _, _, label = scan(f"{name}-donor", disease, 50, contrast, seed, spacing)
        donor = kinds.Donor(label, shown)
    changed, label = kinds.load(kind).implant(host, donor, kinds.stream(seed, kind, name), **settings)
    return host, changed, label


def pair_row(kind: str, examples: tuple, row: int, seed: int, spacing: float) -> list[Panel]:
    """Before, after and outline of two examples."""
    panels = []
    for contrast, disease, settings in examples:
        host, changed, label = implanted(kind, f"{kind}-{row}", contrast, disease, settings, seed, spacing)
        bright = max(1.1 * host.percentile(99), np.percentile(changed[label > 0], 90))
        before, after, outline = sections(host, changed, label, spacing, bright)
        title = ", ".join(["after", *settings.values()])
        panels += [(f"before, {contrast}", before, None), (title, after, None), ("label", after, outline)]
    return panels


def sweep_row(axis: str, values: list, seed: int, spacing: float) -> list[Panel]:
    """The blobs of one host at each value of a setting, the rest of the settings at their defaults."""
    panels = []
    for name, settings in sweep.conditions({axis: values}).items():
        host, changed, label = implanted("blobs", "blobs", "T1", "", settings, seed, spacing)
        before, after, outline = sections(host, changed, label, spacing, BRIGHT * host.percentile(98))
        if not panels:
            panels.append(("before, T1", before, None))
        panels.append((name, after, outline))
    return panels


def sections(
    host: kinds.Host, changed: np.ndarray, label: np.ndarray, spacing: float, bright: float
) -> list[np.ndarray]:
    """Before, after and label in an axial slice with much of both anomaly and brain; `bright` is shown as white."""
    k = (label.sum((0, 1)) * host.brain.sum((0, 1))).argmax()
    before, after, outline = (cropped(to_slices(volume)[k], spacing) for volume in (host.image, changed, label))
    return [before / bright, after / bright, outline]


def sheet(path: Path, seed: int, spacing: float) -> None:
    """Draw the sheet as a PNG."""
    rows = [(kind, pair_row(kind, examples, i, seed, spacing)) for i, (kind, examples) in enumerate(PAIRS)]
    rows += [(f"blobs: {axis}", sweep_row(axis, values, seed, spacing)) for axis, values in AXES.items()]
    figure, axes = plt.subplots(
        len(rows), COLUMNS, figsize=(9.6, 1.9 * len(rows) + 0.5), facecolor="black", squeeze=False
    )
    for (name, panels), line in zip(rows, axes, strict=True):
        for axis in line:
            axis.set_axis_off()
        for (title, image, label), axis in zip(panels, line, strict=False):
            axis.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="bicubic")
            axis.text(0.5, 0.99, title, color="white", fontsize=7, ha="center", va="top", transform=axis.transAxes)
            if label is not None and label.any():
                axis.contour(label, levels=[0.5], colors=OUTLINE, linewidths=0.6)
        line[0].text(
            -0.04, 0.5, name, color="white", fontsize=8,
            rotation=90, ha="center", va="center", transform=line[0].transAxes,
        )  # fmt: skip
    figure.suptitle("Synthetic anomalies in phantoms, outlined by their labels", color="white", fontsize=13, y=0.995)
    figure.subplots_adjust(left=0.03, right=1, top=0.978, bottom=0, wspace=0.02, hspace=0.02)
    figure.savefig(path, dpi=130, facecolor="black", format="png", metadata={"Software": None})
    plt.close(figure)
