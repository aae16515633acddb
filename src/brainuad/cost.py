"""What a network and one pass of it cost: its layers, its size as Mavropoulos 2021 reports it, and its operations."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized, type_before_parametrizations
from torch.utils.flop_counter import FlopCounterMode

BYTES = 4
"""Of a number; torchsummary takes 32 bits whatever the network holds."""


class Layer(NamedTuple):
    """A layer in a pass."""

    name: str
    """Its type and its number in the pass, such as `Conv2d-1`."""
    shape: tuple[int, ...]
    """Of its output, without the batch."""
    parameters: int


class Size(NamedTuple):
    """MB of 2^20 bytes."""

    input: float
    passes: float
    """Outputs of all layers, once for the forward and once for the backward pass."""
    parameters: float
    total: float


def layers(module: nn.Module, shape: tuple[int, ...]) -> list[Layer]:
    """The innermost layers in the order in which a pass of one input (*shape) calls them.

    A layer that is called twice has two rows. A layer whose weights are computed, by spectral normalisation say,
    is one layer.
    """
    rows: list[Layer] = []

    def note(layer: nn.Module, _: object, output: Tensor) -> None:
        name = f"{type_before_parametrizations(layer).__name__}-{len(rows) + 1}"
        rows.append(Layer(name, tuple(output.shape[1:]), _parameters(layer)))

    handles = [layer.register_forward_hook(note) for layer in dict.fromkeys(_innermost(module))]
    try:
        _pass(module, shape)
    finally:
        for handle in handles:
            handle.remove()
    return rows


def summary_megabytes(module: nn.Module, shape: tuple[int, ...]) -> Size:
    """Memory for one input (*shape) by the formula of torchsummary, over the innermost layers."""
    outputs = sum(prod(layer.shape) for layer in layers(module, shape))
    numbers = prod(shape), 2 * outputs, _parameters(module)
    parts = [count * BYTES / 2**20 for count in numbers]
    return Size(*parts, sum(parts))


def operations(module: nn.Module, shape: tuple[int, ...]) -> int:
    """Floating point operations of one pass of one input (*shape).

    Those of convolutions and matrix products, a multiplication and an addition counting as two.
    """
    with FlopCounterMode(display=False) as counter:
        _pass(module, shape)
    return counter.get_total_flops()


def _pass(module: nn.Module, shape: tuple[int, ...]) -> None:
    first = next(module.parameters(), torch.empty(0))
    with _evaluated(module):
        module(torch.zeros(1, *shape, dtype=first.dtype, device=first.device))


@contextmanager
def _evaluated(module: nn.Module) -> Iterator[None]:
    """Without gradients, every part in evaluation; a pass in training would change the statistics of norms."""
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes.items():
            part.training = training


def _innermost(module: nn.Module) -> Iterator[nn.Module]:
    if is_parametrized(module) or not any(True for _ in module.children()):
        yield module
    else:
        for part in module.children():
            yield from _innermost(part)


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
