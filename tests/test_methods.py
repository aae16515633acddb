"""Every method that is found runs through one contract; identities of single methods follow."""

import re
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from brainuad.errors import InputError
from brainuad.methods import context_ae, context_vae
from brainuad.methods.base import Volume, known, load
from brainuad.methods.restoration import total_variation
from brainuad.methods.vae import kl_to_standard_normal
from brainuad.networks import context, critics, unified, zimmerer
from brainuad.networks.residual import Block, Residual
from brainuad.slices import check_same_order, open_checked
from brainuad.stages import fit, score

RULES = Path(__file__).parents[1] / "workflow/rules/methods"
RESTORATION = '{"steps": 3, "tv_weights": [0.0, 1.0]}'
WINDOW = '{"window": 8, "width": 4}'
SIGNED = '{"latent": 16, "score_sign": "abs"}'  # what two epochs can rebuild may lie below the slice everywhere
HEADS = '{"width": 0.125, "latent": 8}'
DENSE = '{"stride": 8}'
QUICK = {
    "vae-restoration": RESTORATION,
    "gmvae-dense-restoration": RESTORATION,
    "gmvae-spatial-restoration": RESTORATION,
    "bayesian-ae": '{"samples": 3}',
    "bayesian-vae": '{"samples": 3}',
    "aae": '{"critic_steps": 2, "first_epochs": 1, "first_steps": 2}',
    "constrained-aae": '{"critic_steps": 2, "first_epochs": 1, "first_steps": 2}',
    "f-anogan": '{"critic_steps": 2, "gan_steps": 2}',
    "anovaegan": '{"critic_steps": 2}',
    "vae-zimmerer-restoration": RESTORATION,
    "gmvae-you-restoration": RESTORATION,
    "constrained-aae-chen": '{"critic_steps": 2, "first_epochs": 1, "first_steps": 2, "width": 0.125}',
    "f-anogan-schlegl": '{"critic_steps": 2, "gan_steps": 2, "width": 0.125}',
    "anogan": '{"resolution": 32, "width": 0.125, "steps": 3, "restarts": 2}',
    "inpainting-8": WINDOW,
    "inpainting-16": WINDOW,
    "inpainting-16-apart": '{"apart": 16}',
    "inpainting-32": WINDOW,
    "inpainting-64": WINDOW,
    "inpainting-all": '{"window": 8, "erased": [4, 8], "width": 4}',
    "loss-prediction": '{"window": 8}',
    "loss-prediction-window": '{"window": 8}',
    "loss-prediction-dense": '{"window": 8}',
    "cevae": '{"latent": 16}',
    "cevae-strega-preprocessing": SIGNED,
    "cevae-strega-preprocessing-abs": SIGNED,
    "strega": SIGNED,
    "strega-input-minus-recon": '{"latent": 16, "score_sign": "input_minus_recon"}',
    "strega-abs": SIGNED,
    "skip-ae": '{"width": 4}',
    "kobayashi-vae-l1": HEADS,
    "kobayashi-vae": DENSE,
    "kobayashi-introvae-l1": HEADS,
    "kobayashi-introvae": DENSE,
    "kobayashi-introvae-latsearch-l1": '{"steps": 3}',
    "kobayashi-introvae-latsearch": '{"steps": 3, "stride": 8}',
    "kobayashi-embedding": '{"width": 0.0625, "patches": 2, "stride": 8}',
}
BASE = {
    "vae-restoration": "vae",
    "gmvae-dense-restoration": "gmvae-dense",
    "gmvae-spatial-restoration": "gmvae-spatial",
    "bayesian-ae": "ae-dense",
    "bayesian-vae": "vae",
    "context-vae-gradient": "context-vae",
    "vae-zimmerer-restoration": "vae-zimmerer",
    "context-vae-zimmerer-gradient": "context-vae-zimmerer",
    "gmvae-you-restoration": "gmvae-you",
    "inpainting-16-half": "inpainting-16",
    "inpainting-16-apart": "inpainting-16",
    "inpainting-16-guided": "inpainting-16",
    "cevae-strega-preprocessing-abs": "cevae-strega-preprocessing",
    "strega-input-minus-recon": "strega",
    "strega-abs": "strega",
    "loss-prediction": "inpainting-16",
    "loss-prediction-window": "inpainting-16",
    "loss-prediction-dense": "inpainting-16",
    "kobayashi-vae": "kobayashi-vae-l1",
    "kobayashi-introvae": "kobayashi-introvae-l1",
    "kobayashi-introvae-latsearch-l1": "kobayashi-introvae-l1",
    "kobayashi-introvae-latsearch": "kobayashi-introvae-l1",
}
"""Methods that start from another one's model."""
GUIDE = {
    "inpainting-16-guided": "loss-prediction-window",
    "kobayashi-vae": "kobayashi-embedding",
    "kobayashi-introvae": "kobayashi-embedding",
    "kobayashi-introvae-latsearch": "kobayashi-embedding",
}
"""Methods that take another one's model along."""


def fitted(method: str, cohorts: dict[str, Path], folder: Path) -> Path | None:
    """The model that a method scores with, fitted for two epochs; None for a method without one."""
    files = {"train": cohorts["train"] / "images.h5", "validation": cohorts["validation"] / "images.h5"}
    rule = (RULES / f"{method}.smk").read_text()
    base = fitted(BASE[method], cohorts, folder) if method in BASE else None
    if "use rule fit " not in rule:
        return base
    model = folder / method / "model.pt"
    own = {"settings": QUICK[method]} if method in QUICK else {}
    loop = '{"epochs": 2, "batch_size": 4}'
    fit.main(
        method=method,
        **files,
        base=base,
        **own,
        training=loop,
        out_model=model,
        out_curves=folder / "c.csv",
        out_record=folder / "r.json",
    )
    return model


def scored(method: str, cohorts: dict[str, Path], folder: Path, seed: int = 0) -> Path:
    settings = {"settings": QUICK[method]} if method in QUICK else {}
    labels = cohorts["test"] / "labels.h5" if method == "oracle" else None
    models = [fitted(name, cohorts, folder) for name in (method, GUIDE.get(method)) if name]
    out = folder / f"maps{seed}.h5"
    score.main(
        method=method,
        images=cohorts["test"] / "images.h5",
        out=out,
        model=[model for model in models if model],
        labels=labels,
        seed=seed,
        **settings,
    )
    return out


@pytest.mark.parametrize("method", known())
def test_contract(method: str, cohorts: dict[str, Path], tmp_path: Path) -> None:
    """One module, one rule; whole, finite, repeatable maps in the order of the images; cost is told."""
    assert re.search(rf'^register\(\s*"{method}"', (RULES / f"{method}.smk").read_text(), re.MULTILINE)
    first, second = scored(method, cohorts, tmp_path / "a"), scored(method, cohorts, tmp_path / "b")
    with open_checked(first, "maps") as maps, open_checked(cohorts["test"] / "images.h5", "images") as images:
        check_same_order(images, maps)
        assert maps.attrs["method"] == method
        assert maps.attrs["seconds_per_volume"] > 0
        assert maps.attrs["peak_memory_mb"] > 10
        assert maps.attrs["parameters"] >= 0
        assert maps["score"][:].std() > 0
        assert maps["score"][:].min() >= 0
        with h5py.File(second) as again:
            assert np.array_equal(maps["score"][:], again["score"][:])


@pytest.mark.parametrize("method", known())
def test_only_the_oracle_sees_labels(method: str) -> None:
    rule = (RULES / f"{method}.smk").read_text()
    assert ("LABELS" in rule) == (method == "oracle")


def test_unknown_method_is_told_what_there_is() -> None:
    with pytest.raises(InputError, match=r"no-such: is not a method.*Known methods: aae, ae-dense, "):
        load("no-such")


def test_rules_and_modules_match() -> None:
    """A module without a rule would never run; a rule without a module is a method in another language."""
    assert set(known()) <= {path.stem for path in RULES.glob("*.smk")}


def test_every_published_approach_has_its_method() -> None:
    """The 17 rows of Tables III to VI, by the names under which published values are looked up."""
    table = pd.read_csv(RULES.parents[1] / "data/published.csv").query("doc == 'D2' and dataset_or_class == 'GB'")
    # Kobayashi's VAE is called like Baur's; each paper's table is read with its own study.
    rules = [path.read_text() for path in RULES.glob("*.smk") if not path.name.startswith("kobayashi-")]
    names = [name for rule in rules for name in re.findall(r'published="([^"]+)"', rule)]
    assert sorted(set(names) & set(table["method"])) == sorted(table["method"].unique()) and len(set(names)) == len(
        names
    )


def test_parameter_counts() -> None:
    """methods of Baur et al.: 1,627,249 (AE dense), 1,758,449 (VAE), 667,456 (encoder), 692,257 (decoder)."""

    def count(module: torch.nn.Module) -> int:
        return sum(p.numel() for p in module.parameters())

    assert count(unified.encoder()) == 667_456
    assert count(unified.decoder()) == 692_257
    assert count(load("ae-dense")()) == count(load("context-ae")()) == count(load("constrained-ae")()) == 1_627_249
    assert count(load("vae")()) == count(load("context-vae")()) == 1_758_449
    assert count(load("ae-spatial")()) == 1_376_225
    assert count(critics.image_critic()[-1]) == 129


def test_unified_architecture_shapes() -> None:
    x = torch.zeros(2, 1, 128, 128)
    assert unified.encoder()(x).shape == (2, 128, 8, 8)
    assert load("vae")()(x).shape == x.shape


def test_kl_against_torch() -> None:
    mean, log_sd = torch.randn(5, 7), 0.3 * torch.randn(5, 7)
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(normal(mean, log_sd.exp()), normal(0.0, 1.0)).sum(1).mean()
    assert kl_to_standard_normal(mean, log_sd) == pytest.approx(expected.item(), rel=1e-5)
    assert kl_to_standard_normal(torch.zeros(5, 7), torch.zeros(5, 7)) == 0
    small = 0.02 * torch.randn(64, 128), 0.02 * torch.randn(64, 128)
    half = kl_to_standard_normal(*(t.bfloat16() for t in small))
    assert half == pytest.approx(kl_to_standard_normal(*small).item(), rel=0.02)


@pytest.mark.parametrize("name", ["gmvae-dense", "gmvae-spatial"])
def test_responsibilities_and_kl_of_the_mixture_against_torch(name: str) -> None:
    """Brute force over clusters with torch's distributions, at each place of a map for the spatial one."""
    torch.manual_seed(0)
    method = load(name)(size=32, latent=5, clusters=3, c_floor=0.0).eval()
    x = torch.rand(4, 1, 32, 32)
    with torch.no_grad():
        q = method.encode(x)
        z, w = torch.randn_like(q.z_mean), torch.randn_like(q.w_mean)
        mean, log_precision = method.prior(w)
        terms = method.terms(x, q, z, w)
    normal, kl = torch.distributions.Normal, torch.distributions.kl_divergence
    components = [normal(mean[:, c], (-0.5 * log_precision[:, c]).exp()) for c in range(3)]
    p = torch.stack([component.log_prob(z).sum(1) for component in components], 1).softmax(1)
    assert torch.allclose(p.sum(1), torch.ones_like(p.sum(1)))
    posterior = normal(q.z_mean, (0.5 * q.z_log_var).exp())
    kl_z = torch.stack([kl(posterior, component).sum(1) for component in components], 1)
    assert float(terms["kl_z"]) == pytest.approx(float((p * kl_z).sum() / 4), rel=1e-4)
    entropy = -(p * p.log()).sum(1)
    assert float(terms["kl_c"]) == pytest.approx(float((np.log(3) - entropy).sum() / 4), rel=1e-3, abs=1e-6)
    kl_w = kl(normal(q.w_mean, (0.5 * q.w_log_var).exp()), normal(0.0, 1.0)).sum() / 4
    assert float(terms["kl_w"]) == pytest.approx(float(kl_w), rel=1e-4)


@pytest.mark.parametrize("name", ["gmvae-dense", "gmvae-spatial"])
def test_mixture_of_one_kind_has_equal_responsibilities(name: str) -> None:
    """K identical clusters: 1/K each, so the last term is 0, and with its floor 1 for each place."""
    torch.manual_seed(0)
    x = torch.rand(2, 1, 32, 32)
    for floor, expected in ((0.0, 0.0), (1.0, 64.0 if name == "gmvae-spatial" else 1.0)):
        mixture = load(name)(size=32, c_floor=floor).eval()
        for layer in (mixture.prior_mean, mixture.prior_log_precision):
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.constant_(layer.bias, 0.1)
        assert float(mixture.loss(x, x > 0)["kl_c"].detach()) == pytest.approx(expected, abs=1e-4)


def test_context_squares() -> None:
    """One to three squares of 20 pixels, all within the brain's box; each slice has its own; small brains have none."""
    torch.manual_seed(0)
    x, brain = torch.ones(200, 1, 128, 128), torch.zeros(200, 1, 128, 128, dtype=torch.bool)
    brain[:100, :, 30:90, 40:100] = True
    brain[100:199, :, 50:60, 50:60] = True
    erased = context.erase(x, brain) == 0
    assert not (erased & ~brain).any() and not erased[100:].any()
    pixels = erased[:100].flatten(1).sum(1)
    assert pixels.min() == 400 and 800 < pixels.max() <= 1200
    assert len(set(pixels.tolist())) > 20
    anywhere = erased[:100].any(0)[0, 30:90, 40:100]
    assert anywhere.any(0).all() and anywhere.any(1).all(), "no row and no column is spared"


def test_gradient_penalty_of_a_linear_critic() -> None:
    """The gradient of a linear critic is its weights, whatever the place."""
    critic = torch.nn.Linear(6, 1)
    real, fake = torch.randn(9, 6), torch.randn(9, 6)
    expected = (critic.weight.norm() - 1) ** 2
    assert float(critics.gradient_penalty(critic, real, fake).detach()) == pytest.approx(float(expected), rel=1e-5)
    image = torch.nn.Conv2d(1, 1, 4, bias=False)
    loss = critics.critic_loss(image, torch.ones(3, 1, 4, 4), torch.zeros(3, 1, 4, 4))
    weight = image.weight.detach()
    assert float(loss.detach()) == pytest.approx(float(-weight.sum() + 10 * (weight.norm() - 1) ** 2), rel=1e-4)


def test_gradient_penalty_is_taken_between_the_samples() -> None:
    """The gradient of |x|^2 / 2 is x: between a sample of length 2 and one of length 4 the penalty lies in 1 to 9."""
    torch.manual_seed(0)
    real = torch.nn.functional.normalize(torch.randn(500, 6), dim=1) * 2
    penalties = torch.stack([critics.gradient_penalty(HalfSquare(), row, 2 * row) for row in real.split(1)]).detach()
    assert 0.999 <= penalties.min() < 1.1 and 8.5 < penalties.max() <= 9.001


def test_the_penalty_and_the_loss_are_of_the_same_critic() -> None:
    """Of one that judges patches: their mean."""
    critic = torch.nn.Conv2d(1, 1, 2, stride=2, bias=False)
    torch.nn.init.ones_(critic.weight)
    x = torch.rand(3, 1, 4, 4)
    assert torch.allclose(critics.judgement(critic, x), x.flatten(1).sum(1) / 4)
    penalty = critics.gradient_penalty(critic, x, torch.rand(3, 1, 4, 4))
    assert float(penalty.detach()) == pytest.approx(float((torch.full((16,), 1 / 4).norm() - 1) ** 2), abs=1e-6)


class HalfSquare(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 0.5 * (x**2).sum(1, keepdim=True)


class Total(torch.nn.Module):
    """A critic whose judgement is the sum of what it sees; it has one weight, as optimisers want."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * x.flatten(1).sum(1, keepdim=True)


def play(method: torch.nn.Module, x: torch.Tensor, epoch: int = 0) -> list[tuple[str, float, set[str]]]:
    """One batch of a method's training: the optimiser, the loss and the parts whose weights changed, step by step."""
    steps, optimisers = [], method.optimisers()

    def minimise(loss: torch.Tensor, name: str) -> None:
        before = {key: weight.detach().clone() for key, weight in method.named_parameters()}
        optimisers[name].zero_grad()
        loss.backward(inputs=[weight for group in optimisers[name].param_groups for weight in group["params"]])
        optimisers[name].step()
        changed = {key for key, weight in method.named_parameters() if not torch.equal(weight, before[key])}
        steps.append((name, float(loss.detach()), {key.split(".")[0] for key in changed}))

    method.train().train_on(x, x > 0, minimise, epoch)
    return steps


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        (
            "aae",
            {"critic_steps": 2, "first_steps": 3},
            [*[("autoencoder", "encoder decoder")] * 3, *[("critic", "critic")] * 2, ("encoder", "encoder")],
        ),
        (
            "anovaegan",
            {"critic_steps": 2},
            [("vae", "encoder mean log_sd decoder"), ("decoder", "decoder"), *[("critic", "critic")] * 2],
        ),
        ("f-anogan", {"critic_steps": 2}, [("generator", "generator"), *[("critic", "critic")] * 2]),
        ("f-anogan", {"gan_steps": 0}, [("encoder", "encoder")]),
    ],
)
def test_players_take_turns_and_each_changes_itself_alone(name: str, settings: dict, expected: list) -> None:
    torch.manual_seed(0)
    steps = play(load(name)(size=32, **settings), torch.rand(4, 1, 32, 32))
    assert [(who, changed) for who, _, changed in steps] == [(who, set(parts.split())) for who, parts in expected]


@pytest.mark.parametrize(("name", "player"), [("aae", "encoder"), ("anovaegan", "decoder"), ("f-anogan", "generator")])
def test_critics_and_players_want_the_opposite(name: str, player: str) -> None:
    """Real samples are about 0, what is made is positive, the critic adds up: its loss E[D(fake)] - E[D(real)] is
    positive, the player's -E[D(fake)] negative."""
    torch.manual_seed(0)
    method = load(name)(size=32, penalty=0.0, critic_steps=1)
    method.critic = Total()
    made = {"aae": "encoder", "anovaegan": "decoder", "f-anogan": "generator"}[name]
    layers = [m for m in getattr(method, made).modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    torch.nn.init.constant_(layers[-1].bias, 5.0)
    losses = {who: loss for who, loss, _ in play(method, torch.zeros(4, 1, 32, 32), epoch=99)}
    assert losses["critic"] > 1 and losses[player] < -1


def test_context_tasks_aim_at_the_whole_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """The erased image goes in, the whole one is the target; in validation nothing is erased."""
    torch.manual_seed(0)
    x = torch.rand(4, 1, 32, 32)
    for name, module in (("context-ae", context_ae), ("context-vae", context_vae)):
        monkeypatch.setattr(module, "erase", lambda x, brain: torch.zeros_like(x))
        method = load(name)(size=32, dropout=0.0)
        term = "reconstruction" if name == "context-ae" else "context"
        for training, given in ((True, torch.zeros_like(x)), (False, x)):
            method.train(training)
            expected = unified.sum_l1(x, method(given))
            assert float(method.loss(x, x > 0)[term].detach()) == pytest.approx(float(expected.detach()), rel=1e-5)


def test_losses_on_codes_and_features_of_reconstructions() -> None:
    """Constrained AE and the encoder of f-AnoGAN: means over elements, weighted by rho and kappa."""
    torch.manual_seed(0)
    x = torch.rand(4, 1, 32, 32)
    constrained = load("constrained-ae")(size=32, consistency_weight=3.0).eval()
    gan = load("f-anogan")(size=32, kappa=3.0).eval()
    with torch.no_grad():
        for method, seen in ((constrained, constrained.encoder), (gan, gan.critic[0])):
            rebuilt = method(x)
            expected = ((x - rebuilt) ** 2).mean() + 3 * ((seen(x) - seen(rebuilt)) ** 2).mean()
            assert float(method.loss(x, x > 0)["loss"]) == pytest.approx(float(expected), rel=1e-5)


def test_shapes_of_the_original_networks() -> None:
    """At 128 pixels: You's z is a map of 32 x 32, Zimmerer's bottleneck gets 65,536 numbers, residual ones 131,072."""
    assert load("gmvae-you")(latent=1).encode(torch.rand(1, 1, 128, 128)).z_mean.shape == (1, 1, 32, 32)
    assert zimmerer.dense_encoder()(torch.rand(1, 1, 128, 128)).shape == (1, zimmerer.features()) == (1, 65_536)
    narrow = Residual(1 / 16)
    assert narrow.encoder()(torch.rand(1, 1, 128, 128)).shape == (1, 32, 16, 16)
    assert narrow.dense_decoder(128, 8, 0.0)(torch.rand(1, 8)).shape == (1, 1, 128, 128)
    assert Residual().features() == 131_072


def test_the_residual_shortcut_is_a_transposed_convolution() -> None:
    """Of 1 x 1 and stride 2, but for its bias; torch's own serves as truth where it is sound."""
    torch.manual_seed(0)
    shortcut = Block(6, 4, "up").shortcut
    x, weight = torch.randn(2, 6, 8, 8), shortcut[0].weight.transpose(0, 1).contiguous()
    expected = torch.nn.functional.conv_transpose2d(x, weight, stride=2, output_padding=1)
    assert torch.allclose(shortcut(x), expected, atol=1e-6)


def test_the_network_of_you_keeps_the_size_of_what_passes_through_it() -> None:
    """With torch's own weights a 400th is left of the spread of z, and the decoder learns to leave z out."""
    torch.manual_seed(0)
    method = load("gmvae-you")(dropout=0.0)
    with torch.no_grad():
        z = torch.randn(8, 1, 32, 32)
        assert 0.3 < method.decoder(z).std() < 30
        assert 0.3 < method.encode(torch.randn(8, 1, 128, 128)).z_mean.std() < 30


def test_bayesian_ae_without_dropout_is_the_ae() -> None:
    torch.manual_seed(0)
    volume = made_volume()
    method = load("bayesian-ae")(size=32, samples=3, dropout=0.0).eval()
    maps = method.score(volume, np.random.default_rng(0))
    with torch.no_grad():
        expected = method(method.tensor(volume.image))[:, 0].numpy()
    assert np.allclose(maps.reconstruction, expected, atol=1e-5) and maps.uncertainty.max() < 1e-6
    assert np.allclose(maps.score, np.abs(volume.image - expected), atol=1e-5)
    drawing = load("bayesian-ae")(size=32, samples=3).eval()
    assert drawing.score(volume, np.random.default_rng(0)).uncertainty.max() > 0
    assert not any(module.training for module in drawing.modules())


def test_gradient_score_against_finite_differences() -> None:
    torch.manual_seed(0)
    volume = made_volume()
    method = load("context-vae-gradient")(size=32, times_residual=False).double().eval()
    image = volume.image[:1].astype(np.float64)
    score = method.score(Volume(image, volume.brain[:1], volume.slices[:1]), np.random.default_rng(0)).score
    with torch.no_grad():
        for row, column in ((10, 12), (20, 9)):
            change = np.zeros_like(image)
            change[0, row, column] = 1e-3
            up, down = (float(method.negative_elbo(method.tensor(image + s * change))) for s in (1, -1))
            assert score[0, row, column] == pytest.approx(abs(up - down) / 2e-3, rel=0.01)


@pytest.mark.parametrize("name", ["context-vae-gradient", "context-vae-zimmerer-gradient"])
def test_gradient_score_is_the_product_over_its_largest_healthy_value(name: str) -> None:
    torch.manual_seed(0)
    volume, rng = made_volume(), np.random.default_rng(0)
    method = load(name)(size=32).eval()
    alone = load(name)(size=32, times_residual=False).eval()
    alone.load_state_dict(method.state_dict())
    gradient, maps = alone.score(volume, rng).score, method.score(volume, rng)
    product = gradient * np.abs(volume.image - maps.reconstruction)
    assert np.allclose(maps.score, product, rtol=1e-4, atol=1e-6) and product.max() > 0
    chosen = method.fit([], [volume], rng)
    assert chosen["scale"] == pytest.approx(float(product.max()), rel=1e-4)
    assert np.allclose(method.score(volume, rng).score, product / product.max(), rtol=1e-4, atol=1e-6)


def test_the_chosen_weight_of_tv_changes_healthy_slices_least() -> None:
    torch.manual_seed(0)
    volume, rng = made_volume(), np.random.default_rng(0)
    weights = (0.0, 5.0, 1.0)
    settings = {"size": 32, "steps": 20, "step_size": 1e-3, "tv_weights": weights, "calibration_share": 1.0}
    method = load("vae-restoration")(**settings).eval()
    changes = {}
    for weight in weights:
        method.tv_weight.fill_(weight)
        changes[weight] = method.score(volume, rng).score.sum()
    assert len(set(changes.values())) == len(weights)
    chosen = method.fit([], [volume], rng)["tv_weight"]
    assert chosen == float(method.tv_weight) == min(changes, key=changes.get)


def test_losses_of_the_adversarial_autoencoders() -> None:
    """|x - x_hat|^2, and with the constraint + rho |z - z_hat|^2; critics of 50-50 and 100-50 units."""
    x = torch.from_numpy(made_volume().image)[:, None]
    plain, constrained = load("aae")(size=32).eval(), load("constrained-aae")(size=32, consistency_weight=3.0).eval()
    squared = float((x - plain(x)).square().mean().detach())
    assert float(plain.loss(x, x > 0)["loss"].detach()) == pytest.approx(squared)
    z = constrained.encoder(x)
    rebuilt = constrained.decoder(z)
    moved = float((z - constrained.encoder(rebuilt)).square().mean().detach())
    expected = float((x - rebuilt).square().mean().detach()) + 3 * moved
    assert float(constrained.loss(x, x > 0)["loss"].detach()) == pytest.approx(expected, rel=1e-5) and moved > 0
    units = {method: sum(p.numel() for p in method.critic.parameters()) for method in (plain, constrained)}
    assert units[plain] == 128 * 50 + 50 + 50 * 50 + 50 + 50 + 1
    assert units[constrained] == 128 * 100 + 100 + 100 * 50 + 50 + 50 + 1


def test_total_variation_of_a_step() -> None:
    x = torch.zeros(1, 1, 8, 8)
    x[..., 4:] = 2.0
    assert total_variation(x) == 2.0 * 8


def made_volume(depth: int = 3) -> Volume:
    rng = np.random.default_rng(0)
    brain = np.zeros((depth, 32, 32), bool)
    brain[:, 8:24, 8:24] = True
    return Volume((rng.random(brain.shape) * brain).astype(np.float32), brain, np.arange(depth))


def test_restoration_identities() -> None:
    """No step, no score; J falls; nothing changes outside the brain (Baur et al. eq. 4)."""
    torch.manual_seed(0)
    volume, rng = made_volume(), np.random.default_rng(0)
    restoration = load("vae-restoration")
    assert restoration(size=32, steps=0).eval().score(volume, rng).score.max() == 0
    method = restoration(size=32, steps=20).eval()
    x = method.tensor(volume.image)
    restored = method.restore(x, method.tensor(volume.brain))
    assert method.objective(restored, x) < method.objective(x, x)
    assert torch.equal(restored[~torch.from_numpy(volume.brain)[:, None]], x[~torch.from_numpy(volume.brain)[:, None]])


@pytest.mark.parametrize("name", ["vae-restoration", "gmvae-dense-restoration", "gmvae-spatial-restoration"])
def test_restoration_lowers_the_objective_of_nearly_every_slice(name: str) -> None:
    """Over 50 steps of the full run's size."""
    torch.manual_seed(0)
    method, volume = load(name)(size=32, steps=50, step_size=1e-3).eval(), made_volume(20)
    method.tv_weight.fill_(0.5)
    x = method.tensor(volume.image)
    restored = method.restore(x, method.tensor(volume.brain))
    pairs = zip(x.split(1), restored.split(1), strict=True)
    assert (
        np.mean([bool(method.objective(after, before) < method.objective(before, before)) for before, after in pairs])
        >= 0.9
    )


@pytest.mark.parametrize("name", ["vae-restoration", "gmvae-spatial-restoration", "context-vae-gradient"])
def test_a_slice_scores_alike_alone_and_among_others(name: str) -> None:
    torch.manual_seed(0)
    settings = {} if name == "context-vae-gradient" else {"steps": 5, "step_size": 1e-2}
    method, volume, rng = load(name)(size=32, **settings).eval(), made_volume(), np.random.default_rng(0)
    alone = Volume(volume.image[1:2], volume.brain[1:2], volume.slices[1:2])
    together = method.score(volume, rng).score[1:2]
    assert together.max() > 0
    np.testing.assert_allclose(method.score(alone, rng).score, together, atol=1e-4 * together.max())


def test_a_step_of_the_restoration_is_clipped() -> None:
    torch.manual_seed(0)
    method, volume = load("vae-restoration")(size=32, steps=1, step_size=0.5, clip=0.01).eval(), made_volume()
    x, brain = method.tensor(volume.image), method.tensor(volume.brain)
    assert float((x - method.restore(x, brain)).abs().max()) == pytest.approx(0.005, rel=1e-3)


def test_restoration_moves_less_under_more_tv() -> None:
    torch.manual_seed(0)
    method, volume = load("vae-restoration")(size=32, steps=100, step_size=1e-3).eval(), made_volume()
    x, brain = method.tensor(volume.image), method.tensor(volume.brain)
    changes = []
    for weight in (0.0, 0.5, 1.9):
        method.tv_weight.fill_(weight)
        changes.append(float(total_variation(x - method.restore(x, brain))))
    assert changes[0] >= changes[1] >= changes[2]


def test_bayesian_vae_is_the_mean_over_its_samples() -> None:
    torch.manual_seed(0)
    volume = made_volume()
    method = load("bayesian-vae")(size=32, samples=4).eval()
    maps = method.score(volume, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    with torch.no_grad():
        mean, log_sd = method.encode(method.tensor(volume.image))
        noise = [torch.from_numpy(rng.standard_normal(mean.shape, dtype=np.float32)) for _ in range(4)]
        samples = np.stack([method.decoder(mean + log_sd.exp() * n)[:, 0].numpy() for n in noise])
    assert np.allclose(maps.score, np.abs(volume.image - samples).mean(0), atol=1e-6)
    assert np.allclose(maps.uncertainty, samples.var(0), atol=1e-6)


def test_atlas_z_against_brute_force() -> None:
    rng = np.random.default_rng(0)
    train = [Volume(rng.random((4, 8, 8), dtype=np.float32), np.ones((4, 8, 8), bool), np.arange(4)) for _ in range(5)]
    method = load("atlas-z")(floor=0.1)
    method.fit(train, train[:1], rng)
    new = Volume(rng.random((2, 8, 8), dtype=np.float32), np.ones((2, 8, 8), bool), np.array([1, 3]))
    stack = np.stack([volume.image for volume in train])[:, [1, 3]]
    expected = np.abs(new.image - stack.mean(0)) / (stack.std(0) + 0.1)
    assert np.allclose(method.score(new, rng).score, expected, atol=1e-4)
    beyond = Volume(new.image, new.brain, np.array([1, 9]))
    assert np.array_equal(method.score(beyond, rng).score, method.score(new, rng).score)


def test_random_scores_follow_the_seed(cohorts: dict[str, Path], tmp_path: Path) -> None:
    with (
        h5py.File(scored("random", cohorts, tmp_path, 0)) as a,
        h5py.File(scored("random", cohorts, tmp_path, 1)) as b,
    ):
        assert not np.array_equal(a["score"][:], b["score"][:])


def test_wrong_model_is_refused(cohorts: dict[str, Path], tmp_path: Path) -> None:
    model = fitted("atlas-z", cohorts, tmp_path)
    with pytest.raises(InputError, match=re.escape(str(model))):
        score.main(method="vae", images=cohorts["test"] / "images.h5", out=tmp_path / "maps.h5", model=[model])
    assert not (tmp_path / "maps.h5").exists()


def test_truncated_model_is_refused(cohorts: dict[str, Path], tmp_path: Path) -> None:
    model = fitted("atlas-z", cohorts, tmp_path)
    model.write_bytes(model.read_bytes()[:1000])
    with pytest.raises(InputError, match="is not a whole model"):
        score.main(method="atlas-z", images=cohorts["test"] / "images.h5", out=tmp_path / "maps.h5", model=[model])
