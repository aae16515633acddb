"""Adversarial inpainting (Nguyen et al. 2021): what can't be filled in from its surroundings is anomalous."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from brainuad import boxes, sliding_window
from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import Learner, Minimise
from brainuad.networks.inpainting import Generator, discriminator, folded
from brainuad.networks.shared_windows import SharedWindows
from brainuad.sliding_window import in_whole, seen


class Inpainting(Learner):
    """L_G = 50 L_rec + L_adv, L_rec = mean |x - G(Psi(x))| over the whole slice, L_adv = log(1 - D(G(Psi(x)))).

    D maximises log D(x) + log(1 - D(G(Psi(x)))) (eq. 1 to 4). Psi erases a square of one of `erased` pixels a side; to
    score, that of `window` pixels slides over the slice by `step`, `together` of them at a time; with `apart`, those
    whose corners are that many pixels apart share a pass.
    """

    fixed_size = False

    def __init__(
        self,
        *,
        window: int = 16,
        erased: Sequence[int] = (),
        step: int = 4,
        placement: str = "brain",
        upsampling: str = "bilinear",
        width: int = 64,
        reconstruction_weight: float = 50.0,
        adversarial_weight: float = 1.0,
        learning_rate: float = 1e-4,
        discriminator_learning_rate: float = 1e-3,
        together: int = 64,
        apart: int = 0,
    ):
        super().__init__()
        self.window = sliding_window.Window(window, step)
        self.erased = erased or (window,)
        self.place = boxes.placement(placement)
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.learning_rate = learning_rate
        self.discriminator_learning_rate = discriminator_learning_rate
        self.together = together
        self.apart = apart
        self.generator = Generator(width, upsampling)
        self.discriminator = discriminator(width)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        discriminator = self.adam(self.discriminator, learning_rate=self.discriminator_learning_rate)
        return {"generator": self.adam(self.generator), "discriminator": discriminator}

    def erase(self, x: Tensor, brain: Tensor) -> Tensor:
        """Psi(x): slices (B, 1, H, W) with a square erased from each, at random places."""
        side = self.erased[int(torch.randint(len(self.erased), ()))]
        return boxes.erase(x, *self.place(brain, side), side)

    def terms(self, x: Tensor, erased: Tensor, inpainted: Tensor) -> dict[str, Tensor]:
        """L_G and its parts; log(1 - D) of a logit l is -log(1 + e^l).

        `square`, the error where the slice was erased, is no part of L_G: it tells whether the square is filled in,
        which a mean over the whole slice hides, so small is its share.
        """
        error, square = (x - inpainted.float()).abs(), erased != x
        adversarial = -softplus(self.discriminator(inpainted).float()).mean()
        loss = self.reconstruction_weight * error.mean() + self.adversarial_weight * adversarial
        filled = (error * square).sum() / square.sum().clamp(min=1)
        return {"loss": loss, "reconstruction": error.mean(), "adversarial": adversarial, "square": filled.detach()}

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        erased = self.erase(x, brain)
        return self.terms(x, erased, self.generator(erased))

    def train_on(self, x: Tensor, brain: Tensor, minimise: Minimise, epoch: int) -> dict[str, Tensor]:
        """A step of G, then one of D on what G had made (algorithm 1)."""
        erased = self.erase(x, brain)
        inpainted = self.generator(erased)
        terms = self.terms(x, erased, inpainted)
        minimise(terms["loss"], "generator")
        real, fake = self.discriminator(x).float(), self.discriminator(inpainted.detach()).float()
        discriminator = (softplus(-real) + softplus(fake)).mean()
        minimise(discriminator, "discriminator")
        return {**terms, "discriminator": discriminator}

    def slide(self, x: Tensor, places: Tensor) -> sliding_window.Losses:
        """phi(x, gamma, k): the window inpainted at `places` (D, R, C) of slices (D, 1, H, W)."""
        generator = folded(self.generator)
        shared = not self.apart and SharedWindows.possible(x.shape[2:])
        fill = SharedWindows(generator, x, self.window) if shared else in_whole(generator)
        return sliding_window.inpaint(fill, x, places, self.window, self.together, self.apart)

    def work(self, places: Tensor) -> list[tuple[nn.Module, int]]:
        """The networks that score, and how many slices each is given for the windows at `places` (D, R, C)."""
        return [(self.generator, int(sliding_window.grouped(self.window, places, self.apart)[1].max()) + 1)]

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """The heatmap of the window's losses, these losses, and what the window was filled with."""
        x = self.tensor(volume.image)
        places = self.window.touching(self.tensor(volume.brain))
        losses = self.slide(x, places)
        heat = self.window.spread(losses.window, places, x.shape[2:])
        return Maps(
            heat.cpu().numpy(),
            losses.inpainted.cpu().numpy(),
            losses=seen(losses.window, places),
            whole=seen(losses.whole, places),
        )
