"""IntroVAE of whole heads, compared with the slice patch by patch (Kobayashi et al. 2021, section II)."""

from brainuad.methods import kobayashi_introvae_l1
from brainuad.methods.kobayashi_vae import PatchDistance


class Method(PatchDistance, kobayashi_introvae_l1.Method):
    """The IntroVAE's reconstruction, with patches compared by their embeddings."""
