"""Where the archives of a dataset lie: where the configuration says, dropped, downloaded, at their host, or nowhere.

Asked while the graph of jobs is built, so nothing here opens an archive or the network.
"""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import pandas as pd

from brainuad.datasets import sources as listing
from brainuad.datasets.archives import SHEETS
from brainuad.datasets.reader import files, scans
from brainuad.errors import InputError

HERE = ("named", "dropped", "downloaded")
"""States of an archive that needn't be fetched."""
STRUCTURES = r"(-DLMUSE|_desc-structures_dseg)\.nii(\.gz)?"
"""Regular expression of the ends of names of maps of the brain's structures."""


@dataclass(frozen=True)
class Archive:
    """One archive of a dataset and where it lies, or will lie once it is fetched."""

    name: str
    path: Path
    state: Literal["named", "dropped", "downloaded", "to download", "missing"]


def drop_folder(config: dict, dataset: str) -> Path:
    """Where the user drops a dataset's archives or its extracted tree."""
    return Path(config["datasets"][dataset].get("path") or Path(config["data"], dataset))


def has_structures(config: dict, dataset: str) -> bool:
    """Whether maps of the brain's structures lie in a dataset's drop folder; a phantom makes them."""
    folder = drop_folder(config, dataset)
    made = dataset in config.get("phantom", {}).get("subjects", {})
    return made or (folder.is_dir() and any(files([folder], STRUCTURES)))


def archives(config: dict, dataset: str, modalities: set[str], sources: Path) -> list[Archive]:
    """The archives of a dataset to use for some modalities; none where an extracted tree is read as it lies.

    Versions of a dataset in `sources` stand for one another, so just one is used: the first of those that need the
    user's help least, as `effort` tells. A sheet of people comes along with scans that are fetched, but whoever has the
    scans needs no network for it. Raises InputError where `local_archive` names an archive that isn't listed or a file
    that isn't there.
    """
    entry = config["datasets"][dataset]
    rows = listed(sources, entry["reader"])
    for name in entry.get("local_archive", {}):
        if name not in set(rows["archive"]):
            problem = f"datasets.{dataset}.local_archive names the unknown archive '{name}'"
            raise InputError("config.yaml", problem, f"Known archives: {', '.join(rows['archive']) or 'none'}")
    rows = rows[rows["modality"].isin({"", *modalities})]
    is_sheet = rows["archive"].str.endswith(SHEETS)
    sheets = [locate(config, dataset, row) for row in rows[is_sheet].to_dict("records")]
    rows = rows[~is_sheet]
    versions = {
        key: [locate(config, dataset, row) for row in alike.to_dict("records")]
        for key, alike in rows.groupby(["modality", "version"], sort=False)
    }
    own = any(archive.state in ("named", "dropped") for version in versions.values() for archive in version)
    if not own and has_scans(drop_folder(config, dataset)):
        return []
    found = []
    for modality in rows["modality"].unique():
        found += min((version for key, version in versions.items() if key[0] == modality), key=effort)
    return found + [sheet for sheet in sheets if found and (sheet.state in HERE or not own)]


def listed(sources: Path, reader: str) -> pd.DataFrame:
    """The rows of the table of sources that a reader reads."""
    table = listing.read(sources)
    return table[table["dataset"] == reader]


def locate(config: dict, dataset: str, row: dict[str, str]) -> Archive:
    """Where one archive lies; a row of the table of sources."""
    name = row["archive"]
    dropped = drop_folder(config, dataset) / name
    downloaded = Path(config["downloads"], dataset, name)
    if named := config["datasets"][dataset].get("local_archive", {}).get(name):
        if not Path(named).is_file():
            raise InputError(named, "is no file", f"Mend datasets.{dataset}.local_archive in config.yaml")
        return Archive(name, Path(named), "named")
    if dropped.is_file():
        return Archive(name, dropped, "dropped")
    if downloaded.is_file():
        return Archive(name, downloaded, "downloaded")
    return Archive(name, downloaded, "to download" if may_be_fetched(row) else "missing")


def may_be_fetched(row: dict[str, str]) -> bool:
    """Whether an archive comes without the user's help: an open one, or one of Synapse whose token is at hand."""
    with_token = bool(os.environ.get(row["token"])) and find_spec("synapseclient") is not None
    return row["access"] == "open" or (
        row["access"] == "account" and row["address"].startswith("synapse:") and with_token
    )


def effort(version: list[Archive]) -> tuple[bool, bool, bool]:
    """Sorts versions of a dataset by what getting them takes.

    First come those of which nothing is missing, being here or to be downloaded, even if the user began to collect
    another; among them those that are whole here, then those that the user began to collect.
    """
    states = {archive.state for archive in version}
    return "missing" in states, not states <= set(HERE), not states & {"named", "dropped"}


def has_scans(folder: Path) -> bool:
    """Whether there is a NIfTI file anywhere below a folder; stops at the first."""
    return folder.is_dir() and next(scans([folder]), None) is not None
