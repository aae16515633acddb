"""Control: voxel-wise z-score against the mean and standard deviation of the healthy training subjects."""

import numpy as np
import torch
from torch import Tensor

from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import Learner


class Method(Learner):
    """|x - mean| / (sd + floor) at each voxel of the common grid; the mean serves as the reconstruction."""

    def __init__(self, *, size: int = 128, floor: float = 0.05):
        super().__init__()
        self.size = size
        self.floor = floor
        self.mean = self.sd = np.zeros((0, size, size), np.float32)

    def fit(self, train: list[Volume], validation: list[Volume], rng: np.random.Generator) -> None:
        """Mean and sd over subjects of slices (Z, H, W); where no training subject has a slice both are 0."""
        depth = 1 + max(int(volume.slices.max()) for volume in [*train, *validation])
        count, (total, squares) = np.zeros(depth), np.zeros((2, depth, self.size, self.size))
        for volume in train:
            count[volume.slices] += 1
            total[volume.slices] += volume.image
            squares[volume.slices] += volume.image.astype(np.float64) ** 2
        count = count.clip(min=1)[:, None, None]
        self.mean = (total / count).astype(np.float32)
        self.sd = np.sqrt((squares / count - (total / count) ** 2).clip(min=0)).astype(np.float32)

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """A slice beyond the training subjects' range is compared with the outermost one."""
        nearest = volume.slices.clip(max=len(self.mean) - 1)
        z = np.abs(volume.image - self.mean[nearest]) / (self.sd[nearest] + self.floor)
        return Maps(z * volume.brain, self.mean[nearest])

    def get_extra_state(self) -> dict[str, Tensor]:
        return {"mean": torch.from_numpy(self.mean), "sd": torch.from_numpy(self.sd)}

    def set_extra_state(self, state: dict[str, Tensor]) -> None:
        self.mean, self.sd = state["mean"].numpy(), state["sd"].numpy()
