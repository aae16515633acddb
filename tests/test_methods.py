"""Every method that is found runs through one contract; identities of single methods follow."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from brainuad.errors import InputError
from brainuad.methods.base import Volume, known, load
from brainuad.methods.vae import kl_to_standard_normal
from brainuad.methods.vae_restoration import total_variation
from brainuad.networks import unified
from brainuad.slices import check_same_order, open_checked
from brainuad.stages import fit, score

RULES = Path(__file__).parents[1] / "workflow/rules/methods"
QUICK = {
    "vae-restoration": '{"steps": 3, "tv_weights": [0.0, 1.0]}',
    "bayesian-vae": '{"samples": 3}',
}
BASE = {"vae-restoration": "vae", "bayesian-vae": "vae"}
"""Methods that start from another one's model."""


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
    model, out = fitted(method, cohorts, folder), folder / f"maps{seed}.h5"
    score.main(
        method=method,
        images=cohorts["test"] / "images.h5",
        out=out,
        model=model,
        labels=labels,
        seed=seed,
        **settings,
    )
    return out


@pytest.mark.parametrize("method", known())
def test_contract(method: str, cohorts: dict[str, Path], tmp_path: Path) -> None:
    """One module, one rule; whole, finite, repeatable maps in the order of the images; cost is told."""
    assert f'register("{method}"' in (RULES / f"{method}.smk").read_text()
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
    with pytest.raises(InputError, match=r"no-such: is not a method.*Known methods: ae-dense, "):
        load("no-such")


def test_rules_and_modules_match() -> None:
    """A module without a rule would never run; a rule without a module is a method in another language."""
    assert set(known()) <= {path.stem for path in RULES.glob("*.smk")}


def test_parameter_counts() -> None:
    """methods of Baur et al.: 1,627,249 (AE dense), 1,758,449 (VAE), 667,456 (encoder), 692,257 (decoder)."""

    def count(module: torch.nn.Module) -> int:
        return sum(p.numel() for p in module.parameters())

    assert count(unified.encoder()) == 667_456
    assert count(unified.decoder()) == 692_257
    assert count(load("ae-dense")()) == 1_627_249
    assert count(load("vae")()) == 1_758_449


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


def test_total_variation_of_a_step() -> None:
    x = torch.zeros(1, 1, 8, 8)
    x[..., 4:] = 2.0
    assert total_variation(x) == 2.0 * 8


def made_volume() -> Volume:
    rng = np.random.default_rng(0)
    brain = np.zeros((3, 32, 32), bool)
    brain[:, 8:24, 8:24] = True
    return Volume((rng.random(brain.shape) * brain).astype(np.float32), brain, np.arange(3))


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
    method = load("atlas-z")(size=8, floor=0.1)
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
        score.main(method="vae", images=cohorts["test"] / "images.h5", out=tmp_path / "maps.h5", model=model)
    assert not (tmp_path / "maps.h5").exists()


def test_truncated_model_is_refused(cohorts: dict[str, Path], tmp_path: Path) -> None:
    model = fitted("atlas-z", cohorts, tmp_path)
    model.write_bytes(model.read_bytes()[:1000])
    with pytest.raises(InputError, match="is not a whole model"):
        score.main(method="atlas-z", images=cohorts["test"] / "images.h5", out=tmp_path / "maps.h5", model=model)
