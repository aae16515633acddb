"""VAE with the networks of Zimmerer et al. 2018 (Baur et al. 2021, section III-O)."""

from brainuad.methods import vae
from brainuad.networks import zimmerer


class Method(vae.Method):
    """The VAE of the study with larger networks, 64 times as many features before the bottleneck."""

    network = zimmerer
