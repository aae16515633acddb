"""List the subjects of a dataset's folders in a table."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path

from brainuad.datasets import reader as readers
from brainuad.errors import InputError
from brainuad.files import atomic


def main(*, reader: str, root: list[Path], dataset: str, out: Path, options: str = "{}") -> None:
    """Write OUT (subjects.tsv): one row per subject that READER finds below the ROOT folders of DATASET.

    Columns: subject, site, age, sex; anomalous (1, 0 or empty for unknown); the file of each modality (T1, T1ce, T2,
    PD, FLAIR), of the label and of the brain mask, empty where there is none, `path#channel` for a channel of a 4-D
    file. OPTIONS (JSON) are the reader's own, such as the rater of ISBI 2015.
    """
    index = readers.reader(reader).index
    subjects = index(root, **parse(options, reader, index))
    if subjects.empty:
        folders = ", ".join(map(str, root))
        mend = f"Compare them with the layout in brainuad.datasets.{reader}"
        raise InputError(folders, f"hold no subject of dataset {dataset}", mend)
    with atomic(out) as temporary:
        subjects.to_csv(temporary, sep="\t", index=False)
    found = {column: int((subjects[column] != "").sum()) for column in (*readers.MODALITIES, "label", "brain")}
    print(f"{dataset}: {len(subjects)} subjects;", ", ".join(f"{n} {name}" for name, n in found.items() if n))


def parse(options: str, reader: str, index: Callable) -> dict[str, object]:
    """The options in JSON as a mapping. Raises InputError for one that the reader's `index` doesn't take."""
    try:
        given = dict(json.loads(options))
    except (ValueError, TypeError) as error:
        raise InputError("--options", f"{options} is no mapping in JSON", 'Write it like {"rater": 1}') from error
    known = [name for name in inspect.signature(index).parameters if name != "roots"]
    for name in given:
        if name not in known:
            mend = f"Its options: {', '.join(known)}" if known else "It has none"
            raise InputError("--options", f"reader {reader} has no option '{name}'", mend)
    return given
