"""Control: uniform noise. Its AUPRC is the prevalence; a method that isn't above it has learned nothing."""

import numpy as np

from brainuad.methods.base import Maps, Volume


class Method:
    """An independent U(0, 1) score for every voxel of the brain."""

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        return Maps(rng.random(volume.image.shape, dtype=np.float32) * volume.brain)
