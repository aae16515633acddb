"""What a network costs: hand-computed values, and the table and the sizes that Mavropoulos 2021 prints in Fig. 5."""

from math import prod

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from brainuad.cost import layers, operations, summary_megabytes

FIGURE_5 = """
Conv2d-1	[-1, 64, 128, 128]	640
LeakyReLU-2	[-1, 64, 128, 128]	0
Conv2d-3	[-1, 128, 64, 64]	73,856
MaxPool2d-4	[-1, 128, 32, 32]	0
LeakyReLU-5	[-1, 128, 32, 32]	0
BatchNorm2d-6	[-1, 128, 32, 32]	256
Conv2d-7	[-1, 256, 16, 16]	295,168
MaxPool2d-8	[-1, 256, 8, 8]	0
LeakyReLU-9	[-1, 256, 8, 8]	0
Conv2d-10	[-1, 512, 4, 4]	1,180,160
MaxPool2d-11	[-1, 512, 2, 2]	0
LeakyReLU-12	[-1, 512, 2, 2]	0
Conv2d-13	[-1, 1, 1, 1]	8,193
Sigmoid-14	[-1, 1, 1, 1]	0
"""


def network_r() -> nn.Sequential:
    def down(inputs: int, outputs: int) -> nn.Conv2d:
        return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)

    return nn.Sequential(
        *(down(1, 64), nn.LeakyReLU(0.2)),
        *(down(64, 128), nn.MaxPool2d(2), nn.LeakyReLU(0.2), nn.BatchNorm2d(128)),
        *(down(128, 256), nn.MaxPool2d(2), nn.LeakyReLU(0.2)),
        *(down(256, 512), nn.MaxPool2d(2), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(512, 1, 4, padding=1), nn.Sigmoid()),
    )


def test_the_paper_s_network_against_its_table() -> None:
    rows = layers(network_r(), (1, 256, 256))
    written = [f"{row.name}\t[-1, {', '.join(map(str, row.shape))}]\t{row.parameters:,}" for row in rows]
    assert written == FIGURE_5.strip().splitlines()
    assert sum(row.parameters for row in rows) == 1_558_273
    size = summary_megabytes(network_r(), (1, 256, 256))
    assert [round(value, 2) for value in size] == [0.25, 23.84, 5.94, 30.04]


def test_a_small_network_by_hand() -> None:
    """2 x 3 x 3 + 2 = 20 and 2 x 6 x 6 x 5 + 5 = 365 numbers; outputs 72, 72, 72, 5; a product and a sum for each."""
    network = nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), nn.Flatten(), nn.Linear(72, 5))
    assert layers(network, (1, 8, 8)) == [
        ("Conv2d-1", (2, 6, 6), 20),
        ("ReLU-2", (2, 6, 6), 0),
        ("Flatten-3", (72,), 0),
        ("Linear-4", (5,), 365),
    ]
    megabytes = [4 * 64 / 2**20, 8 * 221 / 2**20, 4 * 385 / 2**20]
    assert summary_megabytes(network, (1, 8, 8)) == pytest.approx((*megabytes, sum(megabytes)))
    assert operations(network, (1, 8, 8)) == 2 * (72 * 9 + 72 * 5)


def test_operations_grow_with_the_input_as_convolutions_do() -> None:
    network = nn.Conv2d(3, 4, 5, padding=2)
    assert operations(network, (3, 32, 16)) == 4 * operations(network, (3, 16, 8)) == 2 * 32 * 16 * 4 * 3 * 25


class Branches(nn.Module):
    """Calls its parts in another order than it holds them, and one of them twice."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.twice, self.never = nn.Linear(3, 2), nn.Linear(3, 3), nn.Linear(9, 9)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.twice(self.twice(x)))


def test_layers_stand_in_the_order_of_their_calls() -> None:
    """Weights that are shared are counted once in the size; those that no pass needs are still held."""
    rows = layers(Branches(), (3,))
    assert rows == [("Linear-1", (3,), 12), ("Linear-2", (3,), 12), ("Linear-3", (2,), 8)]
    assert summary_megabytes(Branches(), (3,)).parameters == (12 + 8 + 90) * 4 / 2**20


def test_a_spectrally_normalised_layer_is_one_layer() -> None:
    plain, normalised = (wrap(nn.Conv2d(1, 2, 3)) for wrap in (nn.Sequential, spectral_norm))
    assert layers(normalised, (1, 8, 8)) == layers(plain, (1, 8, 8))
    assert summary_megabytes(normalised, (1, 8, 8)) == summary_megabytes(plain, (1, 8, 8))


def test_measuring_leaves_the_network_as_it_was() -> None:
    network = nn.Sequential(spectral_norm(nn.Conv2d(1, 2, 3)), nn.BatchNorm2d(2).eval(), nn.Dropout())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    size = summary_megabytes(network, (1, 8, 8))
    operations(network, (1, 8, 8))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert [part.training for part in network] == [True, False, True]
    assert not any(part._forward_hooks for part in network.modules())
    assert size.total > size.passes == 2 * 4 * 3 * prod((2, 6, 6)) / 2**20
