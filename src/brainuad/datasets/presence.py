"""What is there of a dataset, and whether it looks sound: sizes and first bytes only, no archive is read through."""

import os
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from brainuad.datasets import location
from brainuad.datasets.archives import DAMAGED, FETCH_AGAIN, SHEETS
from brainuad.datasets.location import Archive
from brainuad.datasets.reader import scans
from brainuad.errors import InputError

OBSTACLES = ("missing", "damaged", "unusable")
"""States that keep a study from starting."""
ARCHIVES = {".zip", ".tar", ".tgz"}


@dataclass
class Part:
    """One archive of a dataset, or its extracted tree."""

    name: str
    state: str
    size: float | None
    """Bytes, None where nobody knows."""
    remark: str


@dataclass
class Presence:
    """What is there of one dataset."""

    dataset: str
    folder: Path
    """Where the user may drop it."""
    rows: list[dict[str, str]]
    """What the table of sources lists for the modalities in use."""
    parts: list[Part]

    @property
    def obstacle(self) -> str:
        """The first of `OBSTACLES` that is met, or nothing."""
        return next((part.state for part in self.parts if part.state in OBSTACLES), "")

    @property
    def to_download(self) -> list[Part]:
        """The archives that the run will fetch."""
        return [part for part in self.parts if part.state == "to download"]


def examine(config: dict, dataset: str, modalities: set[str] | None, sources: Path) -> Presence:
    """What is there of a dataset for some modalities, by default all that the table of sources lists.

    What raises an error for it alone makes it `unusable`.
    """
    listed = location.listed(sources, config["datasets"][dataset]["reader"])
    modalities = modalities or set(listed["modality"])
    rows = listed[listed["modality"].isin({"", *modalities})].to_dict("records")
    result = Presence(dataset, location.drop_folder(config, dataset), rows, [])
    if dataset in config.get("phantom", {}).get("subjects", {}):
        result.parts = [Part("phantom", "made", None, "by the run itself")]
        return result
    by_name = {row["archive"]: row for row in rows}
    try:
        found = location.archives(config, dataset, modalities, sources)
        result.parts = [examine_archive(archive, by_name[archive.name], has_versions(rows)) for archive in found]
        unlisted = f"no archive with {', '.join(nowhere)} is listed" if (nowhere := unheld(rows, modalities)) else ""
        if not found:
            result.parts = [examine_tree(result.folder, unlisted and f", and {unlisted}")]
        elif unlisted:
            result.parts.append(Part("", "missing", None, unlisted))
        result.parts += unread(result.folder, {archive.name for archive in found}, set(listed["archive"]))
    except (InputError, OSError) as error:
        result.parts = [Part("", "unusable", None, str(error))]
    return result


def unheld(rows: list[dict[str, str]], modalities: set[str]) -> list[str]:
    """The modalities that no archive of these rows holds."""
    held = {row["modality"] for row in rows if not row["archive"].endswith(SHEETS)}
    return [] if "" in held else sorted(modalities - held)


def has_versions(rows: list[dict[str, str]]) -> bool:
    """Whether some rows of a dataset stand for one another."""
    return len({(row["modality"], row["version"]) for row in rows}) > len({row["modality"] for row in rows})


def examine_archive(archive: Archive, row: dict[str, str], replaceable: bool) -> Part:
    """The state of one archive with its row of the table of sources; `replaceable` by another version or not."""
    size = float(row["bytes"]) if row["bytes"] else None
    if archive.state == "missing":
        how = "needs an account" if row["access"] == "account" else "by hand"
        return Part(archive.name, "missing", size, f"{how}, or another version" if replaceable else how)
    if archive.state == "to download":
        host = urlparse(row["address"]).netloc or row["address"]
        return Part(archive.name, archive.state, size, f"from {host}{broken_off(archive.path, size)}")
    if problem := damage(archive.path, row):
        return Part(archive.name, "damaged", size, f"{archive.path} {problem}. {FETCH_AGAIN}")
    return Part(archive.name, archive.state, archive.path.stat().st_size, str(archive.path))


def broken_off(path: Path, size: float | None) -> str:
    """How far an earlier download of a file came."""
    part = path.with_name(f"{path.name}.part")
    if not part.is_file():
        return ""
    done = part.stat().st_size
    return f"; broken off at {f'{done / size:.0%}' if size else gigabytes(done)}, goes on by itself"


def damage(path: Path, row: dict[str, str]) -> str | None:
    """What is wrong with an archive, as far as its size and its first bytes (a zip's last) tell."""
    size = path.stat().st_size
    if not os.access(path, os.R_OK):
        return "can't be read"
    if size == 0:
        return "is empty"
    if row["bytes"] and size != int(row["bytes"]):
        return f"has {size} bytes, expected {row['bytes']}"
    is_archive = zipfile.is_zipfile if path.suffix == ".zip" else tarfile.is_tarfile
    try:
        sound = not ARCHIVES & set(path.suffixes) or is_archive(path)
    except DAMAGED:
        sound = False
    return None if sound else "is no archive, or is truncated"


def examine_tree(folder: Path, unlisted: str) -> Part:
    """The state of an extracted tree, or of the empty place where it would lie; `unlisted` is said of that too."""
    files = [path for path, _ in scans([folder])] if folder.is_dir() else []
    empty = [path for path in files if path.stat().st_size == 0]
    if not files:
        return Part("", "missing", None, f"no scans in {folder}/{unlisted}")
    if empty:
        return Part("", "damaged", None, f"{len(empty)} of {len(files)} scans are empty files, as {empty[0]}")
    return Part(f"{len(files)} scans", "tree", None, f"{folder}/")


def unread(folder: Path, used: set[str], listed: set[str]) -> list[Part]:
    """The archives in a drop folder that aren't used, and why."""
    parts = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if ARCHIVES & set(path.suffixes) and path.is_file() and path.name not in used:
            known = path.name in listed
            why = "another version or modality is used" if known else "no archive of this name is looked for"
            parts.append(Part(path.name, "not used", path.stat().st_size, why))
    return parts


def gigabytes(size: float) -> str:
    """Bytes as GB."""
    return f"{size / 1e9:.1f} GB"


def total(parts: list[Part]) -> str:
    """The size of some archives as text, as far as it is known."""
    known, unknown = sum(part.size or 0 for part in parts), sum(part.size is None for part in parts)
    if not unknown:
        return gigabytes(known)
    return f"{gigabytes(known)} and {unknown} of unknown size" if known else "unknown size"
