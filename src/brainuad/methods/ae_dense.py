"""AE (dense): an autoencoder with a dense bottleneck (Baur et al. 2021, sections II-A and III-B)."""

from torch import Tensor, nn

from brainuad.methods.learner import Learner
from brainuad.networks import unified


class Method(Learner):
    """min over theta of |x - Dec(Enc(x))|_1 on healthy slices (eq. 1). 1,627,249 parameters at 128 x 128."""

    def __init__(self, *, size: int = 128, latent: int = 128, dropout: float = 0.2, learning_rate: float = 1e-4):
        super().__init__()
        self.learning_rate = learning_rate
        self.encoder = nn.Sequential(
            unified.encoder(size), unified.flatten(), nn.Linear(unified.FEATURES, latent), nn.Dropout(dropout)
        )
        self.decoder = nn.Sequential(unified.Unflatten(latent, dropout), unified.decoder(size))

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        reconstruction = unified.sum_l1(x, self(x))
        return {"loss": reconstruction, "reconstruction": reconstruction}
