"""The common space: ICBM152 (2009a, symmetric), read from nilearn's wheel, and the grid that slices are cut from."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import SimpleITK as sitk

CENTRE = (0.0, -17.0)
"""Middle of the template's brain, left-right and posterior-anterior, in mm."""
BOTTOM = -72.0
"""Lowest axial slice, in mm."""
HEIGHT = 155.0
"""Extent from the lowest to the highest slice, in mm: that of the SRI24 atlas, the space of Baur et al."""


def template(name: str = "t1") -> sitk.Image:
    """The template at 1 mm: `t1` in [0, 1], or the `gm` or `wm` probability map in [0, 1]; zero outside the brain."""
    data = Path(find_spec("nilearn").submodule_search_locations[0], "datasets", "data")
    image = sitk.ReadImage(data / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz", sitk.sitkFloat32)
    return image / float(sitk.GetArrayViewFromImage(image).max())


def grid(
    size: int = 128, field_of_view: float = 240.0, slice_spacing: float = 1.0, height: float = HEIGHT
) -> sitk.Image:
    """An empty image of `size` x `size` pixels over `field_of_view` mm, with slices every `slice_spacing` mm.

    The slices fill `height` mm; of more than HEIGHT, as much lies above as below. The array's axes follow RAS order,
    so that nibabel reads it as canonical.
    """
    pixel = field_of_view / size
    slices = int(np.floor(height / slice_spacing))
    image = sitk.Image(size, size, slices, sitk.sitkFloat32)
    image.SetSpacing((pixel, pixel, slice_spacing))
    half = (field_of_view - pixel) / 2
    # ITK's world is LPS and nibabel's RAS: the first two axes of direction and origin change sign.
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    image.SetOrigin((-(CENTRE[0] - half), -(CENTRE[1] - half), BOTTOM - (height - HEIGHT) / 2))
    return image


def no_finer(image: sitk.Image, spacing: float) -> sitk.Image:
    """An empty image (uint8) over the box of `image`, its voxels no finer than `spacing` mm, coarser ones kept."""
    voxels, count = np.array(image.GetSpacing()), np.array(image.GetSize())
    coarse = np.maximum(voxels, spacing)
    size = np.maximum(1, np.round(count * voxels / coarse)).astype(int)
    grid = sitk.Image(size.tolist(), sitk.sitkUInt8)
    grid.SetSpacing(coarse.tolist())
    grid.SetDirection(image.GetDirection())
    middle = image.TransformContinuousIndexToPhysicalPoint(((count - 1) / 2).tolist())
    grid.SetOrigin(np.subtract(middle, np.reshape(image.GetDirection(), (3, 3)) @ (coarse * (size - 1) / 2)).tolist())
    return grid


def to_ras(image: sitk.Image) -> tuple[np.ndarray, np.ndarray]:
    """An image on a grid of `grid` -> array (X, Y, Z) and 4 x 4 affine in nibabel's RAS world, in mm."""
    directions = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = directions, image.GetOrigin()
    return sitk.GetArrayFromImage(image).transpose(2, 1, 0), np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def from_ras(array: np.ndarray, affine: np.ndarray) -> sitk.Image:
    """An array (X, Y, Z) and its 4 x 4 affine in nibabel's RAS world -> an image; the inverse of `to_ras`."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
    world = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    spacing = np.linalg.norm(world[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((world[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(world[:3, 3].tolist())
    return image


def like(array: np.ndarray, image: sitk.Image) -> sitk.Image:
    """An array (Z, Y, X) as an image on the grid of another."""
    result = sitk.GetImageFromArray(array)
    result.CopyInformation(image)
    return result


def resample_labels(labels: sitk.Image, grid: sitk.Image, transform: sitk.Transform) -> sitk.Image:
    """A mask or label map on another grid, by nearest neighbour; 0 beyond its own."""
    return sitk.Resample(labels, grid, transform, sitk.sitkNearestNeighbor, 0)


def centred(brain: sitk.Image, grid: sitk.Image) -> sitk.Transform:
    """Translation from `grid` to the volume that puts the middle of the brain's bounding box on the grid's centre.

    `brain` is an integer mask, above 0 inside; raises RuntimeError where it is empty.
    """
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(sitk.Cast(brain > 0, sitk.sitkUInt8))
    first, size = np.split(np.array(shape.GetBoundingBox(1), float), 2)
    middle = brain.TransformContinuousIndexToPhysicalPoint((first + (size - 1) / 2).tolist())
    centre = grid.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in grid.GetSize()])
    return sitk.TranslationTransform(3, np.subtract(middle, centre).tolist())
