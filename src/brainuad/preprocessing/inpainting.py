"""Recipe `inpainting`: the preprocessing of the inpainting studies (Nguyen et al. 2021; Mavropoulos 2021).

Stripped axial slices of 256 x 192 (Nguyen) or 256 x 256 pixels (Mavropoulos), those without brain left out, each
normalised by itself. Beyond the papers: every scan gets N4 (Nguyen's healthy scans got none, their tumours
BrainSuite's correction), and pixels are 1 mm whatever the scan's voxels, the brain's middle amid them. To standardise
the volume before would change nothing, as the smallest and largest value of each slice become 0 and 1.
"""

import numpy as np
import SimpleITK as sitk

from brainuad.preprocessing import space
from brainuad.preprocessing.bias import correct_bias
from brainuad.preprocessing.steps import Steps

LEAST = 0.01
"""Share of a slice's pixels below which it counts as empty."""


def preprocess(
    image: sitk.Image,
    brain: sitk.Image,
    *,
    modality: str,
    steps: Steps,
    shape: tuple[int, int] = (256, 192),
    pixel: float = 1.0,
    slice_spacing: float = 1.0,
) -> tuple[sitk.Image, sitk.Image, sitk.Transform]:
    """A volume of any modality and its brain mask -> both on the common grid, and the transform from it to the volume.

    `shape` is rows and columns of a slice, `pixel` and `slice_spacing` are in mm. Intensities are in [0, 1] in each
    slice, 0 outside the brain; empty slices hold neither image nor brain. Raises RuntimeError where all are empty.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    brain = sitk.Cast(brain > 0, sitk.sitkUInt8)
    image = steps("bias field", correct_bias(sitk.Cast(image, sitk.sitkFloat32), brain))
    grid = rectangle(*shape, pixel, slice_spacing)
    transform = space.centred(brain, grid)
    mask = space.resample_labels(brain, grid, transform)
    centred = sitk.Mask(sitk.Resample(image, grid, transform, sitk.sitkLinear, 0.0), mask)
    centred = steps("centring", centred)
    normalised, mask = normalise(centred, mask)
    steps.measure("slices", sitk.GetArrayViewFromImage(mask).any((1, 2)).sum())
    return steps("normalisation", normalised), mask, transform


def rectangle(rows: int, columns: int, pixel: float, slice_spacing: float) -> sitk.Image:
    """The common grid cut to slices of `rows` x `columns`."""
    size = max(rows, columns)
    square = space.grid(size, size * pixel, slice_spacing)
    left, back = (size - columns) // 2, (size - rows) // 2
    return square[left : left + columns, back : back + rows, :]


def normalise(image: sitk.Image, brain: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
    """Each slice's brain to [0, 1]; slices of less brain than LEAST, or of one value, are emptied in both."""
    values, mask = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(brain) > 0
    low = np.where(mask, values, np.inf).min((1, 2), keepdims=True)
    high = np.where(mask, values, -np.inf).max((1, 2), keepdims=True)
    mask &= (mask.mean((1, 2), keepdims=True) >= LEAST) & (high > low)
    if not mask.any():
        raise RuntimeError(f"no slice has {LEAST:.0%} brain")
    scaled = np.divide(values - low, high - low, out=np.zeros_like(values), where=mask)
    return space.like(scaled, image), space.like(mask.astype(np.uint8), brain)
