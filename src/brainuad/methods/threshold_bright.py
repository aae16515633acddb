"""Control: intensity itself, bright is anomalous (Meissen et al. 2021 showed how far this goes)."""

import numpy as np

from brainuad.methods.base import Maps, Volume


class Method:
    """The normalised intensity, in units of the volume's 98th brain percentile."""

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        return Maps(np.where(volume.brain, volume.image.clip(min=0), 0).astype(np.float32))
