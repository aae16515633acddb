"""AnoVAEGAN: a VAE whose reconstructions must pass a critic (Baur et al. 2018; Baur et al. 2021, section II-A)."""

import torch
from torch import Tensor

from brainuad.methods import vae
from brainuad.methods.learner import Minimise
from brainuad.networks import unified
from brainuad.networks.critics import critic_loss, image_critic, judgement


class Method(vae.Method):
    """For each batch a step on the VAE's loss, a step of the decoder against a Wasserstein critic D, -E[D(x_hat)], and
    `critic_steps` of D between images and reconstructions."""

    def __init__(
        self,
        *,
        size: int = 128,
        latent: int = 128,
        dropout: float = 0.2,
        critic_steps: int = 5,
        penalty: float = 10.0,
        **vae_settings: float,
    ):
        super().__init__(size=size, latent=latent, dropout=dropout, **vae_settings)
        self.critic_steps = critic_steps
        self.penalty = penalty
        self.decoder = unified.dense_decoder(size, latent, dropout, norm=unified.layer_norm)
        self.critic = image_critic(size)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {
            "vae": self.adam(self.encoder, self.mean, self.log_sd, self.decoder, betas=(0.5, 0.9)),
            "decoder": self.adam(self.decoder, betas=(0.5, 0.9)),
            "critic": self.adam(self.critic, betas=(0.5, 0.9)),
        }

    def train_on(self, x: Tensor, brain: Tensor, minimise: Minimise, epoch: int) -> dict[str, Tensor]:
        terms = self.loss(x, brain)
        minimise(terms["loss"], "vae")
        with torch.no_grad():
            z = vae.sample(*self.encode(x))
        adversarial = -judgement(self.critic, self.decoder(z)).mean()
        minimise(adversarial, "decoder")
        for _ in range(self.critic_steps):
            with torch.no_grad():
                fake = self.decoder(vae.sample(*self.encode(x)))
            critic = critic_loss(self.critic, x, fake, self.penalty)
            minimise(critic, "critic")
        return {**terms, "critic": critic, "adversarial": adversarial}
