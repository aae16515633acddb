"""Pack phantom subjects as the archives of a source."""

from pathlib import Path

from brainuad.files import atomic
from brainuad.phantom.layouts import write_archives


def main(*, source: str, subjects: list[Path], out: Path) -> None:
    """Write the folder OUT with the archives of SOURCE (ixi, brats, mslub) from SUBJECTS, and SHA256SUMS."""
    with atomic(out) as folder:
        folder.mkdir()
        write_archives(source, subjects, folder)
