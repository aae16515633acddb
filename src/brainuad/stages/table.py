"""Write the comparison table of one dataset as CSV, HTML and LaTeX."""

from pathlib import Path

from brainuad.figures.study import check_methods, read_study, read_table
from brainuad.files import atomic
from brainuad.metrics import table as long_table
from brainuad.tables import results


def main(
    *,
    study: Path,
    metrics: Path,
    intervals: Path,
    comparisons: Path,
    ranks: Path,
    published: Path,
    dataset: str,
    out_csv: Path,
    out_html: Path,
    out_tex: Path,
) -> None:
    """Put our values with intervals and the published values of --dataset side by side."""
    resolved = read_study(study)
    long = long_table.read(metrics)
    check_methods(resolved, long, metrics)
    rows = results.comparison(
        resolved,
        dataset,
        read_table(intervals, "intervals"),
        read_table(comparisons, "comparisons"),
        read_table(ranks, "ranks"),
        read_table(published, "published"),
    )
    page = results.page(resolved, dataset, rows, long)
    with atomic(out_csv) as temporary:
        rows.to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(results.html(page))
    with atomic(out_tex) as temporary:
        temporary.write_text(results.latex(page, f"{resolved.name}-{dataset}"))
