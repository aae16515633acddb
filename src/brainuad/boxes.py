"""Squares that are erased from slices: where they may lie, and Psi(x, gamma) itself (Nguyen et al. 2021, section 2)."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from brainuad.errors import InputError

FILL = 1.0
"""What an erased square holds: white (Mavropoulos 2021), since black would look like background."""
ON_BRAIN = 0.5
"""Share of brain in a square that counts as lying on the brain."""


def erase(x: Tensor, rows: Tensor, columns: Tensor, side: int) -> Tensor:
    """Psi(x, gamma): slices (B, 1, H, W) with a white square of `side` pixels each, its upper left corner at (B)."""
    erased = x.clone()
    erased[:, 0][square(torch.arange(len(x), device=x.device), rows, columns, side)] = FILL
    return erased


def square(slices: Tensor, rows: Tensor, columns: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """Indices (slice, row, column) of the pixels of n squares, by slice and corner (n); they broadcast to (n, S, S)."""
    span = torch.arange(side, device=slices.device)
    return slices[:, None, None], rows[:, None, None] + span[:, None], columns[:, None, None] + span


def on_brain(brain: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """A random square for each slice of (B, 1, H, W) bool, among all of which at least half is brain.

    Where no square has as much brain, among those with the most. Returns the rows and columns (B) of their upper left
    corners.
    """
    share = shares(brain, side)
    return drawn(share >= share.amax((1, 2), keepdim=True).clamp(max=ON_BRAIN))


def off_brain(brain: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """A random square without brain for each slice of (B, 1, H, W) bool, or one with as little as there can be."""
    share = shares(brain, side)
    return drawn(share <= share.amin((1, 2), keepdim=True))


def shares(brain: Tensor, side: int) -> Tensor:
    """(B, 1, H, W) bool -> (B, H - side + 1, W - side + 1), the share of brain in the square at each corner."""
    check_room(brain, side)
    # Counts of pixels, so that shares of equal squares are equal to the last bit.
    return (avg_pool2d(brain.float(), side, stride=1) * side**2).round()[:, 0] / side**2


def drawn(eligible: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column (B) of a random place among those of (B, R, C) bool that are true."""
    chosen = torch.multinomial(eligible.flatten(1).float(), 1)[:, 0]
    return chosen // eligible.shape[2], chosen % eligible.shape[2]


def in_middle(brain: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """A random square for each slice of (B, 1, H, W) within the middle third of rows and columns."""
    check_room(brain, side)
    return from_ranges(brain, [middle(length, side) for length in brain.shape[2:]])


def middle(length: int, side: int) -> range:
    """The first pixels, along an axis, of the squares within its middle third.

    A square that is larger begins where the third does, as far as the slice has room.
    """
    first = min(length // 3, length - side)
    return range(first, max(2 * length // 3 - side, first) + 1)


def anywhere(brain: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """A random square for each slice of (B, 1, H, W), on brain or not."""
    check_room(brain, side)
    return from_ranges(brain, [range(length - side + 1) for length in brain.shape[2:]])


def from_ranges(brain: Tensor, corners: list[range]) -> tuple[Tensor, Tensor]:
    """Random rows and columns (B) out of two ranges, for slices (B, 1, H, W)."""
    rows, columns = (torch.randint(a.start, a.stop, (len(brain),), device=brain.device) for a in corners)
    return rows, columns


def check_room(brain: Tensor, side: int) -> None:
    """Raise InputError where a square is larger than slices (B, 1, H, W)."""
    if side > min(brain.shape[2:]):
        problem = f"is larger than slices of {brain.shape[2]} x {brain.shape[3]} pixels"
        raise InputError(f"square of {side} pixels", problem, "Take a smaller `window` or larger slices")


PLACEMENTS = {"brain": on_brain, "middle": in_middle, "anywhere": anywhere}
"""What networks learn from."""


def placement(name: str) -> Callable[[Tensor, int], tuple[Tensor, Tensor]]:
    """The way of placing squares that has this name; raises InputError."""
    if name not in PLACEMENTS:
        raise InputError("placement", f"'{name}' is unknown", f"Use {', '.join(PLACEMENTS)}")
    return PLACEMENTS[name]
