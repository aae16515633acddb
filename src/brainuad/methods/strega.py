"""StRegA: a compact context-encoding VAE, cceVAE, on tissue maps (Chatterjee et al. 2022, section 3.2)."""

from torch import nn

from brainuad.methods import cevae_strega_preprocessing
from brainuad.networks import cevae


class Method(cevae_strega_preprocessing.Method):
    """As the ceVAE with StRegA's preprocessing, with the networks of Fig. 2.

    `head` is `full_map`, the paper's, or `pooled`, a tenth of its weights for small machines.
    """

    def __init__(self, *, latent: int = 256, head: str = "full_map", **settings: float):
        super().__init__(latent=latent, head=head, **settings)

    def networks(self, size: int, latent: int, head: str) -> tuple[nn.Module, nn.Module]:
        return cevae.compact_encoder(size, latent, head), cevae.compact_decoder(size, latent, head)
