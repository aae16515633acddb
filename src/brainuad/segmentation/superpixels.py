"""Superpixels: the hottest segment of a slice is its mask (Nguyen et al. 2021, section 2).

Segments are those of Felzenszwalb and Huttenlocher, IJCV 2004, of the query slice. `scale` is the paper's; `sigma` and
`min_size` aren't given there and are scikit-image's defaults. "The segment with the most reconstruction loss" is read
as the one with the highest mean over its brain, since the sum favours large segments, and the background is none to
choose. So every slice with heat gets a mask, a healthy one too.
"""

import numpy as np

from brainuad.errors import InputError

CHOICES = ("mean", "sum")
TOLERANCE = 1e-3


def segments(image: np.ndarray, scale: float = 75.0, sigma: float = 0.8, min_size: int = 20) -> np.ndarray:
    """Number the segments of a slice (H, W) in [0, 1], from 0: (H, W) int.

    Raises InputError for another range: `scale` is one for intensities of 8 bits, which scikit-image makes of [0, 1].
    """
    from skimage.segmentation import felzenszwalb

    low, high = float(image.min()), float(image.max())
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        problem = f"need slices in [0, 1], this one is in [{low:.3g}, {high:.3g}]"
        raise InputError("superpixels", problem, "Use a recipe that normalises each slice, such as `inpainting`")
    return felzenszwalb(image, scale=scale, sigma=sigma, min_size=min_size)


def hottest(
    segments: np.ndarray, heat: np.ndarray, brain: np.ndarray, choose: str = "mean", max_background: float = 0.5
) -> np.ndarray:
    """The brain of the segment with the highest `mean` or `sum` of heat: (H, W) bool.

    Heat counts within the brain alone. Segments with a larger share than `max_background` outside it are left out.
    Where none is left, or all heat is equal, nothing singles out a segment: the mask is empty, and a lesion missed.
    Of equal segments it is the first. Raises InputError for another choice.
    """
    if choose not in CHOICES:
        raise InputError("superpixels", f"can't choose by '{choose}'", f"Choose by {' or '.join(CHOICES)}")
    inside, eligible = to_choose_from(segments, brain, max_background)
    if not eligible.any() or np.ptp(heat[brain]) == 0:
        return np.zeros_like(brain)
    total = np.bincount(segments[brain], heat[brain], minlength=len(inside))
    value = total if choose == "sum" else total / np.maximum(inside, 1)
    return brain & (segments == np.argmax(np.where(eligible, value, -np.inf)))


def to_choose_from(segments: np.ndarray, brain: np.ndarray, max_background: float) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of brain in each of the segments (H, W), and whether it can be chosen."""
    size, inside = np.bincount(segments.ravel()), np.bincount(segments[brain], minlength=segments.max() + 1)
    return inside, (inside > 0) & (size - inside <= max_background * size)


def best_dice(segments: np.ndarray, anomalous: np.ndarray, brain: np.ndarray, max_background: float = 0.5) -> float:
    """Dice of the segment that meets a slice's lesion (H, W) bool best: what no choice of one segment can exceed."""
    inside, eligible = to_choose_from(segments, brain, max_background)
    common = np.bincount(segments[brain & anomalous], minlength=len(inside))
    return float(np.max(2 * common / (inside + np.count_nonzero(anomalous)), where=eligible, initial=0))


def segment(
    image: np.ndarray,
    score: np.ndarray,
    brain: np.ndarray,
    *,
    scale: float = 75.0,
    sigma: float = 0.8,
    min_size: int = 20,
    choose: str = "mean",
    max_background: float = 0.5,
) -> np.ndarray:
    """Masks (D, H, W) bool of the stacked slices (D, H, W) of one subject, each slice for itself."""
    slices = zip(image, score, brain, strict=True)
    return np.stack([hottest(segments(x, scale, sigma, min_size), s, b, choose, max_background) for x, s, b in slices])
