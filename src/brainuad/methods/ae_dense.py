"""AE (dense): an autoencoder with a dense bottleneck (Baur et al. 2021, sections II-A and III-B)."""

from types import ModuleType

from torch import Tensor, nn

from brainuad.methods.learner import Learner
from brainuad.networks import unified
from brainuad.networks.residual import Residual


class Method(Learner):
    """min over theta of |x - Dec(Enc(x))|_1 on healthy slices (eq. 1). 1,627,249 parameters at 128 x 128."""

    network: ModuleType | Residual = unified
    """Where `dense_encoder` and `dense_decoder` come from."""

    def __init__(self, *, size: int = 128, latent: int = 128, dropout: float = 0.2, learning_rate: float = 1e-4):
        super().__init__()
        self.learning_rate = learning_rate
        into = nn.Linear(self.network.features(size), latent)
        self.encoder = nn.Sequential(self.network.dense_encoder(size), into, nn.Dropout(dropout))
        self.decoder = self.network.dense_decoder(size, latent, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        reconstruction = unified.sum_l1(x, self(x))
        return {"loss": reconstruction, "reconstruction": reconstruction}
