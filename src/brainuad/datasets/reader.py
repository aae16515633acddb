"""Readers: what every data set's module offers, and the table of subjects that they fill.

A reader is a module of this package, found by its place, that offers

    index(roots: list[Path], **own options) -> pandas.DataFrame   one row per subject, columns as in COLUMNS
    LABELS: dict[int, str]   the label values above 0 and what they stand for, empty where there are no masks
    HEALTHY: bool            whether its subjects are healthy
    PATIENTS: str            whose scans they are: readers of the same people share it; empty where nobody can know
    BRAIN_ON: str            optional: the modality on whose scan brains are found, wanted beside any other
    convert(folder: Path)    optional: makes NIfTI files of what an archive has been unpacked to

and whose docstring tells layout, licence and citation. Cells of modalities, label and brain are paths
of NIfTI files, empty where there is none; one channel of a 4-D file is written `path#channel`. `anomalous`
says of a subject as a whole whether anything is wrong: 1, 0, or empty where that is unknown.
"""

import os
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd

from brainuad.errors import InputError

MODALITIES = ("T1", "T1ce", "T2", "PD", "FLAIR")
PERSON = ("site", "age", "sex", "anomalous")
COLUMNS = ("subject", *PERSON, *MODALITIES, "label", "brain")
SEXES = {"m": "M", "male": "M", "f": "F", "female": "F"}
UNKNOWN = ("n/a", "na")
NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
"""Regular expression of the names of datasets and subjects, which become parts of paths and command lines."""
Rows = dict[str, dict[str, str]]
"""Subject -> column -> cell, as readers gather them."""


def known() -> list[str]:
    """Names of all readers."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef index(" in p.read_text())


def reader(name: str) -> ModuleType:
    """The reader of that name. Raises InputError, listing the known ones, where there is none."""
    if name not in known():
        raise InputError(name, "is no known reader", f"Choose one of: {', '.join(known())}")
    return import_module(f"brainuad.datasets.{name}")


def files(roots: list[Path], ending: str) -> Iterator[Path]:
    """Files below the roots whose name matches the regular expression `ending` at its end, in sorted order.

    Hidden files and macOS's leftovers are left out, and roots inside one another give a file once.
    """
    seen = set()
    for root in roots:
        if not root.is_dir():
            raise InputError(root, "is no folder", "Unpack the archive there or name the folder of the scans")
        for folder, subfolders, names in os.walk(root):
            subfolders[:] = sorted(n for n in subfolders if not n.startswith(".") and n != "__MACOSX")
            for name in sorted(names):
                path = Path(folder, name)
                if re.search(f"(?:{ending})$", name) and name[0] != "." and path.resolve() not in seen:
                    seen.add(path.resolve())
                    yield path


def scans(roots: list[Path]) -> Iterator[tuple[Path, str]]:
    """NIfTI files below the roots, each with its name without `.nii` or `.nii.gz`."""
    for path in files(roots, r"\.nii(\.gz)?"):
        yield path, re.sub(r"\.nii(\.gz)?$", "", path.name)


def place(rows: Rows, subject: str, column: str, path: Path) -> None:
    """Put a file into a subject's row.

    Raises InputError where another has that place already, such as a `.nii` beside the `.nii.gz` of the same name:
    they may differ, and which of them counts is not to be guessed.
    """
    row = rows.setdefault(subject, {})
    if column in row:
        problem = f"and {path} are both the {column} of subject {subject}"
        raise InputError(row[column], problem, "Keep one of them")
    row[column] = str(path)


def table(rows: Rows, healthy: bool) -> pd.DataFrame:
    """The rows as a table sorted by subject, every column there and empty cells as ''.

    `healthy` fills `anomalous` in rows that don't tell it themselves.
    """
    ordered = [{"subject": name, "anomalous": "0" if healthy else "1", **rows[name]} for name in sorted(rows)]
    return pd.DataFrame(ordered, columns=list(COLUMNS), dtype=str).fillna("")


def read_text_table(path: Path, columns: tuple[str, ...], mend: str) -> pd.DataFrame:
    """Read a .tsv or .csv table as text, empty cells as ''. Raises InputError unless it has the columns."""
    try:
        found = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",", dtype=str, keep_default_na=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(path, "is missing or no table", mend) from error
    missing = [column for column in columns if column not in found]
    if missing:
        raise InputError(path, f"has no column {', '.join(missing)}", mend)
    return found


def read_people(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a dataset's own table of its people. Raises InputError unless it has the columns."""
    return read_text_table(path, columns, "Mend its header or take it away")


def read_subjects(path: Path) -> pd.DataFrame:
    """Read a `subjects.tsv`. Raises InputError for any other file."""
    return read_text_table(path, COLUMNS, "Make it with `brainuad index`")


def describe(rows: Rows, people: pd.DataFrame, subjects: "pd.Series[str]") -> None:
    """Fill in what a table with one line per person tells of the subjects in `rows`: site, age, sex, anomalous.

    What the table marks as unknown (`N/A`) stays empty, and sexes become M and F.
    """
    columns = [column for column in PERSON if column in people]
    for subject, person in zip(subjects, people[columns].to_dict("records"), strict=True):
        if subject in rows:
            told = {column: SEXES.get(cell.lower(), cell) for column, cell in person.items()}
            rows[subject] |= {column: cell for column, cell in told.items() if cell.lower() not in UNKNOWN}
