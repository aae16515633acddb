"""The brain mask of a scan: the dataset's own, else the best that the subject's scans allow."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from brainuad.datasets.reader import MODALITIES
from brainuad.datasets.volumes import Volume, grid, is_stripped, load_brain, load_image, same_grid
from brainuad.errors import InputError
from brainuad.preprocessing import brain_mask, brain_network, space
from brainuad.preprocessing.registration import carry

OWN = "the dataset's own"
NONZERO = "non-zero voxels of a stripped scan"
NETWORK = "deepbet's network"
CARRIED = "carried from T1"
ESTIMATED = "estimated"
"""Where a brain mask comes from, in the order in which they are tried."""
Row = dict[str, str]


def find(row: Row, modality: str, image: Volume) -> tuple[Volume, str]:
    """The brain mask, uint8 {0, 1}, of the scan `image` of a subject (a row of subjects.tsv), and where it comes from.

    The network knows T1 alone; where there is one, the other contrasts take its mask. Raises InputError where no
    brain is found.
    """
    if has_own(row, modality, image):
        return load_brain(row["brain"], image), OWN
    try:
        if is_stripped(image):
            mask, origin = largest_solid(image.data != 0), NONZERO
        elif modality == "T1":
            mask, origin = brain_network.extract(image.data, image.affine), NETWORK
        elif row["T1"]:
            mask, origin = carried(row, image), CARRIED
        else:
            mask, origin = brain_mask.estimate(image.data, image.spacing), ESTIMATED
    except RuntimeError as error:  # the network sees none, or ITK no overlap
        raise no_brain(row[modality]) from error
    if not mask.any():
        raise no_brain(row[modality])
    return Volume(mask.astype(np.uint8), image.affine), origin


def has_own(row: Row, modality: str, image: Volume) -> bool:
    """Whether the subject's mask is this scan's: it may lie on the grid of another (IXI: the T1's).

    A mask on no scan's grid counts as this scan's, so that reading it tells what is wrong.
    """
    if not row["brain"]:
        return False
    mask = grid(row["brain"])
    others: Iterator[Volume] = (grid(row[name]) for name in MODALITIES if row[name] and name != modality)
    return same_grid(mask, image) or not any(same_grid(mask, other) for other in others)


def carried(row: Row, image: Volume) -> np.ndarray:
    """The mask of the subject's T1 on the grid of another scan, which has moved rigidly unless the grid is the same."""
    t1 = load_image(row["T1"])
    brain, _ = find(row, "T1", t1)
    if same_grid(t1, image):
        return brain.data
    return space.to_ras(carry(*(space.from_ras(volume.data, volume.affine) for volume in (brain, t1, image))))[0]


def largest_solid(mask: np.ndarray) -> np.ndarray:
    """The largest component of a mask (face neighbours), its holes filled."""
    components, count = ndimage.label(mask)
    if count == 0:
        return mask
    largest = 1 + np.argmax(np.bincount(components.ravel())[1:])
    return ndimage.binary_fill_holes(components == largest)


def no_brain(cell: str) -> InputError:
    """The error for a scan in which no brain is found."""
    return InputError(cell, "shows no brain", "Supply a brain mask or leave the scan out")
