"""Control: intensity itself, dark is anomalous."""

import numpy as np

from brainuad.methods.base import Maps, Volume


class Method:
    """How far a voxel of the brain lies below the volume's brightest voxel."""

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        return Maps(np.where(volume.brain, volume.image.max() - volume.image, 0).astype(np.float32))
