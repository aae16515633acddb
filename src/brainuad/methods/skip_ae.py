"""Skip-AE: an autoencoder with skip connections (Baur et al. 2020), baseline of Chatterjee et al. 2022 (2.3)."""

from torch import Tensor

from brainuad.methods.learner import Learner
from brainuad.networks.skip_ae import SkipAutoencoder
from brainuad.networks.unified import sum_l1


class Method(Learner):
    """min |x - x_hat|_1 + w gdl(x, x_hat), w the `gradient_weight`.

    Eq. 6 of Chatterjee et al. subtracts gdl, which would reward edges that differ; it is read as a slip.
    """

    fixed_size = False

    def __init__(
        self, *, width: int = 64, dropout: float = 0.1, gradient_weight: float = 1.0, learning_rate: float = 1e-4
    ):
        super().__init__()
        self.gradient_weight = gradient_weight
        self.learning_rate = learning_rate
        self.network = SkipAutoencoder(width, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        reconstruction = self(x).float()
        l1, gdl = sum_l1(x, reconstruction), gradient_difference(x, reconstruction)
        return {"loss": l1 + self.gradient_weight * gdl, "reconstruction": l1, "gradient": gdl}


def gradient_difference(x: Tensor, reconstruction: Tensor) -> Tensor:
    """gdl: how the edges of slices (B, 1, H, W) differ in strength, summed over pixels, averaged over the batch."""
    return sum(sum_l1(x.diff(dim=axis).abs(), reconstruction.diff(dim=axis).abs()) for axis in (2, 3))
