"""Paired tests between methods and their correction for multiple comparisons."""

import numpy as np
from scipy import stats

FEWEST_SUBJECTS = 6
"""With five pairs the smallest two-sided p is 0.0625: the test could never be significant at 0.05."""


def wilcoxon(differences: np.ndarray) -> float:
    """Two-sided p of the Wilcoxon signed-rank test on paired differences (S); NaN for too few subjects."""
    if len(differences) < FEWEST_SUBJECTS:
        return np.nan
    if not differences.any():
        return 1.0
    return float(stats.wilcoxon(differences).pvalue)


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values corrected by Holm's step-down procedure (Scand. J. Statist. 6:65-70, 1979); NaN is no test."""
    p_values = np.asarray(p_values, float)
    corrected = np.full(p_values.shape, np.nan)
    order = np.argsort(p_values)[: np.count_nonzero(np.isfinite(p_values))]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected
