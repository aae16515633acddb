"""Reconstruction networks of Kobayashi et al. 2021: layers, losses, the two players, and the search in the latent."""

import json
import re
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from brainuad import models
from brainuad.cost import layers
from brainuad.errors import InputError
from brainuad.methods.base import Volume, load
from brainuad.methods.kobayashi_vae_l1 import in_passing, kl, sample, squared
from brainuad.networks import introvae
from brainuad.networks.embedding import Embedding
from brainuad.networks.segmenter import Segmenter
from brainuad.networks.similarity import ssim
from brainuad.seeds import derive
from brainuad.stages import fit
from brainuad.warping import augment

RULES = Path(__file__).parents[1] / "workflow/rules/methods"
SMALL = {"size": 32, "latent": 8, "width": 1 / 8}


def small(name: str = "kobayashi-introvae-l1", **settings: float) -> torch.nn.Module:
    torch.manual_seed(0)
    return load(name)(**SMALL, **settings).eval()


def slices(count: int = 4, size: int = 32) -> Tensor:
    return torch.rand(count, 1, size, size, generator=torch.Generator().manual_seed(1))


def volume(depth: int = 4, lowest: float = 0.0) -> Volume:
    """Random slices; a body that ends within them, the last slice without any."""
    rng, body = np.random.default_rng(0), np.zeros((depth, 32, 32), bool)
    body[:-1, 4:28, 6:26] = True
    return Volume((lowest + (1 - lowest) * rng.random(body.shape) * body).astype(np.float32), body, np.arange(depth))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_layers_of_the_networks() -> None:
    """32-64-128-256-512-512, halved after each, to 128 x 4 x 4; back by 512 and the doubled 512-256-128-64-32-16."""
    encoder, decoder = introvae.Encoder(), introvae.decoder()
    with torch.no_grad():
        mean, log_variance = encoder(torch.zeros(1, 1, 256, 256))
        assert mean.shape == log_variance.shape == (1, 128, 4, 4)
        made = decoder(10 * torch.randn(1, 128, 4, 4))
    assert made.shape == (1, 1, 256, 256) and -1 <= made.min() < -0.5 < 0.5 < made.max() <= 1
    pooled = [row.shape for row in layers(encoder.features, (1, 256, 256)) if row.name.startswith("AvgPool2d")]
    assert pooled == [(32, 128, 128), (64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (512, 4, 4)]
    activated = [row.shape for row in layers(decoder, (128, 4, 4)) if row.name.startswith("LeakyReLU")]
    stages = [(512, 4), (512, 8), (256, 16), (128, 32), (64, 64), (32, 128), (16, 256)]
    assert list(dict.fromkeys(activated)) == [(maps, side, side) for maps, side in stages]


def test_parameter_counts() -> None:
    """Each convolution k k i o weights, each normalisation 2 o; shortcuts where the number of maps changes."""

    def normalised(i: int, o: int, k: int = 3) -> int:
        return k * k * i * o + 2 * o

    def block(i: int, o: int) -> int:
        return normalised(i, o) + normalised(o, o) + (normalised(i, o) if i != o else 0)

    down, up = (32, 64, 128, 256, 512, 512), (512, 512, 256, 128, 64, 32, 16)
    into = normalised(512, 128) + normalised(128, 128) + 2 * (128 * 128 + 128)
    encoder = normalised(1, 32, 5) + sum(block(i, o) for i, o in pairwise(down)) + into
    out_of = normalised(128, 512) + normalised(512, 512)
    decoder = out_of + sum(normalised(i, o) + block(o, o) for i, o in pairwise(up)) + 25 * 16 + 1
    counted = [sum(weight.numel() for weight in part.parameters()) for part in (introvae.Encoder(), introvae.decoder())]
    assert counted == [encoder, decoder] == [11_764_960, 13_178_161]
    assert sum(weight.numel() for weight in load("kobayashi-introvae-l1")().parameters()) == encoder + decoder


@pytest.mark.parametrize("size", [8, 64])
def test_smaller_slices_have_fewer_stages_and_the_same_latent(size: int) -> None:
    encoder, decoder = introvae.Encoder(size, 6, 1 / 16), introvae.decoder(size, 6, 1 / 16)
    assert encoder(slices(2, size))[0].shape == (2, 6, 4, 4)
    assert decoder(torch.zeros(2, 6, 4, 4)).shape == (2, 1, size, size)


@pytest.mark.parametrize("size", [4, 48, 512])
def test_sizes_that_do_not_halve_to_four_are_refused(size: int) -> None:
    with pytest.raises(InputError, match=f"can't see slices of {size} pixels"):
        load("kobayashi-vae-l1")(size=size)


@pytest.mark.parametrize(
    ("network", "layer", "slope", "inputs"),
    [
        (introvae.Encoder, "features.4.layers.3", 0.2, 9 * 64),
        (partial(Segmenter, 9), "up.2.layers.3", 0.0, 9 * 64),
        (Embedding, "layers.2.layers.3", 0.0, 9 * 128),
    ],
)
def test_first_weights_keep_the_scale(network: type, layer: str, slope: float, inputs: int) -> None:
    """He et al.: variance 2 / ((1 + slope^2) inputs); all three networks, section III-C."""
    weight = network().get_submodule(layer).weight
    assert float(weight.detach().var()) == pytest.approx(2 / (1 + slope**2) / inputs, rel=0.03)


@pytest.mark.parametrize("data_range", [1.0, 2.0])
def test_ssim_against_scikit_image(data_range: float) -> None:
    x = slices(3, 40)
    y = 0.6 * x + 0.4 * slices(3, 41)[..., :40, 1:]
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": data_range}
    pairs = zip(x[:, 0].double().numpy(), y[:, 0].double().numpy(), strict=True)
    expected = [structural_similarity(*pair, **settings) for pair in pairs]
    assert np.allclose(ssim(x, y, data_range), expected, atol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert np.allclose(ssim(x, y, data_range), expected, atol=1e-5)
    assert torch.allclose(ssim(x, x, data_range), torch.ones(3))


def test_ssim_is_differentiable() -> None:
    x = slices(1, 12).double()
    assert torch.autograd.gradcheck(lambda y: ssim(x, y), (slices(2, 12)[1:].double().requires_grad_(),))


def test_kl_and_samples_against_torch() -> None:
    """Summed over the whole map, one value for each slice."""
    torch.manual_seed(0)
    code = torch.randn(3, 5, 4, 4), 0.5 * torch.randn(3, 5, 4, 4)
    q = torch.distributions.Normal(code[0], (0.5 * code[1]).exp())
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum((1, 2, 3))
    assert torch.allclose(kl(code), expected, rtol=1e-5)
    assert torch.equal(kl((torch.zeros(2, 5, 4, 4),) * 2), torch.zeros(2))
    drawn = torch.stack([sample(code) for _ in range(4000)])
    assert torch.allclose(drawn.mean(0), q.mean, atol=0.1) and torch.allclose(drawn.std(0), q.stddev, rtol=0.1)


@pytest.mark.parametrize(
    ("name", "settings", "weight"),
    [
        ("kobayashi-vae-l1", {}, 0.0),
        ("kobayashi-vae-l1", {"similarity": 0.5}, 0.5),
        ("kobayashi-introvae-l1", {}, 1.0),
    ],
)
def test_errors_are_sums_over_the_paper_s_pixels(name: str, settings: dict[str, float], weight: float) -> None:
    """Of 256 x 256; a smaller slice weighs as much against the divergence, which is of the same latent."""
    method = small(name, **settings)
    x, y = 2 * slices(2, 256) - 1, 0.5 * slices(2, 256).flip(0)
    summed = ((x - y) ** 2).sum((1, 2, 3)) + weight * 256**2 * (1 - ssim(x, y))
    assert torch.allclose(method.error(x, y), summed, rtol=1e-5)
    flat, off = torch.zeros(1, 1, 32, 32), torch.full((1, 1, 32, 32), 0.5)
    large, shifted = torch.zeros(1, 1, 256, 256), torch.full((1, 1, 256, 256), 0.5)
    assert torch.allclose(method.error(flat, off), method.error(large, shifted), rtol=1e-4)


@pytest.mark.parametrize("training", [True, False])
def test_vae_minimises_the_squared_error_and_kl(training: bool) -> None:
    """Of a draw from q(z|x) in training, of its mean in validation, as in scoring."""
    method, x = small("kobayashi-vae-l1").train(training), slices()
    torch.manual_seed(3)
    terms = method.loss(x, x > 0)
    torch.manual_seed(3)
    with torch.no_grad():
        seen = method.prepared(x)
        code = method.encoder(seen)
        squared = 256**2 * ((seen - method.decoder(sample(code) if training else code[0])) ** 2).mean()
    assert float(terms["reconstruction"].detach()) == pytest.approx(float(squared), rel=1e-5)
    assert float(terms["loss"].detach()) == pytest.approx(float(squared + kl(code).mean()), rel=1e-5)


def test_vae_has_two_learning_rates_and_clips() -> None:
    method = small("kobayashi-vae-l1")
    (optimiser,) = method.optimisers().values()
    rates = {id(weight): part["lr"] for part in optimiser.param_groups for weight in part["params"]}
    assert {rates[id(weight)] for weight in method.encoder.parameters()} == {1e-4}
    assert {rates[id(weight)] for weight in method.decoder.parameters()} == {5e-3}
    assert len(rates) == len(list(method.parameters()))
    for weight in method.parameters():
        weight.grad = torch.randn_like(weight)
    optimiser.step()
    norm = torch.stack([weight.grad.norm() for weight in method.parameters()]).norm()
    assert float(norm) == pytest.approx(1, rel=1e-3)


def test_the_loop_clips(cohorts: dict[str, Path], tmp_path: Path) -> None:
    """Gradients far below what Adam counts as nothing change nothing."""
    weights = {}
    for clip in (None, 1e-14):
        files = {"train": cohorts["train"] / "images.h5", "validation": cohorts["validation"] / "images.h5"}
        folder = tmp_path / f"{clip}"
        folder.mkdir()
        outs = {f"out_{name}": folder / f"{name}.pt" for name in ("model", "curves", "record")}
        settings = json.dumps({"width": 1 / 16, "latent": 4, "clip": clip})
        fit.main(method="kobayashi-vae-l1", **files, **outs, settings=settings, training='{"epochs": 1}', device="cpu")
        weights[clip] = models.read(outs["out_model"])["state"]["decoder.0.weight"]
    torch.manual_seed(derive(0, "kobayashi-vae-l1", "weights"))
    start = load("kobayashi-vae-l1")(size=32, width=1 / 16, latent=4).decoder[0].weight
    moved = {clip: float((weight - start).abs().max().detach()) for clip, weight in weights.items()}
    assert moved[1e-14] < 1e-6 and moved[None] > 1e-3


def expected_losses(method: torch.nn.Module, seen: Tensor, player: str, margin: float) -> Tensor:
    """Equations 4 to 7 with alpha 0.3 and beta 0.00001, from two draws: the noise of q(z|x), then z of the prior."""
    mean, log_variance = method.encoder(seen)
    torch.manual_seed(3)
    rebuilt = method.decoder(mean + (0.5 * log_variance).exp() * torch.randn(mean.shape))
    drawn = method.decoder(torch.randn(mean.shape))
    error = 256**2 * (((seen - rebuilt) ** 2).mean() + 1 - ssim(seen, rebuilt).mean())
    if player == "decoder":
        made = [kl(method.encoder(each)) for each in (rebuilt, drawn)]
        return 0.3 * torch.cat(made).mean() + 1e-5 * error
    made = [kl(method.encoder(each.detach())) for each in (rebuilt, drawn)]
    hinges = (margin - torch.cat(made)).clamp(min=0)
    assert 0 < torch.count_nonzero(hinges) < 8, "so that the hinge matters"
    return kl((mean, log_variance)).mean() + 0.3 * hinges.mean() + 1e-5 * error


@pytest.mark.parametrize("player", ["encoder", "decoder"])
def test_introvae_s_losses_and_gradients_against_the_paper(player: str) -> None:
    """By the gradients, too: the encoder takes made slices as they are, the decoder learns from both kinds.

    Beta is small, so that no term drowns in the error.
    """
    seen = 2 * slices() - 1
    with torch.no_grad():
        torch.manual_seed(3)
        made = small().train().made(small().train().encoder(seen))
        margin = float(torch.cat([kl(small().train().encoder(each)) for each in made]).median())
    method = small(margin=margin, alpha=0.3, beta=1e-5).train()
    torch.manual_seed(3)
    loss = method.encoder_terms(seen)["encoder"] if player == "encoder" else method.decoder_loss(seen)
    expected = expected_losses(method, seen, player, margin)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)
    weights = list(getattr(method, player).parameters())
    found, wanted = (
        torch.cat([part.flatten() for part in torch.autograd.grad(each, weights)]) for each in (loss, expected)
    )
    assert float((found - wanted).norm()) < 1e-3 * float(wanted.norm())


def registered(name: str) -> dict[str, float]:
    """The settings of a method's rule."""
    call = re.search(r"^register\(.*?^\)$", (RULES / f"{name}.smk").read_text(), re.DOTALL | re.MULTILINE)
    settings: dict[str, float] = {}
    exec(call[0], {"register": lambda *_, **keywords: settings.update(keywords["settings"])})
    return settings


@pytest.mark.parametrize(
    ("name", "constants"),
    [
        ("kobayashi-vae-l1", {"learning_rate": 1e-4, "decoder_learning_rate": 5e-3, "similarity": 0.0}),
        ("kobayashi-introvae-l1", {"alpha": 0.5, "beta": 0.04, "margin": 120.0, "similarity": 1.0, "first_epochs": 0}),
        ("kobayashi-introvae-latsearch-l1", {"steps": 100, "step_size": 1e-3}),
        ("kobayashi-introvae-latsearch", {"steps": 100, "step_size": 1e-3, "stride": 1}),
        ("kobayashi-embedding", {"margin": 1.0, "stride": 1}),
    ],
)
def test_the_paper_s_constants(name: str, constants: dict[str, float]) -> None:
    """Sections II-C and III-C1 to III-C4; all of a rule's settings are the method's own."""
    settings = registered(name)
    assert {key: settings[key] for key in constants} == constants and settings.get("width", 1.0) == 1.0
    load(name)(**SMALL | settings | {"width": 1 / 8}) if load(name).fixed_size else load(name)(**settings)


def test_players_take_turns_and_each_changes_itself_alone() -> None:
    method, x, steps = small().train(), slices(), []
    optimisers = method.optimisers()

    def minimise(loss: Tensor, name: str) -> None:
        before = {key: weight.detach().clone() for key, weight in method.named_parameters()}
        optimisers[name].zero_grad()
        loss.backward(inputs=[weight for part in optimisers[name].param_groups for weight in part["params"]])
        optimisers[name].step()
        changed = {key.split(".")[0] for key, weight in method.named_parameters() if not weight.equal(before[key])}
        steps.append((name, changed))

    terms = method.train_on(x, x > 0, minimise, 0)
    assert steps == [("encoder", {"encoder"}), ("decoder", {"decoder"})]
    assert set(terms) == {"loss", "reconstruction", "kl", "kl_rebuilt", "kl_drawn", "encoder", "decoder"}
    assert {part["lr"] for each in optimisers.values() for part in each.param_groups} == {1e-4}


def test_first_epochs_are_those_of_the_vae() -> None:
    """Its loss, without SSIM, minimised by both players; the game begins after them."""
    method, vae, x = small(first_epochs=2).train(), small("kobayashi-vae-l1").train(), slices()
    seen = []

    def minimise(loss: Tensor, name: str) -> None:
        seen.append((name, float(loss.detach())))

    torch.manual_seed(3)
    terms = method.train_on(x, x > 0, minimise, 1)
    torch.manual_seed(3)
    seen_by_vae = vae.prepared(x)
    losses = [vae.terms(seen_by_vae, squared) for _ in range(2)]
    expected = [pytest.approx(float(loss["loss"].detach()), rel=1e-5) for loss in losses]
    assert seen == [("encoder", expected[0]), ("decoder", expected[1])] and method.first_epochs(10) == 2
    assert set(terms) == {f"vae_{name}" for name in losses[0]}
    assert float(terms["vae_reconstruction"].detach()) == pytest.approx(
        float(losses[1]["reconstruction"].detach()), rel=1e-5
    )
    assert "kl_drawn" in method.train_on(x, x > 0, minimise, 2)


def test_introvae_is_validated_by_what_it_scores() -> None:
    """The error is of the mean of the code; draws and made slices are normalised within the batch, as in training."""
    method, x = small(), slices()
    seen = 2 * x - 1
    with torch.no_grad():
        terms = method.loss(x, x > 0)
        expected = method.error(seen, method.decoder(method.encoder(seen)[0])).mean()
        z = torch.randn(4, 8, 4, 4)
        judged = [in_passing(method.train(mode).decoder, z) for mode in (True, False)]
    assert float(terms["reconstruction"]) == pytest.approx(float(expected), rel=1e-5)
    assert torch.equal(*judged) and not torch.equal(judged[1], method.decoder(z))


def test_running_means_are_those_of_what_is_scored() -> None:
    """As if only real slices and their codes' means had passed; batch normalisation takes others by their own batch."""
    method, alone, x = small().train(), small().train(), 2 * slices() - 1
    torch.manual_seed(3)
    method.encoder_terms(x)
    torch.manual_seed(3)
    mean, _ = alone.encoder(x)
    alone.decoder(mean)
    kept = {name: value for name, value in alone.named_buffers() if "running" in name}
    assert all(torch.equal(value, kept[name]) for name, value in method.named_buffers() if name in kept)
    method.decoder_loss(x)
    assert {int(value) for name, value in method.named_buffers() if "tracked" in name} == {2}
    z = torch.randn(4, 8, 4, 4)
    assert torch.equal(in_passing(method.decoder, z), alone.decoder(z))


@pytest.mark.parametrize(("player", "grows"), [("encoder", True), ("decoder", False)])
def test_players_want_the_opposite(player: str, grows: bool) -> None:
    """Without L_AE a step of the encoder raises the divergence of made slices, one of the decoder lowers it."""
    method, x = small(beta=0.0, margin=1e6, alpha=1e3).train(), 2 * slices() - 1
    with torch.no_grad():
        code = method.encoder(x)

    def divergence() -> float:
        torch.manual_seed(3)
        with torch.no_grad():
            return float(sum(kl(in_passing(method.encoder, made)).sum() for made in method.made(code)))

    before = divergence()
    torch.manual_seed(3)
    loss = method.encoder_terms(x)["encoder"] if player == "encoder" else method.decoder_loss(x)
    weights = list(getattr(method, player).parameters())
    gradients = torch.autograd.grad(loss, weights)
    scale = 1e-3 / torch.stack([gradient.norm() for gradient in gradients]).norm()
    with torch.no_grad():
        for weight, gradient in zip(weights, gradients, strict=True):
            weight -= scale * gradient
    assert (divergence() > before) == grows


def test_augmentation() -> None:
    """Nothing, a mirror image, or values that come in as background; in training alone."""
    x = 2 * slices() - 1
    torch.manual_seed(0)
    assert torch.allclose(augment(x, 0.0, 0.0, 0.0), x, atol=1e-5)
    assert torch.allclose(augment(x, 0.0, 0.0, 1.0), x.flip(3), atol=1e-5)
    turned = augment(torch.ones_like(x), 20.0, 0.05, 0.5)
    assert -1 <= turned.min() < -0.9 and turned[:, :, 12:20, 12:20].min() > 0.99
    torch.manual_seed(1)
    turned = augment(x, 20.0, 0.05, 0.5)
    torch.manual_seed(1)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(augment(x, 20.0, 0.05, 0.5), turned)
    few = [augment(x[:1], 0.0, 0.0, 0.5) for _ in range(20)]
    assert 3 < sum(torch.allclose(each, x[:1], atol=1e-5) for each in few) < 17
    method = small("kobayashi-vae-l1")
    assert torch.equal(method.prepared(slices()), x)
    assert not torch.allclose(method.train().prepared(slices()), x, atol=0.1)


def searching(**settings: float) -> torch.nn.Module:
    """Ready to score. The way out of the latent is wider than at a training's start, so that z matters."""
    method = small("kobayashi-introvae-latsearch-l1", **settings)
    torch.manual_seed(1)
    for weight in method.decoder.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.15)
    return method


def test_the_search_lowers_the_error_of_every_slice_and_changes_no_network() -> None:
    method, x = searching(step_size=0.02), 2 * slices(6) - 1
    before = {name: value.clone() for name, value in method.state_dict().items()}
    found = []
    for method.steps in (0, 20, 100):
        with torch.no_grad():
            found.append(method.error(x, method.rebuild(x)))
    assert (torch.stack(found).diff(dim=0) < 0).all()
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    assert all(weight.grad is None for weight in method.parameters())


def test_the_search_starts_at_the_mean_and_is_adam() -> None:
    """Without a step it is the IntroVAE; the first step of Adam is the step size against the gradient's sign."""
    method, x = searching(step_size=0.25).double(), 2 * slices(2).double() - 1
    method.steps = 0
    with torch.no_grad():
        start = method.encoder(x)[0]
        assert torch.equal(method.rebuild(x), method.decoder(start))
    method.steps = 1
    moved = method.search(x) - start
    with torch.no_grad():
        for place in ((0, 0, 0), (3, 2, 1), (7, 3, 3)):
            change = torch.zeros_like(start)
            change[(slice(None), *place)] = 1e-5
            up, down = (method.error(x, method.decoder(start + sign * change)) for sign in (1, -1))
            assert torch.allclose(moved[(slice(None), *place)], -0.25 * (up - down).sign(), rtol=1e-3)


def test_a_slice_is_searched_alike_alone_and_among_others() -> None:
    """And the number of slices that are searched together changes nothing."""
    method, whole = searching(steps=30, step_size=0.02), volume(5)
    together = method.score(whole, rng()).reconstruction
    alone = method.score(Volume(whole.image[1:2], whole.brain[1:2], whole.slices[1:2]), rng()).reconstruction
    np.testing.assert_allclose(alone[0], together[1], atol=1e-3)
    assert np.abs(together[0] - together[1]).max() > 0.02, "slices differ by more than rounding"
    method.together = 2
    np.testing.assert_allclose(method.score(whole, rng()).reconstruction, together, atol=1e-3)


@pytest.mark.parametrize("name", ["kobayashi-vae-l1", "kobayashi-introvae-l1"])
def test_score_is_the_residual(name: str) -> None:
    method, given = small(name), volume()
    maps = method.score(given, rng())
    with torch.no_grad():
        rebuilt = (method.decoder(method.encoder(2 * method.tensor(given.image) - 1)[0])[:, 0].numpy() + 1) / 2
    np.testing.assert_allclose(maps.reconstruction, rebuilt, atol=1e-5)
    np.testing.assert_allclose(maps.score, np.abs(given.image - rebuilt), atol=1e-5)


def test_slices_whose_background_is_minus_one_score_alike() -> None:
    """The recipe `kobayashi` writes them so; the reconstruction has the slices' own scale."""
    first = small().score(volume(), rng())
    second = small(lowest=-1.0).score(volume(lowest=-1.0), rng())
    np.testing.assert_allclose(2 * first.score, second.score, atol=1e-5)
    np.testing.assert_allclose(2 * first.reconstruction - 1, second.reconstruction, atol=1e-5)
