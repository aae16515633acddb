"""Inpainting with a window of 8 x 8 pixels (Nguyen et al. 2021)."""

from brainuad.methods.inpainting import Inpainting


class Method(Inpainting):
    """Trained and tested with gamma = 8."""

    def __init__(self, *, window: int = 8, **settings: float):
        super().__init__(window=window, **settings)
