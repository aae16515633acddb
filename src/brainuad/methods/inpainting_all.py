"""Inpainting by a single network for windows of all sizes (Nguyen et al. 2021, section 3)."""

from collections.abc import Sequence

from brainuad.methods.inpainting import Inpainting


class Method(Inpainting):
    """Trained with gamma in {8, 16, 32, 64}, tested with that which served the paper best."""

    def __init__(self, *, window: int = 32, erased: Sequence[int] = (8, 16, 32, 64), **settings: float):
        super().__init__(window=window, erased=erased, **settings)
