"""Draw the sheet of the synthetic anomalies, implanted in phantoms."""

from pathlib import Path

from brainuad.figures.anomalies import sheet
from brainuad.files import atomic


def main(*, out: Path, seed: int = 0, spacing: float = 1.0) -> None:
    """Write the PNG file OUT: each kind of anomaly before and after, and the sweep, in phantoms made at SPACING mm."""
    with atomic(out) as path:
        sheet(path, seed, spacing)
