"""Context AE: an autoencoder that fills erased squares in (Zimmerer et al. 2018; Baur et al. 2021, section II-A)."""

from torch import Tensor

from brainuad.methods import ae_dense
from brainuad.networks import unified
from brainuad.networks.context import erase


class Method(ae_dense.Method):
    """min |x - Dec(Enc(erase(x)))|_1; nothing is erased in validation and test slices."""

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        reconstruction = unified.sum_l1(x, self(erase(x, brain) if self.training else x))
        return {"loss": reconstruction, "reconstruction": reconstruction}
