"""Draw the contact sheet of the phantom cohort."""

from pathlib import Path

from brainuad.figures.phantom import sheet
from brainuad.files import atomic


def main(*, out: Path, seed: int = 0, spacing: float = 1.0) -> None:
    """Write the PNG file OUT: people with and without lesions in all contrasts, made at SPACING mm."""
    with atomic(out) as path:
        sheet(path, seed, spacing)
