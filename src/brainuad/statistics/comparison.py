"""Intervals, paired comparisons and ranks of methods, from the long table and the counts of subjects.

Seeds of a method are averaged first, so subjects alone are resampled; the spread of seeds is reported apart.
`scope` tells a pooled metric from the mean over subjects, which bears the same name.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from brainuad import seeds
from brainuad.errors import InputError
from brainuad.metrics import curves
from brainuad.metrics.catalogue import METRICS
from brainuad.metrics.counts import SubjectCounts
from brainuad.metrics.table import POOLED
from brainuad.postprocessing.operating_points import DEFAULT
from brainuad.statistics.bootstrap import interval, resampled_means, resampled_pooled, resamples
from brainuad.statistics.ranks import kendall_tau, ranks
from brainuad.statistics.significance import FEWEST_SUBJECTS, holm, wilcoxon

SUBJECT = "subject"
# The counts know no grid of thresholds, so resampled best Dice is the PR optimum, within 0.005 of the grid.
POOLED_METRICS = {
    "auprc": curves.average_precision,
    "auroc_brain": curves.auroc,
    "best_dice": curves.best_dice,
}
COMPARED = (("auprc", SUBJECT), (f"dice_at_{DEFAULT}", SUBJECT), ("auprc", POOLED))
INTERVAL_COLUMNS = [
    "dataset",
    "method",
    "metric",
    "scope",
    "value",
    "low",
    "high",
    "subjects",
    "subject_sd",
    "seeds",
    "seed_sd",
]
COMPARISON_COLUMNS = [
    "dataset",
    "metric",
    "scope",
    "method",
    "reference",
    "difference",
    "low",
    "high",
    "p_wilcoxon",
    "p_holm",
    "n",
]
RANK_COLUMNS = [
    "dataset",
    "metric",
    "scope",
    "method",
    "rank",
    "rank_low",
    "rank_high",
    "share_first",
    "kendall_tau",
]


@dataclass
class Estimate:
    """A metric of one method on one dataset."""

    dataset: str
    method: str
    metric: str
    scope: str
    value: float
    """Mean over seeds of the pooled value, or of the mean over subjects."""
    subjects: np.ndarray
    """(S) values of the dataset's subjects, averaged over seeds, NaN where there is none; empty if pooled."""
    samples: np.ndarray | None
    """(R) bootstrap values; None where none can be made."""
    weights: np.ndarray | None
    """(R, S) the resamples, the same for all methods of a dataset; None for a single subject."""
    number: int
    """Subjects that the value rests on."""
    by_seed: np.ndarray
    """(K) the value of each seed."""


def estimates(table: pd.DataFrame, counts: list[SubjectCounts], seed: int) -> list[Estimate]:
    """All estimates of a long table, in order of dataset, metric, scope and method; raises InputError."""
    found: list[Estimate] = []
    for dataset, rows in table.groupby("dataset"):
        of_subjects = rows[rows["subject"] != POOLED]
        names = sorted(of_subjects["subject"].unique())
        own_counts = [count for count in counts if count.dataset == dataset]
        check_counts(own_counts, rows, names)
        weights = resamples(len(names), seeds.generator(seed, "bootstrap", dataset)) if len(names) > 1 else None
        for (metric, method), group in of_subjects.groupby(["metric", "method"]):
            found.append(subject_estimate(dataset, method, metric, group, names, weights))
        samples = pooled_samples(own_counts, names, weights)
        for (metric, method), group in rows[rows["subject"] == POOLED].groupby(["metric", "method"]):
            by_seed = group.sort_values("seed")["value"].to_numpy()
            own = samples.get((method, metric))
            found.append(
                Estimate(
                    dataset,
                    method,
                    metric,
                    POOLED,
                    by_seed.mean(),
                    np.array([]),
                    own,
                    weights,
                    len(names),
                    by_seed,
                )
            )
    return sorted(found, key=lambda e: (e.dataset, e.metric, e.scope, e.method))


def subject_estimate(
    dataset: str, method: str, metric: str, group: pd.DataFrame, names: list[str], weights: np.ndarray | None
) -> Estimate:
    """The estimate of a mean over subjects, from the rows of one method and metric."""
    wide = group.pivot(index="subject", columns="seed", values="value").reindex(names)
    subjects = wide.mean(axis=1).to_numpy()
    number = int(np.count_nonzero(np.isfinite(subjects)))
    samples = resampled_means(weights, subjects) if number > 1 else None
    value = float(np.nanmean(subjects))
    by_seed = wide.mean().to_numpy()
    return Estimate(dataset, method, metric, SUBJECT, value, subjects, samples, weights, number, by_seed)


def pooled_samples(
    counts: list[SubjectCounts], names: list[str], weights: np.ndarray | None
) -> dict[tuple[str, str], np.ndarray]:
    """{(method, metric): (R) bootstrap values of the pooled metric, averaged over seeds} of one dataset."""
    if weights is None:
        return {}
    by_method: dict[str, list[dict]] = {}
    for count in counts:
        rows = [list(count.subjects).index(name) for name in names]
        sampled = resampled_pooled(weights, count.positives[rows], count.negatives[rows], POOLED_METRICS)
        by_method.setdefault(count.method, []).append(sampled)
    return {
        (method, metric): np.mean([sampled[metric] for sampled in of_seeds], axis=0)
        for method, of_seeds in by_method.items()
        for metric in POOLED_METRICS
    }


def check_counts(counts: list[SubjectCounts], rows: pd.DataFrame, names: list[str]) -> None:
    """Raise InputError unless the counts of a dataset fit its table in subjects, methods and seeds."""
    mend = "Give the counts of every seed, evaluated on the same cohort as the table"
    for count in counts:
        if sorted(count.subjects) != names:
            where = f"counts of {count.dataset}/{count.method}/seed {count.seed}"
            raise InputError(where, "hold other subjects than the table", mend)
    for method in {count.method for count in counts}:
        counted = sorted(count.seed for count in counts if count.method == method)
        tabled = sorted(rows.loc[rows["method"] == method, "seed"].unique())
        if counted != tabled:
            where = f"counts of {counts[0].dataset}/{method}"
            raise InputError(where, f"are of the seeds {counted}, the table of {tabled}", mend)


def intervals(found: list[Estimate]) -> pd.DataFrame:
    """One row for each estimate, with its 95 % interval where one can be made.

    `subject_sd` is the spread of what a mean over subjects is made from, as papers print it beside theirs.
    """
    rows = []
    for e in found:
        low, high = (np.nan, np.nan) if e.samples is None else interval(e.samples)
        people = e.subjects[np.isfinite(e.subjects)]
        subject_sd = people.std() if len(people) > 1 else np.nan
        seed_sd = e.by_seed.std(ddof=1) if len(e.by_seed) > 1 else np.nan
        spreads = [subject_sd, len(e.by_seed), seed_sd]
        rows.append([e.dataset, e.method, e.metric, e.scope, e.value, low, high, e.number, *spreads])
    return pd.DataFrame(rows, columns=INTERVAL_COLUMNS)


def contests(
    found: list[Estimate], leave_out: Collection[str] = (), compared: Collection[str] = ()
) -> list[list[Estimate]]:
    """Estimates that are compared with each other: one dataset, metric and scope, two methods or more.

    Methods in `leave_out`, such as an oracle that knows the label, neither compete nor count for Holm. `compared` are
    metrics of subjects beside `COMPARED`.
    """
    wanted = {*COMPARED, *((metric, SUBJECT) for metric in compared)}
    groups: dict[tuple, list[Estimate]] = {}
    for e in found:
        if (e.metric, e.scope) in wanted and e.method not in leave_out:
            groups.setdefault((e.dataset, e.metric, e.scope), []).append(e)
    return [group for group in groups.values() if len(group) > 1]


def comparisons(groups: list[list[Estimate]]) -> pd.DataFrame:
    """All pairs of methods, method minus reference on the same subjects, Holm-corrected in each contest."""
    rows = []
    for group in groups:
        pairs = [compare(method, reference) for method, reference in combinations(group, 2)]
        corrected = holm(np.array([pair[-2] for pair in pairs]))
        rows += [(*pair[:-1], p_holm, pair[-1]) for pair, p_holm in zip(pairs, corrected, strict=True)]
    return pd.DataFrame(rows, columns=COMPARISON_COLUMNS)


def compare(method: Estimate, reference: Estimate) -> tuple:
    """One row of the comparisons, without the corrected p."""
    names = method.dataset, method.metric, method.scope, method.method, reference.method
    if method.scope == POOLED:
        known = method.number >= FEWEST_SUBJECTS and method.samples is not None and reference.samples is not None
        low, high = interval(method.samples - reference.samples) if known else (np.nan, np.nan)
        return *names, method.value - reference.value, low, high, np.nan, method.number
    differences = method.subjects - reference.subjects
    common = differences[np.isfinite(differences)]
    if not len(common):
        return *names, np.nan, np.nan, np.nan, np.nan, 0
    known = len(common) >= FEWEST_SUBJECTS
    low, high = interval(resampled_means(method.weights, differences)) if known else (np.nan, np.nan)
    return *names, common.mean(), low, high, wilcoxon(common), len(common)


def rank_stability(groups: list[list[Estimate]]) -> pd.DataFrame:
    """Ranks of the methods, their 95 % interval, share of resamples in which each is first, mean tau."""
    rows = []
    for group in groups:
        direction = METRICS[group[0].metric].direction
        full = ranks(np.array([e.value for e in group]), direction)
        stability = np.full((len(group), 4), np.nan)
        if all(e.samples is not None and e.number >= FEWEST_SUBJECTS for e in group):
            values = np.stack([e.samples for e in group], axis=1)
            sampled = ranks(values[np.isfinite(values).all(axis=1)], direction)
            taus = kendall_tau(full, sampled)
            tau = taus[np.isfinite(taus)].mean() if np.isfinite(taus).any() else np.nan
            stability = [[*interval(own), np.mean(own == 1), tau] for own in sampled.T]
        for e, rank, shares in zip(group, full, stability, strict=True):
            rows.append([e.dataset, e.metric, e.scope, e.method, int(rank), *shares])
    return pd.DataFrame(rows, columns=RANK_COLUMNS)
