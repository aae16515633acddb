"""Anomalous and normal voxels counted by score: all that a ranking metric needs to know of a map.

`Counts.of` is exact and sorts, which suits one subject. `Histogram` takes any number of subjects one after
another in memory that doesn't grow: its bins are the upper 22 of the 32 bits of the float32 score, put in
numerical order. So bins are 1/8192 of the score wide whatever its range, and need no range in advance.
`SubjectCounts` keeps one row of coarser counts per subject, from which a bootstrap over subjects can
recompute pooled metrics.
"""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from brainuad.errors import InputError
from brainuad.files import atomic

BITS = 22
SHIFT = np.uint32(32 - BITS)
SIGN = np.uint32(1 << 31)


@dataclass(frozen=True)
class Counts:
    """Voxels by score."""

    scores: np.ndarray
    """(B) float32, rising. That of a bin is the highest that falls into it, so that score > t is exact."""
    positives: np.ndarray
    """(B) anomalous voxels of each score."""
    negatives: np.ndarray
    """(B) normal voxels of each score."""

    @classmethod
    def of(cls, scores: np.ndarray, anomalous: np.ndarray) -> "Counts":
        """Count scores (V) against the truth (V) bool, exactly; V > 0."""
        order = np.argsort(scores)
        scores = scores[order]
        last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
        positives = np.diff(np.cumsum(anomalous[order], dtype=np.int64)[last], prepend=0)
        return cls(scores[last], positives, np.diff(last, prepend=-1) - positives)


def bin_of(scores: np.ndarray) -> np.ndarray:
    """The bin (0 to 2^22 - 1) of finite float32 scores; a higher score is never in a lower bin."""
    bits = (np.asarray(scores, np.float32) + np.float32(0)).view(np.uint32)  # + 0 turns -0.0 into 0.0
    return (np.where(bits & SIGN, ~bits, bits | SIGN) >> SHIFT).astype(np.intp)


def highest_score(bins: np.ndarray) -> np.ndarray:
    """The highest float32 score that falls into each bin; 0 for the bin of 0 and of what is below 1e-41."""
    ordered = (bins.astype(np.uint32) << SHIFT) | np.uint32((1 << SHIFT) - 1)
    highest = np.where(ordered & SIGN, ordered ^ SIGN, ~ordered).view(np.float32)
    return np.where(bins == bin_of(np.float32(0)), np.float32(0), highest)


class Histogram:
    """Counts of a whole cohort, subject after subject, in 64 MiB."""

    def __init__(self) -> None:
        self.positives = np.zeros(1 << BITS, np.int64)
        self.negatives = np.zeros(1 << BITS, np.int64)

    def add(self, scores: np.ndarray, anomalous: np.ndarray) -> None:
        """Count scores (V) against the truth (V) bool."""
        bins = bin_of(scores)
        np.add.at(self.positives, bins[anomalous], 1)
        np.add.at(self.negatives, bins[~anomalous], 1)

    def counts(self) -> Counts:
        """The bins that hold anything."""
        filled = np.flatnonzero(self.positives + self.negatives)
        return Counts(highest_score(filled), self.positives[filled], self.negatives[filled])


def quantile_edges(pooled: Counts, bins: int = 4096) -> np.ndarray:
    """Upper edges of at most `bins` bins that share out the anomalous and the normal voxels evenly.

    Both classes weigh the same, since anomalous voxels are few and their precision is what AUPRC is about.
    """
    classes = [counts for counts in (pooled.positives, pooled.negatives) if counts.sum()]
    share = np.mean([np.cumsum(counts) / counts.sum() for counts in classes], axis=0)
    wanted = np.searchsorted(share, np.arange(1, bins) / bins)
    return pooled.scores[np.unique(np.append(wanted, len(share) - 1))]


@dataclass(frozen=True)
class SubjectCounts:
    """Counts of S subjects on B bins of rising score that they share."""

    study: str
    dataset: str
    method: str
    seed: int
    subjects: np.ndarray
    """(S) names."""
    positives: np.ndarray
    """(S, B) anomalous voxels."""
    negatives: np.ndarray
    """(S, B) normal voxels."""

    def save(self, path: Path) -> None:
        """Write an npz file; the names of study, dataset, method and seed lie inside."""
        with atomic(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **self.__dict__)

    @classmethod
    def load(cls, path: Path) -> "SubjectCounts":
        """Read what `save` wrote; raises InputError."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in cls.__annotations__}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise InputError(path, "isn't a counts file", "Make it with `brainuad evaluate`") from error
        return cls(**{name: array.item() if array.ndim == 0 else array for name, array in arrays.items()})
