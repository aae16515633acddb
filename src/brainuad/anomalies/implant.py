"""Synthetic lesions for healthy scans, in the shapes and places of real ones.

The shapes are real, the intensities are not: a lesion pulls the tissue towards one level, darker than grey matter
in T1 and brighter than it in T2, PD and FLAIR, as MS lesions do, with soft edges and some texture.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, label

LEVELS = {"T1": (0.35, 0.6), "T1ce": (0.35, 0.6), "T2": (0.9, 1.2), "PD": (1.0, 1.2), "FLAIR": (1.1, 1.5)}
"""Range that a lesion's level is drawn from, in units of the brain's 98th percentile."""
DARK = ("T1", "T1ce")
SMALLEST = 3
"""Lesions of fewer voxels on the common grid are left out."""


def implant(
    image: np.ndarray, brain: np.ndarray, shapes: np.ndarray, modality: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A healthy volume, normalised to its 98th percentile, and a lesion mask on its grid -> volume with lesions, label.

    All (X, Y, Z). The label (uint8, 0 or 1) covers the voxels of `shapes` in the brain that a lesion changes: not the
    fluid, which is as dark (T1) or as bright (T2) as a lesion already. The image changes in no other voxel.
    """
    shaped = (shapes > 0) & (brain > 0)
    low, high = LEVELS[modality]
    shaped &= image > high if modality in DARK else image < low
    components, count = label(shaped, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    truth = (sizes >= SMALLEST)[components] & (components > 0)
    levels = rng.uniform(low, high, size=count + 1)[components]
    texture = gaussian_filter(rng.standard_normal(image.shape), 0.7)
    target = levels * (1 + 0.05 * texture / texture.std())
    weight = np.where(truth, 0.5 + 0.5 * gaussian_filter(truth.astype(float), (0.7, 0.7, 0)), 0)
    changed = image + weight * (target - image)
    return changed.astype(np.float32), truth.astype(np.uint8)
