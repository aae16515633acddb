"""Objects that no disease makes, like those of the MOOD challenge's toy cases (Zimmerer et al., IEEE TMI 2022)."""

import numpy as np

from brainuad.anomalies.drawing import depth, draw_centre, noise, offsets
from brainuad.anomalies.kinds import Donor, Host, Implanted, check_choice

NEEDS = ()
FORMS = ("sphere", "box")
EFFECTS = ("uniform", "textured", "shifted", "mirrored", "duplicated")
LEVELS = (0.1, 1.2)
"""Range that an object's intensity is drawn from, in units of the brain's 98th percentile."""
TEXTURE, GRAIN = 0.25, 1.5
"""Strength of the texture in the same units, and its scale in mm."""
SHIFT = (0.3, 0.6)
"""Range of a shift, in units of the object's size."""


def implant(
    host: Host,
    donor: Donor | None,
    rng: np.random.Generator,
    *,
    form: str = "any",
    effect: str = "any",
    smallest: float = 16.0,
    largest: float = 40.0,
) -> Implanted:
    """The host with one object, `smallest` to `largest` mm across, cut off where the brain ends; label 1.

    `uniform`, `textured`: foreign intensity. `shifted`: the object shows what lies a part of its size beside;
    `mirrored`: its own tissue the other way round; `duplicated`: tissue from elsewhere in the brain. The last three
    leave voxels alone that would show what isn't brain.
    """
    check_choice("form", form, ("any", *FORMS))
    check_choice("effect", effect, ("any", *EFFECTS))
    drawn_form, drawn_effect = rng.choice(FORMS), rng.choice(EFFECTS)
    form = drawn_form if form == "any" else form
    effect = drawn_effect if effect == "any" else effect
    size = float(rng.uniform(smallest, largest))
    deep = depth(host.brain, host.spacing)
    centre = draw_centre(rng, host.brain, deep, size / 2)
    label = region(host, rng, form, centre, size)
    changed = host.image.copy()
    if effect in ("uniform", "textured"):
        unit = host.percentile(98)
        values = np.full(label.shape, unit * rng.uniform(*LEVELS), np.float32)
        if effect == "textured":
            values += unit * TEXTURE * noise(rng, label.shape, host.spacing, GRAIN)
        changed[label] = np.maximum(values, 0)[label]
        return changed, label.astype(np.uint8)
    source = np.array(np.nonzero(label))
    if effect == "mirrored":
        axis = rng.integers(3)
        source[axis] = 2 * centre[axis] - source[axis]
    elif effect == "shifted":
        direction = rng.normal(size=3)
        shift = size * rng.uniform(*SHIFT) * direction / np.linalg.norm(direction)
        source += np.round(shift / host.spacing).astype(int)[:, None]
    else:
        source += (draw_centre(rng, host.brain, deep, size / 2) - centre)[:, None]
    source, label = kept(host.brain, source, label)
    changed[label] = host.image[source]
    return changed, label.astype(np.uint8)


def region(host: Host, rng: np.random.Generator, form: str, centre: np.ndarray, size: float) -> np.ndarray:
    """(X, Y, Z) bool: a sphere, or a box with sides of 60 to 100 % of `size` mm, about a voxel, within the brain."""
    sides = size * rng.uniform(0.6, 1, size=3)
    away = offsets(host.brain.shape, centre, host.spacing)
    if form == "sphere":
        return (sum(axis**2 for axis in away) <= (size / 2) ** 2) & host.brain
    x, y, z = (np.abs(axis) <= side / 2 for axis, side in zip(away, sides, strict=True))
    return x & y & z & host.brain


def kept(brain: np.ndarray, source: np.ndarray, label: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Sources (3, N) of the label's voxels, and the label, without those that lie outside the brain."""
    inside = ((source >= 0) & (source < np.array(brain.shape)[:, None])).all(0)
    inside[inside] = brain[tuple(source[:, inside])]
    rest = np.zeros_like(label)
    rest[label] = inside
    return tuple(source[:, inside]), rest
