"""phi(x, gamma, k): a square that slides over slices, is inpainted at each place, and the loss there as a heatmap.

Nguyen et al. 2021, section 2 (localisation system). The paper leaves open how the losses of windows become a map of
pixels; here a pixel's heat is the mean loss of the windows that cover it. Windows without brain are left out: no pixel
of the brain lies in one, so its heat is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv_transpose2d, max_pool2d, pad
from tqdm import tqdm

from brainuad.boxes import FILL, square
from brainuad.errors import InputError
from brainuad.slices import UNSEEN

TOP = 255.0
"""Slices are compared on the scale of 8 bits."""


@dataclass(frozen=True)
class Window:
    """A square of `side` pixels that is moved by `step` pixels, rows and columns from the upper left corner on."""

    side: int
    step: int

    def positions(self, length: int) -> Tensor:
        """First pixels of the places along an axis: floor((length - side) / step) + 1 of them; raises InputError."""
        if length < self.side:
            problem = f"is larger than a slice of {length} pixels"
            raise InputError(f"window of {self.side} pixels", problem, "Take a smaller window or larger slices")
        return torch.arange(0, length - self.side + 1, self.step)

    def pixels(self, slices: Tensor, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Indices (slice, row, column) of the pixels of n windows by their places (n); they broadcast to (n, S, S)."""
        return square(slices, self.step * rows, self.step * columns, self.side)

    def touching(self, brain: Tensor) -> Tensor:
        """(D, 1, H, W) bool -> (D, R, C) bool: the places that hold any brain."""
        for length in brain.shape[2:]:
            self.positions(length)
        return max_pool2d(brain.float(), self.side, self.step)[:, 0] > 0

    def spread(self, losses: Tensor, places: Tensor, shape: tuple[int, int]) -> Tensor:
        """Losses (D, R, C) of the windows at `places` (D, R, C) bool -> heat (D, H, W).

        Sum of the losses of the windows that cover a pixel / number of these windows; 0 where none does.
        """
        ones = torch.ones(1, 1, self.side, self.side, dtype=torch.float64, device=losses.device)
        both = torch.stack([torch.where(places, losses, 0.0), places]).double()
        summed = conv_transpose2d(both.flatten(0, 1)[:, None], ones, stride=self.step).unflatten(0, both.shape[:2])
        heat = (summed[0] / summed[1].clamp(min=1))[:, 0]
        return pad(heat, (0, shape[1] - heat.shape[2], 0, shape[0] - heat.shape[1])).float()


@dataclass
class Losses:
    """What sliding a window over D slices gives."""

    window: Tensor
    """(D, R, C) mean |w(x) - w(x_hat)| inside the window, w the min-max normalisation to [0, 255]; 0 elsewhere."""
    whole: Tensor
    """(D, R, C) mean |x - x_hat| over the whole slice, as it is; 0 elsewhere."""
    inpainted: Tensor
    """(D, H, W) mean of what the windows that cover a pixel were filled with; x where there was none."""


def normalise(x: Tensor) -> Tensor:
    """w(x): the values of each slice (B, 1, H, W) stretched to [0, 255]; a slice of one value becomes 0."""
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    return TOP * (x - low) / torch.where(high > low, high - low, 1.0)


@dataclass
class Passes:
    """Some passes through a network: slices with one window erased, or several far apart."""

    slices: Tensor
    """(P) indices into x."""
    masked: Tensor
    """(P, 1, H, W) the slices with the windows erased."""
    windows: Tensor
    """(n) the pass of each window."""
    rows: Tensor
    columns: Tensor
    """(n) the window's place among those along rows and columns."""


def grouped(window: Window, places: Tensor, apart: int = 0) -> tuple[Tensor, Tensor]:
    """Slice, row and column (n, 3) of all `places` (D, R, C) bool, and the number (n) of the pass that each is in.

    With `apart`, windows of a slice whose corners lie that many pixels from each other, or more, share a pass.
    """
    where = places.nonzero()
    if not apart:
        return where, torch.arange(len(where), device=places.device)
    every = -(-apart // window.step)
    shared = torch.stack([where[:, 0], where[:, 1] % every, where[:, 2] % every], dim=1)
    return where, shared.unique(dim=0, return_inverse=True)[1]


def passes(window: Window, x: Tensor, places: Tensor, together: int, apart: int = 0) -> Iterator[Passes]:
    """The passes that bring the window to all `places` of slices x (D, 1, H, W), `together` at a time (`grouped`)."""
    where, number = grouped(window, places, apart)
    count = int(number.max()) + 1 if len(number) else 0
    for first in tqdm(range(0, count, together), desc="windows", unit="batch", leave=False, mininterval=2):
        now = (number >= first) & (number < first + together)
        slices, rows, columns = where[now].unbind(1)
        own = number[now] - first
        of_pass = torch.zeros(min(together, count - first), dtype=torch.long, device=x.device)
        of_pass[own] = slices
        masked = x[of_pass].clone()
        masked[:, 0][window.pixels(own, rows, columns)] = FILL
        yield Passes(of_pass, masked, own, rows, columns)


@torch.inference_mode()
def inpaint(
    generator: Callable[[Passes], Tensor], x: Tensor, places: Tensor, window: Window, together: int = 64, apart: int = 0
) -> Losses:
    """Inpaint the window at all `places` (D, R, C) of slices x (D, 1, H, W) in [0, 1]; see `grouped` for `apart`.

    `generator` fills in (P, 1, H, W) what passes have erased.
    """
    losses = Losses(*torch.zeros(2, *places.shape, dtype=x.dtype, device=x.device), x[:, 0])
    # In 64 bits the order of the sums, which threads change, doesn't tell.
    filled, covered = torch.zeros(2, *x[:, 0].shape, dtype=torch.float64, device=x.device)
    for now in passes(window, x, places, together, apart):
        inpainted, original = generator(now).float(), x[now.slices]
        where = now.slices[now.windows], now.rows, now.columns
        inside = window.pixels(now.windows, now.rows, now.columns)
        losses.window[where] = window_loss(original, inpainted, inside)
        losses.whole[where] = (original - inpainted).abs().mean((1, 2, 3))[now.windows]
        pixels = window.pixels(*where)
        filled.index_put_(pixels, inpainted[:, 0][inside].double(), accumulate=True)
        covered.index_put_(pixels, torch.ones((), dtype=torch.float64, device=x.device), accumulate=True)
    losses.inpainted = torch.where(covered > 0, (filled / covered.clamp(min=1)).float(), x[:, 0])
    return losses


def in_whole(generator: Callable[[Tensor], Tensor]) -> Callable[[Passes], Tensor]:
    """Each pass as a whole slice through the network."""
    return lambda now: generator(now.masked)


def seen(losses: Tensor, places: Tensor) -> np.ndarray:
    """Losses (D, R, C) as they are kept: UNSEEN but at `places`."""
    return torch.where(places, losses, UNSEEN).cpu().numpy()


def window_loss(x: Tensor, inpainted: Tensor, inside: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """(n) mean |w(x) - w(x_hat)| over the pixels of n windows, for slices (P, 1, H, W)."""
    return (normalise(x)[:, 0][inside] - normalise(inpainted)[:, 0][inside]).abs().mean((1, 2))
