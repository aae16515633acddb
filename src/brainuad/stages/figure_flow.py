"""Draw how many subjects and slices of each dataset a study trains, validates and tests on."""

from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.figures import flow
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn
from brainuad.slices import check_same_order, open_checked


def main(
    *,
    study: Path,
    splits: Path,
    dataset: list[str],
    subjects: list[Path],
    images: list[str],
    out: Path,
    labels: list[str] = [],  # noqa: B006
) -> None:
    """Draw a row for each split in SPLITS of the --dataset, with its subjects.tsv (--subjects, in the same order).

    --images and --labels are DATASET:SPLIT=PATH for each split; a split of healthy people needs no labels.
    """
    resolved, table = read_study(study), pd.read_csv(splits, dtype={"subject": str})
    shown, truth = (dict(pair.split("=", 1) for pair in pairs) for pairs in (images, labels))
    cohorts = []
    for name, listed in zip(dataset, subjects, strict=True):
        cohort = resolved.cohort(name)
        people = pd.read_csv(listed, sep="\t", dtype=str, keep_default_na=False)
        parts = []
        for split, rows in table[table["dataset"] == name].groupby("split", sort=False):
            place = f"{name}:{split}"
            if place not in shown:
                raise InputError("--images", f"has no {place}=PATH", "Give one for every split")
            slices, anomalous = count(Path(shown[place]), truth.get(place))
            parts.append(flow.Part(str(split), rows["subject"].nunique(), slices, anomalous))
        cohorts.append(flow.Cohort(cohort.title, int((people[cohort.modality] != "").sum()), parts))
    with drawn(out, *flow.size(cohorts), layout=None) as figure:
        flow.draw(figure, resolved.marked(f"{resolved.title}: subjects and slices"), cohorts)


def count(images: Path, labels: str | None) -> tuple[int, int]:
    """The number of slices, and of those with an abnormality."""
    with open_checked(images, "images", values=False) as file:
        slices = len(file["image"])
        if not labels:
            return slices, 0
        with open_checked(labels, "labels") as truth:
            check_same_order(file, truth)
            return slices, int((truth["label"][:] > 0).any((1, 2)).sum())
