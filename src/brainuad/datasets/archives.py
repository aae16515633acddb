"""Archives: checked against their published size and checksum, then unpacked whole or not at all.

Members are written by this module, not by `tarfile` or `zipfile`, and only plain files with a place
inside the target folder are: no links, devices, owners or permissions come out of an archive.
"""

import gzip
import hashlib
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import IO

from tqdm import tqdm

from brainuad.errors import InputError
from brainuad.files import atomic

FETCH_AGAIN = "Delete it and fetch it again"
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError)
TAR_BLOCK = 512
SHEETS = (".xls",)
"""Endings of tables of people, which are published as plain files beside the archives of scans."""


def verify(archive: Path, checksum: str, size: int | None) -> None:
    """Compare a file with its checksum (`sha256:<hex>`, `md5:<hex>`, '' if unknown) and its size in bytes.

    The size comes first, since it tells a download that broke off without reading it.
    Raises InputError where the file is missing or differs.
    """
    if not archive.is_file():
        raise InputError(archive, "is missing", "Fetch it or name the place where it lies")
    if size is not None and archive.stat().st_size != size:
        raise InputError(archive, f"has {archive.stat().st_size} bytes, expected {size}", FETCH_AGAIN)
    if checksum:
        algorithm, _, expected = checksum.partition(":")
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).hexdigest()
        if found != expected.lower():
            raise InputError(archive, f"has {algorithm} {found}, expected {expected}", FETCH_AGAIN)


def unpack(
    archive: Path, folder: Path, files: int | None = None, convert: Callable[[Path], None] | None = None
) -> None:
    """Unpack a tar (plain or compressed), zip or gz archive into a folder that appears whole or not at all.

    macOS's leftovers (`._*`, `__MACOSX`) are dropped, and a sheet is put there as it is. `convert` gets the folder
    before anybody sees it. Raises InputError for an archive that is damaged, truncated or empty, or holds another
    number of files than `files`, and for members with an absolute or climbing path, links and devices.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(folder, "exists already and isn't empty", "Delete it or unpack elsewhere")
    with atomic(folder) as temporary:
        temporary.mkdir()
        found = 0
        try:
            for name, content in tqdm(members(archive), desc=f"unpacking {archive.name}", unit=" members"):
                write_member(archive, temporary, name, content)
                found += 1
        except (*DAMAGED, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk, not the archive
            problem = f"is truncated or damaged ({error or type(error).__name__})"
            raise InputError(archive, problem, FETCH_AGAIN) from error
        if found == 0:
            raise InputError(archive, "holds no files", FETCH_AGAIN)
        if files is not None and found != files:
            raise InputError(archive, f"holds {found} files, expected {files}", "Is it the archive of that name?")
        if convert is not None:
            convert(temporary)


def members(archive: Path) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    """Path and open content of every plain file in an archive, leftovers of macOS left out."""
    if archive.suffix in SHEETS:
        found = sheet(archive)
    elif zipfile.is_zipfile(archive):
        found = zip_members(archive)
    elif archive.suffix == ".gz" and not archive.stem.endswith(".tar"):
        found = gz_member(archive)  # told by its name, since tarfile takes a scan that begins with zeros for a tar
    elif tarfile.is_tarfile(archive):
        found = tar_members(archive)
    else:
        raise InputError(archive, "is no tar, tar.gz or zip archive, or is truncated", FETCH_AGAIN)
    for name, content in found:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise refusal(archive, name, "points outside the folder")
        if content is None:
            raise refusal(archive, name, "is a link or device")
        if not path.name.startswith("._") and "__MACOSX" not in path.parts:
            yield path, content


def tar_members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Name and content of each tar member but folders; None stands for the content of links and devices."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.isdir():
                yield member.name, tar.extractfile(member) if member.isreg() else None
        # tarfile takes an archive cut between two members for a whole one; only the end mark tells.
        tar.fileobj.seek(tar.offset)
        if len(tar.fileobj.read(TAR_BLOCK)) < TAR_BLOCK:
            raise tarfile.ReadError("no end-of-archive mark")
        while tar.fileobj.read(1 << 20):  # a compressed file's own checksum comes last
            pass


def zip_members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Name and content of each zip member but folders; None stands for the content of links and devices."""
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                yield member.filename, None
            elif not member.is_dir():
                with file.open(member) as content:
                    yield member.filename, content


def gz_member(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of the one file that was compressed, which is named like the archive."""
    with gzip.open(archive) as content:
        yield archive.stem, content


def sheet(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of a file that is no archive."""
    with archive.open("rb") as content:
        yield archive.name, content


def write_member(archive: Path, folder: Path, name: PurePosixPath, content: IO[bytes]) -> None:
    """Write one member below a folder; a second one in the same place is refused."""
    target = folder / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            copyfileobj(content, file, 1 << 20)
    except (FileExistsError, NotADirectoryError) as error:
        raise refusal(archive, str(name), "takes the place of an earlier one") from error


def refusal(archive: Path, member: str, problem: str) -> InputError:
    """The error for a member that no sound archive of scans holds."""
    return InputError(archive, f"member '{member}' {problem}", "Get the archive from its publisher")
