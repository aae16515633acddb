"""VAE of whole heads, compared with the slice patch by patch (Kobayashi et al. 2021, section II-C)."""

from torch import Tensor

from brainuad.methods import kobayashi_embedding, kobayashi_vae_l1
from brainuad.methods.learner import Learner
from brainuad.scaling import symmetric


class PatchDistance(Learner):
    """The distance at a pixel is d(f(p), f(p_hat)), p the patch around it, f the network of `kobayashi-embedding`.

    To be mixed with a method that rebuilds slices. It is evaluated at every `stride`-th pixel.
    """

    def __init__(self, *, stride: int = 1, **network: float):
        super().__init__(**network)
        self.stride = stride

    def take(self, embedding: kobayashi_embedding.Method) -> None:
        """Take the trained f."""
        self.embedding = embedding

    def distance(self, x: Tensor, made: Tensor, body: Tensor) -> Tensor:
        seen = (symmetric(slices, self.lowest) for slices in (x, made))
        return self.embedding.distance(*seen, body, self.stride)


class Method(PatchDistance, kobayashi_vae_l1.Method):
    """The VAE's reconstruction, with patches compared by their embeddings."""
