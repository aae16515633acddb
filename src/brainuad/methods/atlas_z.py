"""Control: voxel-wise z-score against the mean and standard deviation of the healthy training subjects."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import Learner


class Method(Learner):
    """|x - mean| / (sd + floor) at each voxel of the common grid; the mean serves as the reconstruction."""

    fixed_size = False

    def __init__(self, *, floor: float = 0.05):
        super().__init__()
        self.floor = floor
        self.mean = self.sd = np.zeros((0, 1, 1), np.float32)
        self.seen = np.zeros(0, np.intp)

    def fit(self, train: Iterable[Volume], validation: Iterable[Volume], rng: np.random.Generator) -> None:
        """Mean and sd over subjects of each slice index, for the indices that the training subjects have."""
        depth = 1 + max(int(volume.slices.max()) for volume in train)
        count, (total, squares) = np.zeros(depth), np.zeros((2, depth, *next(iter(train)).image.shape[1:]))
        for volume in train:
            count[volume.slices] += 1
            total[volume.slices] += volume.image
            squares[volume.slices] += volume.image.astype(np.float64) ** 2
        self.seen = np.flatnonzero(count)
        count, total, squares = count[self.seen, None, None], total[self.seen], squares[self.seen]
        self.mean = (total / count).astype(np.float32)
        self.sd = np.sqrt((squares / count - (total / count) ** 2).clip(min=0)).astype(np.float32)

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """A slice that no training subject has is compared with the nearest one that some have."""
        nearest = np.abs(self.seen - volume.slices[:, None]).argmin(1)
        z = np.abs(volume.image - self.mean[nearest]) / (self.sd[nearest] + self.floor)
        return Maps(z * volume.brain, self.mean[nearest])

    def get_extra_state(self) -> dict[str, Tensor]:
        return {name: torch.from_numpy(getattr(self, name)) for name in ("mean", "sd", "seen")}

    def set_extra_state(self, state: dict[str, Tensor]) -> None:
        self.mean, self.sd, self.seen = (state[name].numpy() for name in ("mean", "sd", "seen"))
