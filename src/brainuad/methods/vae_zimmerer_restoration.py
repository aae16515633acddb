"""VAE (restoration) with the networks of Zimmerer et al. 2018 (Baur et al. 2021, section III-O)."""

from brainuad.methods import vae_zimmerer
from brainuad.methods.restoration import Restoration


class Method(Restoration, vae_zimmerer.Method):
    """Restoration with the evidence lower bound of the larger VAE."""
