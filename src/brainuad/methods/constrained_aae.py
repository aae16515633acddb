"""Constrained AAE: an AAE whose reconstructions must keep the code (Chen and Konukoglu 2018; Baur et al. 2021)."""

from brainuad.methods import aae, constrained_ae


class Method(constrained_ae.Method, aae.Method):
    """The AAE's game, in which the autoencoder minimises the loss of the constrained AE."""

    critic_units = (100, 50)
