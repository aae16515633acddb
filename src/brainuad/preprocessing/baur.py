"""Recipe `baur`: the preprocessing of the comparative study (Baur et al. 2021, section III-A).

Affine registration to a common space, brain extraction, curvature-flow denoising, division by the 98th percentile
of the brain's intensities without clipping. Beyond the paper: N4 bias correction, which can be turned off. The
common space is ICBM152 instead of SRI24, since it comes with a package; the field of view is that of SRI24.
Denoising comes before the one resampling instead of after it. Everything runs in one thread, because ITK's
registration differs from run to run with more.
"""

import numpy as np
import SimpleITK as sitk

from brainuad.preprocessing import space


def preprocess(
    image: sitk.Image,
    brain: sitk.Image,
    *,
    size: int = 128,
    field_of_view: float = 240.0,
    slice_spacing: float = 1.0,
    bias_correction: bool = True,
) -> tuple[sitk.Image, sitk.Image, sitk.Transform]:
    """A volume and its brain mask -> both on the common grid, and the transform from that grid to the volume.

    Intensities are divided by the brain's 98th percentile; outside the brain they are 0. Raises RuntimeError where
    registration fails.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    brain = sitk.Cast(brain > 0, sitk.sitkUInt8)
    image = sitk.Cast(image, sitk.sitkFloat32)
    if bias_correction:
        image = correct_bias(image, brain)
    transform = register(sitk.Mask(image, brain))
    denoised = sitk.CurvatureFlow(image, timeStep=0.125, numberOfIterations=3)
    grid = space.grid(size, field_of_view, slice_spacing)
    resampled = sitk.Resample(denoised, grid, transform, sitk.sitkLinear, 0.0)
    mask = space.resample_labels(brain, grid, transform)
    if not sitk.GetArrayViewFromImage(mask).any():
        raise RuntimeError("registration moved the whole brain out of the common space")
    return normalise(resampled, mask), mask, transform


def correct_bias(image: sitk.Image, brain: sitk.Image) -> sitk.Image:
    """N4, the field estimated at about 6 mm and applied at full resolution."""
    positive = sitk.Maximum(image, 0.0) + 1e-6 * float(sitk.GetArrayViewFromImage(image).max())
    shrink = [max(1, round(6 / spacing)) for spacing in image.GetSpacing()]
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([30, 30, 20])
    n4.Execute(sitk.Shrink(positive, shrink), sitk.Shrink(brain, shrink))
    return image / sitk.Exp(n4.GetLogBiasFieldAsImage(image))


def register(brain: sitk.Image) -> sitk.Transform:
    """Affine registration of a stripped volume to the template by mutual information, any contrast, at 2 mm."""
    fixed = coarse(space.template())
    brain = coarse(brain)
    start = sitk.CenteredTransformInitializer(
        fixed > 0.1, brain > 0, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    transform = sitk.AffineTransform(3)
    transform.SetCenter(start.GetFixedParameters()[:3])
    transform.SetTranslation(sitk.Euler3DTransform(start).GetTranslation())

    registration = sitk.ImageRegistrationMethod()
    registration.SetMetricAsMattesMutualInformation(32)
    registration.SetMetricSamplingStrategy(registration.RANDOM)
    registration.SetMetricSamplingPercentagePerLevel([0.5, 0.1, 0.03], seed=1)
    registration.SetInterpolator(sitk.sitkLinear)
    registration.SetShrinkFactorsPerLevel([4, 2, 1])
    registration.SetSmoothingSigmasPerLevel([4, 2, 0])
    registration.SetOptimizerAsRegularStepGradientDescent(2.0, 1e-3, 80, relaxationFactor=0.6)
    registration.SetOptimizerScalesFromPhysicalShift()
    registration.SetInitialTransform(transform)
    return registration.Execute(fixed, brain)


def coarse(image: sitk.Image) -> sitk.Image:
    """An image of finer voxels brought to about 2 mm."""
    smooth = sitk.SmoothingRecursiveGaussian(image, 1.0)
    return sitk.Shrink(smooth, [max(1, round(2 / spacing)) for spacing in image.GetSpacing()])


def normalise(image: sitk.Image, brain: sitk.Image) -> sitk.Image:
    """Divide by the 98th percentile of the brain's intensities; 0 outside the brain, no clipping above."""
    values, mask = sitk.GetArrayFromImage(image), sitk.GetArrayViewFromImage(brain) > 0
    values = np.where(mask, values / np.percentile(values[mask], 98), 0)
    result = sitk.GetImageFromArray(values.astype(np.float32))
    result.CopyInformation(image)
    return result
