"""Samples of a dataset with made anomalies, and slices of the same people without (Chatterjee et al. 2022, Fig. 3)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import montage
from brainuad.figures.panels import around, grey, outline, sides
from brainuad.slices import check_same_order, open_checked, subjects

SUBJECTS = 6
FEWEST = 4
"""The figure has room for at least so many columns, so that its title is no tower."""
PANEL, GAP, BELOW, TOP, BOTTOM, NAME = 1.25, 0.05, 0.22, 0.45, 0.3, 0.75
"""Inches: the width of a panel, the gap at its side, the room for text below it, for the title, for the note, and for
the names of the rows."""
ROWS = ("with an\nanomaly", "its outline", "without")
NOTE = (
    "Blue: the anomaly, as its label has it. Without: the slice of the same person with most brain of those that the "
    "anomaly doesn't reach. The patient's left (L) is on the left."
)


@dataclass(frozen=True)
class Sample:
    """A person's slice (H, W) with most of the anomaly, its label, and one free of it if there is any."""

    subject: str
    slices: tuple[int, int | None]
    image: np.ndarray
    label: np.ndarray
    free: np.ndarray | None


def read(images: Path, labels: Path) -> list[Sample]:
    """Samples of the first people with an anomaly, cropped around the brain; raises InputError where there is none."""
    with open_checked(images, "images") as file, open_checked(labels, "labels") as truth:
        check_same_order(file, truth)
        area = (truth["label"][:] > 0).sum((1, 2))
        crop = around(file["brain"][:])
        shown = [subject for subject in subjects(file) if area[subject.rows].any()][:SUBJECTS]
        if not shown:
            raise InputError(labels, "holds no anomaly", "Show a dataset with anomalies")
        samples = []
        for subject in shown:
            brain = file["brain"][subject.rows].sum((1, 2))
            most = int(np.argmax(area[subject.rows]))
            free = int(np.argmax(np.where(area[subject.rows] == 0, brain, -1)))
            rows = subject.rows.start
            there = area[rows + free] == 0
            samples.append(
                Sample(
                    subject.name,
                    (int(subject.slices[most]), int(subject.slices[free]) if there else None),
                    file["image"][rows + most][crop],
                    truth["label"][rows + most][crop],
                    file["image"][rows + free][crop] if there else None,
                )
            )
        return samples


def size(samples: list[Sample]) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    rows, across = samples[0].image.shape
    columns = max(FEWEST, len(samples))
    return NAME + columns * (PANEL + GAP), TOP + BOTTOM + len(ROWS) * (PANEL * rows / across + BELOW)


def draw(figure: Figure, title: str, samples: list[Sample]) -> None:
    """Draw a column for each person."""
    width, height = figure.get_size_inches()
    panel = (height - TOP - BOTTOM) / len(ROWS) - BELOW
    right = NAME + len(samples) * (PANEL + GAP)
    figure.subplots_adjust(
        left=NAME / width,
        right=right / width,
        top=1 - TOP / height,
        bottom=(BOTTOM + BELOW) / height,
        wspace=GAP / PANEL,
        hspace=BELOW / panel,
    )
    axes = montage.bare(figure.subplots(len(ROWS), len(samples), squeeze=False))
    for column, sample in zip(axes.T, samples, strict=True):
        for ax in column[:2]:
            grey(ax, sample.image)
        outline(column[1], sample.label)
        sides(column[0])
        montage.below(column[1], f"{sample.subject}, slice {sample.slices[0]}")
        if sample.free is not None:
            grey(column[2], sample.free)
            montage.below(column[2], f"slice {sample.slices[1]}")
    for ax, name in zip(axes[:, 0], ROWS, strict=True):
        ax.set_ylabel(name, fontsize=montage.SMALL + 0.5, rotation=0, ha="right", va="center", labelpad=6)
    montage.note(figure, NOTE)
    montage.title(figure, title)
