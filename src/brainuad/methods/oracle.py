"""Control: the blurred truth, the upper bound of what ranks or thresholds maps. The one method that may see labels.

No bound of the masks that a study's own segmentation makes of maps, which may spoil a perfect one.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from brainuad.errors import InputError
from brainuad.methods.base import Maps, Volume


class Method:
    """The label, blurred in the plane by a Gaussian of `sigma` pixels, its tail cut off."""

    def __init__(self, *, sigma: float = 0.5):
        self.sigma = sigma

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        if volume.label is None:
            raise InputError("oracle", "sees the truth alone, and there is none", "Choose another method")
        truth = (volume.label > 0).astype(np.float32)
        blurred = gaussian_filter(truth, (0, self.sigma, self.sigma))
        return Maps(np.where(blurred < 0.25, 0, blurred))
