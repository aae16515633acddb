"""How residuals of normal and of anomalous voxels differ (Baur et al. 2021, section III-D)."""

from dataclasses import dataclass

import numpy as np

from brainuad.metrics.counts import Counts

BINS = 100


@dataclass(frozen=True)
class Moments:
    """Number, sum and sum of squares of values; adding two pools them."""

    number: int = 0
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: np.ndarray) -> "Moments":
        """Count values of any shape."""
        values = values.astype(np.float64)
        return cls(values.size, float(values.sum()), float((values**2).sum()))

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.number + other.number, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """Mean, NaN without values."""
        return self.total / self.number if self.number else np.nan

    @property
    def sd(self) -> float:
        """Population standard deviation (ddof 0, as in the paper), NaN without values."""
        return max(self.squares / self.number - self.mean**2, 0) ** 0.5 if self.number else np.nan


def chi_square_distance(counts: Counts) -> float:
    """Distance 0.5 sum (p - q)^2 / (p + q) of the histograms of normal and anomalous scores, in [0, 1].

    100 equal bins over (0, 1], residuals above 1 in the last; zeros are to be left out of the counts beforehand.
    NaN where one of the two has no voxels.
    """
    if not (counts.positives.any() and counts.negatives.any()):
        return np.nan
    residuals = np.minimum(counts.scores.astype(np.float64), 1)
    p, q = (
        np.histogram(residuals, BINS, (0, 1), weights=weights)[0] / weights.sum()
        for weights in (counts.negatives, counts.positives)
    )
    filled = p + q > 0
    return float(0.5 * np.sum((p - q)[filled] ** 2 / (p + q)[filled]))
