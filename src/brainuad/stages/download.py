"""Fetch an archive from its host, whole and checked."""

from pathlib import Path

from brainuad.datasets.download import fetch
from brainuad.datasets.sources import row


def main(*, sources: Path, dataset: str, archive: str, out: Path) -> None:
    """Fetch ARCHIVE of DATASET, as the table SOURCES describes it, to the file OUT.

    A download that broke off goes on where it stood (OUT.part). OUT appears when size and checksum are right.
    """
    fetch(row(sources, dataset, archive), out)
