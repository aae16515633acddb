"""Pack phantom subjects as the archives of a source."""

from pathlib import Path

from brainuad.files import atomic
from brainuad.phantom.layouts import write_archives


def main(*, source: str, subjects: list[Path], out: Path) -> None:
    """Write the folder OUT with the archives of SOURCE (a reader's name) from SUBJECTS, and sources.csv."""
    with atomic(out) as folder:
        folder.mkdir()
        write_archives(source, subjects, folder)
