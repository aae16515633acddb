"""Irregular bodies in an anatomy: their shape and place, and what they do to the tissue there."""

import numpy as np
from scipy import ndimage

from brainuad.phantom.anatomy import Anatomy, nodes, noise, sample


class Shape:
    """An irregular body about a centre: nested bodies of any volume, all from one rough distance."""

    def __init__(
        self,
        anatomy: Anatomy,
        rng: np.random.Generator,
        centre: np.ndarray,
        stretch: float,
        roughness: float,
        scale: float,
        reach: float,
    ):
        """`stretch`: log-ratio spread of axes; `roughness`: of the surface over `scale` mm; `reach` in mm."""
        spacing = anatomy.spacing
        shape = np.array(anatomy.brain.shape)
        half = int(np.ceil(reach / spacing))
        low, high = np.maximum(centre - half, 0), np.minimum(centre + half + 1, shape)
        self.box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        self.shape, self.spacing = anatomy.brain.shape, spacing
        offsets = np.indices(high - low, np.float32).reshape(3, -1) + (low - centre)[:, None]
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        ratios = np.exp(stretch * rng.normal(size=3))
        self.points = (offsets + centre[:, None]) * spacing + anatomy.affine[:3, 3:]
        distance = np.linalg.norm(rotation @ offsets * (ratios / ratios.prod() ** (1 / 3))[:, None], axis=0) * spacing
        self.rng = rng
        bumps = self.field(scale) + 0.5 * self.field(scale / 2.5)
        self.distance = (distance * np.exp(roughness * bumps)).reshape(high - low)

    def field(self, scale: float) -> np.ndarray:
        """(N) smooth noise of unit variance over `scale` mm at the box's points."""
        spacing = float(np.clip(scale / 2, 1.0, 8))
        low, high = self.points.min(1), self.points.max(1)
        coordinates, origin = nodes(np.stack([low, high], 1), spacing)
        return sample(noise(self.rng, coordinates.shape[1:], 1.0), self.points, origin, spacing)

    def patches(self, scale: float) -> np.ndarray:
        """(X, Y, Z) smooth noise of unit variance over `scale` mm in the box, 0 elsewhere."""
        return self.placed(self.field(scale).reshape(self.distance.shape))

    def grow(
        self, volume: float, room: np.ndarray, hindrance: np.ndarray | float = 0.0, uneven: float = 0.0
    ) -> np.ndarray:
        """(X, Y, Z) float32 fractions of the body of `volume` mm3 in `room`.

        It reaches least far where `hindrance` (X, Y, Z) >= 0 is large; `uneven` roughens this body alone.
        """
        room = room[self.box]
        reluctance = hindrance[self.box] if isinstance(hindrance, np.ndarray) else hindrance
        distance = self.distance * (1 + reluctance)
        if uneven:
            distance = distance * np.exp(uneven * self.field(9.0)).reshape(distance.shape)
        distance = np.where(room, distance, np.inf)
        count = int(np.clip(round(volume / self.spacing**3), 1, room.sum()))
        edge = np.partition(distance.ravel(), count - 1)[count - 1]
        fraction = np.clip((edge - distance) / self.spacing + 0.5, 0, 1)
        return self.placed(fraction)

    def placed(self, values: np.ndarray) -> np.ndarray:
        """The box's values in a volume of zeros."""
        volume = np.zeros(self.shape, np.float32)
        volume[self.box] = values
        return volume


def draw_place(anatomy: Anatomy, rng: np.random.Generator, where: np.ndarray, depth: float = 0.0) -> np.ndarray:
    """(3) voxel drawn from the mask `where`, at least `depth` mm inside the brain if it has such a place."""
    if depth:
        inner = where & (ndimage.distance_transform_edt(anatomy.brain, sampling=anatomy.spacing) > depth)
        where = inner if inner.any() else where
    voxels = np.flatnonzero(where)
    return np.array(np.unravel_index(voxels[rng.integers(len(voxels))], where.shape))


def within(mask: np.ndarray, reach: float, spacing: float) -> np.ndarray:
    """(X, Y, Z) bool: voxels at most `reach` mm from the mask."""
    result = np.zeros(mask.shape, bool)
    if not mask.any():
        return result
    margin = int(np.ceil(reach / spacing)) + 1
    box = tuple(
        slice(max(side.start - margin, 0), side.stop + margin)
        for side in ndimage.find_objects(mask.astype(np.uint8))[0]
    )
    result[box] = ndimage.distance_transform_edt(~mask[box], sampling=spacing) <= reach
    return result


def joined(fraction: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The connected piece (X, Y, Z) of a body nearest to a voxel, without islands."""
    pieces, count = ndimage.label(fraction > 0)
    if count < 2:
        return fraction
    voxels = np.array(np.nonzero(pieces))
    nearest = voxels[:, np.argmin(((voxels - centre[:, None]) ** 2).sum(0))]
    return np.where(pieces == pieces[tuple(nearest)], fraction, 0)


def across_midline(anatomy: Anatomy, centre: np.ndarray) -> np.ndarray:
    """(X, Y, Z) 0 in the hemisphere of a voxel, rising by 1 every 8 mm into the other."""
    x = anatomy.affine[0, 3] + anatomy.spacing * np.arange(anatomy.brain.shape[0], dtype=np.float32)
    side = np.sign(x[centre[0]]) or 1
    beyond = np.maximum(-side * x, 0) / 8
    return np.broadcast_to(beyond[:, None, None], anatomy.brain.shape)


def cerebral_white(anatomy: Anatomy) -> np.ndarray:
    """(X, Y, Z) bool: white matter of the hemispheres, without brain stem and cerebellum."""
    x, y, z = np.ogrid[tuple(slice(n) for n in anatomy.brain.shape)]
    x, y, z = (anatomy.affine[i, 3] + anatomy.spacing * axis for i, axis in enumerate((x, y, z)))
    below = (z < -8 - 0.25 * (y + 40)) & (y < 0)
    stem = (np.abs(x) < 18) & (z < 2)
    return (anatomy.tissues["wm"] > 0.7) & ~below & ~stem & (z > -30)


def overlay(anatomy: Anatomy, parts: dict[str, np.ndarray]) -> Anatomy:
    """The anatomy with lesion tissues laid over it: what was there keeps the rest of each voxel."""
    parts = {name: np.where(anatomy.brain, np.clip(part, 0, 1), 0).astype(np.float32) for name, part in parts.items()}
    rest = 1 - np.clip(sum(parts.values()), 0, 1)
    tissues = {name: fraction * rest for name, fraction in anatomy.tissues.items()}
    for name, part in parts.items():
        tissues[name] = tissues.get(name, 0) + part
    return anatomy.replaced(tissues=tissues)


def labelled(anatomy: Anatomy, classes: dict[str, int]) -> np.ndarray:
    """(X, Y, Z) uint8: 0 where lesion fills less than half of a voxel, else the class that fills most."""
    label = np.zeros(anatomy.brain.shape, np.uint8)
    present = {name: number for name, number in classes.items() if name in anatomy.tissues}
    most = np.zeros(anatomy.brain.shape, np.float32)
    for number in sorted(set(present.values())):
        share = sum(anatomy.tissues[name] for name in present if present[name] == number)
        label[share > most] = number
        most = np.maximum(most, share)
    total = sum(anatomy.tissues[name] for name in present)
    return np.where((total >= 0.5) & anatomy.brain, label, 0).astype(np.uint8)


def mass_effect(anatomy: Anatomy, centre: np.ndarray, radius: float, push: float) -> Anatomy:
    """Tissue about `centre` (voxel) moved outwards: by `push` mm at `radius` mm, fading beyond.

    A point at distance r shows what was at r - push * h(r), h rising from 0 at the centre to 1 at the radius
    and falling as a Gaussian; `push` below 0.45 radius keeps the map invertible. The mask moves along.
    """
    reach = 3.2 * radius
    half = int(np.ceil(reach / anatomy.spacing))
    low = np.maximum(centre - half, 0)
    high = np.minimum(centre + half + 1, anatomy.brain.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    offsets = np.indices(high - low, np.float32) + (low - centre)[:, None, None, None]
    r = np.linalg.norm(offsets, axis=0) * anatomy.spacing
    h = np.where(r < radius, r / radius, np.exp(-(((r - radius) / radius) ** 2) / 1.2))
    source = offsets * (1 - push * h / np.maximum(r, 1e-3)) + (centre - low)[:, None, None, None]

    def moved(volume: np.ndarray, order: int) -> np.ndarray:
        result = volume.copy()
        result[box] = ndimage.map_coordinates(volume[box].astype(np.float32), source, order=order, mode="nearest")
        return result

    brain = moved(anatomy.brain, 0)
    tissues = {name: np.clip(moved(f, 3), 0, 1) * brain for name, f in anatomy.tissues.items()}
    total = sum(tissues.values())
    brain &= total > 0.5
    tissues = {name: np.where(brain, f / np.maximum(total, 0.5), 0) for name, f in tissues.items()}
    myelin = moved(anatomy.myelin, 1) * brain
    return anatomy.replaced(tissues=tissues, brain=brain, myelin=myelin, ventricles=moved(anatomy.ventricles, 0))
