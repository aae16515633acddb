"""VAE of whole heads (Kobayashi et al. 2021, section II-B1), compared with the slice pixel by pixel."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import Learner, array
from brainuad.networks import introvae
from brainuad.networks.similarity import ssim
from brainuad.scaling import native, symmetric
from brainuad.warping import augment

PIXELS = 256 * 256
"""Of the paper's slices."""
Code = tuple[Tensor, Tensor]
"""Mean and log variance of q(z|x), each (B, latent, 4, 4)."""


def kl(code: Code) -> Tensor:
    """(B) KL( q(z|x) || N(0, I) ), summed over the latent (eq. 3)."""
    mean, log_variance = (part.float() for part in code)
    return 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).flatten(1).sum(1)


def squared(x: Tensor, made: Tensor) -> Tensor:
    """(B) squared error, summed over as many pixels as the paper's slices have."""
    return PIXELS * ((x - made.float()) ** 2).flatten(1).mean(1)


def sample(code: Code) -> Tensor:
    """z = mu + sigma * eps."""
    mean, log_variance = code
    return mean + (0.5 * log_variance).exp() * torch.randn_like(mean)


class Method(Learner):
    """min of L_AE + KL( q(z|x) || N(0, I) ), L_AE = |x - Dec(z)|^2, z ~ q(z|x) a map of `latent` x 4 x 4 (eq. 1 to 3).

    With a weight of `similarity` L_AE holds SSIM, too, which the paper has in the IntroVAE alone.

    Slices come with values from `lowest` to 1, the networks see them in [-1, 1]; in training they are mirrored with
    probability `flip`, turned by up to `rotation` degrees and scaled by N(1, `scaling`). The score is |x - Dec(mu)|.
    `together` slices are rebuilt at a time.
    """

    def __init__(
        self,
        *,
        size: int = 256,
        latent: int = 128,
        width: float = 1.0,
        learning_rate: float = 1e-4,
        decoder_learning_rate: float = 5e-3,
        clip: float | None = 1.0,
        similarity: float = 0.0,
        rotation: float = 20.0,
        scaling: float = 0.05,
        flip: float = 0.5,
        lowest: float = 0.0,
        together: int = 32,
    ):
        super().__init__()
        self.learning_rate = learning_rate
        self.decoder_learning_rate = decoder_learning_rate
        self.clip = clip
        self.similarity = similarity
        self.augmentation = rotation, scaling, flip
        self.lowest = lowest
        self.together = together
        self.encoder = introvae.Encoder(size, latent, width)
        self.decoder = introvae.decoder(size, latent, width)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """One, with the encoder's learning rate and the decoder's fifty times as high, so gradients are clipped."""
        rates = ((self.encoder, self.learning_rate), (self.decoder, self.decoder_learning_rate))
        return {"loss": clipped(torch.optim.Adam([group(*pair) for pair in rates]), self.clip)}

    def prepared(self, x: Tensor) -> Tensor:
        """Slices as the networks see them, augmented in training."""
        x = symmetric(x, self.lowest)
        return augment(x, *self.augmentation) if self.training else x

    def error(self, x: Tensor, made: Tensor) -> Tensor:
        """(B) L_AE of slices in [-1, 1]: squared error + similarity * (1 - SSIM), summed over a slice's pixels (eq. 2).

        Of smaller slices than the paper's it is what a slice of that size would have, since the latent, and with it
        the divergence beside the error, is as large for them. SSIM has the constants of values that span 1, as in
        public code (kun4qi/vae_introvae).
        """
        error = squared(x, made)
        return error + self.similarity * PIXELS * (1 - ssim(x, made)) if self.similarity else error

    def decoded(self, code: Code) -> Tensor:
        """Dec(z), in training z ~ q(z|x), else its mean.

        What batch normalisation keeps for scoring is of decoded means: in a latent that is mostly noise, whose mean has
        next to no variance, it would else make another slice of a mean than of a draw.
        """
        mean, _ = code
        if not self.training:
            return self.decoder(mean)
        with torch.no_grad():
            self.decoder(mean)
        return in_passing(self.decoder, sample(code))

    def terms(self, x: Tensor, error: Callable[[Tensor, Tensor], Tensor]) -> dict[str, Tensor]:
        """The loss of a VAE of slices in [-1, 1] and its parts (eq. 1 to 3)."""
        code = self.encoder(x)
        reconstruction, divergence = error(x, self.decoded(code)).mean(), kl(code).mean()
        return {"loss": reconstruction + divergence, "reconstruction": reconstruction, "kl": divergence}

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        return self.terms(self.prepared(x), self.error)

    def rebuild(self, x: Tensor) -> Tensor:
        """Dec(mean of q(z|x)) for slices (B, 1, H, W) in [-1, 1]."""
        return self.decoder(self.encoder(x)[0])

    def forward(self, x: Tensor) -> Tensor:
        return native(self.rebuild(symmetric(x, self.lowest)), self.lowest)

    def distance(self, x: Tensor, made: Tensor, body: Tensor) -> Tensor:
        """(D, 1, H, W) how far slices are from their reconstructions at each pixel: |x - x_hat|."""
        return (x - made).abs()

    @torch.no_grad()
    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """The distance between slices and their reconstructions."""
        x = self.tensor(volume.image)
        made = torch.cat([self(part) for part in x.split(self.together)])
        return Maps(array(self.distance(x, made, self.tensor(volume.brain))), array(made))


def group(part: nn.Module, learning_rate: float) -> dict[str, object]:
    """A network's weights and their learning rate, for an optimiser."""
    return {"params": list(part.parameters()), "lr": learning_rate}


def clipped(optimiser: torch.optim.Optimizer, norm: float | None) -> torch.optim.Optimizer:
    """The optimiser, which clips the gradient of all its weights to a `norm` before each step; None for no clipping."""

    def clip(*_: object) -> None:
        clip_grad_norm_([weight for part in optimiser.param_groups for weight in part["params"]], norm)

    if norm is not None:
        optimiser.register_step_pre_hook(clip)
    return optimiser


def in_passing(network: nn.Module, x: Tensor) -> Tensor | Code:
    """What a network makes of x normalised within the batch, which leaves no trace in the running means."""
    layers = [(layer, layer.training) for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer, _ in layers:
        layer.training, layer.track_running_stats = True, False
    made = network(x)
    for layer, training in layers:
        layer.training, layer.track_running_stats = training, True
    return made
