"""Canonical volumes: NIfTI scans, brain masks and labels in RAS order, checked, on one grid.

RAS: the first axis runs from left to right, the second from posterior to anterior, the third from
inferior to superior, by the file's affine and never by the order in which voxels are stored.
Voxels are reordered, not resampled, so labels stay what they were.
"""

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.affines import voxel_sizes

from brainuad.errors import InputError

SPACING = (0.2, 10.0)
"""Plausible distances of voxels in mm."""
SMALLEST = 16
"""Fewest voxels a side."""
TOLERANCE = 1e-3
"""Largest difference between affines of one grid, in mm."""
STRIPPED = 0.99
"""Share of voxels on the faces of a volume that are exactly 0 in a scan without skull.

A head reaches the lower face with its neck and leaves noise on the others (0.83 to 0.90 on IXI at 2 mm).
"""
LARGEST_BRAIN = 2500.0
"""ml. More than that, and what isn't 0 is a head in a frame of zeros."""
UNREADABLE = (nib.filebasedimages.ImageFileError, EOFError, OSError, ValueError, zlib.error)


@dataclass
class Volume:
    """A volume in RAS order and its affine (4, 4) from voxel indices to millimetres."""

    data: np.ndarray
    affine: np.ndarray

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance of voxels along each axis in mm."""
        return tuple(float(size) for size in voxel_sizes(self.affine))


def split_channel(cell: str) -> tuple[Path, int | None]:
    """`path#2` -> (path, 2); `path` -> (path, None)."""
    match = re.fullmatch(r"(.+)#(\d+)", cell)
    return (Path(match[1]), int(match[2])) if match else (Path(cell), None)


def open_scan(cell: str) -> tuple[nib.Nifti1Image, int | None]:
    """Open a cell of `subjects.tsv` and check its header; the channel to read is None for a 3-D file."""
    path, channel = split_channel(cell)
    try:
        image = nib.load(path)
    except FileNotFoundError as error:
        raise InputError(path, "is missing", "Index the dataset's folder again") from error
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    check_header(path, image)
    if channel is None and len(image.shape) == 4 and image.shape[3] == 1:
        channel = 0
    if len(image.shape) != (3 if channel is None else 4):
        expected = "3-D" if channel is None else "4-D"
        raise InputError(path, f"is {len(image.shape)}-D {image.shape}, not {expected}", "Supply one volume")
    if channel is not None and channel >= image.shape[3]:
        problem = f"has {image.shape[3]} channels, so none of number {channel}"
        raise InputError(path, problem, "Is it a file of this dataset?")
    if min(image.shape[:3]) < SMALLEST:
        raise InputError(path, f"has shape {image.shape}, less than {SMALLEST} a side", "Leave the scan out")
    return image, channel


def check_header(path: Path, image: nib.Nifti1Image) -> None:
    """Raise InputError unless an image holds numbers and says plausibly where its voxels lie."""
    if not isinstance(image, nib.Nifti1Image):
        raise InputError(path, "is no NIfTI file", "Convert it to .nii.gz")
    if image.get_data_dtype().kind not in "iuf":
        raise InputError(path, f"holds {image.get_data_dtype()}, not plain numbers", "Supply the scan itself")
    if image.header["sform_code"] == 0 and image.header["qform_code"] == 0:
        problem = "tells no orientation (sform_code and qform_code are 0), so left can't be told from right"
        raise InputError(path, problem, "Set its affine or convert it again from its DICOM files")
    affine = image.affine
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < np.finfo(np.float32).tiny:
        raise InputError(path, "has an affine that can't be inverted", "Convert it again from its DICOM files")
    spacing = voxel_sizes(affine)
    if spacing.min() < SPACING[0] or spacing.max() > SPACING[1]:
        sizes = " x ".join(f"{size:.3g}" for size in spacing)
        raise InputError(path, f"has voxels of {sizes} mm", "Set its affine in millimetres")


def load(cell: str) -> Volume:
    """Read a cell of `subjects.tsv`: (X, Y, Z) float32 in RAS order, finite. Raises InputError."""
    image, channel = open_scan(cell)
    path, _ = split_channel(cell)
    try:
        check_intact(path)
        voxels = image.dataobj if channel is None else image.dataobj[..., channel]
        data = np.asarray(voxels, dtype=np.float32)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    if not np.isfinite(data).all():
        bad = np.count_nonzero(~np.isfinite(data))
        raise InputError(path, f"holds {bad} NaN or infinite voxels", "Repair the scan or leave it out")
    return canonical(data, image.affine)


def check_intact(path: Path) -> None:
    """Read a .gz file to its end, where its own checksum is compared, which reading the voxels leaves out."""
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass


def canonical(data: np.ndarray, affine: np.ndarray) -> Volume:
    """Reorder voxels (X, Y, Z) so that the axes run as closely as can be in RAS order."""
    image = nib.as_closest_canonical(nib.Nifti1Image(data, affine))
    return Volume(np.asarray(image.dataobj), image.affine)


def load_image(cell: str) -> Volume:
    """Read a scan; one whose voxels are all equal is refused."""
    image = load(cell)
    if image.data.min() == image.data.max():
        raise InputError(cell, f"is {image.data.max():g} everywhere", "Leave the scan out")
    return image


def load_label(cell: str, image: Volume, values: dict[int, str], may_be_empty: bool = False) -> Volume:
    """Read a label as (X, Y, Z) uint8 on the image's grid, its values 0 and some of `values`.

    One that marks nothing is refused, unless it `may_be_empty` since the subject is known to be healthy.
    """
    label = load(cell)
    check_grid(cell, label, image)
    found = np.unique(label.data)
    allowed = [0, *values]
    wrong = found[~np.isin(found, allowed)]
    if len(wrong):
        shown = ", ".join(f"{value:g}" for value in wrong[:3])
        problem = f"holds label {shown}, allowed are {', '.join(map(str, allowed))}"
        raise InputError(cell, problem, "Is it a label of this dataset? Resample labels by nearest neighbour")
    if len(found) == 1 and not (may_be_empty and found[0] == 0):
        raise InputError(cell, f"is {found[0]:g} everywhere", "Leave the subject out or supply its label")
    return Volume(label.data.astype(np.uint8), image.affine)


def load_brain(cell: str, image: Volume) -> Volume:
    """Read a brain mask on the image's grid as uint8 {0, 1}, fractional ones cut at 0.5."""
    mask = load(cell)
    check_grid(cell, mask, image)
    brain = mask.data > 0.5
    if not brain.any():
        raise InputError(cell, "is an empty brain mask", "Take it away, so that one is estimated")
    return Volume(brain.astype(np.uint8), image.affine)


def is_stripped(scan: Volume) -> bool:
    """Whether the skull has been removed: nearly all voxels on the faces are exactly 0, and the rest is no head."""
    faces = np.ones(scan.data.shape, bool)
    faces[1:-1, 1:-1, 1:-1] = False
    millilitres = np.count_nonzero(scan.data) * np.prod(scan.spacing) / 1000
    return bool(np.mean(scan.data[faces] == 0) >= STRIPPED and millilitres <= LARGEST_BRAIN)


def grid(cell: str) -> Volume:
    """A volume of zeros that takes no memory, with the shape and affine of a cell's file, from its header."""
    image, _ = open_scan(cell)
    return canonical(np.broadcast_to(np.uint8(0), image.shape[:3]), image.affine)


def same_grid(one: Volume, other: Volume) -> bool:
    """Whether two volumes agree in shape and affine."""
    same_shape = one.data.shape == other.data.shape
    return same_shape and np.allclose(one.affine, other.affine, rtol=0, atol=TOLERANCE)


def check_grid(cell: str, other: Volume, image: Volume) -> None:
    """Raise InputError unless a mask or label lies on the grid of its image."""
    if not same_grid(other, image):
        problem = f"lies on another grid {other.data.shape} than its image {image.data.shape}"
        if other.data.shape == image.data.shape:
            problem = "lies on another grid than its image (the affines differ)"
        raise InputError(cell, problem, "Supply the one that belongs to the image")


def unreadable(path: Path, error: Exception) -> InputError:
    """The error for a file that breaks off or isn't what its name says."""
    problem = f"is truncated or damaged ({error or type(error).__name__})"
    return InputError(path, problem, "Fetch or unpack it again")
