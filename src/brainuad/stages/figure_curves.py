"""Draw precision-recall and ROC curves of all methods on one dataset."""

from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.figures import curves as curve_figure
from brainuad.figures.study import check_methods, prevalence, read_study, read_table
from brainuad.figures.style import drawn
from brainuad.metrics import table as long_table


def main(*, study: Path, metrics: Path, curves: list[Path], dataset: str, out: Path) -> None:
    """Draw what all --curves hold of --dataset; --metrics has the prevalence, which is chance's precision."""
    resolved = read_study(study)
    title = resolved.heading(dataset)
    parts = []
    for path in curves:
        table = read_table(path, "curves")
        check_methods(resolved, table, path)
        parts.append(table[table["dataset"] == dataset])
    rows = pd.concat([part for part in parts if len(part)] or parts)
    if rows.empty:
        raise InputError(curves[0], f"holds no curve of dataset '{dataset}'", "Evaluate the dataset first")
    chance = prevalence(long_table.read(metrics), dataset)
    with drawn(out, 8.6, max(3.7, 0.7 + 0.19 * rows["method"].nunique())) as figure:
        curve_figure.draw(figure, resolved, title, rows, chance)
