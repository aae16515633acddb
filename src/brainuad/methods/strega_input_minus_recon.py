"""StRegA scored by what the reconstruction takes away, as section 3.2.3 of Chatterjee et al. 2022 has it."""

from brainuad.methods import strega


class Method(strega.Method):
    """StRegA's network with another sign of the score."""

    def __init__(self, *, score_sign: str = "input_minus_recon", **settings: float):
        super().__init__(score_sign=score_sign, **settings)
