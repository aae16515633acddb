"""Context VAE (gradient) with its original networks (Zimmerer et al. 2018; Baur et al. 2021, section III-O)."""

from brainuad.methods import context_vae_gradient
from brainuad.networks import zimmerer


class Method(context_vae_gradient.Method):
    """The gradient score of the study under larger networks."""

    network = zimmerer
