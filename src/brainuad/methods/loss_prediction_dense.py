"""Dense reconstruction-loss prediction: the losses of all windows of a slice in one pass. Beyond the papers."""

import torch
from torch import Tensor, nn

from brainuad.errors import InputError
from brainuad.methods import loss_prediction
from brainuad.networks.loss_prediction import dense_predictor
from brainuad.sliding_window import TOP


class Method(loss_prediction.Method):
    """R sees the slice itself, nothing erased, and answers for all places of the window; it is trained at one of them.

    Unlike R it sees what the window holds, so it can learn which tissue G fails on.
    """

    fixed_size = False

    def __init__(self, *, target: str = "window", **settings: float):
        super().__init__(target=target, **settings)
        if self.window.side % (2 * self.window.step):
            problem = f"can't answer for the middle of a window of {self.window.side} pixels every {self.window.step}"
            raise InputError("loss-prediction-dense", problem, "Use a `window` that twice the `step` divides")

    def network(self, size: int) -> nn.Module:
        """The dense network, for slices of any size."""
        return dense_predictor(self.window.step)

    def place_square(self, brain: Tensor) -> tuple[Tensor, Tensor]:
        """One of the window's places."""
        step = self.window.step
        rows, columns = super().place_square(brain)
        return rows // step * step, columns // step * step

    def predict(self, x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """(B) the answer for the square at `rows` and `columns`."""
        step = self.window.step
        return self.at_windows(x)[torch.arange(len(x), device=x.device), rows // step, columns // step]

    def at_windows(self, x: Tensor) -> Tensor:
        """Slices (D, 1, H, W) -> (D, R, C), the answers at the windows' centres."""
        first = self.window.side // 2 // self.window.step
        rows, columns = (len(self.window.positions(length)) for length in x.shape[2:])
        return self.predictor(x)[:, 0, first : first + rows, first : first + columns]

    @torch.no_grad()
    def losses(self, x: Tensor, places: Tensor) -> Tensor:
        answers = torch.cat([self.at_windows(part) for part in x.split(self.together)]).float()
        return torch.where(places, answers, 0.0) * (TOP if self.target == "window" else 1.0)

    def work(self, places: Tensor) -> list[tuple[nn.Module, int]]:
        """The network that scores, and how many slices it is given."""
        return [(self.predictor, len(places))]
