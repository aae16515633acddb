"""Reconstruction-loss prediction (Mavropoulos 2021): a small network R says what loss the inpainting would have."""

import numpy as np
import torch
from torch import Tensor, nn

from brainuad import boxes, sliding_window
from brainuad.errors import InputError
from brainuad.methods.base import Maps, Volume
from brainuad.methods.inpainting import Inpainting
from brainuad.methods.learner import Learner
from brainuad.networks.loss_prediction import predictor
from brainuad.sliding_window import TOP, seen

TARGETS = ("whole", "window")


class Method(Learner):
    """min over R of |R(p) - L|, p = Psi(x) and L the loss of the trained and frozen G at p (algorithm 1).

    `target` is `whole`: L = mean |x - G(p)| over the slice as in the thesis; or `window`: the loss that heatmaps are
    made of, inside the erased square alone, divided by 255.
    """

    monitor = "loss"

    def __init__(
        self,
        *,
        size: int = 256,
        window: int = 16,
        step: int = 4,
        placement: str = "middle",
        target: str = "whole",
        learning_rate: float = 1e-4,
        together: int = 256,
    ):
        super().__init__()
        if target not in TARGETS:
            raise InputError("loss-prediction", f"can't learn the target '{target}'", f"Use {' or '.join(TARGETS)}")
        self.window = sliding_window.Window(window, step)
        self.place = boxes.placement(placement)
        self.target = target
        self.learning_rate = learning_rate
        self.together = together
        self.predictor = self.network(size)

    def network(self, size: int) -> nn.Module:
        """R, for slices of this size."""
        return predictor(size)

    def learn_from(self, teacher: Inpainting) -> None:
        """Take the trained G as what is to be predicted. It is no part of the model, which works without it."""
        if teacher.window != self.window:
            problem = f"predicts {self.window}, its base inpaints {teacher.window}"
            raise InputError("loss-prediction", problem, "Give both the same `window` and `step`")
        self.teacher = (teacher.eval().requires_grad_(False),)

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        rows, columns = self.place_square(brain)
        # In 16 bits a prediction near 3e-3 moves in steps of 3 %, more than R is off by in the end.
        with torch.autocast(x.device.type, enabled=False):
            true, predicted = self.loss_of_inpainting(x, rows, columns), self.predict(x, rows, columns)
        return {"loss": (predicted - true).abs().mean(), "true": true.mean(), "predicted": predicted.mean()}

    def place_square(self, brain: Tensor) -> tuple[Tensor, Tensor]:
        """Rows and columns (B) of a square to learn from in each slice."""
        return self.place(brain, self.window.side)

    def predict(self, x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """(B) R(p) for the square at `rows` and `columns`."""
        return self.predictor(boxes.erase(x, rows, columns, self.window.side)).flatten()

    def loss_of_inpainting(self, x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """(B) L."""
        with torch.no_grad():
            inpainted = self.teacher[0].generator(boxes.erase(x, rows, columns, self.window.side))
            if self.target == "whole":
                return (x - inpainted).abs().mean((1, 2, 3))
            inside = boxes.square(torch.arange(len(x), device=x.device), rows, columns, self.window.side)
            return sliding_window.window_loss(x, inpainted, inside) / TOP

    @torch.no_grad()
    def losses(self, x: Tensor, places: Tensor) -> Tensor:
        """R's answer at `places` (D, R, C) of slices x (D, 1, H, W), in the unit of its target; 0 elsewhere."""
        predicted = torch.zeros_like(places, dtype=x.dtype)
        for now in sliding_window.passes(self.window, x, places, self.together):
            predicted[now.slices, now.rows, now.columns] = self.predictor(now.masked).flatten().float()
        return predicted * (TOP if self.target == "window" else 1.0)

    def work(self, places: Tensor) -> list[tuple[nn.Module, int]]:
        """The network that scores, and how many slices it is given for the windows at `places` (D, R, C)."""
        return [(self.predictor, int(places.sum()))]

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """The heatmap of the predicted losses, and these."""
        x = self.tensor(volume.image)
        places = self.window.touching(self.tensor(volume.brain))
        losses = self.losses(x, places)
        return Maps(self.window.spread(losses, places, x.shape[2:]).cpu().numpy(), losses=seen(losses, places))
