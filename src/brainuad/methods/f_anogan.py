"""f-AnoGAN: a GAN of healthy slices, then an encoder into its latent space (Schlegl et al. 2019; Baur et al. 2021)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from brainuad.methods.learner import Learner, Minimise
from brainuad.networks import unified
from brainuad.networks.critics import critic_loss, image_critic, judgement


class Method(Learner):
    """First `gan_steps` batches of a WGAN-GP: G(z), z ~ N(0, I), against a patch critic D. Then, with both frozen,
    min over E of |x - G(E(x))|^2 + kappa |f(x) - f(G(E(x)))|^2, means over their elements, f D's last feature maps.
    """

    def __init__(
        self,
        *,
        size: int = 128,
        latent: int = 128,
        dropout: float = 0.2,
        gan_steps: int = 20_000,
        critic_steps: int = 5,
        penalty: float = 10.0,
        kappa: float = 1.0,
        learning_rate: float = 1e-4,
    ):
        super().__init__()
        self.latent = latent
        self.gan_steps = gan_steps
        self.critic_steps = critic_steps
        self.penalty = penalty
        self.kappa = kappa
        self.learning_rate = learning_rate
        self.generator, self.critic = self.generator_and_critic(size, latent)
        into = nn.Linear(unified.features(size), latent)
        self.encoder = nn.Sequential(unified.dense_encoder(size), into, nn.Dropout(dropout), nn.Tanh())
        self.register_buffer("gan_steps_done", torch.tensor(0))

    def generator_and_critic(self, size: int, latent: int) -> tuple[nn.Module, nn.Sequential]:
        """G, whose images lie in [0, 1], and D, whose first part gives its feature maps."""
        decoder = unified.dense_decoder(size, latent, dropout=0.0, norm=unified.layer_norm)
        return nn.Sequential(decoder, nn.Sigmoid()), image_critic(size)

    def first_epochs(self, batches: int) -> int:
        return -(-self.gan_steps // batches)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        parts = {"generator": self.generator, "critic": self.critic, "encoder": self.encoder}
        return {name: self.adam(part, betas=(0.5, 0.9)) for name, part in parts.items()}

    def forward(self, x: Tensor) -> Tensor:
        return self.generator(self.encoder(x))

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        reconstruction = self(x)
        features = self.critic[0]
        squared, feature = mse_loss(reconstruction, x), mse_loss(features(reconstruction), features(x))
        return {
            "loss": squared + self.kappa * feature,
            "reconstruction": unified.sum_l1(x, reconstruction),
            "squared": squared,
            "feature": feature,
        }

    def train_on(self, x: Tensor, brain: Tensor, minimise: Minimise, epoch: int) -> dict[str, Tensor]:
        if self.gan_steps_done >= self.gan_steps:
            terms = self.loss(x, brain)
            minimise(terms["loss"], "encoder")
            return terms
        adversarial = -judgement(self.critic, self.generate(x)).mean()
        minimise(adversarial, "generator")
        for _ in range(self.critic_steps):
            with torch.no_grad():
                fake = self.generate(x)
            critic = critic_loss(self.critic, x, fake, self.penalty)
            minimise(critic, "critic")
        self.gan_steps_done += 1
        return {"critic": critic, "adversarial": adversarial}

    def generate(self, x: Tensor) -> Tensor:
        """As many images from noise as there are in `x`."""
        return self.generator(torch.randn(len(x), self.latent, device=x.device))
