"""Recipe `kobayashi`: the preprocessing of Kobayashi et al. 2021 (section III-B).

The head keeps its skull. Cubic resampling to 1 mm, a piecewise-linear map of intensities with the white matter's peak
in the middle, axial slices of 256 x 256 pixels in [-1, 1]. The paper scores inside the body, but gives neither the
body's outline nor the ends of the map: here half of Otsu's threshold, and the body's 1st and 99th percentile. The map
is one for the volume; "every image was renormalized to the range [-1, 1]" is read as its end, since a stretch of each
slice by its own extremes would move the white matter's peak off the middle. Slices are cropped around the brain's
middle, not the scan's, and reach 180 mm from the lowest to the highest: the whole top of the head, since abnormalities
of the skull count.
"""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from skimage.filters import threshold_otsu

from brainuad.errors import InputError
from brainuad.preprocessing import space
from brainuad.preprocessing.steps import Steps

BRIGHT_WHITE = ("T1", "T1ce")
"""Contrasts in which white matter is the brightest of the healthy tissues."""
SMOOTHING = 1.0
"""Standard deviation in mm before Otsu's threshold."""
SCALE, FLAT = 1.0, 25
"""Where tissues mix, white matter has no peak of its own (voxels of 2 mm): the gradient's scale in mm, and the per cent
of the bright voxels, those with the smallest gradients, that are counted."""
BINS, BIN_SMOOTHING = 128, 4.0
"""Of the histogram in which the peak is looked for."""


def preprocess(
    image: sitk.Image,
    brain: sitk.Image,
    *,
    modality: str,
    steps: Steps,
    size: int = 256,
    field_of_view: float = 256.0,
    slice_spacing: float = 1.0,
    height: float = 180.0,
) -> tuple[sitk.Image, sitk.Image, sitk.Transform]:
    """A T1 or T1ce volume and its brain mask -> image and body mask on the common grid, transform to the volume.

    Intensities are in [-1, 1], the white matter's peak at 0, -1 outside the body. Raises InputError for other
    contrasts, RuntimeError where no body or white matter is found.
    """
    if modality not in BRIGHT_WHITE:
        mend = f"Choose another recipe, or one of {' and '.join(BRIGHT_WHITE)}"
        raise InputError(f"kobayashi, {modality}", "white matter's peak is not known in this contrast", mend)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    brain = sitk.Cast(brain > 0, sitk.sitkUInt8)
    grid = space.grid(size, field_of_view, slice_spacing, height)
    transform = space.centred(brain, grid)
    image = sitk.Cast(image, sitk.sitkFloat32)
    image = steps("resampling", sitk.Resample(image, grid, transform, sitk.sitkBSpline, 0.0))
    values, spacing = sitk.GetArrayFromImage(image), image.GetSpacing()[::-1]
    inside = sitk.GetArrayFromImage(space.resample_labels(brain, grid, transform)) > 0
    body = find_body(values, spacing)
    mask = steps("body mask", space.like(body.astype(np.uint8), image))
    low, high = np.percentile(values[body], (1, 99))
    peak = find_white_peak(values, inside, spacing)
    if not low < peak < high:
        raise RuntimeError("the white matter's peak lies at the end of the head's intensities")
    steps.measure("white_matter_peak", (peak - low) / (high - low))
    steps.measure("body_ml", body.sum() * np.prod(spacing) / 1000)
    scaled = np.where(body, np.interp(values, (low, peak, high), (-1, 0, 1)), -1)
    return steps("normalisation", space.like(scaled.astype(np.float32), image)), mask, transform


def find_body(values: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Mask (Z, Y, X) bool of what isn't air, in a volume (Z, Y, X) with axial slices and voxels of `spacing` mm."""
    smooth = ndimage.gaussian_filter(values, [SMOOTHING / step for step in spacing])
    # Otsu's threshold itself parts bright tissue from dark, and would open the head where the scalp is thin.
    body = smooth > 0.5 * threshold_otsu(smooth)
    for axis in range(3):  # what an ear or the nose opens in one plane is closed in another
        for section in np.moveaxis(body, axis, 0):
            section[:] = ndimage.binary_fill_holes(section)
    pieces, _ = ndimage.label(body)
    return pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()


def find_white_peak(values: np.ndarray, brain: np.ndarray, spacing: tuple[float, ...]) -> float:
    """White matter's intensity in a volume (Z, Y, X) of T1 contrast with a brain mask, voxels of `spacing` mm.

    It is the mode of the voxels brighter than the brain's median that lie in the flattest surroundings.
    """
    gradient = ndimage.gaussian_gradient_magnitude(values, [SCALE / step for step in spacing])
    low, high = np.percentile(values[brain], (50, 99.9))
    bright = brain & (values > low)
    if not bright.any():
        raise RuntimeError("the brain is of one intensity")
    flat = bright & (gradient <= np.percentile(gradient[bright], FLAT))
    counts, edges = np.histogram(values[flat], BINS, (low, high))
    peak = ndimage.gaussian_filter1d(counts.astype(float), BIN_SMOOTHING).argmax()
    return float(edges[peak : peak + 2].mean())
