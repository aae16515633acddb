"""AAE: an adversarial autoencoder (Makhzani et al. 2015; code of Baur et al. 2021)."""

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from brainuad.methods import ae_dense
from brainuad.methods.learner import Minimise
from brainuad.networks import unified
from brainuad.networks.critics import critic_loss, judgement, latent_critic


class Method(ae_dense.Method):
    """min |x - Dec(Enc(x))|^2 as a mean over pixels, while a Wasserstein critic draws Enc(x) to N(0, I).

    In the first epochs the autoencoder makes several steps a batch, later one; the critic makes `critic_steps`.
    """

    critic_units = (50, 50)

    def __init__(
        self,
        *,
        latent: int = 128,
        critic_steps: int = 20,
        penalty: float = 10.0,
        first_epochs: int = 6,
        first_steps: int = 20,
        **autoencoder: float,
    ):
        super().__init__(latent=latent, **autoencoder)
        self.critic_steps = critic_steps
        self.penalty = penalty
        self.first_epochs, self.first_steps = first_epochs, first_steps
        self.critic = latent_critic(latent, self.critic_units)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {
            "autoencoder": self.adam(self.encoder, self.decoder, betas=(0.5, 0.9)),
            "critic": self.adam(self.critic, betas=(0.5, 0.9)),
            "encoder": self.adam(self.encoder, betas=(0.5, 0.9)),
        }

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        reconstruction = self(x)
        squared = mse_loss(reconstruction, x)
        return {"loss": squared, "reconstruction": unified.sum_l1(x, reconstruction)}

    def train_on(self, x: Tensor, brain: Tensor, minimise: Minimise, epoch: int) -> dict[str, Tensor]:
        for _ in range(self.first_steps if epoch < self.first_epochs else 1):
            terms = self.loss(x, brain)
            minimise(terms["loss"], "autoencoder")
        z = self.encoder(x).detach()
        for _ in range(self.critic_steps):
            critic = critic_loss(self.critic, torch.randn_like(z), z, self.penalty)
            minimise(critic, "critic")
        adversarial = -judgement(self.critic, self.encoder(x)).mean()
        minimise(adversarial, "encoder")
        return {**terms, "critic": critic, "adversarial": adversarial}
