"""Context VAE (gradient): how the context VAE's loss changes with each pixel (Zimmerer et al. 2018; Baur et al.)."""

from collections.abc import Iterable

import numpy as np
import torch
from tqdm import tqdm

from brainuad.methods import context_vae
from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import array


class Method(context_vae.Method):
    """r = |x - x_hat| |dJ/dx|, J = |x - x_hat|_1 + lambda_KL KL; 1 is the largest value on healthy validation slices.

    The study's text scores by |dJ/dx| alone (`times_residual: false`); its code and the original multiply.
    """

    score_is_residual = True

    def __init__(self, *, times_residual: bool = True, **vae_settings: float):
        super().__init__(**vae_settings)
        self.times_residual = times_residual
        self.register_buffer("scale", torch.tensor(1.0))

    def fit(self, train: Iterable[Volume], validation: Iterable[Volume], rng: np.random.Generator) -> dict[str, float]:
        """Scale the score, which has no unit."""
        self.scale.fill_(1.0)
        largest = max(self.score(v, rng).score.max() for v in tqdm(validation, desc="largest healthy score"))
        self.scale.fill_(float(largest))
        return {"scale": float(largest)}

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        x = self.tensor(volume.image).requires_grad_()
        (gradient,) = torch.autograd.grad(len(x) * self.negative_elbo(x), x)
        with torch.no_grad():
            reconstruction = self(x)
        score = gradient.abs() * ((x - reconstruction).abs() if self.times_residual else 1.0)
        return Maps(array(score / self.scale), array(reconstruction))
