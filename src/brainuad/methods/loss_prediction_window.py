"""Reconstruction-loss prediction of the loss inside the window, which the heatmap of the inpainting is made of."""

from brainuad.methods import loss_prediction


class Method(loss_prediction.Method):
    """R with the loss inside the erased square as its target."""

    def __init__(self, *, target: str = "window", **settings: float):
        super().__init__(target=target, **settings)
