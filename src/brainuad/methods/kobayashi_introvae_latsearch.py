"""IntroVAE with a search in the latent, compared with the slice patch by patch (Kobayashi et al. 2021, section II)."""

from brainuad.methods import kobayashi_introvae_latsearch_l1
from brainuad.methods.kobayashi_vae import PatchDistance


class Method(PatchDistance, kobayashi_introvae_latsearch_l1.Method):
    """The reconstruction from the best latent that was found, with patches compared by their embeddings."""
