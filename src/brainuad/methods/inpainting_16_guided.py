"""Inpainting where a network that predicts its losses expects the most of it. Beyond the papers."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from brainuad.errors import InputError
from brainuad.methods import inpainting_16, loss_prediction_window
from brainuad.methods.base import Maps, Volume
from brainuad.sliding_window import Losses


class Method(inpainting_16.Method):
    """R proposes: G inpaints the `share` of windows of highest predicted loss, the others keep their prediction."""

    def __init__(self, *, share: float = 0.2, **inpainting: float):
        super().__init__(**inpainting)
        self.share = share

    def take(self, predictor: loss_prediction_window.Method) -> None:
        """Take the trained R, which has to know the same window; raises InputError."""
        if predictor.window != self.window:
            problem = f"inpaints {self.window}, its guide predicts {predictor.window}"
            raise InputError("inpainting-16-guided", problem, "Give both the same `window` and `step`")
        self.predictor = predictor

    def slide(self, x: Tensor, places: Tensor) -> Losses:
        """phi(x, gamma, k) at the proposed windows among `places` (D, R, C), R's predictions at the others."""
        predicted = self.predictor.losses(x, places)
        proposed = self.proposed(predicted, places)
        result = super().slide(x, proposed)
        result.window = torch.where(proposed, result.window, predicted)
        return result

    def proposed(self, predicted: Tensor, places: Tensor) -> Tensor:
        """(D, R, C) bool: of each slice's `places` the share with the highest predicted losses, at least one."""
        ranked = torch.where(places, predicted, -torch.inf).flatten(1)
        order = ranked.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        number = (self.share * places.flatten(1).sum(1, keepdim=True)).ceil()
        return (order < number).view(places.shape) & places

    def work(self, places: Tensor) -> list[tuple[nn.Module, int]]:
        """The networks that score, and how many slices each is given for the windows at `places` (D, R, C)."""
        return [(self.generator, int(self.proposed(places.float(), places).sum())), *self.predictor.work(places)]

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """As inpainting, but most windows weren't filled in: no reconstruction, no losses over whole slices."""
        return replace(super().score(volume, rng), reconstruction=None, whole=None)
