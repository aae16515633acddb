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

    The autoencoder makes `autoencoder_steps` a batch, in the first epochs more; the critic makes `critic_steps`.
    """

    critic_units = (50, 50)

    def __init__(
        self,
        *,
        latent: int = 128,
        autoencoder_steps: int = 1,
        critic_steps: int = 20,
        penalty: float = 10.0,
        first_epochs: int = 6,
        first_steps: int = 20,
        **autoencoder: float,
    ):
        super().__init__(latent=latent, **autoencoder)
        self.autoencoder_steps, self.critic_steps = autoencoder_steps, critic_steps
        self.penalty = penalty
        self.epochs_of_first_steps, self.first_steps = first_epochs, first_steps
        self.critic = latent_critic(latent, self.critic_units)

    def first_epochs(self, batches: int) -> int:
        return self.epochs_of_first_steps

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
        for _ in range(self.first_steps if epoch < self.epochs_of_first_steps else self.autoencoder_steps):
            terms = self.loss(x, brain)
            minimise(terms["loss"], "autoencoder")
        z = self.encoder(x).detach()
        for _ in range(self.critic_steps):
            critic = critic_loss(self.critic, torch.randn_like(z), z, self.penalty)
            minimise(critic, "critic")
        adversarial = -judgement(self.critic, self.encoder(x)).mean()
        minimise(adversarial, "encoder")
        return {**terms, "critic": critic, "adversarial": adversarial}
