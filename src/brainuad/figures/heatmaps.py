"""Heatmaps of the inpainting's losses beside those of a quicker method (Mavropoulos 2021, Fig. 9 and 10)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import montage
from brainuad.figures.panels import grey, heat, outline, sides
from brainuad.metrics.agreement import correlations

LOSSES = {
    "window": "mean |difference| in the window,\ngrey levels of 255",
    "whole": "mean |difference| of the whole slice,\nnormalised intensity",
}
"""What G's map may hold, with its unit."""
PANEL, BELOW, AROUND = 2.0, 0.22, 0.9
"""Inches: the width of a panel, the room for the text below it, and for the title, the headings and the note."""
NOTE = (
    "Maps have different units, so each has a colour range of its own, from its least to its greatest value over the "
    "windows that hold brain. Correlations are those of the two maps over these windows. A window's value is drawn at "
    "its centre. Blue: truth, where there is one. The patient's left (L) is on the left."
)


@dataclass(frozen=True)
class Row:
    """A slice (H, W), its label (None where the cohort has none), and the maps (R, C) of G and R."""

    subject: str
    slice: int
    image: np.ndarray
    label: np.ndarray | None
    generator: np.ndarray
    predicted: np.ndarray
    on_brain: np.ndarray
    """(R, C) bool: the windows that hold brain."""


@dataclass(frozen=True)
class Maps:
    """What `heatmaps.h5` holds of one of the `LOSSES`."""

    rows: list[Row]
    window: int
    step: int
    method: str
    """The inpainting method."""
    predictor: str
    """The quicker one."""


def read(path: Path, loss: str) -> Maps:
    """Read all slices of `heatmaps.h5`; raises InputError where it isn't one."""
    if loss not in LOSSES:
        raise InputError("--loss", f"'{loss}' is none", f"Use one of: {', '.join(LOSSES)}")
    needed = ("image", "brain", "subject", "slice", loss, "predicted")
    arrays, attributes = montage.read(path, needed, ("label",))
    for name in ("side", "step", "method", "predictor"):
        if name not in attributes:
            raise InputError(path, f"has no attribute '{name}'", "Delete it and run again")
    window, step = int(attributes["side"]), int(attributes["step"])
    on_brain = windows_on_brain(arrays["brain"].astype(bool), window, step)
    for name in (loss, "predicted"):
        if arrays[name].shape != on_brain.shape:
            problem = f"'{name}' is {arrays[name].shape}, windows of {window} by {step} make {on_brain.shape}"
            raise InputError(path, problem, "Delete it and run again")
    rows = [
        Row(
            str(arrays["subject"][k]),
            int(arrays["slice"][k]),
            arrays["image"][k],
            arrays["label"][k] if "label" in arrays else None,
            arrays[loss][k],
            arrays["predicted"][k],
            on_brain[k],
        )
        for k in range(len(on_brain))
    ]
    return Maps(rows, window, step, str(attributes["method"]), str(attributes["predictor"]))


def windows_on_brain(brain: np.ndarray, window: int, step: int) -> np.ndarray:
    """(N, H, W) bool -> (N, R, C) bool: the windows that hold any brain, positions as in `sliding_window`."""
    covered = np.lib.stride_tricks.sliding_window_view(brain, (window, window), axis=(1, 2))
    return covered[:, ::step, ::step].any(axis=(3, 4))


def agreement(row: Row) -> tuple[float, float]:
    """Pearson and Spearman correlation of the two maps over the windows that hold brain; NaN where one is constant.

    Windows on background are easy for both and would make any two maps agree.
    """
    return correlations(row.generator[row.on_brain], row.predicted[row.on_brain])


def size(maps: Maps) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    height, width = maps.rows[0].image.shape
    return 3 * (PANEL + 0.05) + 1.1, AROUND + len(maps.rows) * (PANEL * height / width + BELOW)


def draw(figure: Figure, title: str, maps: Maps, loss: str, labels: tuple[str, str]) -> None:
    """Draw a row for each slice: the slice, the inpainting's map and the quicker method's, each in a range of its own.

    `labels` are the names of the two methods.
    """
    axes = montage.bare(figure.subplots(len(maps.rows), 3, squeeze=False))
    for (plain, generator, predicted), row in zip(axes, maps.rows, strict=True):
        grey(plain, row.image)
        sides(plain)
        _map(generator, row, row.generator, maps, LOSSES[loss])
        _map(predicted, row, row.predicted, maps, "loss, as predicted")
        for ax in (plain, generator, predicted):
            if row.label is not None:
                outline(ax, row.label)
        montage.below(plain, f"{row.subject}, slice {row.slice}")
        montage.below(generator, f"window {maps.window} px, step {maps.step} px")
        pearson, spearman = agreement(row)
        montage.below(predicted, f"Pearson {pearson:.2f}, Spearman {spearman:.2f}")
    windows = "x".join(map(str, maps.rows[0].generator.shape))
    montage.head(axes, ("original", *(f"{label}, {windows} windows" for label in labels)))
    montage.note(figure, NOTE)
    montage.title(figure, title)


def _map(ax: Axes, row: Row, values: np.ndarray, maps: Maps, unit: str) -> None:
    """Show a map where its windows' centres lie on the slice, in colours from its least to its greatest on brain."""
    shown = heat(ax, values, 1.0)
    shown.set_clim(values[row.on_brain].min(), values[row.on_brain].max())
    first = (maps.window - 1 - maps.step) / 2
    down, across = (first + maps.step * np.array([0, length]) for length in values.shape)
    shown.set_extent((*across, *down[::-1]))
    height, width = row.image.shape
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    montage.bar(ax, shown, unit)
