"""Subject-level detection: diseased subjects told from healthy ones by the 95th percentile of their map."""

import numpy as np
import pandas as pd

from brainuad.metrics.counts import Counts
from brainuad.metrics.curves import auroc, average_precision
from brainuad.metrics.table import COLUMNS, POOLED

SCORE = "subject_score_p95"


def subject_detection(table: pd.DataFrame, healthy_dataset: str) -> pd.DataFrame:
    """Pooled rows `subject_auroc` and `subject_auprc` for each other dataset, method and seed."""
    scores = table[table["metric"] == SCORE]
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
            rows.append((study, dataset, method, seed, POOLED, metric, value))
    return pd.DataFrame(rows, columns=COLUMNS)
