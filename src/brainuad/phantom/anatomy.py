"""One person's head as fractions of tissue: the ICBM152 template, warped, folded and aged.

The template is the average of 152 brains (Fonov et al., NeuroImage 2011; `nilearn` carries its T1, grey and
white matter maps), so it is symmetric and smooth where people differ. Each subject's anatomy is the template
seen through a smooth invertible warp, in which the uncertain places (where the maps are neither 0 nor 1) are
decided by a random field of folds. All fields are drawn on grids in mm, so one subject at 1 mm and at 2 mm is
one person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage, special

from brainuad.seeds import generator

BOX = np.array([(-98.0, 98.0), (-132.0, 108.0), (-124.0, 102.0)])
"""Limits of the head in mm (x, y, z) of MNI space."""
FIELD_SPACING = 4.0
"""mm between the nodes on which a warp is given."""
HEAD_SIZE = 0.93
"""Mean size of a person's brain relative to the template's, which is larger than life (1.9 l)."""
BENDS = ((70.0, 3.0), (30.0, 1.6), (14.0, 0.7))
"""Wavelength and amplitude in mm of the warp's bends."""
LEAST_JACOBIAN = 0.2
"""Smallest factor of local volume change that a warp may have at its nodes."""


@dataclass(frozen=True)
class Template:
    """ICBM152 2009a nonlinear symmetric: maps (X, Y, Z) float32 in [0, 1], 1 mm, RAS."""

    t1: np.ndarray
    gm: np.ndarray
    wm: np.ndarray
    origin: np.ndarray

    @cached_property
    def csf(self) -> np.ndarray:
        """What is neither grey nor white matter inside the brain."""
        return np.where(self.t1 > 0, np.clip(1 - self.gm - self.wm, 0, 1), 0).astype(np.float32)


@dataclass(frozen=True)
class Anatomy:
    """A head on an isotropic RAS grid in MNI space."""

    tissues: dict[str, np.ndarray]
    """(X, Y, Z) float32 fractions by tissue name; they sum to 1 in the brain."""
    brain: np.ndarray
    """(X, Y, Z) bool, the voxels of the brain and the fluid in its folds."""
    myelin: np.ndarray
    """(X, Y, Z) float32, deviation of T1 brightness from what the fractions explain (about +-0.1)."""
    ventricles: np.ndarray
    """(X, Y, Z) bool."""
    affine: np.ndarray
    """(4, 4), voxel to mm in MNI space."""
    age: float

    @property
    def spacing(self) -> float:
        """mm between voxels."""
        return float(self.affine[0, 0])

    def replaced(self, **changes: object) -> "Anatomy":
        """A copy with other tissues, brain, ..."""
        return replace(self, **changes)


@lru_cache(maxsize=1)
def template() -> Template:
    """Read the template from nilearn's files, without the second that importing nilearn takes."""
    folder = Path(find_spec("nilearn").submodule_search_locations[0]) / "datasets" / "data"
    maps = {}
    for name in ("t1", "gm", "wm"):
        image = nib.load(folder / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz")
        maps[name] = np.asarray(image.dataobj, np.float32) / 255
    return Template(**maps, origin=image.affine[:3, 3])


def grid(spacing: float, box: np.ndarray = BOX) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape and affine of the isotropic RAS grid that fills `box` (3, 2) in mm."""
    shape = tuple(int(n) for n in np.round((box[:, 1] - box[:, 0]) / spacing))
    affine = np.diag([spacing] * 3 + [1.0])
    affine[:3, 3] = box[:, 0] + spacing / 2
    return shape, affine


def noise(rng: np.random.Generator, shape: Sequence[int], sigma: float | Sequence[float]) -> np.ndarray:
    """Gaussian noise of unit variance, smoothed by a Gaussian of `sigma` voxels, (X, Y, Z) float32."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma, mode="wrap")
    return field / field.std()


def band(rng: np.random.Generator, shape: Sequence[int], sigma: float) -> np.ndarray:
    """Band-passed noise of unit variance (difference of Gaussians of `sigma` and 2 `sigma` voxels)."""
    white = rng.standard_normal(shape, dtype=np.float32)
    field = ndimage.gaussian_filter(white, sigma, mode="wrap") - ndimage.gaussian_filter(white, 2 * sigma, mode="wrap")
    return field / field.std()


def sample(volume: np.ndarray, points: np.ndarray, origin: np.ndarray, spacing: float, order: int = 1) -> np.ndarray:
    """Values of a volume, whose first voxel lies at `origin` (mm), at `points` (3, N) in mm; edges go on."""
    voxels = (points - np.asarray(origin)[:, None]) / spacing
    return ndimage.map_coordinates(volume, voxels, order=order, mode="nearest", output=np.float32)


def field(
    rng: np.random.Generator, node_spacing: float, shape: tuple[int, ...], affine: np.ndarray, order: int = 1
) -> np.ndarray:
    """(X, Y, Z) smooth noise of about unit variance on a grid, drawn every `node_spacing` mm of `BOX`.

    `order` of the spline between the nodes: 3 where the field shapes a surface.
    """
    coordinates, origin = nodes(BOX, node_spacing)
    values = noise(rng, coordinates.shape[1:], 1.3)
    step = affine[0, 0] / node_spacing
    start = (affine[:3, 3] - origin) / node_spacing
    return ndimage.affine_transform(values, [step] * 3, start, output_shape=shape, order=order, mode="nearest")


def nodes(box: np.ndarray = BOX, spacing: float = FIELD_SPACING) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (3, X, Y, Z) of a field's nodes in mm, one beyond the box each way, and their origin."""
    axes = [np.arange(low - spacing, high + 2 * spacing, spacing) for low, high in box]
    return np.stack(np.meshgrid(*axes, indexing="ij")).astype(np.float32), box[:, 0] - spacing


def jacobian(coordinates: np.ndarray, spacing: float) -> np.ndarray:
    """Determinant (X, Y, Z) of the Jacobian of a map, given by its coordinates (3, X, Y, Z) on a grid."""
    return determinant(np.stack([np.stack(np.gradient(axis, spacing)) for axis in coordinates]))


def determinant(rows: np.ndarray) -> np.ndarray:
    """Determinants (...) of matrices (3, 3, ...)."""
    return (rows[0] * np.cross(rows[1], rows[2], axis=0)).sum(0)


def warp(rng: np.random.Generator, age: float) -> np.ndarray:
    """Template coordinates (3, X, Y, Z) in mm for each node: affine, ventricles, three scales of bends.

    The map pulls back: a subject's point shows what the template has at its coordinates. The bends are
    weakened until the Jacobian stays above `LEAST_JACOBIAN` everywhere.
    """
    points, _ = nodes()
    centre = np.array([0.0, -18.0, 10.0])[:, None, None, None]
    angles = rng.normal(0, 0.02, 3)
    skew = np.array([[0, -angles[2], angles[1]], [angles[2], 0, -angles[0]], [-angles[1], angles[0], 0]])
    linear = np.diag(rng.normal(1 / HEAD_SIZE, 0.035, 3)) + skew + rng.normal(0, 0.012, (3, 3))
    base = np.einsum("ij,jxyz->ixyz", linear, points - centre) + centre
    bends = np.zeros_like(points)
    for wavelength, amplitude in BENDS:
        sigma = wavelength / 4 / FIELD_SPACING
        bends += amplitude * np.stack([noise(rng, points.shape[1:], sigma) for _ in range(3)])
    bends += ventricle_bend(points, size=rng.normal(0.12 * (age - 45), 1.5))
    slopes = np.stack([np.stack(np.gradient(axis, FIELD_SPACING)) for axis in bends])
    strength = 1.0
    while determinant(linear[:, :, None, None, None] + strength * slopes).min() < LEAST_JACOBIAN:
        strength *= 0.9
    return (base + strength * bends).astype(np.float32)


@lru_cache(maxsize=1)
def ventricles() -> np.ndarray:
    """(X, Y, Z) float32 in [0, 1], the template's lateral and third ventricles."""
    lakes = np.zeros_like(template().csf)
    corner = (np.array([-42, -64, -13]) - template().origin).astype(int)
    box = tuple(slice(start, start + size) for start, size in zip(corner, (85, 97, 48), strict=True))
    csf = template().csf[box]
    x, y, z = (
        2 * axis / (n - 1) - 1 for axis, n in zip(np.ogrid[tuple(map(slice, csf.shape))], csf.shape, strict=True)
    )
    pieces, _ = ndimage.label((csf > 0.4) & (x**2 + y**2 + np.maximum(z, 0) ** 2 < 1))
    largest = np.bincount(pieces.ravel())[1:].argsort()[::-1][:4] + 1
    lakes[box] = np.where(np.isin(pieces, largest), csf, 0)
    return lakes


def ventricle_bend(points: np.ndarray, size: float) -> np.ndarray:
    """Displacement (3, X, Y, Z) in mm that widens (`size` > 0) or narrows ventricles by some `size` mm."""
    coarse = ndimage.gaussian_filter(ventricles(), 5, truncate=3)[::2, ::2, ::2]
    inward = np.stack(np.gradient(coarse))
    inward /= np.abs(inward).max()
    flat = points.reshape(3, -1)
    bend = np.stack([sample(axis, flat, template().origin, 2.0) for axis in inward])
    return float(np.clip(size, -3, 6)) * bend.reshape(points.shape)


def fold_rank(rng: np.random.Generator, points: np.ndarray) -> np.ndarray:
    """Rank (N) in [0, 1] of template points (3, N) between the bottom of a sulcus (0) and a gyrus' core (1).

    Sulci are the sheets where a band-passed Gaussian field is zero. The field is looked up at points pushed
    towards the hull of their hemisphere, so the sheets run inwards from the surface as sulci do.
    """
    side = np.where(points[0] < 0, -1.0, 1.0)
    centre = np.stack([26 * side, np.full_like(side, -20), np.full_like(side, 8)])
    away = points - centre
    reach = np.sqrt(((away / np.array([[38], [80], [56]])) ** 2).sum(0)) + 0.05
    spread = centre + away * (0.35 + 0.65 / np.maximum(reach, 0.3))
    spacing = 2.5
    coordinates, origin = nodes(BOX, spacing)
    fields = [band(rng, coordinates.shape[1:], sigma=4.2 / spacing) for _ in range(2)]
    value = np.where(side < 0, *[sample(field, spread, origin, spacing, order=1) for field in fields])
    return special.erf(np.abs(value) / np.sqrt(2)).astype(np.float32)


def vessels(rng: np.random.Generator, points: np.ndarray) -> np.ndarray:
    """(N) share of fluid that is a vessel at template points (3, N): lines where two random fields are zero.

    More of them lie in the fissure between the hemispheres, where the great veins run.
    """
    spacing = 2.5
    coordinates, origin = nodes(BOX, spacing)
    squares = sum(sample(band(rng, coordinates.shape[1:], 1.6), points, origin, spacing) ** 2 for _ in range(2))
    width = 0.1 + 0.25 * np.exp(-((points[0] / 2.5) ** 2)) * (points[1] < -40)
    return np.exp(-squares / (2 * width**2)).astype(np.float32)


def fractions(
    csf: np.ndarray, gm: np.ndarray, rank: np.ndarray, softness: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CSF, grey and white matter fractions of points whose tissue probabilities and fold ranks are given.

    A point is CSF where its rank lies below the probability of CSF, white matter where it lies above that of
    CSF and grey matter together: the mean over many subjects is the template again. `softness` is the width
    in rank over which one tissue turns into the next (partial volume).
    """
    rank = softness / 2 + rank * (1 - softness)

    def below(probability: np.ndarray) -> np.ndarray:
        return np.clip((probability - rank) / softness + 0.5, 0, 1)

    fluid = below(csf)
    cortex = np.maximum(below(csf + gm), fluid)
    return fluid, cortex - fluid, 1 - cortex


def core(points: np.ndarray) -> np.ndarray:
    """(N) weight in [0, 1] of deep nuclei and brain stem, which have no folds, at template points (3, N)."""
    x, y, z = np.abs(points[0]), points[1], points[2]
    nuclei = ((x - 16) / 19) ** 2 + ((y + 8) / 28) ** 2 + ((z - 4) / 18) ** 2
    stem = (x / 16) ** 2 + ((y + 26) / 17) ** 2 + np.maximum((z + 12) / 12, 0) ** 2
    return np.clip(4 * (1.1 - np.minimum(nuclei, stem)), 0, 1).astype(np.float32)


def sharpen(csf: np.ndarray, gm: np.ndarray, wm: np.ndarray, power: float, fluid: float, white: float) -> np.ndarray:
    """(3, N) probabilities raised to `power`, odds raised by `fluid` (CSF) and `white`; they sum to 1."""
    weights = np.stack([fluid * (csf + 1e-6) ** power, (gm + 1e-6) ** power, white * (wm + 1e-6) ** power])
    return weights / weights.sum(0)


def person(seed: int, subject: str, spacing: float, age: float) -> Anatomy:
    """The stripped brain of one subject, deterministic by `seed`, `subject`, `spacing` and `age` (years)."""
    shape, affine = grid(spacing)
    coordinates = warp(generator(seed, "phantom", subject, "warp"), age)
    inside = candidates(coordinates, shape, affine)
    return decide(seed, subject, age, affine, inside, points_of(coordinates, inside, affine))


def points_of(coordinates: np.ndarray, inside: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Template points (3, N) in mm of the voxels `inside` (X, Y, Z), by the coordinates of a `warp`."""
    world = np.array(np.nonzero(inside)) * affine[0, 0] + affine[:3, 3:]
    return np.stack([sample(axis, world, BOX[:, 0] - FIELD_SPACING, FIELD_SPACING) for axis in coordinates])


def candidates(coordinates: np.ndarray, shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """(X, Y, Z) bool: voxels near which the warped template has brain."""
    near = ndimage.maximum_filter((template().t1 > 0).astype(np.float32), 3)
    coarse = sample(near, coordinates.reshape(3, -1), template().origin, 1.0).reshape(coordinates.shape[1:]) > 0
    coarse = ndimage.binary_dilation(coarse, iterations=2)
    axes = [
        np.round((affine[i, 3] + affine[i, i] * np.arange(n) - (BOX[i, 0] - FIELD_SPACING)) / FIELD_SPACING).astype(int)
        for i, n in enumerate(shape)
    ]
    return coarse[np.ix_(*axes)]


def decide(seed: int, subject: str, age: float, affine: np.ndarray, inside: np.ndarray, points: np.ndarray) -> Anatomy:
    """Tissue fractions at template `points` (3, N) of the voxels `inside`."""
    maps = template()
    spacing = float(affine[0, 0])
    rng = generator(seed, "phantom", subject, "folds")
    csf, gm, wm, t1 = (sample(m, points, maps.origin, 1.0) for m in (maps.csf, maps.gm, maps.wm, maps.t1))
    mask = sample((maps.t1 > 0).astype(np.float32), points, maps.origin, 1.0) >= 0.5
    mask &= points[2] >= maps.origin[2]  # The template's brain stem ends at its last slice.
    myelin = t1 - (0.26 * csf + 0.65 * gm + 0.875 * wm)
    rank = fold_rank(rng, points)
    atrophy = np.exp(rng.normal(1.35 + 0.02 * (age - 45), 0.2))
    c, g, _ = sharpen(csf, gm, wm, power=1.1, fluid=atrophy, white=1.25)
    folded = fractions(c, g, rank, softness=0.2 + 0.12 * spacing)
    smooth = sharpen(csf, gm, wm, power=1.6, fluid=2.0, white=1.0)
    deep = core(points)
    fluid, grey, white = deep * smooth + (1 - deep) * np.stack(folded)
    lakes = sample(ventricles(), points, maps.origin, 1.0) > 0.4
    vessel = fluid * vessels(generator(seed, "phantom", subject, "vessels"), points) * ~lakes
    tissues = {"csf": fluid - vessel, "gm": grey, "wm": white, "vessel": vessel}

    def put(values: np.ndarray) -> np.ndarray:
        volume = np.zeros(inside.shape, np.float32)
        volume[inside] = np.where(mask, values, 0)
        return volume

    brain = put(np.ones(len(mask), np.float32)) > 0
    volumes = {name: put(values) for name, values in tissues.items()}
    return Anatomy(volumes, brain, put(myelin), put(lakes) > 0, affine, age)
