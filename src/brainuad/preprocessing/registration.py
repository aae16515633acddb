"""Registration by mutual information (Mattes et al., IEEE TMI 2003), seeded and in one thread.

With more threads, ITK's result differs from run to run.
"""

import SimpleITK as sitk

from brainuad.preprocessing import space

WORKING = 2.0
"""Spacing in mm at which images are compared."""


def register(brain: sitk.Image) -> sitk.Transform:
    """Affine transform from the template to a stripped volume of any contrast.

    Raises RuntimeError where the two find no overlap.
    """
    fixed = coarse(space.template())
    brain = coarse(brain)
    start = sitk.CenteredTransformInitializer(
        fixed > 0.1, brain > 0, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    transform = sitk.AffineTransform(3)
    transform.SetCenter(start.GetFixedParameters()[:3])
    transform.SetTranslation(sitk.Euler3DTransform(start).GetTranslation())
    return mutual_information(transform).Execute(fixed, brain)


def carry(brain: sitk.Image, image: sitk.Image, other: sitk.Image) -> sitk.Image:
    """The brain mask (uint8) of `image` on the grid of `other`, a scan of the same head in nearly the same world.

    The scans, float32, are brought together by a rigid motion; they are compared in the brain alone, since jaw and
    neck move on their own. Raises RuntimeError where the two find no overlap.
    """
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(brain)
    motion = sitk.Euler3DTransform()
    motion.SetCenter(shape.GetCentroid(1))
    method = mutual_information(motion)
    method.SetMetricFixedMask(brain)
    motion = method.Execute(coarse(image), coarse(other))
    smooth = sitk.Resample(sitk.Cast(brain, sitk.sitkFloat32), other, motion.GetInverse(), sitk.sitkLinear, 0.0)
    carried = smooth > 0.5
    if not sitk.GetArrayViewFromImage(carried).any():
        raise RuntimeError("registration moved the whole brain out of the other scan")
    return carried


def mutual_information(start: sitk.Transform) -> sitk.ImageRegistrationMethod:
    """A registration from coarse to fine that begins at `start`."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentagePerLevel([0.5, 0.1, 0.03], seed=1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4, 2, 0])
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 1e-3, 80, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start)
    return method


def coarse(image: sitk.Image) -> sitk.Image:
    """A float32 image of finer voxels brought to the working spacing."""
    smooth = sitk.SmoothingRecursiveGaussian(image, 1.0)
    return sitk.Shrink(smooth, [max(1, round(WORKING / spacing)) for spacing in image.GetSpacing()])
