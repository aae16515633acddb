"""Cerebrospinal fluid itself as the anomaly: the CSF class of a tissue map (Chatterjee et al. 2022, section 4.2)."""

import numpy as np

from brainuad.methods.base import Maps, Volume

CSF, STEP = 1 / 3, 1 / 3
"""Value of the class in tissue maps, and the distance between two classes."""


class Method:
    """Score 1 in the brain's CSF, 0 elsewhere: what the tissue segmentation alone would find."""

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        nearest = np.abs(volume.image - CSF) < STEP / 2
        return Maps((nearest & volume.brain).astype(np.float32))
