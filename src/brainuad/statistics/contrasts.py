"""What a study's sections compare: two methods on the same subjects, one method on two datasets.

Both are differences of estimates of `comparison.estimates`. Methods of one dataset share its resamples and are paired;
the resamples of two datasets are drawn independently, as their subjects are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from brainuad.metrics.table import POOLED
from brainuad.statistics.bootstrap import interval
from brainuad.statistics.comparison import POOLED_METRICS, SUBJECT, Estimate, compare
from brainuad.statistics.significance import FEWEST_SUBJECTS, holm

CONTRASTED = ("auprc", "best_dice")
"""Metrics in which methods are contrasted, pooled over voxels (Baur et al. 2021, III-F)."""
COLUMNS = [
    "section",
    "title",
    "metric",
    "scope",
    "method",
    "dataset",
    "reference",
    "reference_dataset",
    "difference",
    "low",
    "high",
    "p_wilcoxon",
    "p_holm",
    "n",
    "reference_n",
    "reference_value",
]
FAMILY = ["section", "dataset", "metric"]
"""What the comparisons have in common that one correction goes over."""
COMPARISON = [*FAMILY, "method", "reference"]
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Contrasts:
    """The pairs of methods that a section compares."""

    section: str
    title: str
    pairs: tuple[tuple[str, str], ...]
    """The first minus the second."""
    text: str = ""


@dataclass(frozen=True)
class Shift:
    """The two datasets that a section compares."""

    section: str
    title: str
    datasets: tuple[str, str]
    """The second minus the first."""
    metrics: tuple[str, ...]
    text: str = ""


def contrasts(
    found: list[Estimate], sections: Sequence[Contrasts], datasets: Sequence[str], compared: Sequence[str] = ()
) -> pd.DataFrame:
    """A row for each section, dataset, pair and metric (`COLUMNS`), where both methods have the metric.

    The difference of the pooled values has its interval from the paired bootstrap; p is that of the metric's values
    of the subjects, Holm-corrected over a section's pairs in a dataset and metric, each counted once however often it
    is listed. Of metrics in `compared` the difference is that of the means over subjects.
    """
    metrics = [*((metric, POOLED) for metric in CONTRASTED), *((metric, SUBJECT) for metric in compared)]
    known = by_key(found)
    rows = []
    for section in sections:
        for pair in section.pairs:
            for dataset in datasets:
                for metric, scope in metrics:
                    own, other = (known.get((dataset, method, metric, scope)) for method in pair)
                    if own and other:
                        p = paired_p(known, dataset, pair, metric)
                        *_, difference, low, high, _, n = compare(own, other)
                        rows.append(row(section, own, other, (difference, low, high), p, n, n))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["p_holm"] = table.drop_duplicates(COMPARISON).groupby(FAMILY)["p_wilcoxon"].transform(holm)
    table["p_holm"] = table.groupby(COMPARISON)["p_holm"].transform("first")
    return table


def paired_p(known: dict[Key, Estimate], dataset: str, pair: tuple[str, str], metric: str) -> float:
    """p of the Wilcoxon test on the subjects' values of two methods; NaN where there are none or too few."""
    own, other = (known.get((dataset, method, metric, SUBJECT)) for method in pair)
    return compare(own, other)[-2] if own and other else np.nan


def shifts(found: list[Estimate], sections: Sequence[Shift], methods: Sequence[str]) -> pd.DataFrame:
    """A row for each section, method and metric (`COLUMNS`), where the method has it on both datasets.

    Value on the second dataset minus that on the first, its interval from independent resamples of either's subjects.
    Metrics that the counts can tell are pooled over voxels, others are means over subjects.
    """
    known = by_key(found)
    rows = []
    for section in sections:
        for method in methods:
            for metric in section.metrics:
                scope = POOLED if metric in POOLED_METRICS else SUBJECT
                first, second = (known.get((dataset, method, metric, scope)) for dataset in section.datasets)
                if first and second:
                    numbers = second.number, first.number
                    rows.append(row(section, second, first, unpaired(second, first), np.nan, *numbers))
    return pd.DataFrame(rows, columns=COLUMNS)


def unpaired(own: Estimate, other: Estimate) -> tuple[float, float, float]:
    """Difference of two estimates of different subjects and its 95 % interval; NaN where subjects are too few."""
    enough = min(own.number, other.number) >= FEWEST_SUBJECTS
    known = enough and own.samples is not None and other.samples is not None
    low, high = interval(own.samples - other.samples) if known else (np.nan, np.nan)
    return own.value - other.value, low, high


def by_key(found: list[Estimate]) -> dict[Key, Estimate]:
    """Estimates by dataset, method, metric and scope."""
    return {(e.dataset, e.method, e.metric, e.scope): e for e in found}


def row(
    section: Contrasts | Shift,
    own: Estimate,
    other: Estimate,
    difference: tuple[float, float, float],
    p: float,
    n: int,
    reference_n: int,
) -> tuple:
    """One row of `COLUMNS`; the corrected p is still unknown."""
    names = section.section, section.title, own.metric, own.scope, own.method, own.dataset, other.method, other.dataset
    return *names, *difference, p, np.nan, n, reference_n, other.value
