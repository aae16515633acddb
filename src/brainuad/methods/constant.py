"""Control: every voxel of the brain is equally anomalous. Its AUROC within the brain is 0.5."""

import numpy as np

from brainuad.methods.base import Maps, Volume


class Method:
    """Score 1 in the brain, 0 outside."""

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        return Maps(volume.brain.astype(np.float32))
