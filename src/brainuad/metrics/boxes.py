"""Bounding boxes of what is found in each slice (Chatterjee et al. 2022, Fig. 6 and 7), and how well they match.

A box belongs to a component of a slice, its pixels joined by edges or corners as in `brainuad.metrics.lesions`. The
paper only draws them; the measures are those usual in object detection.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

NEIGHBOURS_8 = np.ones((3, 3), dtype=bool)
DETECTED = 0.3
"""A true box counts as detected where the intersection over union with a predicted one is above this."""


def boxes(mask: np.ndarray) -> np.ndarray:
    """(n, 4) int: first row, first column, and the row and column after the last, of each component of (H, W) bool."""
    found = ndimage.find_objects(ndimage.label(mask, NEIGHBOURS_8)[0])
    return np.array([(r.start, c.start, r.stop, c.stop) for r, c in found], int).reshape(-1, 4)


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of each of the boxes (n, 4) with each of (m, 4): (n, m)."""
    first, last = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = (last - first).clip(min=0).prod(2)
    areas = [(given[:, 2:] - given[:, :2]).prod(1) for given in (a, b)]
    return common / (areas[0][:, None] + areas[1] - common)


@dataclass(frozen=True)
class Matches:
    """True boxes against the predicted ones of their slices; adding two pools them."""

    boxes: int = 0
    """True ones."""
    detected: int = 0
    total_iou: float = 0.0
    """Of each true box with the predicted one that fits it best, 0 where none does; one may fit several."""

    @classmethod
    def of(cls, mask: np.ndarray, label: np.ndarray) -> "Matches":
        """Match the boxes of a mask with those of the label, both (D, H, W) bool, slice by slice."""
        pairs = [iou(boxes(truth), boxes(predicted)) for predicted, truth in zip(mask, label, strict=True)]
        best = np.concatenate([pair.max(1, initial=0) for pair in pairs])
        return cls(len(best), int(np.count_nonzero(best > DETECTED)), float(best.sum()))

    def __add__(self, other: "Matches") -> "Matches":
        return Matches(self.boxes + other.boxes, self.detected + other.detected, self.total_iou + other.total_iou)

    @property
    def mean_iou(self) -> float:
        """Mean over the true boxes; NaN without any."""
        return self.total_iou / self.boxes if self.boxes else np.nan

    @property
    def detection_rate(self) -> float:
        """Share of the true boxes that were detected; NaN without any."""
        return self.detected / self.boxes if self.boxes else np.nan
