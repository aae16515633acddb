"""Draw Dice against the volume of lesions, with and without the area opening, on one dataset."""

from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures import lesion_sizes
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn
from brainuad.metrics import table


def main(*, study: Path, dataset: str, metrics: Path, unopened: Path, method: list[str], out: Path) -> None:
    """Draw a panel for each --method. METRICS is the study's long table, UNOPENED that without the opening."""
    resolved = read_study(study)
    shown = lesion_sizes.points(table.read(metrics), table.read(unopened), dataset, method)
    if not shown:
        raise InputError(
            metrics, f"holds no Dice of scans of '{dataset}'", "Choose a dataset of whole scans with lesions"
        )
    with drawn(out, *lesion_sizes.size(shown)) as figure:
        lesion_sizes.draw(figure, resolved, f"Dice and size of lesions. {resolved.heading(dataset)}", shown)
