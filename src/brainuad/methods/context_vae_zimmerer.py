"""Context VAE with its original networks (Zimmerer et al. 2018; Baur et al. 2021, section III-O)."""

from brainuad.methods import context_vae
from brainuad.networks import zimmerer


class Method(context_vae.Method):
    """The context VAE of the study with larger networks."""

    network = zimmerer
