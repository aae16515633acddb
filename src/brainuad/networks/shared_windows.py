"""The generator over many windows of a slice, with what these windows have in common computed once.

On the way down an erased square changes only what lies within reach of the 3 x 3 convolutions: a patch. Only the patch
is computed for each window; around it the slice without any erased square serves. On the way up all of the slice is in
reach of the bottleneck, but the first convolution of a level is a sum over the skipped and the up-sampled maps, and the
skipped ones differ in a patch. With windows of 16 pixels on 256 x 256 half of the operations remain. The result is that
of whole passes but for rounding.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate

from brainuad.boxes import FILL
from brainuad.networks.inpainting import Generator
from brainuad.sliding_window import Passes, Window

REACH = 2
"""Pixels by which the two 3 x 3 convolutions of a level widen what has changed."""


class Patches(NamedTuple):
    """A part of the maps of each of n windows."""

    corners: Tensor
    """(n, 2) first row and column."""
    values: Tensor
    """(n, C, P, Q)"""

    def cut(self, maps: Tensor, of: Tensor) -> Tensor:
        """(n, C, P, Q) the same part of the maps (S, C, H, W) of the slices `of` (n)."""
        return _cut(maps, of, self.corners, self.values.shape[2:])

    def pasted(self, maps: Tensor) -> Tensor:
        """Maps (n, C, H, W) with the patches in their places, changed in place."""
        rows, columns = _span(self.corners, self.values.shape[2:])
        windows = torch.arange(len(maps), device=maps.device)[:, None, None]
        maps.permute(0, 2, 3, 1)[windows, rows, columns] = self.values.permute(0, 2, 3, 1)
        return maps

    def around(self, maps: Tensor, of: Tensor, rim: int) -> "Patches":
        """The patches with their outer `rim` pixels, where a convolution lacked its surroundings, taken from maps.

        At the edge of the map itself nothing lacked.
        """
        known = []
        for axis, (size, length) in enumerate(zip(self.values.shape[2:], maps.shape[2:], strict=True)):
            pixels, first = torch.arange(size, device=maps.device), self.corners[:, axis, None]
            known.append(((pixels >= rim) | (first == 0)) & ((pixels < size - rim) | (first == length - size)))
        inside = (known[0][:, :, None] & known[1][:, None])[:, None]
        return Patches(self.corners, torch.where(inside, self.values, self.cut(maps, of)))


class SharedWindows:
    """Passes of one window each through a folded G; slices x (D, 1, H, W), H and W multiples of 16."""

    def __init__(self, generator: Generator, x: Tensor, window: Window):
        self.generator, self.x, self.window = generator, x, window

    @staticmethod
    def possible(shape: Sequence[int]) -> bool:
        """Whether slices of this shape can be halved as often as G does, without a rest."""
        return not any(length % 16 for length in shape)

    def __call__(self, now: Passes) -> Tensor:
        """(P, 1, H, W): G(now.masked)."""
        slices, of = now.slices.unique(return_inverse=True)
        corners = self.window.step * torch.stack([now.rows, now.columns], dim=1)
        *skips, (shared, patches) = self.down(self.x[slices], of, corners)
        x = patches.pasted(shared[of])
        for level, (shared, patches) in zip(self.generator.up, reversed(skips), strict=True):
            x = interpolate(x, shared.shape[2:], mode=self.generator.upsampling, align_corners=False)
            x = level[1:](self.first(level[0], x, shared, patches, of))
        return self.generator.out(x)

    def down(self, shared: Tensor, of: Tensor, corners: Tensor) -> list[tuple[Tensor, Patches]]:
        """The maps of each level on the way down: shared, and in patches, for windows at `corners` (n, 2)."""
        side, levels = self.window.side, []
        patches = Patches(corners, shared.new_full((len(of), 1, side, side), FILL))
        for level in self.generator.down:
            if levels:
                shared = self.generator.pool(shared)
                patches = Patches(patches.corners // 2, self.generator.pool(patches.values))
                corners, side = (corners - REACH) // 2, (side + 2 * REACH) // 2 + 1
            shape = _room(side, shared.shape[2:])
            wider = _clamped(corners - 2 * REACH, shape, shared.shape[2:])
            values = Patches(patches.corners - wider, patches.values).pasted(_cut(shared, of, wider, shape))
            shared = level(shared)
            patches = Patches(wider, level(values)).around(shared, of, REACH)
            levels.append((shared, patches))
        return levels

    @staticmethod
    def first(convolution: torch.nn.Conv2d, x: Tensor, shared: Tensor, patches: Patches, of: Tensor) -> Tensor:
        """conv(cat[skip, x]) = conv_skip(skip) + conv_x(x), the first term shared but for the patches."""
        skip_weight, x_weight = convolution.weight.split([shared.shape[1], x.shape[1]], dim=1)
        common = conv2d(shared, skip_weight, padding=1)
        own = Patches(patches.corners, conv2d(patches.values, skip_weight, padding=1)).around(common, of, 1)
        return own.pasted(common[of]).add_(conv2d(x, x_weight, convolution.bias, padding=1))


def _room(side: int, shape: Sequence[int]) -> list[int]:
    """Sides of a patch of even size and place that holds `side` pixels and what two levels' reach needs around them."""
    needed = side + 4 * REACH + 1
    return [min(needed + needed % 2, length) for length in shape]


def _clamped(corners: Tensor, sides: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Corners (n, 2) moved to even places, such that the patches lie in maps of this shape."""
    last = torch.tensor([length - side for length, side in zip(shape, sides, strict=True)], device=corners.device)
    return (corners - corners % 2).clamp(min=0).minimum(last)


def _span(corners: Tensor, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    rows, columns = (torch.arange(length, device=corners.device) for length in shape)
    return corners[:, 0, None, None] + rows[:, None], corners[:, 1, None, None] + columns


def _cut(maps: Tensor, of: Tensor, corners: Tensor, shape: Sequence[int]) -> Tensor:
    rows, columns = _span(corners, shape)
    return maps.permute(0, 2, 3, 1)[of[:, None, None], rows, columns].permute(0, 3, 1, 2)
