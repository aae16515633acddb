"""Brightness of each tissue in each MR contrast, and the image that a head's tissue fractions make."""

import numpy as np

from brainuad.phantom.anatomy import Anatomy, field

CONTRASTS = ("T1", "T1ce", "T2", "FLAIR", "PD")
BRIGHTNESS = {
    #            T1    T1ce  T2    FLAIR PD
    "csf": (0.20, 0.20, 1.00, 0.08, 0.92),
    "gm": (0.62, 0.64, 0.46, 0.55, 0.86),
    "wm": (0.88, 0.88, 0.31, 0.43, 0.68),
    "vessel": (0.35, 1.25, 0.12, 0.18, 0.35),
    "bone": (0.05, 0.05, 0.04, 0.04, 0.06),
    "marrow": (0.62, 0.68, 0.34, 0.34, 0.55),
    "fat": (1.02, 1.02, 0.52, 0.46, 0.80),
    "muscle": (0.45, 0.52, 0.18, 0.24, 0.48),
    "vitreous": (0.16, 0.16, 1.05, 0.10, 0.90),
    "oedema": (0.64, 0.64, 0.70, 0.78, 0.95),
    "necrosis": (0.30, 0.32, 0.88, 0.46, 0.94),
    "tumour": (0.54, 0.57, 0.63, 0.72, 0.90),
    "enhancing": (0.56, 1.22, 0.60, 0.74, 0.88),
    "plaque": (0.56, 0.58, 0.72, 0.82, 0.97),
    "cavity": (0.22, 0.22, 0.98, 0.12, 0.93),
    "gliosis": (0.54, 0.58, 0.66, 0.76, 0.93),
}
"""Signal by tissue, white matter in T1 at 0.88; CSF, grey and white matter in their order at 1.5 to 3 T."""
MYELIN = dict(zip(CONTRASTS, (0.75, 0.75, -0.45, -0.45, -0.35), strict=True))
"""How a region that is brighter in T1 than its fractions tell (myelin, iron) looks in each contrast."""


def brightness(contrast: str, rng: np.random.Generator) -> dict[str, float]:
    """One subject's signal of each tissue: the table varied by 3 %; "foreign" (no tissue) in 0.1 to 1.2."""
    column = CONTRASTS.index(contrast)
    values = {name: row[column] * float(np.clip(rng.normal(1, 0.03), 0.92, 1.08)) for name, row in BRIGHTNESS.items()}
    return values | {"foreign": float(rng.uniform(0.1, 1.2))}


def render(anatomy: Anatomy, contrast: str, rng: np.random.Generator) -> np.ndarray:
    """(X, Y, Z) float32, noise-free image in units where T1 white matter is about 0.88 and air is 0."""
    values = brightness(contrast, rng)
    image = sum(values[name] * fraction for name, fraction in anatomy.tissues.items())
    solid = anatomy.tissues["gm"] + anatomy.tissues["wm"]
    return (image + solid * MYELIN[contrast] * anatomy.myelin) * texture(anatomy, rng)


def texture(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """(X, Y, Z) factors about 1: 1.5 % of variation over 20 mm and 1.5 % over 7 mm."""
    shape, affine = anatomy.brain.shape, anatomy.affine
    return 1 + 0.015 * field(rng, 8.0, shape, affine) + 0.015 * field(rng, 3.0, shape, affine)
