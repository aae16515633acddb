"""Inpainting with a window of 16 x 16 pixels (Nguyen et al. 2021)."""

from brainuad.methods.inpainting import Inpainting


class Method(Inpainting):
    """Trained and tested with gamma = 16."""

    def __init__(self, *, window: int = 16, **settings: float):
        super().__init__(window=window, **settings)
