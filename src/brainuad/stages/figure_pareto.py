"""Draw the quality of methods against the time they take, on one dataset."""

from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures import pareto
from brainuad.figures.study import check_methods, metric_named, of, read_study, read_table
from brainuad.figures.style import drawn
from brainuad.metrics.table import POOLED


def main(
    *,
    study: Path,
    intervals: Path,
    dataset: str,
    out: Path,
    metric: str = "auprc",
    cost: str = "seconds_per_volume",
) -> None:
    """Draw --metric with its interval against --cost, and the methods that no other one beats in both."""
    resolved = read_study(study)
    title = resolved.heading(dataset)
    quality, price = metric_named(metric), metric_named(cost)
    table = read_table(intervals, "intervals")
    check_methods(resolved, table, intervals)
    points = of(table, dataset, metric, POOLED)[["value", "low", "high"]].assign(
        cost=of(table, dataset, cost, POOLED)["value"],
        parameters=of(table, dataset, "parameters", POOLED)["value"],
    )
    if points[["cost", "value"]].dropna().empty:
        raise InputError(intervals, f"holds no pooled {metric} with {cost} for '{dataset}'", "Evaluate it first")
    with drawn(out, 6.4, 4.4) as figure:
        pareto.draw(figure, resolved, title, points, quality, price)
