"""Simulated scanners: what a machine makes of a noise-free image on the way to its own voxels."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

FWHM = 2.3548
"""Full width at half maximum of a Gaussian of unit standard deviation."""


@dataclass(frozen=True)
class Scanner:
    """One machine's habits."""

    name: str
    bias: float
    """Relative strength of the receive field's smooth variation."""
    noise: float
    """Standard deviation of the noise in each channel, relative to T1 white matter."""
    blur: float
    """In-plane blur, FWHM in mm."""
    contrast: float
    """Exponent on the signal: above 1 dark tissue gets darker."""
    gain: float
    """Stored value of T1 white matter."""


SCANNERS = {
    scanner.name: scanner
    for scanner in (
        Scanner("Guys", bias=0.09, noise=0.022, blur=1.1, contrast=1.00, gain=480),
        Scanner("HH", bias=0.13, noise=0.013, blur=0.8, contrast=1.06, gain=1150),
        Scanner("IOP", bias=0.07, noise=0.027, blur=1.3, contrast=0.94, gain=300),
    )
}
"""Named after IXI's sites: a 1.5 T, a 3 T (strong bias field, little noise) and an older 1.5 T machine."""


@dataclass(frozen=True)
class Grid:
    """Voxels of a file: shape, and affine to mm in the scanner's space."""

    shape: tuple[int, int, int]
    affine: np.ndarray

    @property
    def voxel(self) -> np.ndarray:
        """(3) voxel size in mm along the array's axes."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)


def pose(rng: np.random.Generator, degrees: float, mm: float) -> np.ndarray:
    """(4, 4) rigid transform from MNI space to the scanner: random rotations and shifts of these spreads."""
    transform = np.eye(4)
    for axis, angle in enumerate(np.radians(rng.normal(0, degrees, 3))):
        turn = np.eye(4)
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        turn[[i, i, j, j], [i, j, i, j]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        transform = turn @ transform
    transform[:3, 3] = rng.normal(0, mm, 3)
    return transform


def resample(volume: np.ndarray, affine: np.ndarray, target: Grid, moved: np.ndarray, order: int) -> np.ndarray:
    """A volume (voxels to MNI mm by `affine`) on a target grid after the rigid motion `moved`; 0 outside."""
    mapping = np.linalg.inv(affine) @ np.linalg.inv(moved) @ target.affine
    return ndimage.affine_transform(
        volume, mapping[:3, :3], mapping[:3, 3], output_shape=target.shape, order=order, mode="constant"
    )


def acquire(
    image: np.ndarray,
    affine: np.ndarray,
    scanner: Scanner,
    target: Grid,
    moved: np.ndarray,
    rng: np.random.Generator,
    thickness: tuple[float, float, float] = (0, 0, 0),
) -> np.ndarray:
    """(X, Y, Z) float32 magnitude image on the target grid: blur, slices, bias field, Rician noise, gain.

    `image` is noise-free; `thickness` (mm along x, y, z of MNI space) is that of the slices, 0 in the plane.
    """
    fwhm = np.maximum(scanner.blur, np.array(thickness))
    sigma = fwhm / FWHM / np.abs(np.diag(affine))[:3]
    image = ndimage.gaussian_filter(np.maximum(image, 0) ** scanner.contrast, sigma)
    image = np.maximum(resample(image, affine, target, moved, order=3), 0)
    image *= bias_field(rng, target, scanner.bias)
    real, imaginary = scanner.noise * rng.standard_normal((2, *image.shape), dtype=np.float32)
    return scanner.gain * np.hypot(image + real, imaginary)


def bias_field(rng: np.random.Generator, target: Grid, strength: float) -> np.ndarray:
    """(X, Y, Z) float32 factors of geometric mean about 1: the exponential of a few random cosine waves."""
    order = 4
    frequency = np.sqrt((np.indices((order,) * 3) ** 2).sum(0))
    weights = rng.normal(size=(order,) * 3) / (1 + frequency**2)
    weights[0, 0, 0] = 0
    waves = [np.cos(np.pi * np.outer(np.arange(n) + 0.5, np.arange(order)) / n) for n in target.shape]
    total = np.einsum("abc,xa->xbc", weights, waves[0])
    total = np.einsum("xbc,yb->xyc", total, waves[1])
    total = np.einsum("xyc,zc->xyz", total, waves[2], dtype=np.float32, casting="same_kind")
    return np.exp(strength * total / total.std())
