"""Archives that are the same, byte for byte, whenever they are packed, and their rows of `sources.csv`."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from brainuad.errors import InputError
from brainuad.files import sha256

APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(138)
"""Head of the resource-fork files that macOS adds to archives; not an image, whatever its name says."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can tell."""


def members(folders: list[Path], pattern: str) -> Iterator[tuple[str, Path]]:
    """(path relative to its subject folder, file) for all files that match, in order of the relative path."""
    found = [(path.relative_to(folder).as_posix(), path) for folder in folders for path in folder.glob(pattern)]
    if not found:
        raise InputError(folders[0] if folders else pattern, f"holds no {pattern}", "Make the subjects first")
    yield from sorted(found)


def contents(folders: list[Path], pattern: str) -> list[tuple[str, bytes]]:
    """(path relative to its subject folder, content) of the same files."""
    return [(name, path.read_bytes()) for name, path in members(folders, pattern)]


def archive(path: Path, files: Iterable[tuple[str, bytes]], subjects: int) -> dict[str, str]:
    """Write (name, content) pairs as a .tar, .tar.gz or .zip archive; returns its cells of `sources.csv`.

    Names that end in / are folders. `subjects` is how many a reader finds in the archive.
    """
    files = list(files)
    if path.suffix == ".zip":
        path.write_bytes(zipball(files))
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(tarball(files), compresslevel=1, mtime=0))
    else:
        path.write_bytes(tarball(files))
    plain = [name for name, _ in files if not name.endswith("/") and not Path(name).name.startswith("._")]
    return {
        "archive": path.name,
        "bytes": str(path.stat().st_size),
        "checksum": f"sha256:{sha256(path)}",
        "files": str(len(plain)),
        "subjects": str(subjects),
    }


def tarball(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A tar of (name, content), names that end in / being folders, without times or owners."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as file:
        for name, content in files:
            member = tarfile.TarInfo(name.rstrip("/"))
            if name.endswith("/"):
                member.type, member.mode = tarfile.DIRTYPE, 0o755
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zipball(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of (name, content), names that end in / being folders, all of one time and without owners."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in files:
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system = 3  # Unix, whatever packs it
            member.external_attr = (0o755 if name.endswith("/") else 0o644) << 16
            file.writestr(member, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
