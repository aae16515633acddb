"""Inpainting with a window of 32 x 32 pixels (Nguyen et al. 2021)."""

from brainuad.methods.inpainting import Inpainting


class Method(Inpainting):
    """Trained and tested with gamma = 32."""

    def __init__(self, *, window: int = 32, **settings: float):
        super().__init__(window=window, **settings)
