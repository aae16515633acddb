"""StRegA scored by the difference in either direction. Beyond Chatterjee et al. 2022."""

from brainuad.methods import strega


class Method(strega.Method):
    """StRegA's network with another sign of the score."""

    def __init__(self, *, score_sign: str = "abs", **settings: float):
        super().__init__(score_sign=score_sign, **settings)
