"""Overlap of a predicted mask with the label."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Overlap:
    """Voxel counts of masks against labels; adding two pools them."""

    common: int = 0
    predicted: int = 0
    actual: int = 0

    @classmethod
    def of(cls, mask: np.ndarray, label: np.ndarray) -> "Overlap":
        """Count boolean arrays of one shape."""
        return cls(int(np.count_nonzero(mask & label)), int(np.count_nonzero(mask)), int(np.count_nonzero(label)))

    def __add__(self, other: "Overlap") -> "Overlap":
        return Overlap(self.common + other.common, self.predicted + other.predicted, self.actual + other.actual)

    @property
    def dice(self) -> float:
        """2 |P and G| / (|P| + |G|), in [0, 1]; 0 where one is empty, NaN where both are."""
        total = self.predicted + self.actual
        return 2 * self.common / total if total else np.nan
