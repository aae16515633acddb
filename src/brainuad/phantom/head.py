"""What lies around the brain in unstripped scans: fluid, bone, marrow, muscle, fat, skin and eyes."""

import numpy as np
from scipy import ndimage

from brainuad.phantom.anatomy import Anatomy, field

WORK = 2.0
"""Coarsest spacing in mm at which the (smooth) hull of the brain is found."""


def with_head(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """The anatomy in its head; the fractions of brain voxels stay as they are.

    Shells follow the distance to the brain's hull: fluid, inner table, marrow, outer table, muscle at the
    temples, fat, skin. The face and neck are a plausible rest: soft tissue with bone and air, and two eyes.
    """
    shape, affine, spacing = anatomy.brain.shape, anatomy.affine, anatomy.spacing
    x, y, z = (
        affine[i, 3] + spacing * np.arange(n, dtype=np.float32).reshape([-1 if j == i else 1 for j in range(3)])
        for i, n in enumerate(shape)
    )
    broad = field(rng, 30.0, shape, affine, order=3)
    middle, fine = (field(rng, node_spacing, shape, affine) for node_spacing in (7.0, 2.4))
    depth, outline = hull_distances(anatomy.brain, spacing)

    fluid = np.maximum(rng.uniform(0.8, 1.8) + 0.03 * max(anatomy.age - 45, 0) + 0.9 * middle, 0.2)
    skull = rng.uniform(5.5, 8.0) + 0.8 * broad
    scalp = np.maximum(rng.uniform(3.0, 5.5) + 0.5 * broad, 2.0)
    temple = 7.0 * np.clip(1 - np.abs(z + 12) / 38, 0, 1) * np.clip((np.abs(x) - 42) / 12, 0, 1)
    temple = temple * np.clip(1 - np.abs(y - 12) / 48, 0, 1)

    def inside(distance: np.ndarray, boundary: np.ndarray) -> np.ndarray:
        """Fractions of the voxels that lie within a boundary, with partial volume."""
        return np.clip((boundary - distance) / spacing + 0.5, 0, 1)

    thin = fluid + 3.0
    within_fluid, within_table = inside(depth, fluid), inside(depth, fluid + 1.8)
    within_bone = np.maximum(inside(depth, thin), inside(outline, fluid + skull))
    within_marrow = np.maximum(within_table, inside(outline, fluid + skull - 1.8)) * within_bone
    within_muscle = np.maximum(within_bone, inside(outline, fluid + skull + temple))
    within_fat = np.maximum(within_muscle, inside(outline, fluid + skull + temple + scalp))
    within_skin = np.maximum(within_fat, inside(outline, fluid + skull + temple + scalp + 1.6))
    marrow = (within_marrow - within_table) * np.clip(0.75 + 0.6 * middle, 0, 1)
    streaks = np.clip(0.65 + 0.3 * fine + 0.25 * middle, 0.1, 1)
    tissues = {
        "csf": within_fluid,
        "bone": within_bone - within_fluid - marrow,
        "marrow": marrow,
        "muscle": within_skin - within_bone - (within_fat - within_muscle) * streaks,
        "fat": (within_fat - within_muscle) * streaks,
        "vitreous": np.zeros_like(depth),
    }

    base = (outline > fluid + skull) & (depth > thin) & (z < -22 + 0.45 * (y + 20))
    face = np.clip((1 - ((x / 66) ** 2 + ((y - 40) / 56) ** 2 + ((z + 66) / 66) ** 2) ** 0.5) * 20, 0, 1)
    neck = np.clip((58 - (x**2 + ((y + 28) / 1.15) ** 2) ** 0.5) / 3, 0, 1) * np.clip((-34 - z) / 4, 0, 1)
    soft = np.where(base, np.maximum(face, neck), 0)
    air = np.clip(4 * (middle + 0.2 * fine - 0.7), 0, 1) * np.clip((y - 10) / 15, 0, 1)
    rest = {
        "muscle": np.clip(0.75 + 0.5 * fine, 0, 1),
        "fat": np.clip(-0.4 - 0.7 * fine - 0.5 * middle, 0, 1),
        "bone": np.clip(0.8 * middle + 0.4 * fine - 0.4, 0, 1),
    }
    full = np.maximum(sum(rest.values()), 1)
    tissues = {name: part * (1 - soft) + soft * (1 - air) * rest.get(name, 0) / full for name, part in tissues.items()}
    for side in (-1, 1):
        ball = 12.0 - ((x - 32 * side) ** 2 + (y - 60) ** 2 + (z + 36) ** 2) ** 0.5
        eye = np.clip(ball / spacing + 0.5, 0, 1) * (depth > fluid)
        tissues = {name: part * (1 - eye) for name, part in tissues.items()}
        tissues["vitreous"] = tissues["vitreous"] + eye
    outside = ~anatomy.brain / np.maximum(sum(tissues.values()), 1)
    merged = dict(anatomy.tissues)
    for name, part in tissues.items():
        merged[name] = (merged.get(name, 0) + part * outside).astype(np.float32)
    return anatomy.replaced(tissues=merged)


def hull_distances(brain: np.ndarray, spacing: float) -> list[np.ndarray]:
    """Two (X, Y, Z) float32 maps of mm to the brain's closed surface, negative inside: close and round."""
    step = max(1, round(WORK / spacing))
    coarse = brain[::step, ::step, ::step]
    hull = closed(coarse, 12.0, step * spacing)
    distance = ndimage.distance_transform_edt(~hull, sampling=step * spacing).astype(np.float32)
    distance -= ndimage.distance_transform_edt(hull, sampling=step * spacing).astype(np.float32)
    maps = [ndimage.gaussian_filter(distance, sigma / (step * spacing)) for sigma in (2.0, 10.0)]
    maps[1] = np.maximum(maps[1] - 1.5, maps[0] - 6)
    steps = [1 / step] * 3
    return [ndimage.affine_transform(m, steps, output_shape=brain.shape, order=1, mode="nearest") for m in maps]


def closed(mask: np.ndarray, radius: float, spacing: float) -> np.ndarray:
    """Morphological closing (X, Y, Z) of a mask by a ball of `radius` mm."""
    pad = int(np.ceil(radius / spacing)) + 1
    grown = ndimage.distance_transform_edt(~np.pad(mask, pad), sampling=spacing) <= radius
    return (ndimage.distance_transform_edt(grown, sampling=spacing) > radius)[(slice(pad, -pad),) * 3]
