"""GMVAE as the baseline of Chatterjee et al. 2022: the networks of You et al. 2019 on slices of 256 pixels."""

import torch

from brainuad.methods import gmvae_you


class Method(gmvae_you.Method):
    """The GMVAE of You et al.; its latent is a map of 64 x 64 at 256 pixels. Nothing is restored.

    The authors' code takes the mean absolute error for the sum, against which the KL terms would weigh most.
    """

    def __init__(self, *, size: int = 256, c_floor: float = 0.5, learning_rate: float = 5e-4, **mixture: float):
        super().__init__(size=size, c_floor=c_floor, learning_rate=learning_rate, **mixture)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam with its usual moments; those of the comparative study are not the paper's."""
        return {"loss": self.adam(self, betas=(0.9, 0.999))}
