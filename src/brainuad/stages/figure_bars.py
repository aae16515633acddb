"""Draw the AUPRC of a group of methods on several datasets, beside the published values."""

from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures import bars
from brainuad.figures.study import check_methods, of, prevalence, read_study, read_table
from brainuad.figures.style import drawn
from brainuad.metrics import table as long_table
from brainuad.metrics.table import POOLED
from brainuad.tables.results import published_values


def main(
    *,
    study: Path,
    metrics: Path,
    intervals: Path,
    published: Path,
    dataset: list[str],
    method: list[str],
    title: str,
    out: Path,
) -> None:
    """Draw a panel for each --dataset, a bar for each --method in the study's order."""
    resolved = read_study(study)
    methods = sorted({resolved.method(name) for name in method}, key=resolved.methods.index)
    long, table, beside = (
        long_table.read(metrics),
        read_table(intervals, "intervals"),
        read_table(published, "published"),
    )
    check_methods(resolved, table, intervals)
    panels = []
    for name in dataset:
        cohort, values = resolved.cohort(name), of(table, name, "auprc", POOLED)
        known = published_values(resolved, cohort, "auprc", beside)
        known = known[known.index.isin([m.name for m in methods])]
        panels.append(bars.Panel(cohort.title, values, known, prevalence(long, name)))
    if not any(panel.values["value"].notna().any() for panel in panels):
        raise InputError(intervals, f"holds no pooled auprc for {', '.join(dataset)}", "Evaluate the datasets first")
    pooled = long[(long["metric"] == "parameters") & (long["subject"] == POOLED)]
    parameters = pooled.groupby("method")["value"].mean()
    heading = resolved.marked(f"AUPRC, {title}")
    with drawn(out, *bars.size(len(methods), len(panels))) as figure:
        bars.draw(figure, resolved, heading, methods, panels, parameters)
