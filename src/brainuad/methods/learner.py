"""The base of all methods that learn with torch."""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from brainuad.methods.base import Maps, Volume

Minimise = Callable[[Tensor, str], None]
"""Make one step on a loss with the optimiser of a name; only that optimiser's weights change."""

SLICES = 32
"""That a network reconstructs at once: Skip-AE takes some 80 MB for each of 256 x 256 pixels."""


class Learner(nn.Module):
    """A network with the loss it is trained by and the score it gives.

    Subclasses assemble their layers in `__init__` (keyword arguments are the hyper-parameters) and write
    `loss` as the paper does. A method that isn't fitted by minimising it defines
    `fit(train: Iterable[Volume], validation: Iterable[Volume], rng)` instead, which returns what it chose by name.
    """

    monitor: ClassVar[str] = "reconstruction"
    """The term of `loss` that early stopping watches on the healthy validation subjects."""

    fixed_size: ClassVar[bool] = True
    """Whether the network is built for square slices of one size, its setting `size`."""

    score_is_residual: ClassVar[bool] = False
    """Whether the score stands for the error of the reconstruction where that isn't |x - reconstruction|."""

    learning_rate: float = 1e-4

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        """Terms of the training loss for slices (B, 1, H, W); `loss` is the one that is minimised."""
        raise NotImplementedError(f"{type(self).__module__} defines neither `loss` nor `fit`")

    def first_epochs(self, batches: int) -> int:
        """Epochs, of so many batches each, of a first stage of the training, whose validation says nothing yet."""
        return 0

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimisers by the names under which `train_on` asks for them."""
        return {"loss": self.adam(self)}

    def adam(
        self, *parts: nn.Module, betas: tuple[float, float] = (0.5, 0.999), learning_rate: float | None = None
    ) -> torch.optim.Adam:
        """Adam for the weights of some parts, by default at the method's `learning_rate`.

        beta1 = 0.5 as in the comparative study's code.
        """
        weights = [weight for part in parts for weight in part.parameters()]
        return torch.optim.Adam(weights, lr=learning_rate or self.learning_rate, betas=betas)

    def train_on(self, x: Tensor, brain: Tensor, minimise: Minimise, epoch: int) -> dict[str, Tensor]:
        """Learn from a batch of slices (B, 1, H, W); the terms are those of the training curves.

        One step on `loss`, unless a method has several parts that learn in turn.
        """
        terms = self.loss(x, brain)
        minimise(terms["loss"], "loss")
        return terms

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

    def reconstruct(self, image: np.ndarray) -> np.ndarray:
        """Deterministic reconstruction of slices (D, H, W), a few at a time: all of a volume could fill the memory."""
        with torch.no_grad():
            return np.concatenate([array(self(x)) for x in self.tensor(image).split(SLICES)])

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """Residual r = |x - x_hat| of one deterministic pass (Baur et al. eq. 2)."""
        reconstruction = self.reconstruct(volume.image)
        return Maps(np.abs(volume.image - reconstruction), reconstruction)


def array(tensor: Tensor) -> np.ndarray:
    """(D, 1, H, W) tensor -> (D, H, W) float32 array."""
    return tensor.detach()[:, 0].float().cpu().numpy()
