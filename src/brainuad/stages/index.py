"""List the subjects of a dataset's folders in a table."""

import re
from pathlib import Path

import pandas as pd

from brainuad import settings
from brainuad.datasets import reader as readers
from brainuad.errors import InputError
from brainuad.files import atomic


def main(*, reader: str, root: list[Path], dataset: str, out: Path, options: str = "{}", expected: int = 0) -> None:
    """Write OUT (subjects.tsv): one row per subject that READER finds below the ROOT folders of DATASET.

    Columns: subject, site, age, sex; anomalous (1, 0 or empty for unknown); the file of each modality (T1, T1ce, T2,
    PD, FLAIR), of the label and of the brain mask, empty where there is none, `path#channel` for a channel of a 4-D
    file. OPTIONS (JSON) are the reader's own, such as the rater of ISBI 2015. At least EXPECTED subjects must be found.
    """
    index = readers.reader(reader).index
    chosen = settings.parse(options, "--options")
    settings.check("--options", f"reader {reader}", index, chosen)
    subjects = index(root, **chosen)
    if subjects.empty:
        folders = ", ".join(map(str, root))
        mend = f"Compare them with the layout in brainuad.datasets.{reader}"
        raise InputError(folders, f"hold no subject of dataset {dataset}", mend)
    if len(subjects) < expected:
        folders = ", ".join(map(str, root))
        problem = f"hold {len(subjects)} subjects of dataset {dataset}, expected {expected}"
        raise InputError(folders, problem, "Fetch the archive again, or correct `subjects` in the table of sources")
    check_names(subjects)
    with atomic(out) as temporary:
        subjects.to_csv(temporary, sep="\t", index=False)
    found = {column: int((subjects[column] != "").sum()) for column in (*readers.MODALITIES, "label", "brain")}
    print(f"{dataset}: {len(subjects)} subjects;", ", ".join(f"{n} {name}" for name, n in found.items() if n))


def check_names(subjects: pd.DataFrame) -> None:
    """Raise InputError for a subject whose name can't become that of files, which pass through shells and patterns."""
    for row in subjects.to_dict("records"):
        if not re.fullmatch(readers.NAME, row["subject"]):
            file = next(row[column] for column in (*readers.MODALITIES, "label", "brain") if row[column])
            problem = f"belongs to subject '{row['subject']}', but names must match {readers.NAME}"
            raise InputError(file, problem, "Rename its folder or file")
