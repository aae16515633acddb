"""What several kinds of anomalies draw with: places, distances in mm, noise, soft edges."""

import numpy as np
from scipy import ndimage

EDGE = 1.3
"""Blur of an anomaly's edge in mm (standard deviation)."""


def box(mask: np.ndarray, margin: np.ndarray | float = 0) -> tuple[slice, ...]:
    """The smallest box that holds a mask, wider by `margin` voxels each way, within the volume."""
    margins = np.broadcast_to(np.ceil(margin).astype(int), mask.ndim)
    sides = ndimage.find_objects(mask.astype(np.uint8))[0]
    return tuple(slice(max(s.start - m, 0), s.stop + m) for s, m in zip(sides, margins, strict=True))


def depth(mask: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """(X, Y, Z) float32 mm from each voxel of the mask to the nearest one outside, 0 outside."""
    result = np.zeros(mask.shape, np.float32)
    inside = box(mask, 1)
    result[inside] = ndimage.distance_transform_edt(mask[inside], sampling=spacing)
    return result


def offsets(shape: tuple[int, ...], centre: np.ndarray, spacing: np.ndarray) -> list[np.ndarray]:
    """mm from the voxel `centre` along each axis, three arrays that broadcast to `shape`."""
    axes = np.ogrid[tuple(slice(n) for n in shape)]
    return [(axis - c) * step for axis, c, step in zip(axes, centre, spacing, strict=True)]


def draw_centre(rng: np.random.Generator, where: np.ndarray, deep: np.ndarray, radius: float) -> np.ndarray:
    """(3) voxel of the mask `where`, at a depth of `radius` mm or, where that is too much, among the deepest.

    `deep` (X, Y, Z) is in mm; `where` holds a voxel. It is the first allowed one in a random order of all voxels, so
    that like radii draw the same one.
    """
    allowed = where & (deep >= min(radius, 0.7 * deep[where].max()))
    order = np.where(allowed, rng.random(where.shape, dtype=np.float32), np.inf)
    return np.array(np.unravel_index(order.argmin(), where.shape))


def noise(rng: np.random.Generator, shape: tuple[int, ...], spacing: np.ndarray, scale: float) -> np.ndarray:
    """(X, Y, Z) float32 noise of zero mean and unit variance, smooth over `scale` mm (standard deviation)."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), scale / spacing, mode="wrap")
    return (field - field.mean()) / field.std()


def blend(image: np.ndarray, label: np.ndarray, intensity: np.ndarray | float, spacing: np.ndarray) -> np.ndarray:
    """`image` with `intensity` where `label` (bool) is set: all of it deep inside, half of it at the edge."""
    weight = 0.5 + 0.5 * ndimage.gaussian_filter(label.astype(np.float32), EDGE / spacing)
    return np.where(label, image + weight * (intensity - image), image).astype(np.float32)
