"""A brain mask for a head with skull, in any contrast, for datasets that bring none.

An affine registration of the ICBM152 template by mutual information (Mattes et al., IEEE TMI 2003) tells
where the brain is to within some millimetres, whatever the contrast. Inside that margin voxels are classified
by what this scan's own intensities are like inside and outside the brain; opening cuts the bridges to the
scalp (as in Shattuck et al., NeuroImage 2001) and closing takes in the fluid of the sulci. The mask ends near
the inner table of the skull. All steps are single-threaded and seeded, so it is repeatable to the bit.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from skimage.filters import threshold_otsu

from brainuad.preprocessing import space

WORKING = 2.0
"""Spacing in mm at which everything is computed."""
RAS = (-1, 0, 0, 0, -1, 0, 0, 0, 1)
"""Direction, in ITK's world (LPS), of an array in RAS order."""
VERTEX_TO_CENTRE = 82.0
"""mm from the top of the head down to the middle of the brain."""
SIZE = 0.92
"""Mean size of a head relative to the template, which is larger than most."""
STARTS = tuple(product((-0.4, -0.2, 0.0, 0.2, 0.4), (-8.0, 0.0, 8.0)))
"""Pitch in radians and shift upwards in mm from which the best start of the registration is chosen."""

TRIED = 3
"""Starts from which the registration is run."""
SEED = 1
"""Of the jitter of sampled points, which ITK otherwise takes from the clock."""

ROUNDS = 3
CORE, RING = 2.0, 14.0
"""mm from the boundary: intensities inside come from deeper than CORE, those outside from CORE to RING."""
SOFTNESS = 3.0
"""mm from the atlas' boundary that weigh as much as odds of e to 1."""
SHIFT = 1.5
"""mm by which the atlas' boundary lies too far inside."""
MARGIN = 10.0
"""mm beyond the atlas' mask where no brain is expected."""
OPENING, CLOSING, RIM = 4.0, 6.0, 2.0
"""Radii in mm; RIM is the fluid between the cortex and the skull."""
BINS = 64
LEAST_CONTRAST = 0.15
"""Of a brain to its surroundings, see `contrast`. Heads have 0.5 or more (5 of T1, 3 of them also with intensities
turned upside down), phantoms 0.3 or more (4 of T1ce, 4 of T2), noise of any grain 0.06 or less."""


def estimate(image: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Brain mask (X, Y, Z) bool of a head `image` (X, Y, Z) in RAS order with voxels of `spacing` mm.

    Raises RuntimeError where intensities don't tell the brain from what is around it, as in noise.
    """
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    head = to_image(image, spacing)
    small = resample(image, spacing)
    template = space.template()
    atlas = sitk.Cast(template > 0, sitk.sitkFloat32)
    transform = register(template, small)
    prior = to_array(sitk.Resample(atlas, small, transform, sitk.sitkLinear)) > 0.5
    mask = refine(to_array(small), prior)
    if contrast(to_array(small), mask) < LEAST_CONTRAST:
        raise RuntimeError("nothing tells a brain from its surroundings")
    smooth = ndimage.gaussian_filter(mask.astype(np.float32), 0.5)
    fine = sitk.Resample(to_image(smooth, (WORKING,) * 3), head, sitk.Transform(), sitk.sitkLinear)
    return to_array(fine) > 0.5


def to_image(array: np.ndarray, spacing: tuple[float, ...]) -> sitk.Image:
    """An array in RAS order as a float32 ITK image; its first voxel's outer corner is the world's origin."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.T, dtype=np.float32))
    image.SetSpacing(tuple(spacing))
    image.SetDirection(RAS)
    image.SetOrigin((-spacing[0] / 2, -spacing[1] / 2, spacing[2] / 2))
    return image


def to_array(image: sitk.Image) -> np.ndarray:
    """The voxels of an ITK image, first axis first."""
    return sitk.GetArrayFromImage(image).T


def resample(image: np.ndarray, spacing: tuple[float, ...]) -> sitk.Image:
    """The image on the working grid, smoothed first where voxels are merged."""
    sigmas = [0.4 * max(WORKING / step - 1, 0) for step in spacing]
    size = [max(1, int(n * step / WORKING)) for n, step in zip(image.shape, spacing, strict=True)]
    target = to_image(np.broadcast_to(np.float32(0), size), (WORKING,) * 3)
    smooth = to_image(ndimage.gaussian_filter(image, sigmas), spacing)
    return sitk.Resample(smooth, target, sitk.Transform(), sitk.sitkLinear)


def register(template: sitk.Image, head: sitk.Image) -> sitk.Transform:
    """Affine transform from points of the head to points of the template.

    The starts with the highest mutual information are tried at full length, since a single one can end in a
    wrong optimum (the brain stretched into the neck).
    """
    template = shrink(template, 2)
    small_template, small_head = shrink(template, 3), shrink(head, 3)
    score = mutual_information(small_template)
    rated = []
    for start in starts(template, head):
        score.SetInitialTransform(start, inPlace=False)
        rated.append((score.MetricEvaluate(small_template, small_head), start))
    rated.sort(key=lambda pair: pair[0])

    found = []
    for _, start in rated[:TRIED]:
        method = mutual_information(template)
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(0.2, SEED)
        method.SetOptimizerAsRegularStepGradientDescent(2.0, 1e-3, 200, 0.6)
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetShrinkFactorsPerLevel([3, 2])
        method.SetSmoothingSigmasPerLevel([3, 2])
        method.SetInitialTransform(start, inPlace=True)
        method.Execute(template, head)
        found.append((method.GetMetricValue(), start))
    _, best = min(found, key=lambda pair: pair[0])
    return best.GetInverse()


def mutual_information(template: sitk.Image) -> sitk.ImageRegistrationMethod:
    """Registration by (negative) mutual information over the template's brain."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricFixedMask(template > 0)
    method.SetInterpolator(sitk.sitkLinear)
    return method


def shrink(image: sitk.Image, factor: int) -> sitk.Image:
    """The image at a `factor` times larger spacing, each voxel a mean."""
    return sitk.Cast(sitk.BinShrink(image, (factor,) * 3), sitk.sitkFloat32)


def starts(template: sitk.Image, head: sitk.Image) -> Iterator[sitk.AffineTransform]:
    """Transforms from points of the template to points of the head, for each of STARTS."""
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(template > 0)
    centre = np.array(shape.GetCentroid(1))
    target = find_centre(head)
    for pitch, shift in STARTS:
        start = sitk.AffineTransform(3)
        start.SetCenter(centre.tolist())
        start.Rotate(1, 2, pitch)
        start.Scale(SIZE)
        start.SetTranslation((target + np.array([0, 0, shift]) - centre).tolist())
        yield start


def find_centre(head: sitk.Image) -> np.ndarray:
    """Rough middle of the brain in the world's mm: below the vertex, amid the upper part of the head."""
    smooth = ndimage.gaussian_filter(to_array(head), 1.5)
    bright = largest(smooth > 0.5 * threshold_otsu(np.minimum(smooth, np.percentile(smooth, 99.5))))
    areas = bright.sum((0, 1))
    top = np.flatnonzero(areas > 0.02 * areas.max()).max()
    upper = bright[:, :, max(0, top - int(1.6 * VERTEX_TO_CENTRE / WORKING)) :]
    x, y, _ = ndimage.center_of_mass(upper)
    return np.array(head.TransformContinuousIndexToPhysicalPoint((x, y, top - VERTEX_TO_CENTRE / WORKING)))


def refine(image: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Adapt the atlas' mask `prior` to the image, both (X, Y, Z) on the working grid; returns bool."""
    values = binned(image)
    depth = signed_depth(prior)
    mask = prior
    for _ in range(ROUNDS):
        inside, outside = inside_and_outside(values, mask)
        evidence = np.clip(np.log(inside / outside), -3, 3)[values]
        odds = ndimage.gaussian_filter(evidence, SOFTNESS / 2 / WORKING) + (depth + SHIFT) / SOFTNESS
        core = largest(erode((odds > 0) & (depth > -MARGIN), OPENING))
        mask = dilate(core, OPENING) & (odds > 0)
        mask = ndimage.binary_fill_holes(erode(dilate(mask, CLOSING), CLOSING))
    return dilate(mask, RIM)


def contrast(image: np.ndarray, mask: np.ndarray) -> float:
    """How far intensities inside a mask and around it differ, both (X, Y, Z) on the working grid: 0 not at all, 1 all.

    The total variation distance of the two distributions.
    """
    inside, outside = inside_and_outside(binned(image), mask)
    return float(np.abs(inside - outside).sum() / 2)


def binned(image: np.ndarray) -> np.ndarray:
    """Intensities as whole numbers below BINS, the brightest alike."""
    values = np.clip(image / np.percentile(image, 99.8), 0, 1)
    return np.minimum((values * BINS).astype(int), BINS - 1)


def inside_and_outside(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Histograms of binned intensities deep in a mask, and in a ring around it."""
    depth = signed_depth(mask)
    return histogram(values[depth > CORE]), histogram(values[(depth < -CORE) & (depth > -RING)])


def histogram(values: np.ndarray) -> np.ndarray:
    """Smoothed relative frequencies of whole numbers below BINS, none of them 0."""
    counts = ndimage.gaussian_filter1d(np.bincount(values, minlength=BINS).astype(float), 1.5) + 1
    return counts / counts.sum()


def largest(mask: np.ndarray) -> np.ndarray:
    """The largest component (face neighbours)."""
    components, _ = ndimage.label(mask)
    sizes = np.bincount(components.ravel())
    sizes[0] = 0
    return (components == sizes.argmax()) & mask


def signed_depth(mask: np.ndarray) -> np.ndarray:
    """Distance in mm of each voxel's centre to the nearest one across the boundary, positive inside."""
    return WORKING * (ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask))


def erode(mask: np.ndarray, radius: float) -> np.ndarray:
    """Take a ball of `radius` mm off the mask; what lies beyond the volume counts as inside."""
    return ndimage.distance_transform_edt(mask) * WORKING > radius


def dilate(mask: np.ndarray, radius: float) -> np.ndarray:
    """Add a ball of `radius` mm to the mask."""
    return ndimage.distance_transform_edt(~mask) * WORKING <= radius
