"""Constrained AE: image and reconstruction must have the same code (Chen and Konukoglu 2018; Baur et al. 2021)."""

from torch import Tensor
from torch.nn.functional import mse_loss

from brainuad.methods import ae_dense
from brainuad.networks import unified


class Method(ae_dense.Method):
    """min |x - x_hat|^2 + rho |Enc(x) - Enc(x_hat)|^2, both as means over their elements."""

    def __init__(self, *, consistency_weight: float = 1.0, **autoencoder: float):
        super().__init__(**autoencoder)
        self.consistency_weight = consistency_weight

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        z = self.encoder(x)
        reconstruction = self.decoder(z)
        squared, consistency = mse_loss(reconstruction, x), mse_loss(self.encoder(reconstruction), z)
        return {
            "loss": squared + self.consistency_weight * consistency,
            "reconstruction": unified.sum_l1(x, reconstruction),
            "squared": squared,
            "consistency": consistency,
        }
