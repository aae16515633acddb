"""Inpainting with a window of 64 x 64 pixels (Nguyen et al. 2021)."""

from brainuad.methods.inpainting import Inpainting


class Method(Inpainting):
    """Trained and tested with gamma = 64."""

    def __init__(self, *, window: int = 64, **settings: float):
        super().__init__(window=window, **settings)
