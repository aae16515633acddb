"""AE (spatial): an autoencoder whose bottleneck keeps the image plane (Baur et al. 2018; 2021, section III-B)."""

from torch import Tensor, nn

from brainuad.methods.learner import Learner
from brainuad.networks import unified


class Method(Learner):
    """As AE (dense), but z is 128 maps of 8 x 8, made by one set of 1 x 1 kernels. 1,376,225 parameters."""

    def __init__(self, *, size: int = 128, latent: int = 128, dropout: float = 0.2, learning_rate: float = 1e-4):
        super().__init__()
        self.learning_rate = learning_rate
        self.encoder = nn.Sequential(unified.encoder(size), nn.Conv2d(128, latent, 1), nn.Dropout(dropout))
        self.decoder = unified.decoder(size, channels=latent)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        reconstruction = unified.sum_l1(x, self(x))
        return {"loss": reconstruction, "reconstruction": reconstruction}
