"""Rectified ROC curves: voxels inside the body alone (Kobayashi et al. 2021, section III-C6).

One curve for each volume and class of abnormality. A voxel is found if its score exceeds the threshold. The
true-positive rate counts the voxels of the class, the false-positive rate the unlabelled ones; voxels of other classes
are ignored, because a positive is valid if it hits any class. Volumes share their thresholds, 1,000 equal steps between
the lowest and the highest z-score of all.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from brainuad.metrics.curves import ratio

CLASSES = {
    "metastasis": "Metastatic brain tumor",
    "extracranial metastasis": "Extracranial metastatic tumor",
    "postoperative cavity": "Postoperative cavity",
    "structural change": "Structural change, NOS",
    "lesion": "",
}
"""Classes of abnormality, and what Table I calls them; `lesion` is any, where a dataset tells none apart."""
LESION = "lesion"
MEASURES = {
    "roc_auc_rectified": "Rectified ROC-AUC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
}
STEPS = 1000
GRID = np.linspace(0, 1, 1001)
"""False-positive rates of mean curves."""
UNLABELLED = 0


def metric(measure: str, kind: str) -> str:
    """The name in the long table of one of MEASURES for a class."""
    return f"{measure}_{kind.replace(' ', '_')}"


def score_range(score: np.ndarray, body: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest score of a volume's body (arrays of one shape); (inf, -inf) for one without a body."""
    inside = score[body]
    return (float(inside.min()), float(inside.max())) if inside.size else (np.inf, -np.inf)


def thresholds(ranges: Iterable[tuple[float, float]]) -> np.ndarray:
    """(1000) rising thresholds over the ranges of all volumes."""
    lows, highs = zip(*ranges, strict=True)
    return np.linspace(min(lows), max(highs), STEPS)


@dataclass(frozen=True)
class Curve:
    """The ROC curve of one volume and class, thresholds falling, from (0, 0) to (1, 1)."""

    fpr: np.ndarray
    tpr: np.ndarray
    positives: int
    """Voxels of the class."""
    negatives: int
    """Unlabelled voxels."""

    @classmethod
    def of(cls, positives: np.ndarray, negatives: np.ndarray, steps: np.ndarray) -> "Curve":
        """From the scores of a class's voxels and of unlabelled ones, at rising thresholds; neither may be empty."""
        tpr, fpr = (np.append(0, np.append(_above(scores, steps)[::-1], 1)) for scores in (positives, negatives))
        return cls(fpr, tpr, len(positives), len(negatives))

    @property
    def auc(self) -> float:
        """Area below the curve (trapezoids), in [0, 1]."""
        return float(np.trapezoid(self.tpr, self.fpr))

    def on_grid(self) -> np.ndarray:
        """(1001) true-positive rates at the false-positive rates of GRID; the highest where the curve is upright."""
        return np.interp(GRID, self.fpr, self.tpr)

    @property
    def measures(self) -> dict[str, float]:
        """All of MEASURES."""
        return {"roc_auc_rectified": self.auc, **self.operating_point()}

    def operating_point(self) -> dict[str, float]:
        """Sensitivity, specificity, precision and F1 at the threshold of the highest TPR - FPR (Youden's index).

        The paper doesn't tell its operating point, and the one here can't reproduce its values: sensitivity times
        specificity never exceeds the area below a curve, but does so in 8 of the 12 rows of its Table I.
        """
        best = int(np.argmax(self.tpr - self.fpr))
        tpr, fpr = self.tpr[best], self.fpr[best]
        found, wrong = tpr * self.positives, fpr * self.negatives
        return {
            "sensitivity": float(tpr),
            "specificity": float(1 - fpr),
            "precision": float(ratio(found, found + wrong)),
            "f1": float(2 * found / (found + wrong + self.positives)),
        }


def _above(scores: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The share of scores above each step."""
    return (len(scores) - np.searchsorted(np.sort(scores), steps, side="right")) / len(scores)


def curves(score: np.ndarray, label: np.ndarray, body: np.ndarray, steps: np.ndarray) -> dict[int, Curve]:
    """The curve of each class that a volume's body shows; arrays of one shape, labels 0 and the classes' numbers."""
    scores, labels = score[body], label[body]
    normal = scores[labels == UNLABELLED]
    present = [int(number) for number in np.unique(labels) if number != UNLABELLED]
    return {number: Curve.of(scores[labels == number], normal, steps) for number in present if len(normal)}


def mean_curve(of: Iterable[Curve]) -> np.ndarray:
    """(1001) mean true-positive rate of volumes at the false-positive rates of GRID."""
    return np.mean([curve.on_grid() for curve in of], axis=0)
