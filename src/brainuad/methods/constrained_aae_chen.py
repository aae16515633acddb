"""Constrained AAE with its original networks (Chen and Konukoglu 2018; Baur et al. 2021, section III-O)."""

from brainuad.methods import constrained_aae
from brainuad.networks.residual import Residual


class Method(constrained_aae.Method):
    """The constrained AAE of the study with residual networks and a larger critic."""

    critic_units = (400, 200)

    def __init__(self, *, width: float = 1.0, **constrained_aae_settings: float):
        self.network = Residual(width)
        super().__init__(**constrained_aae_settings)
