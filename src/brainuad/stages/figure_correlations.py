"""Draw how metrics correlate over a group of methods, on several datasets."""

from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures import correlations
from brainuad.figures.correlations import Matrix
from brainuad.figures.study import check_methods, read_study
from brainuad.figures.style import drawn
from brainuad.metrics import table as long_table


def main(
    *,
    study: Path,
    metrics: Path,
    dataset: list[str],
    method: list[str],
    title: str,
    out: Path,
    out_csv: Path,
    without: list[str] | None = None,
) -> None:
    """Draw a column for each --dataset: Pearson, Spearman, and Pearson again where methods are named by --without."""
    resolved = read_study(study)
    methods = sorted({resolved.method(name) for name in method}, key=resolved.methods.index)
    left_out = without or []
    for name in left_out:
        if name not in method:
            raise InputError("--without", f"no --method is '{name}'", f"Use some of: {', '.join(method)}")
    long = long_table.read(metrics)
    check_methods(resolved, long, metrics)
    kinds = [("pearson", []), ("spearman", []), *([("pearson", left_out)] if left_out else [])]
    values = {resolved.cohort(name).dataset: correlations.pooled(long, name, methods) for name in dataset}
    rows = [[Matrix.of(name, table, kind, omitted) for name, table in values.items()] for kind, omitted in kinds]
    heading = resolved.marked(f"Correlation of metrics, {title}")
    with drawn(out, *correlations.size(len(rows), len(values))) as figure:
        correlations.draw(figure, resolved, heading, rows)
    long_table.write(correlations.table([matrix for row in rows for matrix in row]), out_csv)
