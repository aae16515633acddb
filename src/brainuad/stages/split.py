"""Split datasets by subject into train, validation and test: subjects.tsv files -> splits.csv."""

import json
from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.files import atomic
from brainuad.seeds import generator

SPLITS = ("train", "validation", "test")
Row = tuple[str, str, str]


def main(*, cohorts: str, subjects: list[str], out: Path, seed: int = 0) -> None:
    """Draw disjoint splits for each dataset of COHORTS, fixed by SEED and the dataset's name.

    COHORTS is JSON: a list of {dataset, modality, labelled, train, validation, test}, the last three being numbers of
    subjects; a test count of null takes all that are left; where `labelled` only subjects with a label are drawn.
    {dataset, same_as} takes the test subjects of another dataset of the list. SUBJECTS are pairs
    `dataset=subjects.tsv`.
    """
    tables = {name: Path(path) for name, path in (pair.split("=", 1) for pair in subjects)}
    listed = json.loads(cohorts)
    rows = [row for cohort in listed if "same_as" not in cohort for row in draw(cohort, tables, seed)]
    for cohort in listed:
        if "same_as" in cohort:
            tested = [subject for dataset, split, subject in rows if (dataset, split) == (cohort["same_as"], "test")]
            rows += [(cohort["dataset"], "test", subject) for subject in tested]
    with atomic(out) as temporary:
        pd.DataFrame(rows, columns=["dataset", "split", "subject"]).to_csv(temporary, index=False)


def draw(cohort: dict, tables: dict[str, Path], seed: int) -> list[Row]:
    """(dataset, split, subject) rows of one cohort; raises InputError where too few subjects have the modality."""
    dataset, modality = cohort["dataset"], cohort["modality"]
    table = pd.read_csv(tables[dataset], sep="\t", dtype=str, keep_default_na=False)
    scanned = sorted(
        table.loc[(table[modality] != "") & ((table["label"] != "") | (not cohort.get("labelled"))), "subject"]
    )
    counts = {name: cohort.get(name, 0) for name in SPLITS}
    fixed = sum(count or 0 for count in counts.values())
    if counts["test"] is None:
        counts["test"] = len(scanned) - fixed
    if fixed > len(scanned) or not scanned or counts["test"] == 0:
        problem = f"dataset {dataset} has {len(scanned)} subjects with {modality}, the study asks for {counts}"
        raise InputError(tables[dataset], problem, "Ask for fewer subjects in the configuration or add scans")
    order = generator(seed, "split", dataset).permutation(scanned)
    ends = pd.Series(counts).cumsum()
    return [
        (dataset, split, str(subject))
        for split, end in ends.items()
        for subject in sorted(order[end - counts[split] : end])
    ]
