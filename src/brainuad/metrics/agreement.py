"""How well predicted losses agree with those of the inpainting network (Mavropoulos 2021, section IV)."""

import numpy as np
from scipy.stats import pearsonr, spearmanr

HOTTEST = 0.05
"""Share of the windows that count as the hottest."""


def agreement(predicted: np.ndarray, window: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Losses (n) of the windows of a slice: predicted ones, those in the window, and the target of the prediction.

    Differences are in the unit of the target; correlations and the overlap of the hottest windows are those with the
    losses in the window, which the heatmap is made of. NaN where a map has but one value.
    """
    pearson, spearman = correlations(predicted, window)
    difference = float(np.abs(predicted - target).mean())
    return {
        "mean_abs_pred_minus_true_loss": difference,
        "relative_loss_difference": difference / float(target.mean()) if target.any() else np.nan,
        "heat_pearson": pearson,
        "heat_spearman": spearman,
        "heat_overlap": overlap(predicted, window),
    }


def correlations(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Pearson's and Spearman's correlation of two maps of windows (n); NaN where one has but one value."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan, np.nan
    return float(pearsonr(first, second).statistic), float(spearmanr(first, second).statistic)


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Share of the hottest windows (n) of one map that are among those of the other."""
    number = max(1, round(HOTTEST * len(first)))
    hottest = (set(np.argsort(-losses, kind="stable")[:number].tolist()) for losses in (first, second))
    return len(set.intersection(*hottest)) / number
