"""The discriminative network f of Kobayashi et al. 2021 (section III-C4), and its distances at all places of slices.

Four residual blocks of 64, 128, 256 and 512 maps halve a patch of 32 x 32 pixels to 2 x 2; a hidden layer of 1024 leads
to 256 numbers.

The paper's convolutions are padded: at the border of a patch they see zeros, whatever surrounds it in the slice. So
neighbouring patches share no feature, and each has to go through the network by itself (`padded`). A relative without
padding sees the same 32 x 32 pixels and is the same at all places: it goes over whole slices, which takes a thirtieth
of the operations. To end at 2 x 2 it has 3 x 3 kernels in the first half alone, 1 x 1 in the rest, and three poolings.
"""

from itertools import pairwise, product

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, pad

from brainuad.errors import InputError
from brainuad.networks.he import he

SIDE = 32
CHANNELS = (64, 128, 256, 512)
HIDDEN = 1024
DIMENSIONS = 256
UNPADDED = ((3, 3), (3, 1), (3, 1), (1, 1))
"""Kernels of the blocks that trim 32 to 28, 14 to 12, 6 to 4 and 2 to 2."""
STEP = 8
"""Pixels between the places that one pass of the relative answers for: it halves three times."""


class Block(nn.Module):
    """A residual block of two convolutions with batch normalisation and ReLU; the shortcut is a 1 x 1 convolution."""

    def __init__(self, inputs: int, outputs: int, kernels: tuple[int, int], padded: bool):
        super().__init__()
        first, second = kernels
        self.layers = nn.Sequential(
            *normalised(inputs, outputs, first, padded), nn.ReLU(), *normalised(outputs, outputs, second, padded)
        )
        self.shortcut = nn.Sequential(*normalised(inputs, outputs, 1, padded))
        self.trimmed = 0 if padded else (first + second - 2) // 2

    def forward(self, x: Tensor) -> Tensor:
        middle = slice(self.trimmed, -self.trimmed or None)
        return (self.layers(x) + self.shortcut(x[..., middle, middle])).relu()


def normalised(inputs: int, outputs: int, kernel: int, padded: bool) -> list[nn.Module]:
    """Convolution and batch normalisation."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2 if padded else 0, bias=False)
    return [layer, nn.BatchNorm2d(outputs)]


class Embedding(nn.Module):
    """f: patches (B, 1, 32, 32) -> (B, 256). `width` is the share of the inner numbers, 1 but for small machines."""

    def __init__(self, width: float = 1.0, padded: bool = True):
        super().__init__()
        self.padded = padded
        *channels, hidden = (max(1, round(width * number)) for number in (*CHANNELS, HIDDEN))
        kernels = ((3, 3),) * len(CHANNELS) if padded else UNPADDED
        layers: list[nn.Module] = []
        for (inputs, outputs), pair in zip(pairwise((1, *channels)), kernels, strict=True):
            layers += [Block(inputs, outputs, pair, padded), nn.MaxPool2d(2)]
        # As convolutions the dense layers go over whole slices too.
        head = [nn.Conv2d(channels[-1], hidden, 2), nn.ReLU(), nn.Conv2d(hidden, DIMENSIONS, 1)]
        self.layers = nn.Sequential(*(layers if padded else layers[:-1]), *head).apply(he())
        # He's weights give numbers of about 1: unlike patches lie some twenty margins apart or more, the root of twice
        # as many, and few triplets have a loss. Divided by that, they begin about the margin apart.
        with torch.no_grad():
            self.layers[-1].weight /= (2 * DIMENSIONS) ** 0.5

    def forward(self, patches: Tensor) -> Tensor:
        return self.layers(patches)[..., 0, 0]

    def distances(self, x: Tensor, y: Tensor, places: Tensor, stride: int = 1, together: int = 1024) -> Tensor:
        """(D, R, C) d(f(p), f(q)) for the patches p and q around every `stride`-th pixel of slices (D, 1, H, W).

        0 where not `places` (D, R, C) bool. Slices go on mirrored beyond their borders. About `together` patches are
        compared at a time. Raises InputError for a stride that isn't 1, 2, 4 or 8.
        """
        if stride not in (1, 2, 4, STEP):
            raise InputError("kobayashi-embedding", f"can't have a stride of {stride} pixels", "Use 1, 2, 4 or 8")
        x, y = around(x), around(y)
        if self.padded:
            return self._by_patch(x, y, places, stride, together)
        return torch.where(places, self._by_slice(x, y, places.shape, stride, together), 0.0)

    def compared(self, p: Tensor, q: Tensor) -> Tensor:
        """(B, R, C) Euclidean distance of the embeddings at the same places of two inputs."""
        first, second = self.layers(torch.cat([p, q])).float().chunk(2)
        return (first - second).norm(dim=1)

    def _by_patch(self, x: Tensor, y: Tensor, places: Tensor, stride: int, together: int) -> Tensor:
        found = torch.zeros(places.shape, device=x.device)
        windows = [slices[:, 0].unfold(1, SIDE, stride).unfold(2, SIDE, stride) for slices in (x, y)]
        for now in places.nonzero().split(together):
            where = now.unbind(1)
            found[where] = self.compared(*(each[where][:, None] for each in windows))[:, 0, 0]
        return found

    def _by_slice(self, x: Tensor, y: Tensor, shape: tuple[int, ...], stride: int, together: int) -> Tensor:
        """A pass over slices that begin some pixels later answers for the places between those of the first pass."""
        found = torch.zeros(shape, device=x.device)
        every = STEP // stride
        slices = max(1, together * every**2 // (shape[1] * shape[2]))
        for first in range(0, len(x), slices):
            now = slice(first, first + slices)
            for row, column in product(range(every), repeat=2):
                shifted = (each[now, :, stride * row :, stride * column :] for each in (x, y))
                found[now, row::every, column::every] = self.compared(*shifted)
        return found


def around(x: Tensor) -> Tensor:
    """Slices (D, 1, H, W) -> (D, 1, H + 31, W + 31), mirrored beyond their borders: a patch for each pixel, which is
    the one at the lower right of the patch's middle."""
    return pad(x, (SIDE // 2, SIDE // 2 - 1) * 2, mode="reflect")


def places(body: Tensor, stride: int) -> Tensor:
    """(D, 1, H, W) bool -> (D, R, C) bool: the places, every `stride`-th pixel, that pixels of the body depend on."""
    return max_pool2d(body.float(), 2 * stride - 1, stride, padding=stride - 1)[:, 0] > 0


def spread(values: Tensor, stride: int, shape: tuple[int, int]) -> Tensor:
    """Values (D, R, C) at every `stride`-th pixel -> (D, 1, *shape), interpolated in between (bilinear)."""
    ends = pad(values[:, None], (0, 1, 0, 1), mode="replicate")
    size = [(length - 1) * stride + 1 for length in ends.shape[2:]]
    return interpolate(ends, size=size, mode="bilinear", align_corners=True)[..., : shape[0], : shape[1]]
