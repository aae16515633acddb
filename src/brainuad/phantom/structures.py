"""The structures of a healthy phantom brain, numbered as in `brainuad.datasets.structures`.

Tissue decides between fluid, grey and white matter; where the template has brain stem, cerebellum, nuclei and
hippocampus is told by ellipsoids in its space, through which each person's warp is known.
"""

import numpy as np

from brainuad.phantom.anatomy import points_of, warp
from brainuad.phantom.study import Study
from brainuad.seeds import generator

FLUID, VENTRICLES, WHITE, CORTEX, DEEP, HIPPOCAMPUS, STEM, CEREBELLUM = range(1, 9)


def structures(study: Study) -> np.ndarray:
    """(X, Y, Z) uint8 classes of the brain's voxels on the person's grid, 0 outside."""
    person = study.person
    rng = generator(study.seed, "phantom", f"{study.source}/{study.subject}", "warp")
    points = points_of(warp(rng, person.age), person.brain, person.affine)
    tissue = {name: person.tissues[name][person.brain] for name in ("csf", "vessel", "gm", "wm")}
    classes = np.where(tissue["gm"] > tissue["wm"], CORTEX, WHITE)
    grey = classes == CORTEX
    classes[grey & within(points, (16, -8, 4), (19, 28, 18))] = DEEP
    classes[grey & within(points, (27, -18, -17), (9, 22, 9))] = HIPPOCAMPUS
    classes[within(points, (0, -62, -38), (56, 38, 28))] = CEREBELLUM
    classes[(points[2] < -12) & within(points, (0, -26, -42), (16, 17, 50))] = STEM
    classes[tissue["csf"] + tissue["vessel"] >= 0.5] = FLUID
    classes[person.ventricles[person.brain]] = VENTRICLES
    volume = np.zeros(person.brain.shape, np.uint8)
    volume[person.brain] = classes
    return volume


def within(points: np.ndarray, centre: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    """(N) bool: template points (3, N) in mm inside an ellipsoid or its mirror image."""
    x, y, z = ((axis - middle) / radius for axis, middle, radius in zip(folded(points), centre, radii, strict=True))
    return x**2 + y**2 + z**2 < 1


def folded(points: np.ndarray) -> np.ndarray:
    """Points (3, N), those of the left half brought to the right."""
    return np.stack([np.abs(points[0]), points[1], points[2]])
