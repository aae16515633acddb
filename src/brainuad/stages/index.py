"""List the subjects of a dataset's folders in a table."""

from pathlib import Path

from brainuad.datasets import reader as readers
from brainuad.errors import InputError
from brainuad.files import atomic


def main(*, reader: str, root: list[Path], dataset: str, out: Path) -> None:
    """Write OUT (subjects.tsv): one row per subject that READER finds below the ROOT folders of DATASET.

    Columns: subject, site, age, sex; the file of each modality (T1, T1ce, T2, PD, FLAIR), of the label and of
    the brain mask, empty where there is none, `path#channel` for a channel of a 4-D file.
    """
    subjects = readers.reader(reader).index(root)
    if subjects.empty:
        folders = ", ".join(map(str, root))
        mend = f"Compare them with the layout in brainuad.datasets.{reader}"
        raise InputError(folders, f"hold no subject of dataset {dataset}", mend)
    with atomic(out) as temporary:
        subjects.to_csv(temporary, sep="\t", index=False)
    found = {column: int((subjects[column] != "").sum()) for column in (*readers.MODALITIES, "label", "brain")}
    print(f"{dataset}: {len(subjects)} subjects;", ", ".join(f"{n} {name}" for name, n in found.items() if n))
