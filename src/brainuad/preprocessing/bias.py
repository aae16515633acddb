"""The receive coil's bias field: N4 (Tustison et al., IEEE TMI 2010)."""

import SimpleITK as sitk

COARSE = 6.0
"""Spacing in mm at which the field, which is smooth, is estimated."""


def correct_bias(image: sitk.Image, brain: sitk.Image, iterations: tuple[int, ...] = (30, 30, 20)) -> sitk.Image:
    """Divide the bias field out of a float32 image: estimated inside `brain` (uint8), applied at full resolution.

    `iterations` are those of each level; every further level halves the distance between the field's nodes.
    """
    positive = sitk.Maximum(image, 0.0) + 1e-6 * float(sitk.GetArrayViewFromImage(image).max())
    shrink = [max(1, round(COARSE / spacing)) for spacing in image.GetSpacing()]
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations(iterations)
    n4.Execute(sitk.Shrink(positive, shrink), sitk.Shrink(brain, shrink))
    return image / sitk.Exp(n4.GetLogBiasFieldAsImage(image))
