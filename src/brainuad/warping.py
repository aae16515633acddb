"""Slices turned, scaled and mirrored at random, and patches cut out of them at any place and angle."""

from math import pi

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample


def uniform(shape: tuple[int, ...], reach: float, device: torch.device) -> Tensor:
    """Draws from -reach to reach."""
    return reach * (2 * torch.rand(shape, device=device) - 1)


def turn(degrees: Tensor, scale: Tensor) -> Tensor:
    """(...) angles and scales -> (..., 2, 2): where a point (x, y) of the output lies in the input."""
    angle = degrees * pi / 180
    cosine, sine = angle.cos() / scale, angle.sin() / scale
    return torch.stack([torch.stack([cosine, -sine], -1), torch.stack([sine, cosine], -1)], -2)


def augment(x: Tensor, rotation: float, scaling: float, flip: float) -> Tensor:
    """Square slices (B, 1, H, H) in [-1, 1], each mirrored left to right with probability `flip`, turned by up to
    `rotation` degrees and scaled by a draw from N(1, scaling); what comes in from beyond is -1 (section III-B)."""
    with torch.autocast(x.device.type, enabled=False):  # 16 bits don't tell one pixel from the next
        return _augmented(x, rotation, scaling, flip)


def _augmented(x: Tensor, rotation: float, scaling: float, flip: float) -> Tensor:
    mirror = torch.where(torch.rand(len(x), device=x.device) < flip, -1.0, 1.0)
    scale = 1 + scaling * torch.randn(len(x), device=x.device)
    matrix = turn(uniform((len(x),), rotation, x.device), scale.clamp(min=0.5))
    matrix = matrix * torch.stack([mirror, torch.ones_like(mirror)], -1)[:, None]
    grid = affine_grid(torch.nn.functional.pad(matrix, (0, 1)), list(x.shape), align_corners=False)
    return grid_sample(x + 1, grid, align_corners=False) - 1


def crops(x: Tensor, centres: Tensor, side: int, matrix: Tensor | None = None) -> Tensor:
    """Patches (B * P, 1, side, side) around the points `centres` (B, P, 2; row and column) of slices (B, 1, H, W).

    A patch of an even side reaches side / 2 pixels up and left from the centre's pixel and one fewer down and right.
    It is seen through `matrix` (B, P, 2, 2), about its middle. Slices go on mirrored beyond their borders.
    """
    with torch.autocast(x.device.type, enabled=False):
        return _cropped(x, centres, side, matrix)


def _cropped(x: Tensor, centres: Tensor, side: int, matrix: Tensor | None) -> Tensor:
    steps = torch.arange(side, device=x.device) - (side - 1) / 2
    offsets = torch.stack([steps.expand(side, side), steps[:, None].expand(side, side)], -1)  # x, y
    if matrix is not None:
        offsets = torch.einsum("bpij,rcj->bprci", matrix, offsets)
    middle = centres.flip(-1) - 0.5 * (side % 2 == 0)
    points = middle[:, :, None, None] + offsets
    last = torch.tensor([x.shape[3] - 1, x.shape[2] - 1], device=x.device)
    grid = (2 * points / last - 1).flatten(1, 2)
    seen = grid_sample(x, grid, padding_mode="reflection", align_corners=True)
    return seen.view(-1, 1, side, side)
