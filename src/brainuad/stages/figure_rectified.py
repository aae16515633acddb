"""Draw the mean rectified ROC curve of each class of abnormality."""

from pathlib import Path

import pandas as pd

from brainuad.figures import rectified
from brainuad.figures.study import read_study, read_table
from brainuad.figures.style import drawn
from brainuad.metrics.rectified import CLASSES


def main(*, study: Path, dataset: str, curves: list[Path], out: Path) -> None:
    """Draw the --curves of methods on DATASET as SVG, a panel for each class."""
    resolved = read_study(study)
    found = pd.concat([read_table(path, "rectified") for path in curves], ignore_index=True)
    kinds = [kind for kind in CLASSES if kind in set(found["class"])]
    with drawn(out, *rectified.size(len(kinds))) as figure:
        rectified.draw(figure, resolved, f"{resolved.heading(dataset)}: mean rectified ROC curves", found, kinds)
