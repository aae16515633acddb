"""AnoGAN: a GAN of healthy slices, and a search in its latent space for each new slice (Schlegl et al. 2017).

The baseline of Nguyen et al. 2021, who tell its iterations and its batch size alone.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad, softplus

from brainuad.errors import InputError
from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import Learner, Minimise, array
from brainuad.networks import unified
from brainuad.networks.critics import judgement
from brainuad.networks.dcgan import Discriminator, generator

TOGETHER = 64
"""Slices that are searched together, so that memory doesn't grow with the volume: about 1 GB at full width."""


class Method(Learner):
    """A standard GAN: D minimises -log D(x) - log(1 - D(G(z))), G the non-saturating -log D(G(z)), z ~ N(0, I).

    The paper minimises log(1 - D(G(z))), which has the same fixed point but hardly a gradient while D is sure.
    Then each slice's score is |x - G(z*)|, z* from `steps` steps of Adam, the best of `restarts`, on
    L(z) = (1 - lambda) sum |x - G(z)| + lambda sum |f(x) - f(G(z))|, lambda the `feature_weight`, f D's last
    feature maps.

    Slices are padded to squares and seen at a `resolution` that is a power of two.
    """

    fixed_size = False

    def __init__(
        self,
        *,
        resolution: int = 128,
        latent: int = 128,
        width: float = 1.0,
        learning_rate: float = 2e-4,
        feature_weight: float = 0.1,
        steps: int = 500,
        step_size: float = 0.1,
        restarts: int = 3,
        validation_steps: int = 20,
    ):
        super().__init__()
        if resolution < 8 or resolution & (resolution - 1):
            raise InputError("anogan", f"can't have a resolution of {resolution}", "Use a power of two from 8 on")
        self.resolution = resolution
        self.latent = latent
        self.learning_rate = learning_rate
        self.feature_weight = feature_weight
        self.steps = steps
        self.step_size = step_size
        self.restarts = restarts
        self.validation_steps = validation_steps
        self.generator = generator(self.resolution, latent, width)
        self.discriminator = Discriminator(self.resolution, width)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"discriminator": self.adam(self.discriminator), "generator": self.adam(self.generator)}

    def train_on(self, x: Tensor, brain: Tensor, minimise: Minimise, epoch: int) -> dict[str, Tensor]:
        real, fake = self.shrink(x), self.generator(self.noise(x))
        judged = judgement(self.discriminator, real), judgement(self.discriminator, fake.detach())
        discriminator = softplus(-judged[0]).mean() + softplus(judged[1]).mean()
        minimise(discriminator, "discriminator")
        adversarial = softplus(-judgement(self.discriminator, fake)).mean()
        minimise(adversarial, "generator")
        return {"discriminator": discriminator, "adversarial": adversarial}

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        """The residual after a search as in scoring, but of `validation_steps` steps and from one random start.

        The players' losses don't tell how near G comes to healthy slices, and they needn't fall.
        """
        z, _ = self.search(self.shrink(x), self.noise(x), self.validation_steps)
        reconstruction = unified.sum_l1(x, self.reconstruct(z, x.shape[2:]))
        return {"loss": reconstruction, "reconstruction": reconstruction}

    def noise(self, x: Tensor) -> Tensor:
        """(B, latent): a draw from N(0, I) for each slice."""
        return torch.randn(len(x), self.latent, device=x.device)

    def shrink(self, x: Tensor) -> Tensor:
        """Slices (B, 1, H, W) in [0, 1] -> (B, 1, resolution, resolution) in [-1, 1], as the networks know them."""
        return 2 * interpolate(pad(x, margins(x.shape[2:])), size=(self.resolution,) * 2, mode="area") - 1

    def reconstruct(self, z: Tensor, shape: tuple[int, int]) -> Tensor:
        """(B, latent) -> slices (B, 1, *shape) in [0, 1]."""
        with torch.no_grad():
            square = interpolate(self.generator(z), size=(max(shape),) * 2, mode="bilinear")
        return (pad(square, [-margin for margin in margins(shape)]) + 1) / 2

    def objective(self, z: Tensor, x: Tensor, features: Tensor) -> Tensor:
        """L(z) of each slice (B), `features` being f(x)."""
        made = self.generator(z)
        residual = (x - made).abs().flatten(1).sum(1)
        feature = (features - self.discriminator.features(made)).abs().flatten(1).sum(1)
        return (1 - self.feature_weight) * residual + self.feature_weight * feature

    def search(self, x: Tensor, z: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """z* (B, latent) and L(z*) (B) for shrunk slices `x` from starts `z`; each slice's steps are its own."""
        with torch.inference_mode(False), torch.enable_grad():  # the training loop validates in inference mode
            x, z = x.clone(), z.clone().requires_grad_()
            features = self.discriminator.features(x).detach()
            adam = torch.optim.Adam([z], lr=self.step_size)
            for _ in range(steps):
                adam.zero_grad()
                self.objective(z, x, features).sum().backward(inputs=[z])
                adam.step()
            z = z.detach()
            return z, self.objective(z, x, features).detach()

    def nearest(self, x: Tensor, starts: Tensor) -> Tensor:
        """z* (B, latent) of the lowest L among the searches from `starts` (B, restarts, latent)."""
        found = [self.search(x, z, self.steps) for z in starts.unbind(1)]
        z, losses = (torch.stack(values, 1) for values in zip(*found, strict=True))
        return z[torch.arange(len(z), device=z.device), losses.argmin(1)]

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """r = |x - G(z*)| on the slice's own grid."""
        image = self.tensor(volume.image)
        starts = rng.standard_normal((len(image), self.restarts, self.latent), dtype=np.float32)
        parts = zip(image.split(TOGETHER), torch.from_numpy(starts).to(self.device).split(TOGETHER), strict=True)
        made = [self.reconstruct(self.nearest(self.shrink(x), z), x.shape[2:]) for x, z in parts]
        reconstruction = array(torch.cat(made))
        return Maps(np.abs(volume.image - reconstruction), reconstruction)


def margins(shape: tuple[int, int]) -> list[int]:
    """Columns to the left and right, rows above and below, that make a slice (rows, columns) a square around it."""
    missing = [max(shape) - length for length in reversed(shape)]
    return [margin for both in missing for margin in (both // 2, both - both // 2)]
