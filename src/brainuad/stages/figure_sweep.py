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
    method: list[str],
    level_label: list[str],
    intervals: list[Path],
    level_metrics: list[Path],
    title: str,
    axis: str,
    out: Path,
    out_csv: Path,
    metric: str = "auprc",
    with_time: bool = False,
) -> None:
    """Draw a --metric and its interval for each --level-label, with its --intervals and --level-metrics.

    --metrics are the study's own, for the prevalence. --with-time adds the seconds for a volume. --out-csv takes what
    is drawn: level, dataset, method, value, low, high, seconds_per_volume.
    """
    resolved = read_study(study)
    quality = metric_named(metric)
    cells = [(resolved.cohort(name).dataset, resolved.method(own).name) for name in dataset for own in method]
    if len(set(level_label)) < len(level_label):
        raise InputError("--level-label", "gives one label to two levels", "Take one of them out of the sweep")
    given = {"level-label": level_label, "intervals": intervals, "level-metrics": level_metrics}
    levels = {label: read_level(*paths, metric, cells) for label, *paths in in_equal_order(given, "level-label")}
    points = pd.concat(levels, names=["level"]).reset_index()[list(sweep.COLUMNS)]
    chance = {}
    if metric in CHANCE_IS_PREVALENCE:
        table = long_table.read(metrics)
        chance = {name: prevalence(table, name) for name in dataset}
    with drawn(out, *sweep.size(len(dataset), len(method), with_time)) as figure:
        sweep.draw(figure, resolved, resolved.marked(title), axis, points, quality, scope(metric), chance, with_time)
    long_table.write(points, out_csv)


def scope(metric: str) -> str:
    """Pooled where that can be resampled, else the mean over subjects: a value with an interval."""
    return POOLED if metric in POOLED_METRICS else SUBJECT


def read_level(intervals: Path, metrics: Path, metric: str, cells: list[tuple[str, str]]) -> pd.DataFrame:
    """One level's value, low, high and seconds_per_volume (mean over seeds) by dataset and method.

    Raises InputError where the metric of one isn't known.
    """
    table, long = read_table(intervals, "intervals"), long_table.read(metrics)
    table = table[(table["metric"] == metric) & (table["scope"] == scope(metric))].set_index(["dataset", "method"])
    for dataset, method in cells:
        if (dataset, method) not in table.index:
            problem = f"holds no {metric} of '{method}' for '{dataset}'"
            raise InputError(intervals, problem, "Evaluate it at this level first")
    seconds = long[(long["metric"] == "seconds_per_volume") & (long["subject"] == POOLED)]
    seconds = seconds.groupby(["dataset", "method"])["value"].mean()
    return table.loc[cells, ["value", "low", "high"]].assign(seconds_per_volume=seconds)
