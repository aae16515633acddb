"""Lesions in the shapes and places of real ones, with made intensities.

A lesion pulls the tissue towards one level, darker than grey matter in T1 and brighter than it in T2, PD and FLAIR,
as MS lesions do, with soft edges and some texture.
"""

import numpy as np
from scipy import ndimage

from brainuad.anomalies.drawing import EDGE, blend, noise
from brainuad.anomalies.kinds import Donor, Host, Implanted

NEEDS = ("label",)
LEVELS = {"T1": (0.35, 0.6), "T1ce": (0.35, 0.6), "T2": (0.9, 1.2), "PD": (1.0, 1.2), "FLAIR": (1.1, 1.5)}
"""Range that a lesion's level is drawn from, in units of the brain's 98th percentile."""
DARK = ("T1", "T1ce")
TEXTURE = 0.05
SMALLEST = 10.0
"""Smaller lesions, in mm3, are left out."""


def implant(host: Host, donor: Donor, rng: np.random.Generator) -> Implanted:
    """The host with lesions where the donor has some; label 1.

    The label covers the voxels of the donor's lesions in the host's brain that a lesion changes: not the fluid,
    which is as dark (T1) or as bright (T2) as a lesion already.
    """
    low, high = (share * host.percentile(98) for share in LEVELS[host.modality])
    solid = host.image > high if host.modality in DARK else host.image < low
    pieces, count = ndimage.label((donor.label > 0) & host.brain & solid, structure=np.ones((3, 3, 3)))
    sizes = host.voxel * np.bincount(pieces.ravel())
    sizes[0] = 0
    lesions = (sizes >= SMALLEST)[pieces]
    levels = rng.uniform(low, high, size=count + 1).astype(np.float32)[pieces]
    uneven = 1 + TEXTURE * noise(rng, host.image.shape, host.spacing, EDGE)
    return blend(host.image, lesions, levels * uneven, host.spacing), lesions.astype(np.uint8)
