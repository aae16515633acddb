"""From a difference to a mask: step, Otsu, area opening (Chatterjee et al. 2022, section 3.2.3).

The step at 0.2 stands in the authors' code alone, and in the captions of Fig. 10 and 11 as manual thresholding. The
paper has a threshold of Otsu for each slice, the code one for the volume.
"""

import numpy as np
from scipy import ndimage

from brainuad.errors import InputError

SCOPES = ("slice", "volume")
EDGES_IN_SLICE = np.pad(ndimage.generate_binary_structure(2, 1)[np.newaxis], [(1, 1), (0, 0), (0, 0)])


def binary(score: np.ndarray, step: float | None = 0.2, otsu: str = "slice") -> np.ndarray:
    """What is above Otsu's threshold of each `slice` or of the `volume`: (D, H, W) -> (D, H, W) bool.

    Negative values count as 0 and those above `step`, where there is one, as 1. A slice or volume without any contrast
    gives nothing: Otsu would split it too. Raises InputError for another scope.
    """
    if otsu not in SCOPES:
        raise InputError("strega", f"knows no Otsu threshold of the '{otsu}'", f"Use {' or '.join(SCOPES)}")
    positive = score.clip(min=0)
    if step is not None:
        positive = np.where(positive > step, 1, positive)
    parts = positive if otsu == "slice" else positive[np.newaxis]
    return np.stack([above_otsu(part) for part in parts]).reshape(score.shape)


def above_otsu(values: np.ndarray) -> np.ndarray:
    """Values above Otsu's threshold, of any shape; none where all are equal."""
    from skimage.filters import threshold_otsu

    return values > threshold_otsu(values) if np.ptp(values) else np.zeros(values.shape, bool)


def opened(mask: np.ndarray, min_area: int = 256) -> np.ndarray:
    """Masks (D, H, W) bool without what is smaller than `min_area` pixels in its slice, joined by edges.

    Equals `skimage.morphology.area_opening` of each slice, without the tree that it grows for grey values.
    """
    components, _ = ndimage.label(mask, EDGES_IN_SLICE)
    keep = np.bincount(components.ravel()) >= min_area
    keep[0] = False
    return keep[components]


def segment(
    image: np.ndarray,
    score: np.ndarray,
    brain: np.ndarray,
    *,
    step: float | None = 0.2,
    otsu: str = "slice",
    min_area: int = 256,
) -> np.ndarray:
    """Masks (D, H, W) bool of the stacked slices (D, H, W) of one subject; nothing where the `image` is 0.

    `min_area` is the authors', for slices of 256 x 256 pixels.
    """
    return opened(binary(score, step, otsu), min_area) & (image != 0) & brain
