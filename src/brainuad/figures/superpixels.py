"""How a heatmap becomes a mask by the choice of a superpixel (Nguyen et al. 2021, Fig. 4 and 6)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import montage
from brainuad.figures.panels import Choice, around, grey, heat, outline, robust_maximum, sides
from brainuad.figures.style import ORANGE, SKY, YELLOW
from brainuad.metrics.overlap import Overlap
from brainuad.segmentation import superpixels
from brainuad.slices import Subject, check_same_order, open_checked, subjects

SCALES = (25, 50, 75, 100, 150, 200, 300)
"""The scales of Fig. 6, each a column."""
COLUMNS = ("(a) query", "(b) heatmap", "(c) superpixels", "(d) overlay", "(e) prediction", "(f) truth")
SUBJECTS = 4
PANEL, BELOW, AROUND = 1.4, 0.2, 0.95
"""Inches: the width of a panel, the room for text below it, and for the title, the columns' headings and the note."""
NOTE = (
    "Yellow: edges of superpixels. Orange: the chosen one, which is the prediction. Blue: truth. "
    "The patient's left (L) is on the left."
)


@dataclass(frozen=True)
class Query:
    """A slice to segment, (H, W) each; `label` is bool."""

    choice: Choice
    image: np.ndarray
    brain: np.ndarray
    label: np.ndarray
    heat: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """The superpixels of a slice (H, W), the chosen one as a mask, and that mask's Dice."""

    segments: np.ndarray
    mask: np.ndarray
    dice: float


def choose(area: np.ndarray, names: list[Subject]) -> list[Choice]:
    """The slice with the most lesion of each of the subjects where it is largest; `area` is (N) pixels of lesion.

    The first of equals; empty where nobody has a lesion.
    """
    best = [(subject, int(np.argmax(area[subject.rows]))) for subject in names]
    sick = [(subject, k) for subject, k in best if area[subject.rows][k]]
    largest = sorted(sick, key=lambda entry: -area[entry[0].rows][entry[1]])[:SUBJECTS]
    return [Choice(subject.name, subject.rows.start + k, int(subject.slices[k])) for subject, k in largest]


def read(images: Path, labels: Path, processed: Path) -> list[Query]:
    """Choose slices without a look at the heatmaps, and read them; raises InputError where files don't fit."""
    with (
        open_checked(images, "images") as file,
        open_checked(labels, "labels") as truth,
        open_checked(processed, "maps") as maps,
    ):
        check_same_order(file, truth)
        check_same_order(file, maps)
        choices = choose((truth["label"][:] > 0).sum(axis=(1, 2)), list(subjects(file)))
        if not choices:
            raise InputError(labels, "holds no lesion", "Show a dataset with lesions")
        arrays = file["image"], file["brain"], truth["label"], maps["score"]
        rows = [(choice, [array[choice.row] for array in arrays]) for choice in choices]
    return [Query(choice, image, brain, label > 0, score) for choice, (image, brain, label, score) in rows]


def cut(query: Query, scale: float, sigma: float, min_size: int, choose: str, max_background: float) -> Outcome:
    """Cut a slice into superpixels and take the hottest, as `segmentation.superpixels` does."""
    segments = superpixels.segments(query.image, scale, sigma, min_size)
    mask = superpixels.hottest(segments, query.heat, query.brain, choose, max_background)
    return Outcome(segments, mask, Overlap.of(mask, query.label).dice)


def size(queries: list[Query], columns: int) -> tuple[float, float]:
    """Width and height in inches of a figure of that many columns."""
    rows, across = queries[0].brain[window(queries)].shape
    return 0.3 + columns * (PANEL + 0.05), AROUND + len(queries) * (PANEL * rows / across + BELOW)


def window(queries: list[Query]) -> tuple[slice, slice]:
    """The rows and columns that hold all their brain."""
    return around(np.stack([query.brain for query in queries]))


def edges(segments: np.ndarray) -> np.ndarray:
    """(H, W) bool: the pixels whose right or lower neighbour lies in another segment."""
    result = np.zeros(segments.shape, bool)
    result[:-1] |= segments[:-1] != segments[1:]
    result[:, :-1] |= segments[:, :-1] != segments[:, 1:]
    return result


def draw(figure: Figure, title: str, queries: list[Query], outcomes: list[Outcome]) -> None:
    """Draw the way from each query to its prediction, a row each (Fig. 4)."""
    axes, crop = montage.bare(figure.subplots(len(queries), len(COLUMNS), squeeze=False)), window(queries)
    for row, query, outcome in zip(axes, queries, outcomes, strict=True):
        image, label, score = (array[crop] for array in (query.image, query.label, query.heat))
        segments, mask = outcome.segments[crop], outcome.mask[crop]
        plain, hot, pieces, both, predicted, truth = row
        for ax in (plain, pieces, both):
            grey(ax, image)
        for ax in (predicted, truth):
            grey(ax, image / 2)
        sides(plain)
        top = robust_maximum(score, query.brain[crop])
        montage.bar(hot, heat(hot, score, top), "anomaly score", extend="max")
        heat(both, score, top).set_alpha(0.6)
        for ax in (pieces, both):
            montage.fill(ax, edges(segments), YELLOW)
        montage.fill(predicted, mask, ORANGE)
        outline(predicted, label)
        montage.fill(truth, label, SKY)
        montage.below(plain, f"{query.choice.subject}, slice {query.choice.slice}")
        montage.below(pieces, f"{len(np.unique(outcome.segments[query.brain]))} segments in the brain")
        montage.below(predicted, f"Dice {outcome.dice:.2f}")
    montage.head(axes, COLUMNS)
    montage.note(figure, NOTE)
    montage.title(figure, title)


def draw_scales(figure: Figure, title: str, queries: list[Query], outcomes: list[list[Outcome]], used: float) -> None:
    """Draw each query as it is cut at each of `SCALES`, a row each (Fig. 6); `used` is the study's own scale."""
    axes, crop = montage.bare(figure.subplots(len(queries), len(SCALES), squeeze=False)), window(queries)
    for row, query, cuts in zip(axes, queries, outcomes, strict=True):
        for ax, outcome in zip(row, cuts, strict=True):
            grey(ax, query.image[crop])
            montage.fill(ax, outcome.mask[crop], ORANGE, 0.6)
            montage.fill(ax, edges(outcome.segments[crop]), YELLOW)
            outline(ax, query.label[crop])
            montage.below(ax, f"Dice {outcome.dice:.2f}")
        sides(row[0])
        row[0].set_ylabel(f"{query.choice.subject}\nslice {query.choice.slice}", fontsize=montage.SMALL)
    montage.head(axes, tuple(f"scale {scale}" + " (the study's)" * (scale == used) for scale in SCALES))
    montage.note(figure, NOTE)
    montage.title(figure, title)
