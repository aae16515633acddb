"""Structures of the brain as exclusive classes, which a segmentation network learns (Kobayashi et al. 2021, III-C5).

The paper's labels, thirteen structures drawn for radiotherapy, aren't public. These classes stand in: DLMUSE maps,
which can be had openly, are grouped into them, other maps number them as here.
"""

import numpy as np

from brainuad.datasets.volumes import Volume, check_grid, load
from brainuad.errors import InputError

CLASSES = {
    1: "cerebrospinal fluid",
    2: "ventricles",
    3: "white matter",
    4: "cortex",
    5: "deep grey matter",
    6: "hippocampus and amygdala",
    7: "brain stem",
    8: "cerebellum",
}
DLMUSE = {
    1: (1, 46),
    2: (4, 11, 49, 50, 51, 52),
    3: (69, *range(81, 96)),
    4: range(100, 208),
    5: (23, 30, *range(36, 38), *range(55, 63), 75, 76),
    6: (31, 32, 47, 48),
    7: (35,),
    8: (38, 39, 40, 41, 71, 72, 73),
}
"""The regions of MUSE (Doshi et al. 2016) that each class consists of. Tracts and the chiasm count as white matter."""
MARK = "DLMUSE"
"""In the name of a file that numbers regions as MUSE does."""


def load_structures(cell: str, image: Volume) -> Volume:
    """Read a map of structures on the image's grid as classes, (X, Y, Z) uint8 in RAS order.

    Raises InputError where there is none: a brain mask has one value.
    """
    if not cell:
        mend = "Supply a map (IXI: `-DLMUSE`, BIDS: `desc-structures_dseg`), or take the study's reconstructions out"
        raise InputError("structures", "a subject has no map of its brain's structures", mend)
    found = load(cell)
    check_grid(cell, found, image)
    regions = DLMUSE if MARK in cell.rpartition("/")[2] else {number: (number,) for number in CLASSES}
    lookup = np.zeros(256, np.uint8)
    for number, members in regions.items():
        lookup[list(members)] = number
    values = np.unique(found.data)
    if len(values) < 3 or values.min() < 0 or values.max() > 255:
        raise InputError(cell, "is no map of structures but a mask or a scan", "Supply a map of the brain's structures")
    unknown = [f"{value:g}" for value in values if value and not lookup[int(value)]]
    if unknown:
        raise InputError(cell, f"holds region {', '.join(unknown[:3])}, which is unknown", "Is it such a map?")
    return Volume(lookup[found.data.astype(np.uint8)], image.affine)
