"""Write the differences that a study's sections compare, with intervals and published ones, as CSV and HTML."""

import json
from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.figures.study import check_methods, metric_named, read_study, read_table
from brainuad.files import atomic
from brainuad.metrics import table
from brainuad.metrics.counts import SubjectCounts
from brainuad.metrics.table import POOLED
from brainuad.statistics import comparison
from brainuad.statistics import contrasts as statistics
from brainuad.statistics.contrasts import Contrasts, Shift
from brainuad.tables import contrasts as tables


def main(
    *,
    study: Path,
    metrics: Path,
    counts: list[Path],
    published: Path,
    out_csv: Path,
    out_html: Path,
    compared: list[str] | None = None,
    contrasts: str = "[]",
    shifts: str = "[]",
    seed: int = 0,
) -> None:
    """Compare what --contrasts and --shifts ask for; with the --seed of `brainuad compare` in the same resamples.

    CONTRASTS is JSON: a list of {section, title, pairs: [[method, method]]}, on every labelled dataset the first minus
    the second. SHIFTS too: a list of {section, title, cohorts: [dataset, dataset], metrics}, the second minus the
    first. Both may have a `text`. --compared are metrics of subjects in which methods are contrasted beside the pooled
    ones. Methods and datasets that the study lacks are named as missing.
    """
    resolved = read_study(study)
    long = table.read(metrics)
    check_methods(resolved, long, metrics)
    sections, moves = read_contrasts(contrasts), read_shifts(shifts)
    pooled = long["metric"].isin(statistics.CONTRASTED) & (long["subject"] == POOLED)
    known = set(long.loc[pooled | long["metric"].isin(compared or []), "dataset"])
    datasets = [cohort.dataset for cohort in resolved.cohorts if cohort.dataset in known]
    used = {*datasets, *(dataset for move in moves for dataset in move.datasets)}
    counted = [count for count in map(SubjectCounts.load, counts) if count.dataset in used]
    found = comparison.estimates(long[long["dataset"].isin(used)], counted, seed)
    rows = pd.concat(
        [
            statistics.contrasts(found, sections, datasets, compared or ()),
            statistics.shifts(found, moves, [method.name for method in resolved.methods]),
        ]
    )
    rows = tables.with_published(resolved, rows, read_table(published, "published"))
    with atomic(out_csv) as temporary:
        rows.to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(tables.html(resolved, sections, moves, rows))


def read_contrasts(text: str) -> list[Contrasts]:
    """Parse --contrasts; raises InputError."""
    try:
        return [
            Contrasts(entry["section"], entry["title"], tuple((a, b) for a, b in entry["pairs"]), entry.get("text", ""))
            for entry in json.loads(text)
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("--contrasts", f"can't be read ({error})", "List {section, title, pairs} as JSON") from error


def read_shifts(text: str) -> list[Shift]:
    """Parse --shifts; raises InputError, also for a metric that has no interval."""
    try:
        entries = json.loads(text)
        shifts = [
            Shift(entry["section"], entry["title"], (first, second), tuple(entry["metrics"]), entry.get("text", ""))
            for entry in entries
            for first, second in [entry["cohorts"]]
        ]
    except (ValueError, TypeError, KeyError) as error:
        mend = "List {section, title, cohorts, metrics} as JSON"
        raise InputError("--shifts", f"can't be read ({error})", mend) from error
    for name in {name for shift in shifts for name in shift.metrics} - set(comparison.POOLED_METRICS):
        if metric_named(name).scope == "pooled":
            raise InputError("--shifts", f"{name} is known of all subjects together only", "Use another metric")
    return shifts
