"""The ceVAE with StRegA's preprocessing, scored by the absolute difference. Beyond Chatterjee et al. 2022."""

from brainuad.methods import cevae_strega_preprocessing


class Method(cevae_strega_preprocessing.Method):
    """Its network with the score of the ceVAE on intensities."""

    def __init__(self, *, score_sign: str = "abs", **settings: float):
        super().__init__(score_sign=score_sign, **settings)
