"""Restoration by gradient descent on the image (You et al. 2019; Chen et al. 2020; Baur et al. 2021, eq. 4)."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import Learner, array

TOGETHER = 128
"""Slices that are restored together when lambda_TV is chosen, so that memory doesn't grow with the validation set."""


def total_variation(x: Tensor) -> Tensor:
    """Anisotropic total variation of slices (B, 1, H, W), summed over pixels, averaged over the batch."""
    vertical, horizontal = x.diff(dim=2).abs(), x.diff(dim=3).abs()
    return vertical.flatten(1).sum(1).mean() + horizontal.flatten(1).sum(1).mean()


class Restoration(Learner):
    """x_{t+1} = x_t - a clip(dJ/dx_t) within the brain, J = -ELBO(x_t) + lambda_TV TV(x - x_t).

    To be mixed with a trained method that has a `negative_elbo`.
    """

    def __init__(
        self,
        *,
        steps: int = 500,
        step_size: float = 1e-3,
        clip: float = 100.0,
        tv_weights: Sequence[float] = tuple(i / 10 for i in range(20)),
        calibration_share: float = 0.2,
        **network: float,
    ):
        super().__init__(**network)
        self.steps = steps
        self.step_size = step_size
        self.clip = clip
        self.tv_weights = tv_weights
        self.calibration_share = calibration_share
        self.register_buffer("tv_weight", torch.tensor(0.0))

    def fit(self, train: Iterable[Volume], validation: Iterable[Volume], rng: np.random.Generator) -> dict[str, float]:
        """Choose lambda_TV: the smallest change |x - x_S|, summed over a share of the healthy validation slices."""
        image, brain = (np.concatenate([getattr(v, name) for v in validation]) for name in ("image", "brain"))
        rows = np.sort(rng.permutation(len(image))[: max(1, round(self.calibration_share * len(image)))])
        x, mask = self.tensor(image[rows]), self.tensor(brain[rows])
        changes = []
        for weight in tqdm(self.tv_weights, desc="lambda_TV on healthy validation slices"):
            self.tv_weight.fill_(weight)
            parts = zip(x.split(TOGETHER), mask.split(TOGETHER), strict=True)
            changes.append(sum(float((part - self.restore(part, brain)).abs().sum()) for part, brain in parts))
        chosen = self.tv_weights[int(np.argmin(changes))]
        self.tv_weight.fill_(chosen)
        return {"tv_weight": chosen, **{f"change_at_{w}": c for w, c in zip(self.tv_weights, changes, strict=True)}}

    def objective(self, x_t: Tensor, x: Tensor) -> Tensor:
        """J(x_t) as an average over the batch."""
        return self.negative_elbo(x_t) + self.tv_weight * total_variation(x - x_t)

    def restore(self, x: Tensor, brain: Tensor) -> Tensor:
        """x_S, the restored slices (B, 1, H, W); voxels outside the brain stay as they are."""
        self.requires_grad_(False)
        x_t = x.clone()
        for _ in range(self.steps):
            x_t.requires_grad_(True)
            (gradient,) = torch.autograd.grad(len(x) * self.objective(x_t, x), x_t)
            x_t = (x_t - self.step_size * gradient.clamp(-self.clip, self.clip) * brain).detach()
        return x_t

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """r = |x - x_S|."""
        restored = array(self.restore(self.tensor(volume.image), self.tensor(volume.brain)))
        return Maps(np.abs(volume.image - restored), restored)
