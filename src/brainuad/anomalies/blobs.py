"""Smooth random blobs whose intensity, size, texture and push against their surroundings are set one by one."""

import numpy as np
from scipy import ndimage

from brainuad.anomalies.drawing import blend, box, depth, draw_centre, noise, offsets
from brainuad.anomalies.kinds import Donor, Host, Implanted, check_choice
from brainuad.errors import InputError

NEEDS = ()
LEVELS = {"dark": (2, 0.5), "mid": (50, 1.0), "bright": (98, 1.3)}
"""Percentile of the brain's intensities that a blob's is derived from, and the factor: dark and bright lie beyond
all tissue, mid amid it."""
TEXTURES = {"none": 0.0, "rough": 0.15}
"""Standard deviation of the intensity, in units of the brain's 98th percentile."""
GRAIN = 1.5
"""Scale of the texture in mm."""
ROUGHNESS = 0.2
"""Standard deviation of the logarithm of the radius; larger ones would break blobs into pieces."""
GAP = 5.0
"""mm between blobs."""
REACH = 2.5
"""How far the push reaches, in units of the displacement: beyond 2 it is invertible."""


def implant(
    host: Host,
    donor: Donor | None,
    rng: np.random.Generator,
    *,
    intensity: str = "bright",
    size: float = 15.0,
    texture: str = "none",
    deformation: float = 0.0,
    count: int = 3,
) -> Implanted:
    """The host with `count` blobs, each of the volume of a sphere `size` mm across, centred on tissue.

    `deformation` is the displacement in mm at a blob's surface, outwards, which falls to 0 within 2.5 times as far.
    Label 1 is the blobs alone: displaced tissue is no lesion, and the readers of real scans don't label it either.
    """
    check_choice("intensity", intensity, tuple(LEVELS))
    check_choice("texture", texture, tuple(TEXTURES))
    if count < 1 or size <= 0:
        raise InputError(f"{count} blobs of {size:g} mm", "are none", "Ask for at least 1 of more than 0 mm")
    blobs = grow(host, rng, size, count)
    image, label = host.image, blobs.astype(np.uint8)
    if deformation:
        image, _ = displace(host, blobs, deformation)
    percentile, factor = LEVELS[intensity]
    uneven = TEXTURES[texture] * host.percentile(98) * noise(rng, image.shape, host.spacing, GRAIN)
    values = np.maximum(factor * host.percentile(percentile) + uneven, 0)
    return blend(image, blobs, values, host.spacing), label


def grow(host: Host, rng: np.random.Generator, size: float, count: int) -> np.ndarray:
    """(X, Y, Z) bool: `count` bodies in the brain, GAP mm apart. Raises InputError where they find no room."""
    low, high = host.percentile(25), host.percentile(75)
    tissue = host.brain & (host.image >= low) & (host.image <= high)
    voxels = max(1, round(np.pi / 6 * size**3 / host.voxel))
    room, blobs = host.brain.copy(), np.zeros(host.brain.shape, bool)
    for own in rng.spawn(count):
        if not (tissue & room).any():
            raise no_room(size, count)
        centre = draw_centre(own, tissue & room, depth(room, host.spacing), size / 2)
        half = np.ceil(size / host.spacing).astype(int)
        near = tuple(slice(max(c - h, 0), c + h + 1) for c, h in zip(centre, half, strict=True))
        bumps = noise(own, room[near].shape, host.spacing, size / 3)
        away = offsets(bumps.shape, centre - [side.start for side in near], host.spacing)
        distance = np.sqrt(sum(axis**2 for axis in away)) * np.exp(ROUGHNESS * bumps)
        distance[~room[near]] = np.inf
        if room[near].sum() < voxels:
            raise no_room(size, count)
        body = np.zeros(distance.size, bool)
        body[np.argsort(distance, axis=None, kind="stable")[:voxels]] = True
        blobs[near] |= body.reshape(distance.shape)
        around = box(blobs, GAP / host.spacing + 1)
        room[around] &= ndimage.distance_transform_edt(~blobs[around], sampling=host.spacing) > GAP
    return blobs


def no_room(size: float, count: int) -> InputError:
    """The error for blobs that don't fit into a brain."""
    return InputError(f"{count} blobs of {size:g} mm", "don't fit into the brain", "Ask for smaller or fewer ones")


def displace(host: Host, blobs: np.ndarray, push: float) -> Implanted:
    """The image with the blobs' surroundings moved outwards, and where (bool): brain voxels that show moved brain."""
    reach = REACH * push
    around = box(blobs, reach / host.spacing + 2)
    spacing = host.spacing[:, None, None, None]
    distance = ndimage.distance_transform_edt(~blobs[around], sampling=host.spacing) - host.spacing.mean() / 2
    moved = (distance > 0) & (distance < reach) & host.brain[around]
    # The distance's own gradient is ragged, since it starts from voxels.
    outwards = np.stack(np.gradient(ndimage.gaussian_filter(distance, 1.0), *host.spacing))
    outwards /= np.maximum(np.linalg.norm(outwards, axis=0), 1e-6)
    shift = push * np.clip(1 - distance / reach, 0, 1) ** 2
    source = np.indices(distance.shape) - shift * outwards / spacing
    moved &= ndimage.map_coordinates(host.brain[around].astype(np.uint8), source, order=0, mode="nearest") > 0
    shown = ndimage.map_coordinates(host.image[around], source[:, moved], order=1, mode="nearest")
    image, displaced = host.image.copy(), np.zeros(blobs.shape, bool)
    image[around][moved] = shown
    displaced[around] = moved
    return image, displaced
