"""How well predicted losses agree with those of the inpainting network (Mavropoulos 2021, section IV)."""

import numpy as np
from scipy.stats import pearsonr, spearmanr

HOTTEST = 0.05
"""Share of the windows that count as the hottest."""


def agreement(predicted: np.ndarray, window: np.ndarray, target: np.ndarray, middle: np.ndarray) -> dict[str, float]:
    """Losses (n) of the windows of a slice: predicted ones, those in the window, and the target of the prediction.

    Differences are in the unit of the target, once of the windows that lie in the `middle` (n) bool third of rows and
    columns, as those that the thesis tests, once of all. Correlations and the overlap of the hottest windows are those
    with the losses in the window, which the heatmap is made of. NaN where a map has but one value, or no window lies in
    the middle.
    """
    pearson, spearman = correlations(predicted, window)
    own, relative = difference(predicted[middle], target[middle])
    of_all, relative_of_all = difference(predicted, target)
    return {
        "mean_abs_pred_minus_true_loss": own,
        "relative_loss_difference": relative,
        "mean_abs_pred_minus_true_loss_all": of_all,
        "relative_loss_difference_all": relative_of_all,
        "heat_pearson": pearson,
        "heat_spearman": spearman,
        "heat_overlap": overlap(predicted, window),
    }


def difference(predicted: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Mean |predicted - target| of windows (n), and that as a share of the mean target; NaN without windows."""
    if not len(target):
        return np.nan, np.nan
    mean = float(np.abs(predicted - target).mean())
    return mean, mean / float(target.mean()) if target.any() else np.nan


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
