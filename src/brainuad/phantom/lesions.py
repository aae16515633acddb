"""Lesions with exact labels: each kind turns a healthy anatomy into an ill one and a label volume.

Every kind has the signature `kind(anatomy, rng) -> (anatomy, label)`, label (X, Y, Z) uint8, 0 where healthy.
A voxel is labelled where lesion tissue fills at least half of it. Lesions are tissues like any other (fractions
in `Anatomy.tissues`), so every contrast shows them in its own way. Labels lie inside the brain mask, but for
the kinds in `OUTSIDE`, which want an anatomy with its head and leave the brain alone.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from brainuad.phantom.anatomy import Anatomy
from brainuad.phantom.bodies import (
    Shape,
    across_midline,
    cerebral_white,
    draw_place,
    joined,
    labelled,
    mass_effect,
    overlay,
    within,
)

OEDEMA, CORE, ENHANCING = 1, 2, 3
"""Classes of a tumour's label, numbered as in MSD Task01; the other kinds use 1 alone."""

Lesion = tuple[Anatomy, np.ndarray]


def healthy(anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
    """No lesion."""
    return anatomy, np.zeros(anatomy.brain.shape, np.uint8)


def tumour(anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
    """Glioma: necrotic core, enhancing rim, solid rest, oedema along white matter, displaced neighbours.

    Classes: 1 oedema, 2 necrotic or non-enhancing tumour, 3 enhancing tumour. One in six
    has no enhancing part.
    """
    volume = float(np.clip(rng.lognormal(np.log(22e3), 0.7), 3e3, 75e3))
    radius = (3 * volume / (4 * np.pi)) ** (1 / 3)
    centre = draw_place(anatomy, rng, cerebral_white(anatomy), depth=min(0.55 * radius, 12))
    anatomy = mass_effect(anatomy, centre, radius, push=float(rng.uniform(0.15, 0.4)) * radius)
    room = anatomy.brain & ~anatomy.ventricles
    tissue = anatomy.tissues
    shape = Shape(anatomy, rng, centre, stretch=0.25, roughness=0.25, scale=14, reach=2.2 * radius + 10)
    solid = shape.grow(volume, room, hindrance=0.4 * tissue["csf"])
    total = volume * (1 + rng.uniform(0.4, 2.2))
    swelling = Shape(anatomy, rng, centre, stretch=0.2, roughness=0.25, scale=20, reach=3 * radius + 20)
    hindrance = 1.3 * tissue["gm"] + 3 * tissue["csf"] + across_midline(anatomy, centre)
    oedema = joined(swelling.grow(total, room, hindrance=hindrance), centre)
    density = np.clip(rng.uniform(0.75, 0.95) + 0.12 * swelling.patches(10), 0.55, 1)
    anatomy = overlay(anatomy, {"oedema": np.clip(oedema - solid, 0, 1) * density})
    core = {"tumour": solid}
    if rng.random() < 5 / 6:
        dead = shape.grow(volume * rng.uniform(0.15, 0.5), room, uneven=0.3) * solid
        live = np.clip(0.5 + 2.0 * (shape.patches(9) + rng.uniform(0.3, 1.2)), 0, 1)
        mixed = np.clip(0.8 + 0.2 * shape.patches(7), 0.4, 1)
        core = {
            "necrosis": dead * mixed,
            "enhancing": (solid - dead) * live,
            "tumour": solid - dead * mixed - (solid - dead) * live,
        }
    anatomy = overlay(anatomy, core)
    classes = {"oedema": OEDEMA, "necrosis": CORE, "tumour": CORE, "enhancing": ENHANCING}
    return anatomy, labelled(anatomy, classes)


def multiple_sclerosis(anatomy: Anatomy, rng: np.random.Generator, extent: float = 1.0) -> Lesion:
    """Plaques of log-normal size: periventricular (the large ones), juxtacortical and deep.

    `extent` is the share of its volume to which each plaque has grown so far; with the same draws from `rng`
    an earlier state lies within a later one.
    """
    load = float(np.clip(rng.lognormal(np.log(10e3), 0.9), 600, 50e3))
    white, csf, spacing = cerebral_white(anatomy), anatomy.tissues["csf"], anatomy.spacing
    beside = within(anatomy.ventricles, 5.0, spacing)
    under = within(anatomy.brain & (anatomy.tissues["gm"] > 0.6), 2 * spacing, spacing)
    under &= ~within(anatomy.ventricles, 12.0, spacing)
    places = [place if place.any() else white for place in (white & beside, white & under, white)]
    room = (anatomy.tissues["wm"] + 0.5 * anatomy.tissues["gm"] > 0.4) & (csf < 0.4)
    plaques = np.zeros(anatomy.brain.shape, np.float32)
    total = 0.0
    while total < load:
        volume = float(np.clip(lesion_volume(rng), 15, 12e3))
        where = 0 if volume > 800 else rng.choice(3, p=(0.5, 0.3, 0.2))
        centre = draw_place(anatomy, rng, places[where])
        radius = (3 * volume / (4 * np.pi)) ** (1 / 3)
        shape = Shape(anatomy, rng, centre, stretch=0.3, roughness=0.28, scale=max(radius, 3), reach=3.5 * radius + 4)
        body = joined(shape.grow(extent * volume, room, hindrance=0.8 * anatomy.tissues["gm"]), centre)
        plaques = np.maximum(plaques, body * rng.uniform(0.7, 1))
        total += volume
    anatomy = overlay(anatomy, {"plaque": plaques})
    return anatomy, labelled(anatomy, {"plaque": 1})


def lesion_volume(rng: np.random.Generator) -> float:
    """Volume in mm3 of one plaque: log-normal, median 70 mm3, most of the load in a few large ones."""
    return float(rng.lognormal(np.log(70), 1.25))


def metastases(anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
    """Two to eight small enhancing nodules at the border of grey and white matter, each in some oedema."""
    border = anatomy.brain & (anatomy.tissues["gm"] > 0.25) & (anatomy.tissues["wm"] > 0.25)
    room = anatomy.brain & ~anatomy.ventricles
    for _ in range(int(rng.integers(2, 9))):
        volume = float(np.clip(rng.lognormal(np.log(500), 0.9), 60, 5e3))
        centre = draw_place(anatomy, rng, border)
        radius = (3 * volume / (4 * np.pi)) ** (1 / 3)
        shape = Shape(anatomy, rng, centre, stretch=0.1, roughness=0.12, scale=radius, reach=5 * radius + 8)
        nodule = shape.grow(volume, room)
        hindrance = 1.2 * anatomy.tissues["gm"] + 2.5 * anatomy.tissues["csf"]
        halo = shape.grow(volume * rng.uniform(2, 8), room, hindrance=hindrance)
        anatomy = overlay(anatomy, {"oedema": np.clip(halo - nodule, 0, 1)})
        parts = {"enhancing": nodule}
        if volume > 800:
            dead = shape.grow(0.35 * volume, room)
            parts = {"necrosis": dead, "enhancing": nodule - dead}
        anatomy = overlay(anatomy, parts)
    return anatomy, labelled(anatomy, {"oedema": 1, "enhancing": 1, "necrosis": 1})


def cavity(anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
    """A resection cavity: fluid that reaches the brain's surface, lined by gliosis."""
    depth = ndimage.distance_transform_edt(anatomy.brain, sampling=anatomy.spacing)
    near = cerebral_white(anatomy) & (depth < 22)
    centre = draw_place(anatomy, rng, near)
    volume = float(np.clip(rng.lognormal(np.log(18e3), 0.5), 4e3, 50e3))
    radius = (3 * volume / (4 * np.pi)) ** (1 / 3)
    shape = Shape(anatomy, rng, centre, stretch=0.25, roughness=0.2, scale=12, reach=3 * radius)
    hindrance = np.clip(0.04 * (depth - 8), 0, 1) + across_midline(anatomy, centre)
    room = anatomy.brain & ~anatomy.ventricles
    hole = shape.grow(volume, room, hindrance=hindrance)
    lining = shape.grow(volume * (1 + rng.uniform(5, 12) / radius), room, hindrance=hindrance)
    anatomy = overlay(anatomy, {"gliosis": np.clip(lining - hole, 0, 1) * (1 - anatomy.tissues["csf"])})
    anatomy = overlay(anatomy, {"cavity": hole})
    return anatomy, labelled(anatomy, {"gliosis": 1, "cavity": 1})


def artificial(anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
    """A sphere that no disease makes, as in the MOOD challenge (Zimmerer et al., IEEE TMI 2022).

    One of: uniform foreign signal, the same mixed voxel by voxel with what was there, tissue from elsewhere
    (shifted patch), tissue mirrored within the sphere.
    """
    spacing = anatomy.spacing
    radius = float(rng.uniform(8, 20))
    depth = ndimage.distance_transform_edt(anatomy.brain, sampling=spacing)
    centre = draw_place(anatomy, rng, depth > min(radius, 0.7 * depth.max()))
    axes = np.ogrid[tuple(slice(n) for n in anatomy.brain.shape)]
    distance = np.sqrt(sum((axis - c) ** 2 for axis, c in zip(axes, centre, strict=True))) * spacing
    sphere = (distance <= radius) & anatomy.brain
    kind = rng.choice(("uniform", "noisy", "shifted", "reflected"))
    if kind in ("uniform", "noisy"):
        share = sphere.astype(np.float32)
        if kind == "noisy":
            share *= rng.random(share.shape, dtype=np.float32)
        return overlay(anatomy, {"foreign": share}), sphere.astype(np.uint8)
    inside = np.array(np.nonzero(sphere))
    if kind == "shifted":
        other = draw_place(anatomy, rng, depth > min(radius, 0.7 * depth.max()))
        source = inside + (other - centre)[:, None]
    else:
        source = inside.copy()
        source[1] = 2 * centre[1] - source[1]
    source = np.clip(source, 0, np.array(sphere.shape)[:, None] - 1)
    kept = anatomy.brain[tuple(source)]
    inside, source = tuple(inside[:, kept]), tuple(source[:, kept])
    tissues = {}
    for name, fraction in anatomy.tissues.items():
        tissues[name] = fraction.copy()
        tissues[name][inside] = fraction[source]
    label = np.zeros(sphere.shape, np.uint8)
    label[inside] = 1
    return anatomy.replaced(tissues=tissues), label


def structural(anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
    """Tissue of normal signal in an abnormal shape: a bulge of one ventricle, or shrunken or swollen gyri.

    Shrunken gyri stand apart, as where a stroke healed long ago; swollen ones have lost the sulci between
    them. Their label is the whole region, that of a ventricle what turned into fluid.
    """
    change = str(rng.choice(("ventricle", "shrunken", "swollen")))
    spacing, tissue = anatomy.spacing, anatomy.tissues
    room = anatomy.brain & ~anatomy.ventricles
    if change == "ventricle":
        white = cerebral_white(anatomy)
        wall = white & within(anatomy.ventricles, 3.0, spacing)
        centre = draw_place(anatomy, rng, wall if wall.any() else white)
        shape = Shape(anatomy, rng, centre, stretch=0.2, roughness=0.1, scale=20, reach=40)
        away = 0.12 * ndimage.distance_transform_edt(~anatomy.ventricles, sampling=spacing)
        hindrance = away.astype(np.float32) + 0.2 * tissue["gm"] + 3 * across_midline(anatomy, centre)
        bulge = shape.grow(float(rng.uniform(8e3, 20e3)), room, hindrance=hindrance)
        wider = overlay(anatomy, {"csf": bulge})
        changed = wider.tissues["csf"] - tissue["csf"] >= 0.5
        return wider.replaced(ventricles=anatomy.ventricles | changed), changed.astype(np.uint8)
    depth = ndimage.distance_transform_edt(anatomy.brain, sampling=spacing).astype(np.float32)
    centre = draw_place(anatomy, rng, cerebral_white(anatomy) & (depth < 20))
    shape = Shape(anatomy, rng, centre, stretch=0.25, roughness=0.2, scale=14, reach=50)
    room &= depth < 18
    body = shape.grow(float(rng.uniform(20e3, 50e3)), room, hindrance=3 * across_midline(anatomy, centre))
    region = joined(body, centre) >= 0.5
    fluid = tissue["csf"] + tissue["vessel"]
    if change == "shrunken":
        nearby = ndimage.gaussian_filter(fluid, 2.5 / spacing)
        parts = {"csf": np.where(region, np.clip(5 * (nearby - 0.12), 0, 1), 0)}
    else:
        parts = {"gm": np.where(region, 0.9 * fluid, 0)}
    return overlay(anatomy, parts), region.astype(np.uint8)


def extracranial(anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
    """One to three enhancing masses in the marrow of the skull's vault that grow into the scalp."""
    spacing, tissue = anatomy.spacing, anatomy.tissues
    z = anatomy.affine[2, 3] + spacing * np.arange(anatomy.brain.shape[2], dtype=np.float32)
    head = ~anatomy.brain & (sum(tissue.values()) > 0.5)
    vault = head & (tissue["marrow"] > 0.3) & (z > 0)
    hindrance = 0.6 * (tissue["fat"] + tissue["muscle"]) + 1.5 * tissue["csf"]
    # To these lesions the head outside the brain is what the brain is to the others.
    rest = anatomy.replaced(brain=head)
    for _ in range(int(rng.integers(1, 4))):
        volume = float(np.clip(rng.lognormal(np.log(4e3), 0.7), 800, 16e3))
        radius = (3 * volume / (4 * np.pi)) ** (1 / 3)
        centre = draw_place(rest, rng, vault)
        shape = Shape(rest, rng, centre, stretch=0.15, roughness=0.15, scale=10, reach=3 * radius + 8)
        mass = joined(shape.grow(volume, head, hindrance=hindrance), centre)
        mixed = np.clip(0.85 + 0.15 * shape.patches(6), 0.5, 1)
        rest = overlay(rest, {"enhancing": mass * mixed, "tumour": mass * (1 - mixed)})
    return rest.replaced(brain=anatomy.brain), labelled(rest, {"enhancing": 1, "tumour": 1})


KINDS: dict[str, Callable[[Anatomy, np.random.Generator], Lesion]] = {
    "healthy": healthy,
    "tumour": tumour,
    "ms": multiple_sclerosis,
    "metastases": metastases,
    "cavity": cavity,
    "structural": structural,
    "extracranial": extracranial,
    "artificial": artificial,
}
OUTSIDE = {"extracranial"}
"""Kinds that lie in the head outside the brain."""
