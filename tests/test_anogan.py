"""AnoGAN: its networks, its players, the search in its latent space, and the way to the slice's grid and back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.ndimage import zoom
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from brainuad.cost import layers
from brainuad.errors import InputError
from brainuad.methods import anogan
from brainuad.methods.anogan import Method, margins
from brainuad.methods.base import Volume
from brainuad.networks import dcgan
from brainuad.stages import fit


def small(**settings: float) -> Method:
    """Of 32 x 32 pixels, ready to score. Weights are larger than at a training's start, so that z matters."""
    torch.manual_seed(0)
    method = Method(resolution=32, **{"width": 1 / 16, "latent": 8, **settings})
    for weight in method.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.2)
    return method.eval()


def volume(image: np.ndarray) -> Volume:
    return Volume(image.astype(np.float32), image > 0, np.arange(len(image)))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_layers_of_the_whole_slice_s_networks() -> None:
    """Dense 4 x 4 x 512, transposed convolutions 512-256-128-64-1; the discriminator is the mirror."""
    method = Method(latent=7)
    made = [row.shape for row in layers(method.generator, (7,)) if row.name.startswith(("Unflatten", "ConvT"))]
    mirror = [row.shape for row in layers(method.discriminator, (1, 128, 128)) if row.name.startswith("Conv2d")]
    inner = [(512, 4, 4), (512, 8, 8), (256, 16, 16), (128, 32, 32), (64, 64, 64)]
    assert made == [*inner, (1, 128, 128)]
    assert mirror == inner[::-1]
    assert method.discriminator(torch.zeros(3, 1, 128, 128)).shape == (3, 1)
    assert dcgan.maps(64) == [64, 128, 256, 512] and dcgan.maps(128, 0.25) == [16, 32, 64, 128, 128]


@pytest.mark.parametrize("resolution", [32, 64])
@pytest.mark.parametrize("side", [32, 100])
def test_slices_are_seen_at_the_resolution(resolution: int, side: int) -> None:
    method = Method(resolution=resolution, width=1 / 64).eval()
    assert method.generator(torch.zeros(1, 128)).shape == (1, 1, resolution, resolution)
    assert method.shrink(torch.zeros(1, 1, side, side)).shape == (1, 1, resolution, resolution)


def test_resolution_is_a_power_of_two() -> None:
    with pytest.raises(InputError, match="can't have a resolution of 48"):
        Method(resolution=48)


@pytest.mark.parametrize("shape", [(24, 32), (32, 24), (64, 47), (33, 64), (32, 32)])
def test_slices_come_back_from_the_square(shape: tuple[int, int]) -> None:
    """A generator that gives what it is shown: at the slice's own side it comes back exactly, else as a zoom by 2 of
    its mean over 2 x 2 pixels; padded pixels are background to the networks and gone in the end."""
    method = small()
    x = torch.rand(2, 1, *shape)
    left, right, top, bottom = margins(shape)
    shown = method.shrink(x)
    method.generator.forward = lambda _: shown
    rebuilt = method.reconstruct(torch.zeros(2, 8), shape)
    square = np.pad(x[:, 0].numpy(), ((0, 0), (top, bottom), (left, right)))
    assert square.shape[1] == square.shape[2] == max(shape)
    expected = square
    if max(shape) == 64:
        means = square.reshape(2, 32, 2, 32, 2).mean((2, 4))
        expected = np.stack([zoom(mean, 2, order=1, mode="nearest", grid_mode=True) for mean in means])
        np.testing.assert_allclose(shown[:, 0], 2 * means - 1, atol=1e-6)
    expected = expected[:, top : top + shape[0], left : left + shape[1]]
    np.testing.assert_allclose(rebuilt[:, 0], expected, atol=1e-6)


def test_margins_of_the_study_s_slices() -> None:
    """256 x 192: 32 columns on either side."""
    assert margins((256, 192)) == [32, 32, 0, 0] and margins((192, 256)) == [0, 0, 32, 32]


def test_players_minimise_the_cross_entropy_of_their_wishes() -> None:
    """D, then G against the D that has learnt; each changes itself alone."""
    method, x = small().train(), torch.rand(4, 1, 32, 32)
    optimisers, real, steps = method.optimisers(), method.shrink(x), []

    def entropy(images: Tensor, wish: float) -> float:
        judged = method.discriminator(images).sigmoid()
        return float(binary_cross_entropy(judged, torch.full_like(judged, wish)).detach())

    def minimise(loss: Tensor, name: str) -> None:
        torch.manual_seed(1)
        fake = method.generator(method.noise(x)).detach()
        expected = entropy(fake, 1.0) if name == "generator" else entropy(real, 1.0) + entropy(fake, 0.0)
        assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)
        before = {key: weight.detach().clone() for key, weight in method.named_parameters()}
        optimisers[name].zero_grad()
        loss.backward(inputs=[weight for group in optimisers[name].param_groups for weight in group["params"]])
        optimisers[name].step()
        steps.append(name)
        assert {key.split(".")[0] for key, weight in method.named_parameters() if not weight.equal(before[key])} == {
            name
        }

    torch.manual_seed(1)
    terms = method.train_on(x, x > 0, minimise, 0)
    assert steps == ["discriminator", "generator"] and set(terms) == {"discriminator", "adversarial"}
    for optimiser in optimisers.values():
        assert optimiser.defaults["lr"] == 2e-4 and optimiser.defaults["betas"] == (0.5, 0.999)


def test_objective_against_the_paper() -> None:
    """(1 - lambda) sum |x - G(z)| + lambda sum |f(x) - f(G(z))|, slice by slice in float64."""
    method = small().double()
    x, z = torch.rand(3, 1, 32, 32).double(), torch.randn(3, 8).double()
    f = method.discriminator.features
    with torch.no_grad():
        losses = method.objective(z, x, f(x))
        for one, start, loss in zip(x.split(1), z.split(1), losses, strict=True):
            made = method.generator(start)
            expected = 0.9 * (one - made).abs().sum() + 0.1 * (f(one) - f(made)).abs().sum()
            assert float(loss) == pytest.approx(float(expected), rel=1e-9)


def test_the_search_lowers_the_loss_of_every_slice_and_changes_no_network() -> None:
    method = small(step_size=0.05)
    x, start = method.shrink(torch.rand(6, 1, 32, 32)), torch.randn(6, 8)
    before = {name: value.clone() for name, value in method.state_dict().items()}
    losses = torch.stack([method.search(x, start, steps)[1] for steps in (0, 20, 100)])
    assert (losses.diff(dim=0) < 0).all()
    z, found = method.search(x, start, 100)
    with torch.no_grad():
        assert torch.allclose(found, method.objective(z, x, method.discriminator.features(x)))
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    assert all(weight.grad is None for weight in method.parameters())


def test_the_search_is_adam_on_z_alone() -> None:
    """The first step of Adam is the step size against the gradient's sign."""
    method = small(step_size=0.25).double()
    x, start = method.shrink(torch.rand(2, 1, 32, 32).double()), torch.randn(2, 8).double()
    features, moved = method.discriminator.features(x).detach(), method.search(x, start, 1)[0] - start
    with torch.no_grad():
        for coordinate in range(8):
            change = torch.zeros(8).double()
            change[coordinate] = 1e-6
            slopes = [method.objective(start + sign * change, x, features) for sign in (1, -1)]
            expected = -0.25 * (slopes[0] - slopes[1]).sign()
            assert torch.allclose(moved[:, coordinate], expected, rtol=1e-4)


def test_a_slice_is_searched_alike_alone_and_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to rounding; and the number of slices that are searched together changes nothing."""
    method, images = small(steps=30), rng(1).random((5, 32, 32))
    together = method.score(volume(images), rng()).score
    alone = method.score(volume(images[:1]), rng()).score
    np.testing.assert_allclose(alone[0], together[0], atol=1e-3)
    assert np.abs(together[0] - together[1]).max() > 0.1, "slices differ by more than rounding"
    monkeypatch.setattr(anogan, "TOGETHER", 2)
    np.testing.assert_allclose(method.score(volume(images), rng()).score, together, atol=1e-3)
    x, start = method.shrink(torch.rand(4, 1, 32, 32)), torch.randn(4, 8)
    others = method.search(x, start, 30)[0][2:3]
    assert torch.allclose(method.search(x[2:3], start[2:3], 30)[0], others, atol=1e-3)


def test_a_slice_that_the_generator_can_make_scores_about_nothing() -> None:
    """One it can't make scores more, and there the most."""
    method = small(latent=4, steps=400, step_size=0.05)
    healthy = method.reconstruct(torch.randn(3, 4), (32, 32))[:, 0].numpy()
    ill = healthy.copy()
    ill[:, 10:14, 12:16] = np.where(healthy[:, 10:14, 12:16] > 0.5, 0.0, 1.0)
    scores = [method.score(volume(image), rng()).score for image in (healthy, ill)]
    assert scores[0].mean() < 0.02
    inside = np.zeros(healthy.shape, bool)
    inside[:, 10:14, 12:16] = True
    assert scores[1][inside].min() > 0.3 > 0.1 > scores[1][~inside].mean()


def test_the_best_restart_is_kept() -> None:
    """For each slice the lowest of its own losses, so more restarts never raise one."""
    method = small(steps=15)
    x, starts = method.shrink(torch.rand(6, 1, 32, 32)), torch.randn(6, 4, 8)
    losses = torch.stack([method.search(x, start, 15)[1] for start in starts.unbind(1)], 1)
    kept = method.search(x, method.nearest(x, starts), 0)[1]
    assert torch.allclose(kept, losses.min(1).values)
    assert len(set(losses.argmin(1).tolist())) > 1, "no start is the best of all slices"


@pytest.mark.parametrize("shape", [(32, 24), (48, 64)])
def test_scores_repeat_and_follow_the_given_generator(shape: tuple[int, int]) -> None:
    method, images = small(steps=3), rng(1).random((3, *shape))
    first, again, other = (method.score(volume(images), rng(seed)) for seed in (0, 0, 1))
    assert first.score.shape == first.reconstruction.shape == images.shape and first.score.dtype == np.float32
    np.testing.assert_allclose(first.score, np.abs(images - first.reconstruction), atol=1e-6)
    assert first.reconstruction.min() >= 0 and first.reconstruction.max() <= 1
    assert np.array_equal(first.score, again.score) and not np.array_equal(first.score, other.score)


def test_validation_tells_the_residual_of_a_short_search() -> None:
    """Also in the inference mode that the training loop validates in, where gradients are otherwise refused."""
    method, x = small(validation_steps=10, step_size=0.05), torch.rand(4, 1, 32, 32)
    torch.manual_seed(3)
    z, _ = method.search(method.shrink(x), torch.randn(4, 8), 10)
    expected = float((x - method.reconstruct(z, (32, 32))).abs().sum() / 4)
    torch.manual_seed(3)
    with torch.inference_mode():
        terms = method.loss(x.clone(), x > 0)
    assert float(terms["reconstruction"]) == float(terms["loss"]) == pytest.approx(expected, rel=1e-5)
    method.validation_steps = 0
    torch.manual_seed(3)
    assert float(method.loss(x, x > 0)["loss"]) > expected


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_the_loop_brings_the_generator_nearer_to_healthy_slices(
    precision: str, cohorts: dict[str, Path], tmp_path: Path
) -> None:
    fit.main(
        method="anogan",
        train=cohorts["train"] / "images.h5",
        validation=cohorts["validation"] / "images.h5",
        settings='{"width": 0.125, "latent": 8, "learning_rate": 1e-3}',
        training=f'{{"epochs": 12, "batch_size": 4, "patience": 99, "precision": "{precision}"}}',
        out_model=tmp_path / "model.pt",
        out_curves=tmp_path / "training.csv",
        out_record=tmp_path / "record.json",
        device="cpu",
    )
    curves = pd.read_csv(tmp_path / "training.csv")
    assert {"train_discriminator", "train_adversarial", "validation_reconstruction"} <= set(curves)
    kept = curves.loc[curves["kept"], "validation_reconstruction"].item()
    assert kept == curves["validation_reconstruction"].min() < 0.7 * curves["validation_reconstruction"].iloc[0]
