"""The base of all methods that learn with torch."""

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from brainuad.methods.base import Maps, Volume


class Learner(nn.Module):
    """A network with the loss it is trained by and the score it gives.

    Subclasses assemble their layers in `__init__` (keyword arguments are the hyper-parameters) and write
    `loss` as the paper does. A method that isn't fitted by minimising it defines
    `fit(train: list[Volume], validation: list[Volume], rng)` instead.
    """

    monitor: ClassVar[str] = "reconstruction"
    """The term of `loss` that early stopping watches on the healthy validation subjects."""

    learning_rate: float = 1e-4

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        """Terms of the training loss for slices (B, 1, H, W); `loss` is the one that is minimised."""
        raise NotImplementedError(f"{type(self).__module__} defines neither `loss` nor `fit`")

    def optimiser(self) -> torch.optim.Optimizer:
        """Adam with beta1 = 0.5, as in the comparative study's code."""
        return torch.optim.Adam(self.parameters(), lr=self.learning_rate, betas=(0.5, 0.999))

    def forward(self, x: Tensor) -> Tensor:
        """Deterministic reconstruction of slices (B, 1, H, W)."""
        raise NotImplementedError

    @property
    def device(self) -> torch.device:
        """Where the network lies."""
        return next(self.parameters()).device

    def tensor(self, array: np.ndarray) -> Tensor:
        """(D, H, W) array -> (D, 1, H, W) tensor on the network's device."""
        return torch.from_numpy(np.ascontiguousarray(array))[:, None].to(self.device)

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """Residual r = |x - x_hat| of one deterministic pass (Baur et al. eq. 2)."""
        with torch.no_grad():
            reconstruction = array(self(self.tensor(volume.image)))
        return Maps(np.abs(volume.image - reconstruction), reconstruction)


def array(tensor: Tensor) -> np.ndarray:
    """(D, 1, H, W) tensor -> (D, H, W) float32 array."""
    return tensor.detach()[:, 0].float().cpu().numpy()
