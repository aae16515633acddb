"""Check an archive against its size and checksum and unpack it into a folder."""

from pathlib import Path

from brainuad.datasets import archives
from brainuad.errors import InputError


def main(
    *,
    archive: Path,
    out: Path,
    size: int | None = None,
    sha256: str | None = None,
    md5: str | None = None,
    sums: Path | None = None,
) -> None:
    """Unpack ARCHIVE (tar, tar.gz or zip) into the folder OUT, whole or not at all.

    Before anything is unpacked the file is compared with its SIZE in bytes and with one checksum:
    SHA256 or MD5 in hexadecimal digits, or the line for its name in the file SUMS (as sha256sum writes it).
    """
    if sum(given is not None for given in (sha256, md5, sums)) > 1:
        raise InputError(archive, "has more than one checksum given", "Give one of --sha256, --md5, --sums")
    checksum = None
    if sha256 is not None:
        checksum = f"sha256:{sha256}"
    elif md5 is not None:
        checksum = f"md5:{md5}"
    elif sums is not None:
        checksum = archives.listed_checksum(sums, archive)
    archives.verify(archive, checksum, size)
    archives.unpack(archive, out)
