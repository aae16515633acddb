"""The judge of anatomical fidelity: a segmentation network, its training and its answers (Kobayashi et al. 2021)."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, pad

from brainuad import models
from brainuad.datasets.structures import CLASSES
from brainuad.errors import InputError
from brainuad.methods.learner import Learner
from brainuad.networks.segmenter import Segmenter, segmentation_loss
from brainuad.warping import turn, uniform

NAME = "segmenter"
"""In place of a method's in its file."""


class Judge(Learner):
    """Told by soft Dice and focal loss what each pixel of healthy slices shows (section III-C5).

    In training slices are turned by up to `rotation` degrees. Intensities are taken as they come.
    """

    monitor = "loss"
    fixed_size = False

    def __init__(
        self,
        *,
        width: float = 1.0,
        learning_rate: float = 1e-5,
        weight_decay: float = 1e-5,
        rotation: float = 20.0,
        together: int = 32,
    ):
        super().__init__()
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.rotation = rotation
        self.together = together
        self.network = Segmenter(len(CLASSES) + 1, width)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        weights = self.network.parameters()
        return {"loss": torch.optim.Adam(weights, lr=self.learning_rate, weight_decay=self.weight_decay)}

    def loss(self, x: Tensor, structures: Tensor) -> dict[str, Tensor]:
        """Terms for slices (B, 1, H, W) and the numbers of their classes (B, 1, H, W)."""
        if self.training:
            x, structures = turned(x, structures, self.rotation)
        return segmentation_loss(self.network(x), structures[:, 0].long())

    @torch.no_grad()
    def probabilities(self, slices: np.ndarray) -> np.ndarray:
        """(D, K, H, W) of each class, the background being the first, for slices (D, H, W)."""
        parts = self.tensor(slices).split(self.together)
        return torch.cat([self.network(part).float().softmax(1).cpu() for part in parts]).numpy()


def turned(x: Tensor, structures: Tensor, rotation: float) -> tuple[Tensor, Tensor]:
    """Slices and their classes turned alike; what comes in from beyond has a slice's lowest value and no class."""
    angle = uniform((len(x),), rotation, x.device)
    grid = affine_grid(pad(turn(angle, torch.ones_like(angle)), (0, 1)), list(x.shape), align_corners=False)
    lowest = x.amin((1, 2, 3), keepdim=True)
    image = grid_sample(x - lowest, grid, align_corners=False) + lowest
    return image, grid_sample(structures.float(), grid, mode="nearest", align_corners=False)


def restore(path: Path) -> Judge:
    """The trained judge; raises InputError for any other model."""
    saved = models.read(path)
    if saved["method"] != NAME:
        raise InputError(path, f"is a model of {saved['method']}", "Give the one of `brainuad fit-segmenter`")
    judge = Judge(**saved["settings"])
    judge.load_state_dict(saved["state"])
    return judge.eval().to(memory_format=torch.channels_last)
