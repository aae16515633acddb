"""Phantom subjects in the native layout, names, orientation and number formats of their sources.

A layout is a module of this package, named like the source's reader and found by its place, that offers

    ARCHIVES: dict[str, str]                    names of its archives and the modality of each, '' for all
    subjects(count) -> list[str]                the first subject names, in the source's own style
    case(subject, rng) -> Case                  sex, age and scanner; raises InputError for a foreign name
    write(study, folder)                        one subject's files, at their native relative paths
    pack(folders, out) -> list[dict[str, str]]  the subjects' folders as archives; their cells of sources.csv

`spacing` is the isotropic spacing in mm at which a subject is made; the files have the native field of view
and the native voxel times `spacing`, so 1 gives the native matrix.
"""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pandas as pd

from brainuad.datasets.sources import COLUMNS
from brainuad.errors import InputError
from brainuad.phantom.anatomy import person
from brainuad.phantom.study import Case, Study
from brainuad.seeds import generator

SOURCES = tuple(sorted(module.name for module in iter_modules(__path__)))
FROM_HERE = {
    "version": "phantom",
    "licence": "Apache-2.0",
    "access": "open",
    "citation": "template: Fonov et al. 2011, doi:10.1016/j.neuroimage.2010.07.033",
}
"""Cells that all archives of the phantom share."""


def layout(source: str) -> ModuleType:
    """The module of a source. Raises InputError for one that the phantom doesn't know."""
    if source not in SOURCES:
        raise InputError(source, "is no source of the phantom", f"Choose one of {', '.join(SOURCES)}")
    return import_module(f"{__name__}.{source}")


def archives(source: str) -> dict[str, str]:
    """Names of a source's archives and the modality that each holds, '' for all."""
    return layout(source).ARCHIVES


def subjects(source: str, count: int) -> list[str]:
    """The first `count` subject names of a source, in its own style; fewer are always the first of more."""
    return layout(source).subjects(count)


def case(source: str, subject: str, seed: int) -> Case:
    """Sex, age and scanner of a subject."""
    return layout(source).case(subject, generator(seed, "phantom", source, subject, "case"))


def study(source: str, subject: str, seed: int, spacing: float) -> Study:
    """A subject's person, made at `spacing` mm, on the way to its files."""
    known = case(source, subject, seed)
    return Study(source, subject, seed, spacing, known, person(seed, f"{source}/{subject}", spacing, known.age))


def write_subject(source: str, subject: str, seed: int, spacing: float, folder: Path) -> None:
    """Write one subject's files under `folder`, at their native relative paths."""
    layout(source).write(study(source, subject, seed, spacing), Path(folder))


def write_archives(source: str, folders: Iterable[Path], out: Path) -> None:
    """Pack subject folders as the source's archives in `out`, with `sources.csv`; same input, same bytes."""
    folders = sorted((Path(folder) for folder in folders), key=lambda folder: folder.name)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rows = [
        {"dataset": source, "modality": archives(source)[cells["archive"]], **FROM_HERE, **cells}
        for cells in layout(source).pack(folders, out)
    ]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(out / "sources.csv", index=False)
