"""Metrics of the ranking of voxels, from counts of anomalous (`positives`) and normal (`negatives`) voxels.

Counts run over rising score along the last axis; further axes, such as resamples, are carried along.
Where a class is absent the value is NaN.
"""

import numpy as np

from brainuad.metrics.counts import Counts

CURVE_POINTS = 500


def at_least(counts: np.ndarray) -> np.ndarray:
    """The number of voxels with this score or a higher one, (..., B)."""
    return np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """numerator / denominator, NaN where the denominator is 0."""
    undefined = np.full(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)), np.nan)
    return np.divide(numerator, denominator, out=undefined, where=np.asarray(denominator) != 0)


def prevalence(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Share of anomalous voxels, in [0, 1]: the AUPRC of a map that knows nothing."""
    return ratio(positives.sum(-1), positives.sum(-1) + negatives.sum(-1))


def auroc(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Area under the ROC curve (trapezoid), in [0, 1]; voxels of equal score count half."""
    anomalous, normal = positives.sum(-1), negatives.sum(-1)
    higher = at_least(positives) - positives
    wins = (negatives * (higher + positives / 2)).sum(-1)
    return ratio(wins, anomalous * normal.astype(float))


def average_precision(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """AUPRC as average precision, the sum of (R_k - R_(k-1)) P_k over falling thresholds, in [0, 1]."""
    found, marked = at_least(positives), at_least(positives + negatives)
    precision = np.divide(found, marked, out=np.zeros(marked.shape), where=marked != 0)
    return ratio((positives * precision).sum(-1), positives.sum(-1))


def best_dice(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """The highest Dice of any threshold, max 2PR / (P + R), in [0, 1]: an oracle, since it needs labels."""
    anomalous = positives.sum(-1, keepdims=True)
    dice = 2 * at_least(positives) / np.maximum(at_least(positives + negatives) + anomalous, 1)
    return np.where(anomalous[..., 0] > 0, dice.max(-1), np.nan)


def best_dice_on_grid(counts: Counts, steps: int = 1000) -> tuple[float, float]:
    """The highest Dice of score > t and its t, over t in steps of 0.001 of the highest score.

    The search of Baur et al. 2021 (three decimals), on the map before the component filter. The grid starts
    at 0 or the lowest score; below it lies the t that marks every voxel.
    """
    low, high = min(0.0, float(counts.scores[0])), float(counts.scores[-1])
    everything = np.nextafter(counts.scores[0], np.float32(-np.inf))
    grid = np.append(everything, low + (high - low) * np.arange(steps + 1) / steps).astype(np.float32)
    first = np.searchsorted(counts.scores, grid, side="right")
    found = np.append(at_least(counts.positives), 0)[first]
    marked = np.append(at_least(counts.positives + counts.negatives), 0)[first]
    dice = ratio(2 * found, (marked + counts.positives.sum()) * (counts.positives.sum() > 0))
    best = int(np.argmax(dice))
    return float(dice[best]), float(grid[best])


def pr_points(counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision at no more than 500 thresholds, evenly spread over the recall."""
    found, marked = at_least(counts.positives)[::-1], at_least(counts.positives + counts.negatives)[::-1]
    recall = found / found[-1]
    chosen = evenly(recall)
    return recall[chosen], (found / marked)[chosen]


def roc_points(counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """False- and true-positive rate at no more than 500 thresholds, evenly spread along the curve."""
    rates = [np.append(0, at_least(c)[::-1] / c.sum()) for c in (counts.negatives, counts.positives)]
    chosen = evenly(rates[0] + rates[1])
    return rates[0][chosen], rates[1][chosen]


def evenly(rising: np.ndarray) -> np.ndarray:
    """Indices of no more than 500 entries of a rising sequence, both ends and evenly spread values."""
    wanted = np.linspace(rising[0], rising[-1], CURVE_POINTS - 1)
    return np.unique(np.append(np.searchsorted(rising, wanted), len(rising) - 1))
