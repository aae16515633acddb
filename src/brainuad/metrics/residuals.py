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


def shares(counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """(100), (100) normalised histograms of the residuals of normal and of anomalous voxels, over (0, 1].

    Residuals above 1 are in the last bin; zeros are to be left out of the counts beforehand. NaN without voxels.
    """
    residuals = np.minimum(counts.scores.astype(np.float64), 1)
    normal, anomalous = (
        np.histogram(residuals, BINS, (0, 1), weights=voxels)[0] / (voxels.sum() or np.nan)
        for voxels in (counts.negatives, counts.positives)
    )
    return normal, anomalous


def chi_square_distance(p: np.ndarray, q: np.ndarray) -> float:
    """Distance 0.5 sum (p - q)^2 / (p + q) of two histograms that sum to 1, in [0, 1]; NaN where one is."""
    total = p + q
    return float(0.5 * np.sum(np.divide((p - q) ** 2, total, out=np.zeros(len(total)), where=total != 0)))
