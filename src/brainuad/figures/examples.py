"""Reconstructions and residuals of methods on slices at set levels of the brain (Baur et al. 2021, Fig. 6 and 7)."""

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures.panels import (
    APART,
    GAP,
    HEADING,
    NAME,
    Choice,
    Grid,
    Truth,
    absent,
    around,
    grey,
    heat,
    outline,
    panel_height,
    robust_maximum,
    sides,
)
from brainuad.figures.style import FAINT
from brainuad.slices import Subject, check_same_order, open_checked, subjects

LEVELS = ("ventral", "midline", "dorsal")
"""Thirds of a brain's slices, from the lowest to the highest."""
LABEL = "label-"
"""Begins the level of the slice that shows most of a label value: `label-3`."""
COLUMNS = 2
"""Of a block: reconstruction and map."""
ROOM, PANEL = 10.2, 1.3
"""Inches: what the blocks of a figure have together, and the greatest width of a panel."""
TOP, BARS, LINE = 0.88, 0.5, 0.13
"""Inches: the room for the title and the blocks' headings, for the colour bars, and for a line of the notes."""
TOLERANCE = 1e-3
"""By which a score may differ from the residual for the rounding of a small variance."""


@dataclass(frozen=True)
class Result:
    """A method on the shown slices, for each (H, W): its reconstruction (None where it makes none) and its map."""

    label: str
    reconstructions: list[np.ndarray | None]
    maps: list[np.ndarray]
    residual: list[bool]
    """Whether the map is a residual, in units of the image; the others have units of their own."""


def choose(lesion: np.ndarray, brain: np.ndarray, names: list[Subject], level: str, drawn: bool) -> Choice | None:
    """The slice of a level to show; `lesion` and `brain` are (N) numbers of voxels in each slice.

    Of the slices in that third of each subject's brain the one with the most lesion; without a lesion there, the one
    with the most brain. The first of equals; None where no subject has a slice there. Of `drawn` slices nobody knows
    where their brain begins and ends: the thirds are those of all brains, and if none lies in one, the nearest do.
    """
    owners = {}
    for subject in names:
        within = subject.rows.start + np.flatnonzero(brain[subject.rows])
        if not drawn:
            within = np.array_split(within, len(LEVELS))[LEVELS.index(level)]
        owners |= dict.fromkeys(within.tolist(), subject)
    height = {row: int(subject.slices[row - subject.rows.start]) for row, subject in owners.items()}
    if drawn and owners:
        low, high = min(height.values()), max(height.values()) + 1
        middle = low + (high - low) * (LEVELS.index(level) + 0.5) / len(LEVELS)
        far = {row: max(abs(height[row] + 0.5 - middle), (high - low) / len(LEVELS) / 2) for row in owners}
        owners = {row: subject for row, subject in owners.items() if far[row] == min(far.values())}
    if not owners:
        return None
    amount = lesion if lesion[list(owners)].any() else brain
    row = max(owners, key=lambda row: amount[row])
    return Choice(owners[row].name, row, height[row])


def most(amount: np.ndarray, names: list[Subject]) -> Choice | None:
    """The slice with the most of what there are `amount` (N) voxels in each; None where there is none."""
    row = int(amount.argmax())
    owner = next(subject for subject in names if subject.rows.start <= row < subject.rows.stop)
    return Choice(owner.name, row, int(owner.slices[row - owner.rows.start])) if amount[row] else None


def read_truth(levels: list[str], images: list[Path], labels: list[Path]) -> Truth:
    """Choose a slice of each level without a look at any method, and read it; raises InputError where files don't fit.

    `images` and `labels` are those of each slice's dataset.
    """
    choices, shown = [], []
    for level, image, label in zip(levels, images, labels, strict=True):
        with open_checked(image, "images") as file, open_checked(label, "labels") as truth:
            check_same_order(file, truth)
            brain, lesion = file["brain"][:], truth["label"][:]
            amounts, drawn = ((lesion > 0).sum(axis=(1, 2)), brain.sum(axis=(1, 2))), "drawn_slices" in file.attrs
            names = list(subjects(file))
            if level.startswith(LABEL):
                choice = most((truth["label"][:] == int(level.removeprefix(LABEL))).sum(axis=(1, 2)), names)
            else:
                choice = choose(*amounts, names, level, drawn)
            if choice is None:
                raise InputError(image, f"holds no {level} slice of a brain", "Test more subjects, or show another")
            choices.append(choice)
            shown.append((file["image"][choice.row], brain[choice.row], lesion[choice.row]))
        shape, first = shown[-1][0].shape, shown[0][0].shape
        if shape != first:
            problem = f"has slices of {shape} pixels, {images[0]} of {first}"
            raise InputError(image, problem, "Show datasets of one preprocessing together")
    image, brain, label = (np.stack(arrays) for arrays in zip(*shown, strict=True))
    crop = around(brain)
    return Truth(choices, image[:, *crop], brain[:, *crop], label[:, *crop], crop)


def read_result(
    label: str,
    truth: Truth,
    images: list[Path],
    maps: list[Path],
    processed: list[Path] | None,
) -> Result:
    """Read a method's maps of the shown slices, of each slice its dataset's files; raises InputError.

    Shown are the raw scores, where `processed` is given the post-processed ones.
    """
    reconstructions, shown, residual = [], [], []
    for k, (choice, image, path) in enumerate(zip(truth.choices, images, maps, strict=True)):
        # The values are left unchecked: many files of which a slice each is drawn.
        with open_checked(image, "images", values=False) as reference, open_checked(path, "maps", values=False) as raw:
            check_same_order(reference, raw)
            score, reconstruction, variance = (
                raw[name][choice.row][truth.crop] if name in raw else None
                for name in ("score", "reconstruction", "uncertainty")
            )
            residual.append(is_residual(score, truth.image[k], reconstruction, variance))
            reconstructions.append(reconstruction)
            if processed:
                with open_checked(processed[k], "maps", values=False) as final:
                    check_same_order(reference, final)
                    score = final["score"][choice.row][truth.crop]
                    residual[-1] &= not standardised(final)
            shown.append(score)
    return Result(label, reconstructions, shown, residual)


def standardised(processed: h5py.File) -> bool:
    """Whether post-processing has made z-scores, which have no unit of the image, of a method's scores."""
    return bool(json.loads(processed.attrs.get("postprocessing", "{}")).get("standardise"))


def is_residual(
    score: np.ndarray, image: np.ndarray, reconstruction: np.ndarray | None, variance: np.ndarray | None
) -> bool:
    """Whether a score is |x - reconstruction|, or its mean over samples of that variance about their mean.

    By the triangle inequality such a mean differs from the residual of the mean by less than the standard deviation.
    """
    if reconstruction is None:
        return False
    spread = 0 if variance is None else np.sqrt(variance)
    return bool((np.abs(score - np.abs(image - reconstruction)) <= spread + TOLERANCE).all())


def panel_width(truth: Truth) -> float:
    """Width in inches of a panel: narrow enough for all blocks to stand side by side."""
    return min(PANEL, (ROOM / len(truth.choices) - APART) / COLUMNS - GAP)


def size(truth: Truth, results: list[Result], shown: str) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    panel = panel_width(truth)
    width = NAME + len(truth.choices) * (COLUMNS * (panel + GAP) + APART)
    rows = (len(results) + 1) * (panel_height(truth, panel) + GAP)
    return width, TOP + HEADING + rows + BARS + LINE * (note(results, shown, width).count("\n") + 1)


def note(results: list[Result], shown: str, width: float) -> str:
    """The explanation below a figure of that width in inches."""
    kinds, range_ = {residual for result in results for residual in result.residual}, "0 to the 99.5th percentile"
    if kinds == {False}:
        text = f"Maps: {shown} scores, each from {range_} within the brain, as written on it. "
    else:
        text = f"Maps: {shown} residuals. One scale a block, from {range_} of all its residuals within the brain. "
    text += "Blue outline: truth. The patient's left (L) is on the left."
    if len(kinds) > 1:
        text += " A range written on a map is its own, as that method's score is no residual."
    return textwrap.fill(text, int(16 * width))


def draw(figure: Figure, title: str, headings: list[str], truth: Truth, results: list[Result], shown: str) -> None:
    """Draw the inputs and a row for each method into a figure of `size`; a block of two columns for each slice.

    `headings` say what a block is of, `shown` what the maps are: raw or post-processed.
    """
    panel = panel_width(truth)
    grid = Grid(figure, len(truth.choices), panel_height(truth, panel), panel, COLUMNS, TOP)
    grid.name(0, "Input, truth")
    for row, result in enumerate(results, start=1):
        grid.name(row, result.label)
    for k, (choice, heading) in enumerate(zip(truth.choices, headings, strict=True)):
        plain, outlined = grid.panels(0, k)
        grey(plain, truth.image[k])
        grey(outlined, truth.image[k])
        sides(plain)
        outline(outlined, truth.label[k])
        text = f"{textwrap.fill(heading, int(36 * panel))}\n{choice.subject}, slice {choice.slice}"
        plain.set_title(text, fontsize=7, loc="left", pad=3)
        _block(grid, k, truth, results)
    grid.write(0.1, 0.08, note(results, shown, figure.get_figwidth()), fontsize=7, va="bottom")
    grid.title(title)


def _block(grid: Grid, k: int, truth: Truth, results: list[Result]) -> None:
    """Draw all methods on slice k, and the colour bar of their residuals."""
    brain = truth.brain[k]
    residuals = np.array([result.maps[k] for result in results if result.residual[k]])
    shared = robust_maximum(residuals, np.broadcast_to(brain, residuals.shape)) if len(residuals) else None
    for row, result in enumerate(results, start=1):
        reconstruction, shown = grid.panels(row, k)
        if row == 1:
            for ax, heading in ((reconstruction, "reconstruction"), (shown, "residual" if len(residuals) else "score")):
                ax.set_title(heading, fontsize=6.5, pad=2, color=FAINT)
        if result.reconstructions[k] is None:
            absent(reconstruction)
        else:
            grey(reconstruction, result.reconstructions[k])
        if result.residual[k]:
            scale = heat(shown, result.maps[k], shared)
        else:
            own = robust_maximum(result.maps[k], brain)
            heat(shown, result.maps[k], own)
            behind = {"facecolor": "black", "linewidth": 0, "pad": 1}
            shown.text(
                0.03, 0.03, f"0 to {own:.3g}", color="white", fontsize=5.5, transform=shown.transAxes, bbox=behind
            )
    if shared is not None:
        cell = grid.axes(grid.left(k) + grid.panel + GAP, grid.bottom(len(results)) - 0.13, grid.panel, 0.07)
        bar = grid.figure.colorbar(
            scale, cax=cell, orientation="horizontal", extend="max", ticks=[0, shared], format="%.2g"
        )
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=6, length=2, pad=1)
        bar.set_label("normalised intensity", fontsize=6, labelpad=1)
