"""Recipe `baur`: the preprocessing of the comparative study (Baur et al. 2021, section III-A).

Affine registration to a common space, brain extraction, curvature-flow denoising, division by the 98th percentile
of the brain's intensities without clipping. Beyond the paper: N4 bias correction, which can be turned off. The
common space is ICBM152 instead of SRI24, since it comes with a package; the field of view is that of SRI24.
Denoising comes before the one resampling instead of after it.
"""

import numpy as np
import SimpleITK as sitk

from brainuad.preprocessing import space
from brainuad.preprocessing.bias import correct_bias
from brainuad.preprocessing.registration import register
from brainuad.preprocessing.steps import Steps


def preprocess(
    image: sitk.Image,
    brain: sitk.Image,
    *,
    modality: str,
    steps: Steps,
    size: int = 128,
    field_of_view: float = 240.0,
    slice_spacing: float = 1.0,
    bias_correction: bool = True,
) -> tuple[sitk.Image, sitk.Image, sitk.Transform]:
    """A volume of any modality and its brain mask -> both on the common grid, and the transform from it to the volume.

    Intensities are divided by the brain's 98th percentile; outside the brain they are 0. Raises RuntimeError where
    registration fails.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    brain = sitk.Cast(brain > 0, sitk.sitkUInt8)
    image = sitk.Cast(image, sitk.sitkFloat32)
    if bias_correction:
        image = steps("bias field", correct_bias(image, brain))
    denoised = steps("denoising", sitk.CurvatureFlow(image, timeStep=0.125, numberOfIterations=3))
    transform = register(sitk.Mask(image, brain))
    grid = space.grid(size, field_of_view, slice_spacing)
    resampled = sitk.Resample(denoised, grid, transform, sitk.sitkLinear, 0.0)
    mask = space.resample_labels(brain, grid, transform)
    if not sitk.GetArrayViewFromImage(mask).any():
        raise RuntimeError("registration moved the whole brain out of the common space")
    resampled = steps("registration", resampled)
    return steps("normalisation", normalise(resampled, mask)), mask, transform


def normalise(image: sitk.Image, brain: sitk.Image) -> sitk.Image:
    """Divide by the 98th percentile of the brain's intensities; 0 outside the brain, no clipping above."""
    values, mask = sitk.GetArrayFromImage(image), sitk.GetArrayViewFromImage(brain) > 0
    values = np.where(mask, values / np.percentile(values[mask], 98), 0)
    return space.like(values.astype(np.float32), image)
