"""Make one phantom subject in the native layout of a source."""

from pathlib import Path

from brainuad.files import atomic
from brainuad.phantom.layouts import write_subject


def main(*, source: str, subject: str, out: Path, seed: int = 0, spacing: float = 1.0) -> None:
    """Write the folder OUT with the files of one SUBJECT of SOURCE (a reader's name), SPACING in mm."""
    with atomic(out) as folder:
        folder.mkdir()
        write_subject(source, subject, seed, spacing, folder)
