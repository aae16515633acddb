"""The discriminative network of Kobayashi et al. 2021: its layers, its triplets, and its distances at all places."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from brainuad.cost import layers, operations
from brainuad.errors import InputError
from brainuad.methods.base import Volume, build, load
from brainuad.networks.embedding import Embedding, around, places, spread
from brainuad.warping import crops, turn


def network(padded: bool = True, width: float = 1 / 16) -> Embedding:
    """Ready to compare, with running means that aren't those of a training's start."""
    torch.manual_seed(0)
    made = Embedding(width, padded)
    with torch.no_grad():
        made(torch.randn(16, 1, 32, 32))
    return made.eval()


def images(count: int = 2, shape: tuple[int, int] = (45, 38), seed: int = 0) -> Tensor:
    return torch.randn(count, 1, *shape, generator=torch.Generator().manual_seed(seed))


def small(**settings: float) -> torch.nn.Module:
    torch.manual_seed(0)
    return load("kobayashi-embedding")(width=1 / 16, **settings).eval()


def test_layers_of_the_paper() -> None:
    """64-128-256-512 maps, 32 to 2 pixels, 2048 numbers to 1024 to 256."""
    rows = layers(Embedding().layers, (1, 32, 32))
    assert [r.shape for r in rows if r.name.startswith("MaxPool")] == [
        (64, 16, 16),
        (128, 8, 8),
        (256, 4, 4),
        (512, 2, 2),
    ]
    assert [(r.shape, r.parameters) for r in rows][-3::2] == [((1024, 1, 1), 2049 * 1024), ((256, 1, 1), 1025 * 256)]
    assert Embedding()(torch.zeros(3, 1, 32, 32)).shape == (3, 256)

    def normalised(i: int, o: int, k: int) -> int:
        return k * k * i * o + 2 * o

    blocks = sum(
        normalised(i, o, 3) + normalised(o, o, 3) + normalised(i, o, 1) for i, o in pairwise((1, 64, 128, 256, 512))
    )
    counted = sum(weight.numel() for weight in Embedding().parameters())
    assert counted == blocks + 2049 * 1024 + 1025 * 256 == 7_220_736


def test_the_relative_without_padding_ends_at_two_by_two_too() -> None:
    """And a place costs about a thirtieth of a patch: 64 passes over a slice of 256 pixels against 65,536 patches."""
    relative = Embedding(padded=False)
    assert [r.shape for r in layers(relative.layers, (1, 32, 32))][-4] == (512, 2, 2)
    assert relative(torch.zeros(3, 1, 32, 32)).shape == (3, 256)
    dense = 64 * operations(relative.layers, (1, 287, 287))
    assert 20 < 256**2 * operations(Embedding().layers, (1, 32, 32)) / dense < 40


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("stride", [1, 2, 4, 8])
@pytest.mark.parametrize("together", [7, 5000])
def test_distances_equal_those_of_a_loop_over_patches(padded: bool, stride: int, together: int) -> None:
    """Cut out in NumPy, one by one, slices mirrored beyond their borders."""
    f, x, y = network(padded), images(seed=1, shape=(29, 22)), images(seed=2, shape=(29, 22))
    wide = [np.pad(each[:, 0].numpy(), ((0, 0), (16, 15), (16, 15)), mode="reflect") for each in (x, y)]
    rows, columns = range(0, 29, stride), range(0, 22, stride)
    wanted = torch.zeros(2, len(rows), len(columns), dtype=torch.bool)
    wanted[:, ::3, ::2] = True
    with torch.no_grad():
        found = f.distances(x, y, wanted, stride, together)
        for k, i, j in wanted.nonzero().tolist():
            at = k, slice(rows[i], rows[i] + 32), slice(columns[j], columns[j] + 32)
            p, q = (f(torch.from_numpy(each[at])[None, None]) for each in wide)
            assert float(found[k, i, j]) == pytest.approx(float((p - q).norm()), rel=1e-4)
    assert not found[~wanted].any() and found[wanted].min() > 0.01


@pytest.mark.parametrize("padded", [True, False])
def test_a_change_is_felt_within_its_patches_alone(padded: bool) -> None:
    """Patches reach 16 pixels up and left of their pixel and 15 down and right."""
    f, x = network(padded), images(1, (64, 64))
    y = x.clone()
    y[0, 0, 30, 33] += 50
    wanted = torch.zeros(1, 64, 64, dtype=torch.bool)
    wanted[:, 30] = wanted[:, :, 33] = True
    with torch.no_grad():
        felt = f.distances(x, y, wanted)[0] > 1e-4
    row, column = felt[:, 33].nonzero().flatten(), felt[30].nonzero().flatten()
    assert 15 <= row.min() <= 18 and 43 <= row.max() <= 46 and 18 <= column.min() <= 21 and 46 <= column.max() <= 49


def test_strides_that_do_not_divide_the_step_are_refused() -> None:
    with pytest.raises(InputError, match="can't have a stride of 3 pixels"):
        network().distances(images(), images(), torch.ones(2, 15, 13, dtype=torch.bool), 3)


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_values_between_places_are_interpolated(stride: int) -> None:
    """A plane comes back as a plane, but beyond the last place, where it goes on level."""
    rows, columns = torch.arange(37.0)[:, None], torch.arange(26.0)
    last = [(length - 1) // stride * stride for length in (37, 26)]
    plane = 3 * rows.clamp(max=last[0]) - 2 * columns.clamp(max=last[1]) + 1
    found = spread(plane[None, ::stride, ::stride], stride, (37, 26))
    if stride == 1:
        assert torch.equal(found[0, 0], plane)
    inside = found[0, 0, : last[0] + 1, : last[1] + 1]
    assert found.shape == (1, 1, 37, 26)
    assert torch.allclose(inside, plane[: last[0] + 1, : last[1] + 1], atol=1e-4)


@pytest.mark.parametrize("stride", [1, 4])
def test_places_are_those_that_the_body_depends_on(stride: int) -> None:
    body = torch.rand(3, 1, 37, 26, generator=torch.Generator().manual_seed(0)) > 0.98
    needed = torch.zeros(3, -(-37 // stride), -(-26 // stride), dtype=torch.bool)
    for k, _, row, column in body.nonzero().tolist():
        for i in {row // stride, min(-(-row // stride), needed.shape[1] - 1)}:
            for j in {column // stride, min(-(-column // stride), needed.shape[2] - 1)}:
                needed[k, i, j] = True
    assert torch.equal(places(body, stride), needed) and not needed.all()


def test_crops_are_cut_out_where_they_should() -> None:
    x = images(2, (40, 50))
    wide = np.pad(x[:, 0].numpy(), ((0, 0), (16, 15), (16, 15)), mode="reflect")
    centres = torch.tensor([[[0.0, 0.0], [39.0, 49.0], [20.0, 31.0]]]).repeat(2, 1, 1)
    found = crops(x, centres, 32).view(2, 3, 32, 32)
    turned = crops(x, centres, 32, turn(torch.tensor(90.0), torch.tensor(1.0)).expand(2, 3, 2, 2)).view(2, 3, 32, 32)
    for k in range(2):
        for n, (row, column) in enumerate(centres[0].int().tolist()):
            expected = wide[k, row : row + 32, column : column + 32]
            np.testing.assert_allclose(found[k, n], expected, atol=1e-3)
    np.testing.assert_allclose(turned[:, 2], np.rot90(found[:, 2], axes=(1, 2)), atol=1e-3)
    with torch.autocast("cpu", torch.bfloat16):
        quarter = turn(torch.tensor(90.0), torch.tensor(1.0)).expand(2, 3, 2, 2)
        assert torch.equal(crops(x, centres, 32, quarter).view(2, 3, 32, 32), turned)


def test_scaled_crops_are_larger() -> None:
    """A disc seen at a scale of 1.5 has 2.25 times the pixels."""
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    disc = ((x - 31.5) ** 2 + (y - 31.5) ** 2 < 64).float()[None, None]
    sizes = [
        float(crops(disc, torch.full((1, 1, 2), 32.0), 32, turn(torch.tensor([[0.0]]), torch.tensor([[s]]))).sum())
        for s in (1.0, 1.5)
    ]
    assert sizes[1] / sizes[0] == pytest.approx(2.25, rel=0.05)


def test_anchors_hold_enough_body() -> None:
    """At least a quarter, and all over it; a slice without body gives patches nevertheless."""
    torch.manual_seed(0)
    body = torch.zeros(2, 1, 128, 100, dtype=torch.bool)
    body[0, 0, 40:80, 20:50] = True
    anchors = small(patches=500).anchors(body)
    share = around(body.float())[0, 0].unfold(0, 32, 1).unfold(1, 32, 1).mean((2, 3))
    rows, columns = anchors[0].long().unbind(1)
    assert share[rows, columns].min() >= 0.25
    assert len(set(map(tuple, anchors[0].tolist()))) > 300
    assert (anchors[1].amax(0) > torch.tensor([100, 80])).all() and (anchors[1].amin(0) < 20).all()


def test_negatives_lie_elsewhere() -> None:
    torch.manual_seed(0)
    method = small(patches=400)
    anchors = torch.rand(3, 400, 2) * torch.tensor([127.0, 99.0])
    negatives = method.elsewhere(anchors, (128, 100))
    assert (negatives - anchors).norm(dim=-1).min() >= 16
    assert negatives.amin() >= 0 and (negatives.amax((0, 1)) <= torch.tensor([127, 99])).all()
    near = method.elsewhere(torch.full((1, 400, 2), 8.0), (16, 16))
    assert (near - 8).norm(dim=-1).max() < 16, "where nothing is far enough"


def test_positives_are_the_anchors_slightly_changed() -> None:
    """Not at all without strengths; each strength changes them within its bounds."""
    off = dict.fromkeys(("translation", "rotation", "scaling", "gain", "offset", "gamma"), 0.0)
    x, anchors = images(1, (64, 64)).tanh(), torch.full((1, 200, 2), 32.0)
    same = crops(x, anchors, 32)
    assert torch.allclose(small(**off).moved(x, anchors), same, atol=1e-4)
    for name, strength in (("offset", 0.1), ("gain", 0.1)):
        change = small(**{**off, name: strength}).moved(x, anchors) - same
        share = change / (same if name == "gain" else torch.ones_like(same))
        clear = same.abs() > 0.1
        assert -strength - 1e-3 < share[clear].min() < -0.9 * strength
        assert 0.9 * strength < share[clear].max() < strength + 1e-3
        assert torch.allclose(share[3][clear[3]], share[3, 0, 16, 16], atol=1e-3), "one draw for each patch"
    curved = small(**{**off, "gamma": 0.1}).moved(x, anchors)
    exponents = ((curved + 1) / 2).log() / ((same + 1) / 2).log()
    assert 0.899 < exponents.amin() < 0.93 and 1.07 < exponents.amax() < 1.101
    point = torch.zeros(1, 1, 64, 64)
    point[0, 0, 32, 32] = 1.0
    for name, strength, reach in (("translation", 2.0, 3), ("rotation", 5.0, 1)):
        lit = (small(**{**off, name: strength}).moved(point, anchors) > 0.01).any(0)[0].nonzero() - 16
        assert 1 <= lit.abs().max() <= reach


@pytest.mark.parametrize("padded", [True, False])
def test_first_embeddings_lie_about_the_margin_apart(padded: bool) -> None:
    """Far more, and few triplets would have a loss."""
    torch.manual_seed(0)
    x = torch.nn.functional.interpolate(torch.rand(4, 1, 16, 16), scale_factor=4, mode="bilinear")
    terms = load("kobayashi-embedding")(width=1 / 4, padded=padded).loss(x, x > 0)
    assert 0.5 < float(terms["negative"].detach()) < 2 and 0.2 < float(terms["loss"].detach()) < 1


def test_loss_is_the_triplet_margin_loss() -> None:
    """Equation 8 in NumPy, on the triplets that the method makes of the slices."""
    method, x = small(patches=6), images(3, (64, 64)).tanh() / 2 + 0.5
    body, made = x > -1, []
    method.embedding.register_forward_hook(lambda _, given, output: made.append((given[0], output)))
    torch.manual_seed(4)
    with torch.no_grad():
        terms = method.loss(x, body)
    patches, output = made[0]
    p, positive, negative = np.split(output.numpy().astype(float), 3)
    gap = np.linalg.norm(p - positive, axis=1) - np.linalg.norm(p - negative, axis=1)
    assert float(terms["loss"]) == pytest.approx(np.maximum(gap + 1, 0).mean(), rel=1e-3)
    assert float(terms["negative"] - terms["positive"]) == pytest.approx(-gap.mean(), rel=1e-3)
    assert patches.shape == (54, 1, 32, 32)
    torch.manual_seed(4)
    assert torch.equal(patches[:18], crops(2 * x - 1, method.anchors(body), 32))


def test_training_parts_neighbours_from_strangers() -> None:
    """Of faint textures whose patches differ less than the changes of intensity that must not count."""
    torch.manual_seed(0)
    method = load("kobayashi-embedding")(width=1 / 16, patches=8, learning_rate=1e-3, gain=0.5, offset=0.5)
    textures = 0.5 + 0.05 * torch.nn.functional.interpolate(torch.randn(4, 1, 16, 16), scale_factor=4, mode="bilinear")
    adam, losses = method.optimisers()["loss"], []
    for _ in range(40):
        adam.zero_grad()
        terms = method.loss(textures, textures > 0)
        terms["loss"].backward()
        adam.step()
        losses.append(float(terms["loss"].detach()))
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:5])


def volume(image: np.ndarray) -> Volume:
    return Volume(image.astype(np.float32), np.ones(image.shape, bool), np.arange(len(image)))


def test_its_own_score_is_how_unlike_left_and_right_are() -> None:
    """0 for a slice that is its own mirror image; each slice is scored by itself."""
    rng = np.random.default_rng(0)
    half = np.repeat(np.repeat(rng.random((2, 8, 4)), 4, 1), 4, 2)
    symmetric = np.concatenate([half, half[:, :, ::-1]], 2)
    ill = symmetric.copy()
    ill[0, 12:20, 18:26] += 1.0
    method = small()
    scores = [method.score(volume(image), rng).score for image in (symmetric, ill)]
    assert (
        symmetric.shape == (2, 32, 32)
        and scores[0].max() < 1e-3 < scores[1][0].max()
        and np.array_equal(scores[1][1], scores[0][1])
    )


@pytest.mark.parametrize("name", ["kobayashi-vae", "kobayashi-introvae", "kobayashi-introvae-latsearch"])
@pytest.mark.parametrize("lowest", [0.0, -1.0])
def test_methods_compare_patches_by_the_embedding_that_they_take(name: str, lowest: float) -> None:
    """In [-1, 1], whatever the slices' background; the reconstruction is that of the same method by pixels."""
    settings = {"size": 32, "latent": 4, "width": 1 / 16, "lowest": lowest}
    steps = {"steps": 2} if "latsearch" in name else {}
    rng, embedding = np.random.default_rng(0), small(lowest=lowest)
    given = volume(lowest + (1 - lowest) * rng.random((2, 32, 32)))
    torch.manual_seed(1)
    method = build(name, {**settings, **steps, "stride": 2}).eval()
    plain = build(f"{name}-l1", {**settings, **steps}).eval()
    plain.load_state_dict(method.state_dict())
    method.take(embedding)
    maps, by_pixel = method.score(given, rng), plain.score(given, rng)
    np.testing.assert_allclose(maps.reconstruction, by_pixel.reconstruction, atol=1e-5)
    x, made = (
        torch.from_numpy(2 * (each - lowest) / (1 - lowest) - 1)[:, None] for each in (given.image, maps.reconstruction)
    )
    with torch.no_grad():
        p, q = (embedding.embedding(around(each)[1:, :, 6:38, 10:42].float()) for each in (x, made))
    assert maps.score[1, 6, 10] == pytest.approx(float((p - q).norm()), rel=1e-3)
