"""Readers: what every data set's module offers, and the table of subjects that they fill.

A reader is a module of this package, found by its place, that offers

    index(roots: list[Path]) -> pandas.DataFrame   one row per subject, columns as in COLUMNS
    LABELS: dict[int, str]                         the label values above 0 and what they stand for
    HEALTHY: bool                                  whether its subjects are healthy

and whose docstring tells layout, licence and citation. Cells of modalities, label and brain are paths
of NIfTI files, empty where there is none; one channel of a 4-D file is written `path#channel`.
"""

import os
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pandas as pd

from brainuad import datasets
from brainuad.errors import InputError

MODALITIES = ("T1", "T1ce", "T2", "PD", "FLAIR")
COLUMNS = ("subject", "site", "age", "sex", *MODALITIES, "label", "brain")
Rows = dict[str, dict[str, str]]
"""Subject -> column -> cell, as readers gather them."""


def reader(name: str) -> ModuleType:
    """The reader of that name. Raises InputError, listing the known ones, where there is none."""
    modules = {m.name: import_module(f"brainuad.datasets.{m.name}") for m in iter_modules(datasets.__path__)}
    known = {key: module for key, module in modules.items() if hasattr(module, "index")}
    if name not in known:
        raise InputError(name, "is no known reader", f"Choose one of: {', '.join(known)}")
    return known[name]


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
    """Put a file into a subject's row. Raises InputError where another has that place already."""
    row = rows.setdefault(subject, {})
    if column in row:
        problem = f"and {path} are both the {column} of subject {subject}"
        raise InputError(row[column], problem, "Keep one of them")
    row[column] = str(path)


def table(rows: Rows) -> pd.DataFrame:
    """The rows as a table sorted by subject, every column there and empty cells as ''."""
    ordered = [{"subject": subject, **rows[subject]} for subject in sorted(rows)]
    return pd.DataFrame(ordered, columns=list(COLUMNS), dtype=str).fillna("")


def read_text_table(path: Path, columns: tuple[str, ...], mend: str) -> pd.DataFrame:
    """Read a .tsv or .csv table as text, empty cells as ''. Raises InputError unless it has the columns."""
    try:
        found = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",", dtype=str, keep_default_na=False)
    except (FileNotFoundError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(path, "is missing or no table", mend) from error
    missing = [column for column in columns if column not in found]
    if missing:
        raise InputError(path, f"has no column {', '.join(missing)}", mend)
    return found


def read_subjects(path: Path) -> pd.DataFrame:
    """Read a `subjects.tsv`. Raises InputError for any other file."""
    return read_text_table(path, COLUMNS, "Make it with `brainuad index`")


def describe(rows: Rows, people: pd.DataFrame, subjects: "pd.Series[str]") -> None:
    """Fill age and sex of the subjects in `rows` from a table with one line per person; `N/A` stays empty."""
    for subject, person in zip(subjects, people.to_dict("records"), strict=True):
        if subject in rows:
            rows[subject] |= {key: person[key] for key in ("age", "sex") if person[key] not in ("N/A", "n/a")}
