"""Ranks of methods and how they hold under resampling (Wiesenfarth et al., Scientific Reports 2021)."""

import numpy as np
from scipy import stats


def ranks(values: np.ndarray, direction: str) -> np.ndarray:
    """Ranks along the last axis (M methods), 1 for the best; equal values share the better rank."""
    return stats.rankdata(-values if direction == "higher" else values, method="min", axis=-1)


def kendall_tau(ranking: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(R) Kendall's tau-b between a ranking (M) and each of `others` (R, M); NaN where one is all ties."""
    first, second = np.triu_indices(len(ranking), k=1)
    order = np.sign(ranking[first] - ranking[second])
    orders = np.sign(others[:, first] - others[:, second])
    scale = np.sqrt(np.count_nonzero(order) * np.count_nonzero(orders, axis=1))
    return np.divide(orders @ order, scale, out=np.full(len(others), np.nan), where=scale > 0)
