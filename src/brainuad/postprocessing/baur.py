"""Post-processing of an anomaly map in the chain of Baur et al., Medical Image Analysis 2021, section III-C.

Score x eroded brain mask -> residual sign -> hyper-intensity prior -> 3-D median filter -> (threshold) -> 3-D
component filter.
The steps before the threshold give the continuous map that AUROC and AUPRC are computed on, the component
filter cleans the binary mask. The paper says "slightly eroded" and "connected components"; the number of
iterations, the cross and the 26-connectivity are those of the authors' code.
"""

import json
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from brainuad.errors import InputError
from brainuad.postprocessing.standardise import AXES

RESIDUALS = ("absolute", "positive", "negative")
CROSS_IN_SLICE = ndimage.generate_binary_structure(2, 1)[np.newaxis]
NEIGHBOURS_26 = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True)
class Settings:
    """What a study chooses of the chain."""

    erosion: int
    """Iterations of the brain mask's erosion, 0 for none."""
    residual: str
    """`absolute`, or only voxels brighter (`positive`) or darker (`negative`) than their reconstruction."""
    median: tuple[int, int, int]
    """Size of the median filter in slices, rows and columns, each odd; (1, 1, 1) for none."""
    hyper_intensity: float | None = None
    """Percentile of the brain's intensities below which no voxel counts; None for no such prior."""
    standardise: str | None = None
    """Over what scores are made z-scores first (Kobayashi et al. 2021): `slice` or `volume`; None for not at all."""

    @classmethod
    def parse(cls, text: str) -> "Settings":
        """Read settings from JSON; raises InputError."""
        where = f"settings {text}"
        try:
            fields = json.loads(text)
            settings = cls(**{**fields, "median": tuple(fields["median"])})
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                where, f"can't be read ({error})", f"Give JSON with the keys {', '.join(cls.__annotations__)}"
            ) from error
        sizes = settings.median
        if settings.residual not in RESIDUALS:
            raise InputError(where, f"unknown residual '{settings.residual}'", f"Use {', '.join(RESIDUALS)}")
        if len(sizes) != 3 or not all(isinstance(size, int) and size > 0 and size % 2 for size in sizes):
            raise InputError(where, f"median {list(sizes)} isn't three odd numbers", "Use for instance [5, 5, 5]")
        if settings.hyper_intensity is not None and not 0 <= settings.hyper_intensity <= 100:
            problem = f"hyper_intensity {settings.hyper_intensity} is no percentile"
            raise InputError(where, problem, "Use 0 to 100, or null for none")
        if settings.standardise not in (None, *AXES):
            raise InputError(where, f"standardise '{settings.standardise}' is unknown", f"Use null, {', '.join(AXES)}")
        if settings.erosion < 0:
            raise InputError(where, f"erosion {settings.erosion} is negative", "Use 0 for none")
        return settings


def postprocess(
    score: np.ndarray,
    image: np.ndarray,
    reconstruction: np.ndarray | None,
    brain: np.ndarray,
    settings: Settings,
    background: float = 0.0,
) -> np.ndarray:
    """The continuous anomaly map of one subject, (D, H, W) float32, from its stacked slices (D, H, W).

    `background` takes the place of what is masked away: 0 for scores that have no negative values.
    """
    keep = erode(brain, settings.erosion)
    if reconstruction is not None and settings.residual != "absolute":
        keep &= image > reconstruction if settings.residual == "positive" else image < reconstruction
    if settings.hyper_intensity is not None and brain.any():
        keep &= image >= np.percentile(image[brain], settings.hyper_intensity)
    masked = np.where(keep, score, np.float32(background)).astype(np.float32)
    return median_filter(masked, settings.median, background)


def erode(brain: np.ndarray, iterations: int) -> np.ndarray:
    """Erode a (D, H, W) mask slice by slice with a cross."""
    if iterations == 0:  # SciPy would erode until nothing changes
        return brain.copy()
    return ndimage.binary_erosion(brain, CROSS_IN_SLICE, iterations=iterations)


def median_filter(volume: np.ndarray, size: tuple[int, int, int], background: float) -> np.ndarray:
    """Median of the window around each voxel of a (D, H, W) volume, mirrored at its borders.

    Equals `scipy.ndimage.median_filter(volume, size)`, three times as fast since NumPy's selection is
    vectorised, and only where a window can hold anything but background.
    """
    filtered = np.full_like(volume, background)
    boxes = ndimage.find_objects((volume != np.float32(background)).astype(np.uint8))
    if not boxes:
        return filtered
    radii = [length // 2 for length in size]
    box = tuple(
        slice(max(0, extent.start - radius), extent.stop + radius)
        for extent, radius in zip(boxes[0], radii, strict=True)
    )
    padded = np.pad(volume[box], [(radius, radius) for radius in radii], mode="symmetric")
    voxels = int(np.prod(size))
    inside = filtered[box]
    for depth, windows in enumerate(sliding_window_view(padded, size)):
        selected = np.partition(windows.reshape(-1, voxels), voxels // 2, axis=1)
        inside[depth] = selected[:, voxels // 2].reshape(inside.shape[1:])
    return filtered


def drop_small_components(mask: np.ndarray, min_voxels: int) -> np.ndarray:
    """The (D, H, W) mask without its 26-connected components of fewer than `min_voxels` voxels."""
    components, _ = ndimage.label(mask, NEIGHBOURS_26)
    keep = np.bincount(components.ravel()) >= min_voxels
    keep[0] = False
    return keep[components]
