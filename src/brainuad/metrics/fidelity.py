"""Anatomical fidelity of reconstructions (Kobayashi et al. 2021, section II-D), judged by a segmentation network."""

import numpy as np

from brainuad.metrics.overlap import Overlap

BACKGROUND = 0


def entropy_map(probabilities: np.ndarray) -> np.ndarray:
    """(D, K, H, W) probabilities of the classes -> (D, H, W), -sum over classes of p ln p."""
    p = probabilities.astype(np.float64)
    return -(p * np.log(p, out=np.zeros_like(p), where=p > 0)).sum(1)


def quality_score(image: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """(D) Entropy(x) - Entropy(x_hat) from the probabilities (D, K, H, W) of both, summed over the pixels (eq. 9).

    0 for equal images; the more a reconstruction leaves the network in doubt, the lower. It grows with the slice.
    """
    return (entropy_map(image) - entropy_map(reconstruction)).sum((1, 2))


def overlap_score(image: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """(D) mean Dice over the classes that appear in x, from the labels (D, H, W) of x and x_hat, in [0, 1] (eq. 10).

    The background isn't a class. NaN for a slice that shows none. The paper divides by k; the number of classes
    present is meant.
    """
    return np.array([_overlap(x, made) for x, made in zip(image, reconstruction, strict=True)], dtype=np.float64)


def _overlap(image: np.ndarray, reconstruction: np.ndarray) -> float:
    present = [label for label in np.unique(image) if label != BACKGROUND]
    dice = [Overlap.of(image == label, reconstruction == label).dice for label in present]
    return float(np.mean(dice)) if dice else np.nan
