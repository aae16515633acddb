"""Inputs, reconstructions, anomaly maps, masks and truth of all methods on a few slices."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import montage
from brainuad.figures.style import FAINT, ORANGE, SKY
from brainuad.metrics.catalogue import POINT_LABELS
from brainuad.postprocessing.operating_points import DEFAULT
from brainuad.slices import check_same_order, open_checked, subjects

COLUMNS = ("reconstruction", "anomaly map", "mask")
SUBJECTS = 3
PANEL, GAP, APART, NAME, BAR, TOP, HEADING, BOTTOM = 0.98, 0.03, 0.12, 1.15, 0.5, 0.62, 0.2, 0.42
"""Inches: a panel's width, the gaps between panels and between slices, and the room for method names, colour
bars, titles, the headings of the methods' columns and the explanation below."""


@dataclass(frozen=True)
class Choice:
    """A slice to show: its row in the files and its index in the subject's volume."""

    subject: str
    row: int
    slice: int


@dataclass(frozen=True)
class Truth:
    """Shown slices, cropped around the brain: (S, H, W) image, brain, label."""

    choices: list[Choice]
    image: np.ndarray
    brain: np.ndarray
    label: np.ndarray
    crop: tuple[slice, slice]


@dataclass(frozen=True)
class Result:
    """A method on the shown slices: (S, H, W) reconstruction (None where it makes none), score and mask."""

    label: str
    reconstruction: np.ndarray | None
    score: np.ndarray
    mask: np.ndarray


def choose(label: np.ndarray, names: list[tuple[str, slice, np.ndarray]]) -> list[Choice]:
    """The slices to show of up to three subjects; `label` (N, H, W), `names` subject, rows and slice indices.

    Of the subjects with a lesion those with the largest, the median and the smallest, each at the
    slice with the most lesion. Without any lesion, the middle slices of the first subjects.
    """
    area = (label > 0).sum(axis=(1, 2))
    sick = sorted((entry for entry in names if area[entry[1]].any()), key=lambda entry: -area[entry[1]].sum())
    if sick:
        picked = sorted({0, len(sick) // 2, len(sick) - 1})
        shown = [(sick[k], int(np.argmax(area[sick[k][1]]))) for k in picked]
    else:
        shown = [(entry, len(entry[2]) // 2) for entry in names[:SUBJECTS]]
    return [Choice(name, rows.start + k, int(indices[k])) for (name, rows, indices), k in shown]


def read_truth(images: Path, labels: Path) -> Truth:
    """Choose slices and read them; raises InputError where the two files don't fit."""
    with open_checked(images, "images") as file, open_checked(labels, "labels") as truth:
        check_same_order(file, truth)
        names = [(subject.name, subject.rows, subject.slices) for subject in subjects(file)]
        if not names:
            raise InputError(images, "holds no slices", "Delete it and run again")
        choices = choose(truth["label"][:], names)
        image, brain, label = (
            np.stack([array[choice.row] for choice in choices])
            for array in (file["image"], file["brain"], truth["label"])
        )
    crop = around(brain)
    return Truth(choices, image[:, *crop], brain[:, *crop], label[:, *crop], crop)


def around(brain: np.ndarray, margin: int = 3) -> tuple[slice, slice]:
    """The smallest window (rows, columns) that holds all brain of (S, H, W), with a margin in pixels."""
    window = []
    for axis in (1, 2):
        hit = np.flatnonzero(brain.any(axis=(0, 3 - axis)))
        low, high = (hit[0], hit[-1] + 1) if len(hit) else (0, brain.shape[axis])
        window.append(slice(max(int(low) - margin, 0), min(int(high) + margin, brain.shape[axis])))
    return window[0], window[1]


def read_result(label: str, maps: Path, processed: Path, threshold: float, images: Path, truth: Truth) -> Result:
    """Read a method's maps of the shown slices; its mask is where, within the brain, score > threshold."""

    def shown(array) -> np.ndarray:
        return np.stack([array[choice.row] for choice in truth.choices])[:, *truth.crop]

    with (
        open_checked(images, "images") as reference,
        open_checked(maps, "maps") as raw,
        open_checked(processed, "maps") as final,
    ):
        check_same_order(reference, raw)
        check_same_order(reference, final)
        reconstruction = shown(raw["reconstruction"]) if "reconstruction" in raw else None
        return Result(label, reconstruction, shown(raw["score"]), (shown(final["score"]) > threshold) & truth.brain)


@dataclass(frozen=True)
class Grid:
    """Where things lie, in inches: the inputs in row 0, then a row for each method, some columns a slice."""

    figure: Figure
    slices: int
    panel_height: float
    panel: float = PANEL
    columns: int = len(COLUMNS)
    top: float = TOP

    @staticmethod
    def size(truth: Truth, methods: int) -> tuple[float, float]:
        """Width and height in inches of the figure of that many methods."""
        width = NAME + len(truth.choices) * (len(COLUMNS) * (PANEL + GAP) + APART) + BAR
        return width, TOP + HEADING + (methods + 1) * (panel_height(truth) + GAP) + BOTTOM

    def left(self, k: int) -> float:
        return NAME + k * (self.columns * (self.panel + GAP) + APART)

    def bottom(self, row: int) -> float:
        height = self.figure.get_size_inches()[1]
        return height - self.top - (row + 1) * (self.panel_height + GAP) - (HEADING if row else 0)

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        across, up = self.figure.get_size_inches()
        return self.figure.add_axes((left / across, bottom / up, width / across, height / up))

    def panels(self, row: int, k: int) -> list[Axes]:
        """The panels of slice k in a row."""
        panels = [
            self.axes(self.left(k) + column * (self.panel + GAP), self.bottom(row), self.panel, self.panel_height)
            for column in range(self.columns)
        ]
        for ax in panels:
            ax.set_axis_off()
        return panels

    def bar(self, row: int) -> Axes:
        """The colour bar at the end of a row."""
        left = self.left(self.slices) - 0.08
        return self.axes(left, self.bottom(row) + 0.1 * self.panel_height, 0.07, 0.8 * self.panel_height)

    def write(self, x: float, y: float, text: str, **how) -> None:
        """Write text at a place in inches."""
        width, height = self.figure.get_size_inches()
        self.figure.text(x / width, y / height, text, **how)

    def name(self, row: int, text: str) -> None:
        """Write the name of a row at its left."""
        middle = self.bottom(row) + self.panel_height / 2
        self.write(NAME - 0.1, middle, textwrap.fill(text, 15), ha="right", va="center", fontsize=8)

    def title(self, text: str) -> None:
        """Write the figure's title at its upper left."""
        width, height = self.figure.get_size_inches()
        self.figure.suptitle(text, x=0.1 / width, y=1 - 0.1 / height, ha="left", va="top")


def panel_height(truth: Truth, panel: float = PANEL) -> float:
    """Height in inches of a panel of that width; pixels are square."""
    rows, columns = truth.image.shape[1:]
    return panel * rows / columns


def draw(figure: Figure, title: str, truth: Truth, results: list[Result]) -> None:
    """Draw the inputs and the truth, then a row for each method, into a figure of `Grid.size`."""
    grid = Grid(figure, len(truth.choices), panel_height(truth))
    grid.name(0, "Input, truth")
    for k, choice in enumerate(truth.choices):
        _input_row(grid.panels(0, k), truth, k, f"{choice.subject}, slice {choice.slice}")
    for row, result in enumerate(results, start=1):
        grid.name(row, result.label)
        top = robust_maximum(result.score, truth.brain)
        for k in range(len(truth.choices)):
            panels = grid.panels(row, k)
            shown = _method_row(panels, truth, result, k, top)
            if row == 1:
                for ax, heading in zip(panels, COLUMNS, strict=True):
                    ax.set_title(heading, fontsize=7, pad=2, color=FAINT)
        bar = figure.colorbar(shown, cax=grid.bar(row), extend="max", ticks=[0, top / 2, top], format="%.2g")
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=6, length=2, pad=1)
    truth_line = "Blue outline: truth. " if (truth.label > 0).any() else ""
    mask = f"Orange: predicted mask, the post-processed score above its threshold ({POINT_LABELS[DEFAULT]})."
    rest = (
        "Maps: 0 to the 99.5th percentile within the brain, one scale a method. "
        "Anterior is up, the patient's left (L) is on the left."
    )
    grid.write(0.1, 0.08, f"{truth_line}{mask}\n{rest}", fontsize=7, va="bottom")
    grid.title(title)


def robust_maximum(score: np.ndarray, brain: np.ndarray) -> float:
    """Upper end of a colour bar: the 99.5th percentile within the brain, if 0 the maximum, if 0 then 1."""
    inside = score[brain] if brain.any() else score
    return next((float(top) for top in (np.percentile(inside, 99.5), score.max()) if top > 0), 1.0)


def grey(ax: Axes, image: np.ndarray, top: float = 1.0) -> None:
    """Show an image in grey, black at its background, white at `top`."""
    # Without resampling the file holds the pixels themselves, a tenth of the size of a screen's worth.
    ax.imshow(image, cmap="gray", vmin=black(image), vmax=top, interpolation="none")


def black(image: np.ndarray) -> float:
    """The value of a slice's background: -1 where values go from there to 1 (recipe `kobayashi`), else 0."""
    return -1.0 if image.min() < -0.5 else 0.0


def dimmed(image: np.ndarray) -> np.ndarray:
    """A slice at half its brightness."""
    return (image + black(image)) / 2


def heat(ax: Axes, score: np.ndarray, top: float) -> ScalarMappable:
    """Show an anomaly map in the colours of a colour bar from 0 to `top`."""
    return ax.imshow(score, cmap="inferno", vmin=0, vmax=top, interpolation="none")


def outline(ax: Axes, label: np.ndarray) -> None:
    """Draw the outline of the truth, if there is any."""
    if (label > 0).any():
        ax.contour(label > 0, levels=[0.5], colors=[SKY], linewidths=0.7)


def sides(ax: Axes) -> None:
    """Mark the patient's left and right in the upper corners."""
    for x, side, ha in ((0.02, "L", "left"), (0.98, "R", "right")):
        ax.text(x, 0.98, side, color="white", fontsize=6.5, ha=ha, va="top", transform=ax.transAxes)


def absent(ax: Axes) -> None:
    """Say that a method makes no reconstruction."""
    ax.text(0.5, 0.5, "none", color=FAINT, fontsize=7, ha="center", va="center", transform=ax.transAxes)


def _input_row(panels: list[Axes], truth: Truth, k: int, heading: str) -> None:
    image, label = truth.image[k], truth.label[k]
    plain, outlined, filled = panels
    grey(plain, image)
    plain.set_title(heading, fontsize=7.5, loc="left", pad=3)
    sides(plain)
    if (label > 0).any():
        grey(outlined, image)
        outline(outlined, label)
        grey(filled, dimmed(image))
        montage.fill(filled, label > 0, SKY, 1.0)
    else:
        outlined.text(0, 0.5, "healthy: no truth", color=FAINT, fontsize=7, va="center", transform=outlined.transAxes)


def _method_row(panels: list[Axes], truth: Truth, result: Result, k: int, top: float) -> ScalarMappable:
    reconstruction, score, mask = panels
    if result.reconstruction is None:
        absent(reconstruction)
    else:
        grey(reconstruction, result.reconstruction[k])
    shown = heat(score, result.score[k], top)
    grey(mask, dimmed(truth.image[k]))
    montage.fill(mask, result.mask[k], ORANGE)
    outline(mask, truth.label[k])
    return shown
