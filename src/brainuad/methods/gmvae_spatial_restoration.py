"""GMVAE (spatial restoration): images restored under a trained GMVAE (Chen et al. 2020; Baur et al. 2021, eq. 4)."""

from brainuad.methods import gmvae_spatial
from brainuad.methods.restoration import Restoration


class Method(Restoration, gmvae_spatial.Method):
    """Restoration with the evidence lower bound of GMVAE (spatial)."""
