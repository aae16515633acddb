"""Draw heatmaps of the inpainting network's loss beside those that the loss-prediction network gives."""

from pathlib import Path

from brainuad.figures import heatmaps
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn

NAMES = {"window": "loss in the window", "whole": "loss of the whole slice"}


def main(*, study: Path, dataset: str, maps: Path, out: Path, loss: str = "window") -> None:
    """Draw the slices of DATASET in --maps, which is `heatmaps.h5`, a row each.

    LOSS is what the heatmap of the inpainting network holds: `window` (Mavropoulos 2021, Fig. 9) or `whole` (Fig. 10).
    """
    heading = read_study(study).heading(dataset)
    shown = heatmaps.read(maps, loss)
    title = f"{heading}: heatmaps of G ({NAMES[loss]}) and of R"
    with drawn(out, *heatmaps.size(shown), layout="compressed") as figure:
        heatmaps.draw(figure, title, shown, loss)
