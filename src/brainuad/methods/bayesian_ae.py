"""Bayesian AE: Monte Carlo dropout in a trained AE (Pawlowski et al. 2018; Baur et al. 2021, eq. 3)."""

import numpy as np
import torch

from brainuad.methods import ae_dense
from brainuad.methods.base import Maps, Volume
from brainuad.methods.monte_carlo import mean_residual


class Method(ae_dense.Method):
    """r = 1/N sum_n |x - x_hat_n| over N passes with dropout of the latent; the encoder before it is passed once."""

    score_is_residual = True

    def __init__(self, *, samples: int = 100, **autoencoder: float):
        super().__init__(**autoencoder)
        self.samples = samples

    @torch.no_grad()
    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """Mean residual; the mean reconstruction; its variance over the passes as (epistemic) uncertainty."""
        x = self.tensor(volume.image)
        z = self.encoder[:-1](x)
        torch.manual_seed(int(rng.integers(2**63)))
        dropout = self.encoder[-1].train()
        maps = mean_residual(x, (self.decoder(dropout(z)) for _ in range(self.samples)))
        dropout.eval()
        return maps
