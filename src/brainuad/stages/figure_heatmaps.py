"""Draw heatmaps of the inpainting's losses beside those of a quicker method."""

from pathlib import Path

from brainuad.figures import heatmaps
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn

NAMES = {"window": "loss in the window", "whole": "loss of the whole slice"}


def main(*, study: Path, dataset: str, maps: Path, out: Path, loss: str = "window") -> None:
    """Draw the slices of DATASET in --maps, a `heatmaps.h5`, a row each.

    LOSS is what the heatmap of the inpainting network holds: `window` (Mavropoulos 2021, Fig. 9) or `whole` (Fig. 10).
    """
    resolved = read_study(study)
    shown = heatmaps.read(maps, loss)
    labels = resolved.method(shown.method).label, resolved.method(shown.predictor).label
    title = f"Heatmaps by the {NAMES[loss]} and as predicted. {resolved.heading(dataset)}"
    with drawn(out, *heatmaps.size(shown), layout="compressed") as figure:
        heatmaps.draw(figure, title, shown, loss, labels)
