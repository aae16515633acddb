"""GMVAE (restoration) with its original networks (You et al. 2019; Baur et al. 2021, section III-O)."""

from brainuad.methods import gmvae_you
from brainuad.methods.restoration import Restoration


class Method(Restoration, gmvae_you.Method):
    """Restoration with the evidence lower bound of the original GMVAE."""
