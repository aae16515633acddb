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
    {dataset, modality, same_as, hosts, test} takes as many subjects of another dataset, of its split `hosts`, by
    default its test subjects, or, where it isn't in the list, of all its subjects. SUBJECTS are pairs
    `dataset=subjects.tsv`. `drawn` in OUT is the place at which a subject was drawn within its split, so that the first
    few are a random part of it.
    """
    tables = {name: Path(path) for name, path in (pair.split("=", 1) for pair in subjects)}
    listed = json.loads(cohorts)
    rows = [row for cohort in listed if "same_as" not in cohort for row in draw(cohort, tables, seed)]
    for cohort in listed:
        if "same_as" in cohort:
            rows += [(cohort["dataset"], "test", subject) for subject in hosts(cohort, rows, tables, seed)]
    table = pd.DataFrame(rows, columns=["dataset", "split", "subject"])
    table["drawn"] = table.groupby(["dataset", "split"]).cumcount()
    for column, order in (("dataset", [cohort["dataset"] for cohort in listed]), ("split", SPLITS)):
        table[column] = pd.Categorical(table[column], order)
    with atomic(out) as temporary:
        table.sort_values(["dataset", "split", "subject"]).to_csv(temporary, index=False)


def hosts(cohort: dict, rows: list[Row], tables: dict[str, Path], seed: int) -> list[str]:
    """The subjects of a healthy dataset that carry a derived one's anomalies: of those that nothing is trained on.

    Raises InputError where there are none, or fewer than the cohort's `test`.
    """
    source, wanted, of = cohort["same_as"], cohort["test"], cohort.get("hosts", "test")
    if source not in {dataset for dataset, _, _ in rows}:
        rows = draw({**cohort, "dataset": source, "labelled": False}, tables, seed)
    found = [subject for dataset, split, subject in rows if (dataset, split) == (source, of)]
    if not found or (wanted is not None and wanted > len(found)):
        problem = f"asks for {wanted or 'some'} {of} subjects, {source} has {len(found)}"
        raise InputError(f"dataset {cohort['dataset']}", problem, "Ask for fewer in the configuration or hold out more")
    return found[:wanted]


def draw(cohort: dict, tables: dict[str, Path], seed: int) -> list[Row]:
    """(dataset, split, subject) rows of one cohort, as drawn; raises InputError where too few subjects are scanned."""
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
        (dataset, split, str(subject)) for split, end in ends.items() for subject in order[end - counts[split] : end]
    ]
