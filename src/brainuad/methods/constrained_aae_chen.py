"""Constrained AAE with its original networks (Chen and Konukoglu 2018; Baur et al. 2021, section III-O)."""

from brainuad.methods import constrained_aae
from brainuad.networks import residual


class Method(constrained_aae.Method):
    """The constrained AAE of the study with residual networks and a larger critic."""

    network = residual
    critic_units = (400, 200)
