"""Draw slices of a dataset with made anomalies, with and without one."""

from pathlib import Path

from brainuad.figures import samples
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn


def main(*, study: Path, dataset: str, images: Path, labels: Path, out: Path) -> None:
    """Draw one column for each of the first people of DATASET."""
    resolved = read_study(study)
    shown = samples.read(images, labels)
    with drawn(out, *samples.size(shown), layout=None) as figure:
        samples.draw(figure, f"Made anomalies. {resolved.heading(dataset)}", shown)
