"""Subject-level detection: diseased subjects told from healthy ones by one score for each map."""

import numpy as np
import pandas as pd

from brainuad.metrics.counts import Counts
from brainuad.metrics.curves import auroc, average_precision
from brainuad.metrics.table import COLUMNS, POOLED

SCORES = {"subject_score_p95": "", "subject_score_mean": "_mean"}
"""What stands for a subject, and the suffix of the metrics made from it."""


def subject_detection(table: pd.DataFrame, healthy_dataset: str) -> pd.DataFrame:
    """Pooled rows `subject_auroc`, `subject_auprc` and those of the mean score, for each other dataset and method."""
    rows = [row for score, suffix in SCORES.items() for row in detected(table, healthy_dataset, score, suffix)]
    return pd.DataFrame(rows, columns=COLUMNS)


def detected(table: pd.DataFrame, healthy_dataset: str, score: str, suffix: str) -> list[tuple]:
    """The rows made from one kind of score."""
    scores = table[table["metric"] == score]
    healthy = scores[scores["dataset"] == healthy_dataset].groupby(["method", "seed"])["value"]
    diseased = scores[scores["dataset"] != healthy_dataset].groupby(["study", "dataset", "method", "seed"])["value"]
    rows = []
    for (study, dataset, method, seed), values in diseased:
        if (method, seed) not in healthy.groups:
            continue
        controls = healthy.get_group((method, seed)).to_numpy()
        truth = np.arange(len(values) + len(controls)) < len(values)
        counts = Counts.of(np.concatenate([values.to_numpy(), controls]), truth)
        for metric, area in (("subject_auroc", auroc), ("subject_auprc", average_precision)):
            value = float(area(counts.positives, counts.negatives))
            rows.append((study, dataset, method, seed, POOLED, metric + suffix, value))
    return rows
