"""Bayesian VAE: Monte Carlo samples of a trained VAE's latent (Pawlowski et al. 2018; Baur et al. 2021, eq. 3)."""

import numpy as np
import torch

from brainuad.methods import vae
from brainuad.methods.base import Maps, Volume
from brainuad.methods.monte_carlo import mean_residual


class Method(vae.Method):
    """r = 1/N sum_n |x - Dec(z_n)|, z_n ~ q(z|x); encoded once, decoded N times, no dropout."""

    score_is_residual = True

    def __init__(self, *, samples: int = 100, **vae_settings: float):
        super().__init__(**vae_settings)
        self.samples = samples

    @torch.no_grad()
    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """Mean residual; the mean reconstruction; its variance over the samples as (epistemic) uncertainty."""
        x = self.tensor(volume.image)
        mean, log_sd = self.encode(x)
        noise = (
            torch.from_numpy(rng.standard_normal(mean.shape, dtype=np.float32)).to(self.device)
            for _ in range(self.samples)
        )
        return mean_residual(x, (self.decoder(mean + log_sd.exp() * n) for n in noise))
