"""VAE (restoration): images restored under a trained VAE (Chen et al. 2020; Baur et al. 2021, eq. 4)."""

from brainuad.methods import vae
from brainuad.methods.restoration import Restoration


class Method(Restoration, vae.Method):
    """Restoration with the evidence lower bound of VAE."""
