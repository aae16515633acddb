"""Z-scores of an anomaly map within the body (Kobayashi et al. 2021, section II-C)."""

import numpy as np

AXES = {"slice": (1, 2), "volume": (0, 1, 2)}
"""Over what, and the axes of a map (D, H, W) that it takes."""


def standardise(score: np.ndarray, body: np.ndarray, over: str | None) -> np.ndarray:
    """(score - mean) / sd over the body's voxels of each `slice` or of the `volume` of a map (D, H, W), as float32.

    Outside the body all voxels get the lowest value inside. Where all scores within the body are equal the z-scores
    are 0. Over None the map stays as it is.
    """
    if over is None:
        return score
    values, inside = score.astype(np.float64), body.astype(bool)
    count = np.maximum(inside.sum(AXES[over], keepdims=True), 1)
    difference = values - np.where(inside, values, 0).sum(AXES[over], keepdims=True) / count
    sd = np.sqrt(np.where(inside, difference**2, 0).sum(AXES[over], keepdims=True) / count)
    # Equal scores differ from their mean by rounding.
    level = np.abs(np.where(inside, values, 0)).max(AXES[over], keepdims=True)
    z = np.divide(difference, sd, out=np.zeros_like(values), where=sd > 1e-12 * level)
    return np.where(inside, z, z[inside].min() if inside.any() else 0.0).astype(np.float32)
