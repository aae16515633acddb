"""ceVAE with its original networks at 256 pixels (Zimmerer et al. 2018), baseline of Chatterjee et al. 2022."""

import torch
from torch import Tensor, nn

from brainuad.methods.learner import Learner
from brainuad.methods.vae import kl_to_standard_normal, sample
from brainuad.networks import cevae

SQUARES = 3


class Method(Learner):
    """(1 - c) [ |x - Dec(z)| + beta KL( q(z|x) || N(0, I) ) ] + c |x - Dec(mean of q(z|cover(x)))|, z ~ q(z|x).

    |.| is the mean over pixels, the KL term the mean over the latent's dimensions. The paper's eq. 13 and 14 have no
    weights; c, the `ce_weight`, and beta, the `kl_weight`, are those of the authors' code. The last term has
    the mean as in eq. 14; the code draws z there too.
    """

    def __init__(
        self,
        *,
        size: int = 256,
        latent: int = 1024,
        ce_weight: float = 0.5,
        kl_weight: float = 0.01,
        learning_rate: float = 1e-4,
        **network: str,
    ):
        super().__init__()
        self.ce_weight = ce_weight
        self.kl_weight = kl_weight
        self.learning_rate = learning_rate
        self.encoder, self.decoder = self.networks(size, latent, **network)

    def networks(self, size: int, latent: int) -> tuple[nn.Module, nn.Module]:
        """Encoder to (B, 2 latent, 1, 1) and decoder from (B, latent, 1, 1)."""
        return cevae.encoder(size, latent), cevae.decoder(size, latent)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam with its usual moments; those of the comparative study are not the paper's."""
        return {"loss": self.adam(self, betas=(0.9, 0.999))}

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation of q(z|x), each (B, latent, 1, 1)."""
        mean, log_sd = self.encoder(x).chunk(2, dim=1)
        return mean, log_sd

    def forward(self, x: Tensor) -> Tensor:
        """Dec(mean of q(z|x))."""
        return self.decoder(self.encode(x)[0])

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        """Nothing is covered in validation slices."""
        mean, log_sd = self.encode(x)
        reconstruction = mean_l1(x, self.decoder(sample(mean, log_sd)))
        kl = kl_to_standard_normal(mean, log_sd) / mean.shape[1]
        context = mean_l1(x, self(cover(x) if self.training else x))
        loss = (1 - self.ce_weight) * (reconstruction + self.kl_weight * kl) + self.ce_weight * context
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl, "context": context}


def mean_l1(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Mean absolute error over pixels and slices."""
    return (x - reconstruction.float()).abs().mean()


def cover(x: Tensor) -> Tensor:
    """Slices (B, 1, H, W) with 0 to 3 squares each, of one side up to half the slice, at random places.

    Each has one value between the batch's lowest and highest. In the authors' code a square takes the place of the one
    before, so that one is left at most; here all stay.
    """
    count, device = len(x), x.device
    squares = torch.randint(SQUARES + 1, (count, 1, 1, 1), device=device)
    sides = (torch.rand(count, device=device) * (x.shape[-1] // 2)).long()
    low, high = x.min(), x.max()
    for number in range(SQUARES):
        rows, columns = (stretch(sides, length) for length in x.shape[2:])
        covered = rows[:, None, :, None] & columns[:, None, None, :] & (number < squares)
        x = torch.where(covered, low + (high - low) * torch.rand(count, 1, 1, 1, device=device), x)
    return x


def stretch(sides: Tensor, length: int) -> Tensor:
    """(B, length) bool: as many places on end as `sides` (B) says, somewhere."""
    start = (torch.rand(len(sides), device=sides.device) * (length - sides + 1)).long()
    place = torch.arange(length, device=sides.device) - start[:, None]
    return (place >= 0) & (place < sides[:, None])
