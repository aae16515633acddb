"""The original ceVAE with StRegA's preprocessing, augmentation and score (Chatterjee et al. 2022, Tables 1 and 2)."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from brainuad.augmentation import Augmentation
from brainuad.errors import InputError
from brainuad.methods import cevae
from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import Minimise

SIGNS = ("recon_minus_input", "input_minus_recon", "abs")


class Method(cevae.Method):
    """The ceVAE, trained on augmented tissue maps and scored by what its reconstruction adds.

    The paper subtracts the reconstruction from the input, the authors' code the input from it. In maps where CSF is the
    lowest tissue, as ours are, a tumour that was taken for CSF lies below its healthy reconstruction, hence
    `recon_minus_input`. `augmentation` holds settings of `brainuad.augmentation.Augmentation`.
    """

    def __init__(
        self,
        *,
        score_sign: str = "recon_minus_input",
        augmentation: Mapping[str, float] | None = None,
        **network: float,
    ):
        super().__init__(**network)
        if score_sign not in SIGNS:
            raise InputError("score_sign", f"'{score_sign}' is unknown", f"Use {', '.join(SIGNS)}")
        self.score_sign = score_sign
        self.augment = Augmentation(**(augmentation or {}))

    def train_on(self, x: Tensor, brain: Tensor, minimise: Minimise, epoch: int) -> dict[str, Tensor]:
        return super().train_on(*self.augment(x, brain), minimise, epoch)

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """The positive part of the difference, within the brain."""
        reconstruction = self.reconstruct(volume.image)
        return Maps(np.where(volume.brain, self.difference(volume.image, reconstruction), 0), reconstruction)

    def difference(self, image: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
        """relu(s), s of the sign that was chosen; of any shape."""
        if self.score_sign == "abs":
            return np.abs(image - reconstruction)
        sign = 1 if self.score_sign == "input_minus_recon" else -1
        return (sign * (image - reconstruction)).clip(min=0)
