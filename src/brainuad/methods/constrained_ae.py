"""Constrained AE: image and reconstruction must have the same code (Chen and Konukoglu 2018; Baur et al. 2021)."""

from torch import Tensor
from torch.nn.functional import mse_loss

from brainuad.methods import ae_dense
from brainuad.networks import unified


class Method(ae_dense.Method):
    """min |x - x_hat|^2 + rho |Enc(x) - Enc(x_hat)|^2, both as means over their elements.

    Codes are compared before dropout, whose two masks would differ more than the codes do.
    """

    def __init__(self, *, consistency_weight: float = 1.0, **autoencoder: float):
        super().__init__(**autoencoder)
        self.consistency_weight = consistency_weight

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        code, dropout = self.encoder[:-1], self.encoder[-1]
        z = code(x)
        reconstruction = self.decoder(dropout(z))
        squared, consistency = mse_loss(reconstruction, x), mse_loss(code(reconstruction), z)
        return {
            "loss": squared + self.consistency_weight * consistency,
            "reconstruction": unified.sum_l1(x, reconstruction),
            "squared": squared,
            "consistency": consistency,
        }
