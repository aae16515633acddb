"""Check an archive against its size and checksum and unpack it into a folder."""

from pathlib import Path

from brainuad.datasets.archives import unpack, verify
from brainuad.datasets.reader import reader
from brainuad.datasets.sources import row


def main(*, archive: Path, sources: Path, dataset: str, out: Path, name: str | None = None) -> None:
    """Unpack ARCHIVE (tar, tar.gz, zip, a single file's gz or an .xls sheet) into the folder OUT, whole or not at all.

    The table SOURCES tells the size, checksum and number of files of DATASET's archive of that NAME (by default the
    file's own). What is unpacked is made into NIfTI files where DATASET's reader says how.
    """
    expected = row(sources, dataset, name or archive.name)
    size, files = (int(expected[column]) if expected[column] else None for column in ("bytes", "files"))
    verify(archive, expected["checksum"], size)
    unpack(archive, out, files, getattr(reader(dataset), "convert", None))
