"""Lesion-wise detection: 26-connected 3-D components, found by any overlap, each counted once.

A lesion is a component of the label, of one voxel or more; predicted components are those that the component
filter left. Whole volumes are labelled, so a lesion that spans slices stays one.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from scipy import ndimage

from brainuad.postprocessing.baur import NEIGHBOURS_26

SIZES = {"small": (0.0, 0.1), "medium": (0.1, 1.0), "large": (1.0, inf)}
"""Strata of lesions by volume, from the first to below the second number of ml."""


def components(label: np.ndarray, voxel: float) -> tuple[np.ndarray, np.ndarray]:
    """The lesions of a label (D, H, W) bool, numbered from 1, and the ml of each; voxels have `voxel` ml."""
    lesions, count = ndimage.label(label, NEIGHBOURS_26)
    return lesions, np.bincount(lesions.ravel(), minlength=count + 1)[1:] * voxel


def found_by_size(mask: np.ndarray, label: np.ndarray, voxel: float) -> dict[str, np.ndarray]:
    """{stratum: [lesions found, lesions]} of a mask and a label (D, H, W) bool with voxels of `voxel` ml."""
    lesions, volumes = components(label, voxel)
    found = np.isin(np.arange(1, len(volumes) + 1), lesions[mask & label])
    return {
        size: np.array([np.count_nonzero(found & within), np.count_nonzero(within)])
        for size, (low, high) in SIZES.items()
        for within in [(volumes >= low) & (volumes < high)]
    }


@dataclass(frozen=True)
class Detections:
    """Counts of lesions and of predicted components; adding two pools them."""

    lesions: int = 0
    found: int = 0
    """Lesions that a predicted voxel overlaps."""
    components: int = 0
    """Predicted components."""
    true_components: int = 0
    """Predicted components that overlap a lesion."""

    @classmethod
    def of(cls, mask: np.ndarray, label: np.ndarray) -> "Detections":
        """Count a predicted mask (D, H, W) bool against the label (D, H, W) bool."""
        lesions, lesion_count = ndimage.label(label, NEIGHBOURS_26)
        components, component_count = ndimage.label(mask, NEIGHBOURS_26)
        common = mask & label
        return cls(lesion_count, len(np.unique(lesions[common])), component_count, len(np.unique(components[common])))

    def __add__(self, other: "Detections") -> "Detections":
        return Detections(
            self.lesions + other.lesions,
            self.found + other.found,
            self.components + other.components,
            self.true_components + other.true_components,
        )

    @property
    def sensitivity(self) -> float:
        """Share of the lesions that were found; NaN without lesions."""
        return self.found / self.lesions if self.lesions else np.nan

    @property
    def precision(self) -> float:
        """Share of the predicted components that overlap a lesion; NaN without predicted components."""
        return self.true_components / self.components if self.components else np.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of both, 0 where lesions are there and none was found; NaN without lesions."""
        if not self.found:
            return 0.0 if self.lesions else np.nan
        return 2 * self.sensitivity * self.precision / (self.sensitivity + self.precision)

    @property
    def false_components(self) -> int:
        """Predicted components that overlap no lesion."""
        return self.components - self.true_components
