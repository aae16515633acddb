"""The sliding window against a loop that follows the paper word by word, and against what must come out."""

import numpy as np
import pytest
import torch
from torch import Tensor

from brainuad import boxes, sliding_window
from brainuad.errors import InputError
from brainuad.networks.inpainting import Generator, folded
from brainuad.networks.shared_windows import SharedWindows
from brainuad.sliding_window import Window, in_whole


def slices(count: int = 2, height: int = 40, width: int = 32) -> tuple[Tensor, Tensor]:
    """Noise within an ellipse, and the ellipse."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    brain = ((y / 0.6) ** 2 + (x / 0.5) ** 2 < 1).expand(count, 1, -1, -1)
    return torch.rand(brain.shape, generator=torch.Generator().manual_seed(0)) * brain, brain


def one_at_a_time(generator: Generator, x: Tensor, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """The window losses (R, C) and the heat (H, W) of a slice (1, 1, H, W), in NumPy."""
    side, step = window.side, window.step
    height, width = x.shape[2:]
    image = x[0, 0].numpy()
    stretched = 255 * (image - image.min()) / (image.max() - image.min())
    losses = np.zeros(((height - side) // step + 1, (width - side) // step + 1))
    heat, covered = np.zeros((height, width)), np.zeros((height, width))
    for r, c in np.ndindex(losses.shape):
        inside = np.s_[r * step : r * step + side, c * step : c * step + side]
        masked = x.clone()
        masked[0, 0][inside] = 1.0
        with torch.no_grad():
            made = generator(masked)[0, 0].numpy()
        made = 255 * (made - made.min()) / (made.max() - made.min())
        losses[r, c] = np.abs(stretched[inside] - made[inside]).mean()
        heat[inside] += losses[r, c]
        covered[inside] += 1
    return losses, heat / np.maximum(covered, 1)


@pytest.mark.parametrize(
    ("shape", "side", "count"),
    [
        ((256, 256), 16, (61, 61)),
        ((256, 256), 32, (57, 57)),
        ((256, 256), 8, (63, 63)),
        ((256, 256), 64, (49, 49)),
        ((256, 192), 32, (57, 41)),
    ],
)
def test_as_many_places_as_the_papers_have(shape: tuple[int, int], side: int, count: tuple[int, int]) -> None:
    window = Window(side, 4)
    assert tuple(len(window.positions(length)) for length in shape) == count
    assert window.touching(torch.ones(1, 1, *shape, dtype=torch.bool)).shape == (1, *count)


def test_windows_in_batches_are_windows_one_at_a_time() -> None:
    x, brain = slices()
    torch.manual_seed(0)
    generator = Generator(4).eval()
    window = Window(8, 3)
    places = window.touching(brain)
    losses = sliding_window.inpaint(in_whole(folded(generator)), x, places, window, together=7)
    heat = window.spread(losses.window, places, x.shape[2:])
    assert 0.3 < places.float().mean() < 0.9
    for i in range(len(x)):
        expected, expected_heat = one_at_a_time(generator, x[i : i + 1], window)
        assert losses.window[i][places[i]].numpy() == pytest.approx(expected[places[i]], rel=1e-3)
        # Windows without brain were left out: no pixel of the brain notices.
        inside = brain[i, 0].numpy()
        assert heat[i].numpy()[inside] == pytest.approx(expected_heat[inside], rel=1e-3)


@pytest.mark.parametrize("upsampling", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("shape", "side", "step"), [((64, 48), 4, 3), ((128, 160), 16, 8), ((96, 32), 7, 5)])
def test_shared_work_changes_nothing(upsampling: str, shape: tuple[int, int], side: int, step: int) -> None:
    """At every place, those at the edges of the slice too, every pixel is that of a whole pass."""
    x, _ = slices(2, *shape)
    torch.manual_seed(0)
    generator = Generator(4, upsampling).eval()
    generator.out = torch.nn.Identity()  # a sigmoid would flatten what differs
    for layer in generator.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):  # as after training: shifts and scales
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.1, 0.5)
            layer.bias.data.normal_()
    whole = folded(generator)
    window = Window(side, step)
    places = window.touching(torch.ones_like(x, dtype=torch.bool))
    shared = SharedWindows(whole, x, window)
    with torch.no_grad():
        for now in sliding_window.passes(window, x, places, together=50):
            expected = whole(now.masked)
            assert expected.std() > 0.3
            assert (expected - whole(x[now.slices])).abs().amax((1, 2, 3)).min() > 0.05
            assert torch.allclose(shared(now), expected, atol=1e-4)


def test_a_generator_that_copies_the_clean_slice_leaves_no_heat() -> None:
    x, brain = slices(1)
    window = Window(8, 4)
    places = window.touching(brain)
    losses = sliding_window.inpaint(lambda now: x.expand(len(now.masked), -1, -1, -1), x, places, window)
    assert not losses.window.any()
    assert not losses.whole.any()
    assert torch.equal(losses.inpainted, x[:, 0])


def test_a_planted_square_is_where_the_heat_is() -> None:
    healthy, brain = slices(1, 64, 64)
    healthy *= 0.5
    x = healthy.clone()
    x[0, 0, 24:40, 28:44] = 1.0
    window = Window(8, 4)
    places = window.touching(brain)
    losses = sliding_window.inpaint(lambda now: healthy.expand(len(now.masked), -1, -1, -1), x, places, window)
    heat = window.spread(losses.window, places, x.shape[2:])[0]
    row, column = divmod(int(heat.argmax()), 64)
    assert 24 <= row < 40
    assert 28 <= column < 44
    assert losses.inpainted[0, 30, 35] == healthy[0, 0, 30, 35]


def test_whole_slice_loss_is_the_mean_absolute_error() -> None:
    x, _ = slices(1)
    places = torch.ones(1, 9, 7, dtype=torch.bool)
    losses = sliding_window.inpaint(lambda now: now.masked, x, places, Window(8, 4))
    white = boxes.erase(x, torch.tensor([8]), torch.tensor([12]), 8)
    assert float(losses.whole[0, 2, 3]) == pytest.approx(float((white - x).abs().mean()))


def test_a_window_larger_than_the_slice_is_told() -> None:
    with pytest.raises(InputError, match="window of 64 pixels: is larger than a slice of 32 pixels"):
        Window(64, 4).touching(torch.ones(1, 1, 128, 32, dtype=torch.bool))


def test_min_max_normalisation() -> None:
    x = torch.tensor([[0.2, 0.4], [0.7, 0.7]])[:, None, None]
    assert sliding_window.normalise(x).flatten().tolist() == [0.0, 255.0, 0.0, 0.0]


def test_erased_squares_lie_where_they_should() -> None:
    x, brain = slices(400, 48, 36)
    torch.manual_seed(0)
    rows, columns = boxes.on_brain(brain, 8)
    inside = [brain[0, 0, r : r + 8, c : c + 8].float().mean() for r, c in zip(rows, columns, strict=True)]
    assert min(inside) >= 0.5
    eligible = {(r, c) for r in range(41) for c in range(29) if brain[0, 0, r : r + 8, c : c + 8].float().mean() >= 0.5}
    assert len(eligible) * 0.3 < len(set(zip(rows.tolist(), columns.tolist(), strict=True))) <= len(eligible)
    rows, columns = boxes.in_middle(brain, 8)
    assert (rows.min(), rows.max()) == (16, 24)
    assert (columns.min(), columns.max()) == (12, 16)
    erased = boxes.erase(x, rows, columns, 8)
    assert torch.equal((erased == boxes.FILL).sum((1, 2, 3)), torch.full((400,), 64))


def test_a_square_that_fits_nowhere_on_the_brain_lies_on_as_much_of_it_as_can_be() -> None:
    brain = torch.zeros(3, 1, 32, 32, dtype=torch.bool)
    brain[..., 10:14, 20:24] = True
    rows, columns = boxes.on_brain(brain, 16)
    for r, c in zip(rows, columns, strict=True):
        assert brain[0, 0, r : r + 16, c : c + 16].sum() == 16
    rows, columns = boxes.in_middle(brain, 30)
    assert rows.tolist() == columns.tolist() == [2, 2, 2]


def test_windows_far_apart_share_a_pass() -> None:
    x, brain = slices()
    window = Window(4, 2)
    places = window.touching(brain)
    shared = list(sliding_window.passes(window, x, places, together=5, apart=12))
    alone = sum(len(now.slices) for now in sliding_window.passes(window, x, places, together=5))
    assert alone == places.sum()
    assert sum(len(now.slices) for now in shared) == 2 * 6 * 6
    visited = torch.zeros_like(places, dtype=torch.int)
    for now in shared:
        where = now.slices[now.windows], now.rows, now.columns
        visited.index_put_(where, torch.ones((), dtype=torch.int), accumulate=True)
        for one in range(len(now.slices)):
            own = now.windows == one
            corners = torch.stack([2 * now.rows[own], 2 * now.columns[own]], dim=1)
            distances = (corners[:, None] - corners).abs().amax(2)
            assert ((distances == 0) | (distances >= 12)).all()
            assert int((now.masked[one] == boxes.FILL).sum()) == 16 * int(own.sum())
    assert torch.equal(visited, places.int())


def test_a_window_to_itself_is_not_changed_by_sharing() -> None:
    x, brain = slices()
    torch.manual_seed(0)
    generator = Generator(4).eval()
    window = Window(8, 4)
    places = torch.zeros_like(window.touching(brain))
    places[0, 3, 2] = places[1, 5, 4] = True
    alone, shared = (sliding_window.inpaint(in_whole(generator), x, places, window, apart=apart) for apart in (0, 16))
    assert torch.allclose(alone.window, shared.window)
    assert torch.allclose(alone.inpainted, shared.inpainted)
