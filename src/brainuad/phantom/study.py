"""One subject on the way from a made person to the files of a source."""

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from brainuad.phantom.anatomy import Anatomy
from brainuad.phantom.contrast import render
from brainuad.phantom.scanner import Grid, Scanner, acquire, resample
from brainuad.seeds import generator

SEXES = ("F", "M")


@dataclass(frozen=True)
class Case:
    """What is known of a subject before any voxel is made."""

    sex: str
    age: float
    scanner: Scanner


@dataclass(frozen=True)
class Study:
    """A healthy, stripped person in the hands of a source: what its layout makes files of."""

    source: str
    subject: str
    seed: int
    spacing: float
    case: Case
    person: Anatomy

    def rng(self, *names: str) -> np.random.Generator:
        """The generator for one of the subject's steps."""
        return generator(self.seed, "phantom", self.source, self.subject, *names)

    def scan(
        self,
        anatomy: Anatomy,
        contrast: str,
        target: Grid,
        moved: np.ndarray,
        thickness: tuple[float, float, float] = (0, 0, 0),
        visit: str = "",
    ) -> np.ndarray:
        """One contrast of an anatomy as the subject's scanner stores it on the target grid.

        `moved` is the rigid motion from MNI space, `thickness` that of the slices in mm; another `visit` has
        other noise and another field.
        """
        names = [contrast, visit] if visit else [contrast]
        image = render(anatomy, contrast, self.rng("contrast", *names))
        rng = self.rng("noise", *names)
        return acquire(image, anatomy.affine, self.case.scanner, target, moved, rng, thickness)

    def mask(self, volume: np.ndarray, target: Grid, moved: np.ndarray) -> np.ndarray:
        """A label or mask of the person on the target grid, by nearest neighbour."""
        return resample(volume.astype(np.uint8), self.person.affine, target, moved, order=0)


def field_of_view(axes: str, matrix: tuple, voxel: tuple, spacing: float, edge: tuple) -> Grid:
    """The grid with axes `axes` (nibabel's codes) over matrix x voxel mm, voxels `spacing` times larger.

    `edge` is the corner of the field of view (mm, RAS) at which the array begins.
    """
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    affine[:3, 3] = edge
    for j, code in enumerate(axes):
        i = next(i for i, pair in enumerate(("LR", "PA", "IS")) if code in pair)
        sign = 1 if code in "RAS" else -1
        affine[i, j] = sign * voxel[j] * spacing
        affine[i, 3] += affine[i, j] / 2
    shape = tuple(int(np.ceil(n / spacing - 1e-6)) for n in matrix)
    return Grid(shape, affine)


def save(path: Path, volume: np.ndarray, affine: np.ndarray, dtype: type) -> None:
    """Write a NIfTI file that holds the values as they are (no scaling), folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.round(volume) if np.issubdtype(dtype, np.integer) else volume
    image = nib.Nifti1Image(values.astype(dtype), affine)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    nib.save(image, path)
