"""Draw histograms of the residuals of a group of methods on several datasets."""

from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.figures import histograms
from brainuad.figures.study import check_methods, read_study, read_table
from brainuad.figures.style import drawn


def main(*, study: Path, residuals: list[Path], dataset: list[str], method: list[str], title: str, out: Path) -> None:
    """Draw a column for each --dataset and a row for each --method; --residuals hold one seed of each."""
    resolved = read_study(study)
    methods = sorted({resolved.method(name) for name in method}, key=resolved.methods.index)
    names = [resolved.cohort(name).dataset for name in dataset]
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    for path in residuals:
        table = read_table(path, "residuals")
        check_methods(resolved, table, path)
        for key, rows in table.groupby(["dataset", "method"]):
            if key in tables or rows["seed"].nunique() > 1:
                raise InputError(path, f"holds {'/'.join(key)} again", "Give one seed of each method")
            tables[key] = rows
    heading = resolved.marked(f"Residuals of normal and of anomalous voxels, {title}")
    with drawn(out, *histograms.size(len(methods), len(names))) as figure:
        histograms.draw(figure, resolved, heading, methods, names, tables)
