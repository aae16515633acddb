"""StRegA and its baselines: sizes of networks, losses against torch's distributions, noise, scores and masks."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from brainuad.errors import InputError
from brainuad.methods import cevae
from brainuad.methods.base import Volume, build, load
from brainuad.methods.skip_ae import gradient_difference
from brainuad.networks import cevae as networks
from brainuad.networks.skip_ae import SkipAutoencoder
from brainuad.networks.unified import sum_l1

CEVAES = ("cevae", "cevae-strega-preprocessing", "strega")
CONVOLUTION = nn.Conv2d | nn.ConvTranspose2d


def weights(*parts: nn.Module) -> int:
    return sum(weight.numel() for part in parts for weight in part.parameters())


def convolutions(*parts: nn.Module) -> list[CONVOLUTION]:
    """All, but for those in residual blocks."""
    within = {m for part in parts for b in part.modules() if isinstance(b, networks.Residual) for m in b.modules()}
    return [m for part in parts for m in part.modules() if isinstance(m, CONVOLUTION) and m not in within]


def test_parameters_of_the_original() -> None:
    """812,295,568 numbers in convolutions, and one for each PReLU."""
    with torch.device("meta"):
        method = load("cevae")()
    assert weights(*convolutions(method.encoder)) == 539_387_024
    assert weights(*convolutions(method.decoder)) == 272_908_544
    assert weights(method) == 812_295_568 + 4 + 4


def test_parameters_of_the_compact_form() -> None:
    """202,352,192 without residual blocks and normalisation; these add what their maps and kernels say."""
    with torch.device("meta"):
        method = load("strega")(size=256)
    assert weights(*convolutions(method.encoder)) == 134_586_944
    assert weights(*convolutions(method.decoder)) == 67_765_248
    blocks = (64, 128, 256, 128)
    residual = sum(2 * 9 * maps**2 for maps in blocks)
    normalised = 64 + 128 + 256 + 256 + 128 + 64 + sum(2 * maps for maps in blocks)
    prelus = 6 + 2 * len(blocks)
    assert weights(method) == 202_352_192 + residual + 2 * normalised + prelus


def test_parameters_of_the_pooled_head() -> None:
    """About 17 M: a dense layer from 8 x 8 x 256 to 512 and one from 256 back."""
    with torch.device("meta"):
        method = load("strega")(size=256, head="pooled")
    assert weights(*convolutions(method.encoder, method.decoder)) == pytest.approx(17e6, rel=0.01)
    last, first = method.encoder[-1], method.decoder[0]
    assert last.weight.shape == (512, 256, 8, 8) and first.weight.shape == (256, 256, 8, 8)


@pytest.mark.parametrize("head", networks.HEADS)
def test_every_convolution_of_the_compact_form_is_normalised_but_the_last(head: str) -> None:
    for part in (networks.compact_encoder(64, 8, head), networks.compact_decoder(64, 8, head)):
        flat = [m for m in part.modules() if not list(m.children())]
        followed = [after for m, after in pairwise(flat) if isinstance(m, CONVOLUTION)]
        assert all(isinstance(after, nn.BatchNorm2d) for after in followed)
        assert isinstance(flat[-1], CONVOLUTION) and len(followed) == len(convolutions(part)) - 1 + 4
    original = (*networks.encoder(32, 8).modules(), *networks.decoder(32, 8).modules())
    assert not any(isinstance(m, nn.BatchNorm2d) for m in original)
    assert all(m.bias is None for m in convolutions(networks.encoder(32, 8), networks.decoder(32, 8)))


def test_a_residual_block_adds() -> None:
    block, x = networks.Residual(3).eval(), torch.randn(2, 3, 8, 8)
    assert not torch.allclose(block(x), x)
    nn.init.zeros_(block.layers[-2].weight)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize(
    ("name", "settings", "sizes"),
    [
        ("cevae", {}, (16, 48)),
        ("strega", {}, (16, 48)),
        ("strega", {"head": "pooled"}, (32, 96)),
    ],
)
def test_networks_grow_with_the_slice(name: str, settings: dict, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        method = load(name)(size=size, latent=6, **settings).eval()
        x = torch.rand(2, 1, size, size)
        assert method(x).shape == x.shape
        assert [part.shape for part in method.encode(x)] == [(2, 6, 1, 1)] * 2


def test_what_the_networks_can_not_be() -> None:
    with pytest.raises(InputError, match=r"can't see slices of 100 pixels. Use a multiple of 16 pixels"):
        load("cevae")(size=100)
    with pytest.raises(InputError, match=r"can't see slices of 36 pixels. Use a multiple of 8 pixels"):
        load("strega")(size=36)
    with pytest.raises(InputError, match=r"strega: has no head 'flat'. Use full_map or pooled"):
        load("strega")(size=32, head="flat")
    with pytest.raises(InputError, match=r"score_sign: 'up' is unknown. Use recon_minus_input, input_minus_recon, abs"):
        load("strega")(size=32, score_sign="up")
    with pytest.raises(InputError, match="unexpected keyword argument 'head'"):
        build("cevae", {"size": 32, "head": "pooled"})


@pytest.mark.parametrize("name", CEVAES)
def test_loss_against_torch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """(1 - c)(L1 + beta KL) + c L1 of the covered slice, all means; in validation nothing is covered."""
    torch.manual_seed(0)
    method = load(name)(size=32, latent=5, ce_weight=0.3, kl_weight=0.7)
    nn.init.normal_(method.encoder[-1].weight, std=0.3)
    monkeypatch.setattr(cevae, "cover", torch.zeros_like)
    x = torch.rand(4, 1, 32, 32)
    for training, covered in ((True, torch.zeros_like(x)), (False, x)):
        method.train(training)
        torch.manual_seed(1)
        terms = method.loss(x, x > 0)
        torch.manual_seed(1)
        with torch.no_grad():
            mean, log_sd = method.encode(x)
            posterior = torch.distributions.Normal(mean, log_sd.exp())
            kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).mean()
            reconstruction = (x - method.decoder(mean + log_sd.exp() * torch.randn_like(mean))).abs().mean()
            context = (x - method.decoder(method.encode(covered)[0])).abs().mean()
        loss = 0.7 * (reconstruction + 0.7 * kl) + 0.3 * context
        expected = {"loss": loss, "reconstruction": reconstruction, "kl": kl, "context": context}
        assert float(kl) > 0.01
        for term, value in expected.items():
            assert float(terms[term].detach()) == pytest.approx(float(value), rel=1e-4)


@pytest.fixture(scope="module")
def covered() -> np.ndarray:
    """(2000, 48, 48): what squares were laid over slices of 48 pixels between -1 and 3, which are 0 else."""
    torch.manual_seed(0)
    x = torch.zeros(2000, 1, 48, 48)
    x[0, 0, 0, 0], x[1, 0, 0, 0] = -1, 3
    return cevae.cover(x)[2:, 0].numpy()


def test_squares_that_cover(covered: np.ndarray) -> None:
    """0 to 3 of one side below half the slice, anywhere in it, each of one value in the batch's range."""
    numbers, sides, anywhere = [], [], np.zeros((48, 48), bool)
    for slice_ in covered:
        values = np.unique(slice_[slice_ != 0])
        boxes = [[(ends.min(), ends.max() + 1) for ends in np.nonzero(slice_ == value)] for value in values]
        numbers.append(len(values))
        if len(values) == 1:
            (top, bottom), (left, right) = boxes[0]
            assert bottom - top == right - left and (slice_[top:bottom, left:right] == values[0]).all()
            sides.append(bottom - top)
        anywhere |= slice_ != 0
    assert -1 <= covered.min() < -0.9 and 2.9 < covered.max() <= 3
    assert anywhere.all()
    assert set(numbers) == {0, 1, 2, 3}
    # A quarter has none drawn, and of the others one in 24 a side of 0.
    assert np.mean(np.array(numbers) == 0) == pytest.approx(0.25 + 0.75 / 24, abs=0.04)
    assert set(sides) == set(range(1, 24)) and np.mean(sides) == pytest.approx(12, abs=1.2)


def test_squares_of_a_slice_have_one_side(covered: np.ndarray) -> None:
    """Seen where two or three stand apart."""
    apart = 0
    for slice_ in covered:
        extents = set()
        for value in np.unique(slice_[slice_ != 0]):
            ends = [places.max() + 1 - places.min() for places in np.nonzero(slice_ == value)]
            if ends[0] * ends[1] == (slice_ == value).sum() and ends[0] == ends[1]:
                extents.add(ends[0])
                apart += len(extents) == 1
        assert len(extents) <= 1
    assert apart > 1000


def answering(name: str, answer: Callable[[Tensor], Tensor], **settings: object) -> nn.Module:
    method = load(name)(size=32, latent=2, **settings).eval()
    method.forward = answer
    return method


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0.3, 0.0, 0.0]),
        ({"score_sign": "recon_minus_input"}, [0.3, 0.0, 0.0]),
        ({"score_sign": "input_minus_recon"}, [0.0, 0.4, 0.0]),
        ({"score_sign": "abs"}, [0.3, 0.4, 0.0]),
    ],
)
@pytest.mark.parametrize("name", CEVAES[1:])
def test_signs_of_the_score(name: str, settings: dict, expected: list[float]) -> None:
    """A dark and a bright voxel in the brain, and one outside."""
    image, brain = np.full((2, 32, 32), 0.5, np.float32), np.ones((2, 32, 32), bool)
    image[0, 4, 4:7], brain[0, 4, 6] = (0.2, 0.9, 0.1), False
    method = answering(name, lambda x: torch.full_like(x, 0.5), **settings)
    maps = method.score(Volume(image, brain, np.arange(2)), np.random.default_rng(0))
    np.testing.assert_allclose(maps.score[0, 4, 4:7], expected, atol=1e-6)
    assert maps.score.sum() == pytest.approx(sum(expected), abs=1e-5) and (maps.reconstruction == 0.5).all()


def test_the_baseline_s_score_is_the_residual() -> None:
    image = np.random.default_rng(0).random((2, 32, 32), dtype=np.float32)
    method = answering("cevae", lambda x: torch.full_like(x, 0.5))
    score = method.score(Volume(image, image > 2, np.arange(2)), np.random.default_rng(0)).score
    assert np.allclose(score, np.abs(image - 0.5))


@pytest.mark.parametrize(("name", "augmented"), [(name, name != "cevae") for name in CEVAES])
def test_training_slices_are_augmented(name: str, augmented: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of tissue maps, before anything is covered; what augments has its settings."""
    torch.manual_seed(0)
    method = load(name)(size=32, latent=2)
    seen = []
    monkeypatch.setattr(cevae, "cover", lambda x: seen.append(x) or x)
    x, steps = torch.rand(8, 1, 32, 32), []
    terms = method.train_on(x, x > 0, lambda loss, optimiser: steps.append((loss, optimiser)), 0)
    assert [(loss, name) for loss, name in steps] == [(terms["loss"], "loss")]
    assert torch.equal(seen[0], x) != augmented
    if augmented:
        never = {f"{what}_probability": 0.0 for what in ("flip", "affine", "rotation", "intensity")}
        load(name)(size=32, latent=2, augmentation=never).train_on(x, x > 0, lambda *_: None, 0)
        assert torch.equal(seen[1], x)
        with pytest.raises(InputError, match="unexpected keyword argument 'flips'"):
            build(name, {"size": 32, "augmentation": {"flips": 1}})


def test_skip_ae_s_parameters_and_shapes() -> None:
    """Down 64-128-256-512-64, up 512-256-128-64, kernels 5 x 5 with biases, then 1 x 1."""
    chain = [(1, 64), (64, 128), (128, 256), (256, 512), (512, 64), (64, 512), (512, 256), (256, 128), (128, 64)]
    expected = sum(25 * a * b + b + 2 * b for a, b in chain) + 65
    assert weights(load("skip-ae")()) == expected
    network = SkipAutoencoder(2)
    innermost = []
    network.innermost.register_forward_hook(lambda *given: innermost.append(given[2].shape))
    assert network(torch.rand(1, 1, 256, 192)).shape == (1, 1, 256, 192)
    assert innermost == [(1, 2, 16, 12)]


def test_skip_ae_drops_what_is_skipped_but_for_the_innermost() -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 1, 32, 32)
    network = SkipAutoencoder(2, dropout=1.0)
    sums, ways = {}, {}
    for number, (up, skip) in enumerate(zip(network.up, network.skip, strict=True)):
        up.register_forward_hook(lambda module, given, out, number=number: sums.update({number: out}))
        skip.register_forward_hook(lambda module, given, out, number=number: ways.update({number: (*given, out)}))
    network(x)
    for number, (given, kept) in ways.items():
        assert given.shape == kept.shape == sums[number].shape and given.abs().max() > 0
        assert torch.equal(kept, given) if number == 0 else kept.abs().max() == 0
    network.eval()
    assert torch.equal(network(x), network(x))
    assert all(torch.equal(*pair) for pair in ways.values())


def test_skip_ae_s_loss_against_brute_force() -> None:
    torch.manual_seed(0)
    x, other = torch.rand(2, 3, 1, 5, 7)
    expected = 0.0
    for one, two in zip(x[:, 0].tolist(), other[:, 0].tolist(), strict=True):
        for i in range(5):
            for j in range(7):
                if i:
                    expected += abs(abs(one[i][j] - one[i - 1][j]) - abs(two[i][j] - two[i - 1][j]))
                if j:
                    expected += abs(abs(one[i][j] - one[i][j - 1]) - abs(two[i][j] - two[i][j - 1]))
    assert float(gradient_difference(x, other)) == pytest.approx(expected / 3, rel=1e-5)
    x = torch.rand(2, 1, 32, 32)
    method = load("skip-ae")(width=2, gradient_weight=3.0).eval()
    with torch.no_grad():
        whole = sum_l1(x, method(x)) + 3 * gradient_difference(x, method(x))
        assert float(method.loss(x, x > 0)["loss"]) == pytest.approx(float(whole), rel=1e-5)


def test_gmvae_at_256_pixels() -> None:
    """A map of 64 x 64 from You's networks; the last term is at least half a nat for each place."""
    with torch.device("meta"):
        method = load("gmvae")(latent=1, dropout=0.0)
        assert method.encode(torch.rand(1, 1, 256, 256)).z_mean.shape == (1, 1, 64, 64)
        assert weights(method) == weights(load("gmvae-you")(latent=1))
    small, x = load("gmvae")(size=32).eval(), torch.rand(2, 1, 32, 32)
    for layer in (small.prior_mean, small.prior_log_precision):  # nine equal components
        nn.init.zeros_(layer.weight)
        nn.init.constant_(layer.bias, 0.1)
    assert float(small.loss(x, x > 0)["kl_c"].detach()) == pytest.approx(0.5 * 64)


def test_csf_mask_is_the_class() -> None:
    tissues = np.float32([0, 1, 2, 3, 1]) / np.float32(3)
    image, brain = tissues[None, None], np.array([[[False, True, True, True, False]]])
    maps = load("csf-mask")().score(Volume(image, brain, np.arange(1)), np.random.default_rng(0))
    assert maps.score.tolist() == [[[0, 1, 0, 0, 0]]] and maps.score.dtype == np.float32
