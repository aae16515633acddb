"""Context VAE: a VAE that fills erased squares in too (Zimmerer et al. 2018; Baur et al. 2021, section II-A)."""

from torch import Tensor

from brainuad.methods import vae
from brainuad.networks import unified
from brainuad.networks.context import erase


class Method(vae.Method):
    """The VAE's loss + |x - Dec(mean of q(z|erase(x)))|_1, with shared weights and no KL term on the second branch."""

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        terms = super().loss(x, brain)
        context = unified.sum_l1(x, self(erase(x, brain) if self.training else x))
        return {**terms, "loss": terms["loss"] + context, "context": context}
