"""The augmentation of Chatterjee et al. 2022, section 3.2.1: TorchIO's transforms, for batches on any device.

The paper tells the ranges, which are the defaults of TorchIO 0.x; each transform equals TorchIO's of a 2D image. (Its
1.x has another bias field and counts ghosts in another way.) What the paper leaves open is TorchIO's default too: how
strong ghosts are, and that the affine transform scales by up to a tenth in each direction. The probabilities are ours.
So is the order: space first, since nearest neighbours are to keep the tissues' values, which intensity transforms
change.

Numbers come from torch's global generator, and every slice draws its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.fft import fft2, ifft2, ifftshift


@dataclass(frozen=True)
class Augmentation:
    """Probabilities and ranges of the transforms."""

    flip_probability: float = 0.5
    """Of each of the two axes."""
    affine_probability: float = 0.5
    rotation_probability: float = 0.5
    intensity_probability: float = 0.25
    """Of each of bias field, noise, gamma and ghosts."""
    affine_degrees: float = 35.0
    """Greatest turn to either side."""
    affine_scaling: float = 0.1
    """Greatest deviation of each direction's scale from 1."""
    rotation_degrees: float = 15.0
    bias_coefficient: float = 0.5
    """Greatest magnitude of a coefficient of the polynomial."""
    bias_order: int = 3
    noise_sd: float = 0.25
    """Greatest standard deviation."""
    log_gamma: float = 0.3
    """Greatest magnitude of gamma's logarithm."""
    ghosts: Sequence[int] = (4, 10)
    """Fewest and most."""
    ghost_intensity: Sequence[float] = (0.5, 1.0)

    def __call__(self, x: Tensor, brain: Tensor) -> tuple[Tensor, Tensor]:
        """Slices (B, 1, H, W) and their brains (B, 1, H, W) bool, augmented; the brain follows what moves the slice."""
        x, brain = x.clone(), brain.clone()
        for axis in (2, 3):
            chosen = some(x, self.flip_probability)
            x[chosen], brain[chosen] = x[chosen].flip(axis), brain[chosen].flip(axis)
        for probability, degrees, scaling in (
            (self.affine_probability, self.affine_degrees, self.affine_scaling),
            (self.rotation_probability, self.rotation_degrees, 0.0),
        ):
            chosen = some(x, probability)
            x[chosen], brain[chosen] = self.moved(x[chosen], brain[chosen], degrees, scaling)
        for transform in (self.with_bias_field, self.with_noise, self.with_gamma, self.with_ghosts):
            chosen = some(x, self.intensity_probability)
            if chosen.any():  # there is no Fourier transform of nothing
                x[chosen] = transform(x[chosen])
        return x, brain

    def moved(self, x: Tensor, brain: Tensor, degrees: float, scaling: float) -> tuple[Tensor, Tensor]:
        """Turned and scaled at random. Beyond a slice's border is its lowest value."""
        angles = uniform(x, -degrees, degrees)
        scales = torch.stack([uniform(x, 1 - scaling, 1 + scaling) for _ in range(2)], 1)
        where, inside = sources(x.shape[2:], angles, scales)
        return take(x, where, inside, x.amin((2, 3), keepdim=True)), take(brain, where, inside, False)

    def with_bias_field(self, x: Tensor) -> Tensor:
        terms = (self.bias_order + 1,) * 2
        coefficients = self.bias_coefficient * (2 * torch.rand(len(x), *terms, device=x.device) - 1)
        return x * bias_field(x.shape[2:], coefficients)

    def with_noise(self, x: Tensor) -> Tensor:
        return x + each(uniform(x, 0.0, self.noise_sd)) * torch.randn_like(x)

    def with_gamma(self, x: Tensor) -> Tensor:
        return power(x, uniform(x, -self.log_gamma, self.log_gamma).exp())

    def with_ghosts(self, x: Tensor) -> Tensor:
        fewest, most = self.ghosts
        number = torch.randint(fewest, most + 1, (len(x),), device=x.device)
        return ghosting(x, number, uniform(x, *self.ghost_intensity), some(x, 0.5))


def some(x: Tensor, probability: float) -> Tensor:
    """(B) bool: which slices are chosen."""
    return torch.rand(len(x), device=x.device) < probability


def uniform(x: Tensor, low: float, high: float) -> Tensor:
    """(B): a number for each slice."""
    return low + (high - low) * torch.rand(len(x), device=x.device)


def each(values: Tensor) -> Tensor:
    """(B) -> (B, 1, 1, 1), to go with slices."""
    return values[:, None, None, None]


def sources(shape: Sequence[int], degrees: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
    """Where the pixels of slices of `shape` come from if these are turned, then scaled, about their centre.

    By `degrees` (B), from the rows' axis to the columns', and by `scales` (B, 2) along rows' and columns' axis. Returns
    the nearest pixel's number (B, H, W), counted row by row, and whether there is one.
    """
    centre = [(length - 1) / 2 for length in shape]
    rows, columns = (torch.arange(n, device=degrees.device) - c for n, c in zip(shape, centre, strict=True))
    across, along = rows[:, None] / scales[:, 0, None, None], columns / scales[:, 1, None, None]
    angle = torch.deg2rad(degrees)[:, None, None]
    row = (across * angle.cos() + along * angle.sin() + centre[0] + 0.5).floor().long()
    column = (along * angle.cos() - across * angle.sin() + centre[1] + 0.5).floor().long()
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    return torch.where(inside, row * shape[1] + column, 0), inside


def take(x: Tensor, where: Tensor, inside: Tensor, beyond: Tensor | bool) -> Tensor:
    """Slices (B, 1, H, W) made of the pixels `where` those of x are, and of `beyond` outside; both as in `sources`."""
    taken = x.flatten(1).gather(1, where.flatten(1)).view_as(x)
    return torch.where(inside[:, None], taken, beyond)


def bias_field(shape: Sequence[int], coefficients: Tensor) -> Tensor:
    """(B, 1, H, W): exp of a polynomial over the slice, from -1 to 1 in either direction (Van Leemput et al. 1999).

    `coefficients` (B, K, K) are those of row^i column^j; terms of an order above K - 1 don't count.
    """
    order = torch.arange(coefficients.shape[1], device=coefficients.device)
    rows, columns = (torch.linspace(-1, 1, n, device=order.device) ** order[:, None] for n in shape)
    kept = coefficients * (order[:, None] + order < len(order))
    # No matrix products, which mixed precision would round.
    by_column = (kept[..., None] * columns).sum(2)
    polynomial = sum(row[:, None] * column[:, None] for row, column in zip(rows, by_column.unbind(1), strict=True))
    return polynomial.exp()[:, None]


def power(x: Tensor, gamma: Tensor) -> Tensor:
    """sign(x) |x|^gamma of slices (B, 1, H, W), gamma (B)."""
    return x.sign() * x.abs() ** each(gamma)


def ghosting(x: Tensor, ghosts: Tensor, intensity: Tensor, by_row: Tensor) -> Tensor:
    """Slices (B, 1, H, W) in which every n-th line of k-space is weakened, n = `ghosts` (B), all but its centre.

    Lines lose the share `intensity` (B); they are rows of k-space where `by_row` (B) says so, else columns.
    """

    def kept(length: int, chosen: Tensor) -> Tensor:
        line = torch.arange(length, device=x.device)
        weakened = (line % ghosts[:, None] == 0) & (line != length // 2) & chosen[:, None]
        return ifftshift(1 - intensity[:, None] * weakened, dim=1)

    rows, columns = x.shape[2:]
    by_rows, by_columns = kept(rows, by_row)[:, None, :, None], kept(columns, ~by_row)[:, None, None]
    return ifft2(fft2(x) * by_rows * by_columns).real
