"""Draw the quality of methods at the levels of one varied setting."""

from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.figures import sweep
from brainuad.figures.study import in_equal_order, metric_named, prevalence, read_study, read_table
from brainuad.figures.style import drawn
from brainuad.figures.violins import CHANCE_IS_PREVALENCE
from brainuad.metrics import table as long_table
from brainuad.metrics.table import POOLED
from brainuad.statistics.comparison import POOLED_METRICS, SUBJECT


def main(
    *,
    study: Path,
    metrics: Path,
    dataset: list[str],
    metric: list[str],
    method: list[str],
    level_label: list[str],
    intervals: list[Path],
    level_metrics: list[Path],
    title: str,
    axis: str,
    out: Path,
    out_csv: Path,
    with_time: bool = False,
) -> None:
    """Draw each --dataset's --metric and its interval for each --level-label, with its --intervals and --level-metrics.

    --metrics are the study's own, for the prevalence. --with-time adds the seconds for a volume. --out-csv takes what
    is drawn: level, dataset, metric, method, value, low, high, seconds_per_volume.
    """
    resolved = read_study(study)
    chosen = list(in_equal_order({"dataset": dataset, "metric": metric}, "dataset"))
    panels = {resolved.cohort(name).dataset: sweep.Quality(metric_named(own), scope(own)) for name, own in chosen}
    methods = [resolved.method(name).name for name in method]
    if len(set(level_label)) < len(level_label):
        raise InputError("--level-label", "gives one label to two levels", "Take one of them out of the sweep")
    given = {"level-label": level_label, "intervals": intervals, "level-metrics": level_metrics}
    levels = {label: read_level(*paths, panels, methods) for label, *paths in in_equal_order(given, "level-label")}
    points = pd.concat(levels, names=["level"]).reset_index()[list(sweep.COLUMNS)]
    table = long_table.read(metrics)
    chance = {name: prevalence(table, name) for name, own in chosen if own in CHANCE_IS_PREVALENCE}
    with drawn(out, *sweep.size(len(dataset), len(method), with_time)) as figure:
        sweep.draw(figure, resolved, resolved.marked(title), axis, points, panels, chance, with_time)
    long_table.write(points, out_csv)


def scope(metric: str) -> str:
    """Pooled where that can be resampled, else the mean over subjects: a value with an interval."""
    return POOLED if metric in POOLED_METRICS else SUBJECT


def read_level(intervals: Path, metrics: Path, panels: dict[str, sweep.Quality], methods: list[str]) -> pd.DataFrame:
    """One level's value, low, high and seconds_per_volume (mean over seeds) by dataset, metric and method.

    Raises InputError where the metric of one isn't known.
    """
    table, long = read_table(intervals, "intervals"), long_table.read(metrics)
    table = table.set_index(["dataset", "metric", "scope", "method"])[["value", "low", "high"]]
    seconds = long[(long["metric"] == "seconds_per_volume") & (long["subject"] == POOLED)]
    seconds = seconds.groupby(["dataset", "method"])["value"].mean()
    rows = []
    for dataset, quality in panels.items():
        for method in methods:
            cell = dataset, quality.metric.name, quality.scope, method
            if cell not in table.index:
                problem = f"holds no {quality.metric.name} of '{method}' for '{dataset}'"
                raise InputError(intervals, problem, "Evaluate it at this level first")
            names = {"dataset": dataset, "metric": quality.metric.name, "method": method}
            rows.append({**names, **table.loc[cell], "seconds_per_volume": seconds.get((dataset, method))})
    return pd.DataFrame(rows)
