"""The context task (Zimmerer et al. 2018): squares of an image are erased and have to be filled in."""

import torch
from torch import Tensor

SQUARES = 3
SIDE = 20 / 128
"""At most three squares of 20 pixels a side in a slice of 128 (code of Baur et al.)."""


def erase(x: Tensor, brain: Tensor) -> Tensor:
    """Slices (B, 1, H, W) with one to three squares set to 0, each anywhere within the brain's bounding box.

    A slice whose brain is narrower than a square stays as it is.
    """
    side = round(SIDE * x.shape[-1])
    rows, columns = intervals(brain.any(3)[:, 0], side), intervals(brain.any(2)[:, 0], side)
    drawn = torch.arange(SQUARES, device=x.device) < torch.randint(1, SQUARES + 1, (len(x), 1), device=x.device)
    squares = rows[:, :, :, None] & columns[:, :, None, :] & drawn[:, :, None, None]
    return x.masked_fill(squares.any(1, keepdim=True), 0.0)


def intervals(occupied: Tensor, side: int) -> Tensor:
    """(B, L) bool -> (B, SQUARES, L) bool: `side` places on end, at random between the first and the last occupied."""
    length = occupied.shape[1]
    first = occupied.int().argmax(1, keepdim=True)
    room = length - occupied.flip(1).int().argmax(1, keepdim=True) - first - side
    start = first + (torch.rand(len(occupied), SQUARES, device=occupied.device) * (room + 1)).long()
    place = torch.arange(length, device=occupied.device) - start[:, :, None]
    return (place >= 0) & (place < side) & (occupied.any(1, keepdim=True) & (room >= 0))[:, :, None]
