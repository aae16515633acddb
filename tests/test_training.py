"""The shared training loop: it learns, repeats to the bit, and resumes as if it had never stopped."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from brainuad import training
from brainuad.errors import InputError
from brainuad.methods.base import load
from brainuad.methods.learner import Learner
from brainuad.slices import write
from brainuad.stages import fit
from brainuad.training import Batches, train

EPOCHS = 6


def arguments(cohorts: dict[str, Path], out: Path, epochs: int = EPOCHS) -> dict[str, object]:
    return {
        "method": "vae",
        "train": cohorts["train"] / "images.h5",
        "validation": cohorts["validation"] / "images.h5",
        "training": f'{{"epochs": {epochs}, "batch_size": 4}}',
        "out_model": out / "model.pt",
        "out_curves": out / "training.csv",
        "out_record": out / "record.json",
        "device": "cpu",
        "threads": 1,
    }


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "model.pt", weights_only=True)["state"]


@pytest.fixture(scope="module")
def unbroken(cohorts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken")
    fit.main(**arguments(cohorts, out))
    return out


def test_loss_falls(unbroken: Path) -> None:
    curves = pd.read_csv(unbroken / "training.csv")
    assert list(curves["epoch"]) == list(range(EPOCHS))
    assert curves.loc[curves["kept"], "validation_reconstruction"].item() == curves["validation_reconstruction"].min()
    assert curves["train_loss"].iloc[-1] < 0.7 * curves["train_loss"].iloc[0]
    expected = curves["train_reconstruction"] + curves["train_kl"]
    assert curves["train_loss"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-4)


def test_same_seed_same_weights(cohorts: dict[str, Path], unbroken: Path, tmp_path: Path) -> None:
    fit.main(**arguments(cohorts, tmp_path))
    for name, value in weights(unbroken).items():
        assert torch.equal(value, weights(tmp_path)[name]), name


def test_other_seed_other_weights(cohorts: dict[str, Path], unbroken: Path, tmp_path: Path) -> None:
    fit.main(**arguments(cohorts, tmp_path, epochs=1), seed=1)
    assert not torch.equal(weights(unbroken)["mean.0.weight"], weights(tmp_path)["mean.0.weight"])


def test_killed_training_resumes_to_the_same_model(cohorts: dict[str, Path], unbroken: Path, tmp_path: Path) -> None:
    """kill -9 as soon as there is a checkpoint; a second call ends with the weights of an unbroken run."""
    options = [f"--{key.replace('_', '-')}={value}" for key, value in arguments(cohorts, tmp_path).items()]
    command = [sys.executable, "-m", "brainuad", "fit", *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(tmp_path.glob(".checkpoints-*/last.ckpt")):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "model.pt").exists()

    fit.main(**arguments(cohorts, tmp_path))
    assert not list(tmp_path.glob(".checkpoints-*"))
    for name, value in weights(unbroken).items():
        assert torch.equal(value, weights(tmp_path)[name]), name
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "training.csv"), pd.read_csv(unbroken / "training.csv"))


def test_training_killed_after_its_last_epoch_stays_stopped(cohorts: dict[str, Path], tmp_path: Path) -> None:
    """Resumed from the epoch at which early stopping had decided, not one more batch is trained on."""
    model, images = load("vae")(size=32), [cohorts[name] / "images.h5" for name in ("train", "validation")]
    options = {"seed": 0, "device": torch.device("cpu"), "checkpoints": tmp_path / "checkpoints", "epochs": 9}
    stopped = train(model, *images, **options, patience=1, min_delta=1e9)
    again = train(untrainable("vae", size=32), *images, **options, patience=1, min_delta=1e9)
    assert len(stopped) == 2
    pd.testing.assert_frame_equal(stopped, again)


class Worsening(Learner):
    """Its first epoch is its best."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def loss(self, x: torch.Tensor, brain: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": -self.weight, "reconstruction": 1.0 * self.weight}


def test_a_resumed_training_knows_the_best_epoch_before_the_break(cohorts: dict[str, Path], tmp_path: Path) -> None:
    """Broken off after its best epoch, and resumed into worse ones, it ends with the weights of the best."""
    images = [cohorts[name] / "images.h5" for name in ("train", "validation")]
    options = {"seed": 0, "device": torch.device("cpu"), "checkpoints": tmp_path / "checkpoints"}
    first, resumed = Worsening(), Worsening()
    train(first, *images, **options, epochs=1)
    curves = train(resumed, *images, **options, epochs=3)
    assert curves["validation_reconstruction"].is_monotonic_increasing and len(curves) == 3
    assert curves["kept"].tolist() == [True, False, False]
    assert torch.equal(first.weight, resumed.weight)


def untrainable(method: str, **settings: float) -> Learner:
    """A method that fails as soon as it has to learn from a batch."""
    model = load(method)(**settings)
    model.train_on = None
    return model


@pytest.mark.parametrize("settings", [{}, {"gan_steps": 500, "critic_steps": 1}])
def test_every_epoch_is_kept_whether_it_was_the_best_or_not(
    settings: dict[str, int], cohorts: dict[str, Path], tmp_path: Path
) -> None:
    """A network that gets no better, and one in its first stage, where nothing can be called better."""
    method, images = (
        "f-anogan" if settings else "vae",
        [cohorts[name] / "images.h5" for name in ("train", "validation")],
    )
    model, epochs = load(method)(size=32, **settings), []
    learn = model.train_on

    def train_on(*given: object) -> object:
        if given[-1] == 3:
            raise KeyboardInterrupt
        epochs.append(given[-1])
        return learn(*given)

    model.train_on = train_on
    options = {"seed": 0, "device": torch.device("cpu"), "checkpoints": tmp_path, "min_delta": 1e9}
    with suppress(KeyboardInterrupt, SystemExit):
        train(model, *images, **options, epochs=9, batch_size=12)
    assert sorted(set(epochs)) == [0, 1, 2]
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["epoch"] == 2


def test_batches_cover_every_slice_once_and_follow_the_epoch() -> None:
    batches = Batches(10, 4, seed=0)
    first = [i for batch in batches for i in batch]
    assert sorted(first) == list(range(10))
    assert first == [i for batch in batches for i in batch]
    batches.set_epoch(1)
    assert first != [i for batch in batches for i in batch]
    assert len(batches) == 3


GAN = {
    "method": "f-anogan",
    "settings": '{"gan_steps": 12, "critic_steps": 1, "latent": 8}',
    "training": '{"epochs": 6, "batch_size": 4, "patience": 1, "min_delta": 1e9}',
}


def test_early_stopping_waits_for_the_first_stage(cohorts: dict[str, Path], tmp_path: Path) -> None:
    """A patience of one epoch that nothing can satisfy ends the training after the encoder's second whole epoch."""
    fit.main(**{**arguments(cohorts, tmp_path), **GAN})
    curves = pd.read_csv(tmp_path / "training.csv")
    per_epoch = -(-len(torch_slices(cohorts["train"])) // 4)
    gan_epochs = -(-12 // per_epoch)
    assert curves["train_adversarial"].notna().sum() == gan_epochs
    assert len(curves) == gan_epochs + 2
    assert curves["validation_reconstruction"].notna().all()


def torch_slices(folder: Path) -> torch.Tensor:
    with h5py.File(folder / "images.h5") as file:
        return torch.from_numpy(file["image"][:])


def test_the_two_stages_each_train_their_own_networks(cohorts: dict[str, Path], tmp_path: Path) -> None:
    """The encoder of the model is another one than in the first stage, the generator the same as at its end."""
    states = []
    for epochs in (3, 6):
        out = tmp_path / str(epochs)
        out.mkdir()
        stages = {"training": f'{{"epochs": {epochs}, "batch_size": 4}}'}
        fit.main(**{**arguments(cohorts, out), **GAN, **stages})
        states.append(weights(out))
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0] if name.startswith("generator"))
    assert not all(torch.equal(states[0][name], states[1][name]) for name in states[0] if name.startswith("encoder"))


@pytest.mark.parametrize("more", [0, 1])
def test_a_first_stage_comes_on_top_of_the_epochs(cohorts: dict[str, Path], tmp_path: Path, more: int) -> None:
    """Whether it ends with an epoch or within one, the weights kept are of an epoch that began after it."""
    per_epoch = -(-len(torch_slices(cohorts["train"])) // 4)
    short = {
        "settings": f'{{"gan_steps": {per_epoch + more}, "critic_steps": 1, "latent": 8}}',
        "training": '{"epochs": 2, "batch_size": 4}',
    }
    fit.main(**{**arguments(cohorts, tmp_path), **GAN, **short})
    curves = pd.read_csv(tmp_path / "training.csv")
    assert len(curves) == 1 + more + 2 and curves.loc[curves["kept"], "epoch"].item() >= 1 + more


def test_the_weights_of_an_adversarial_autoencoder_are_of_the_game(cohorts: dict[str, Path], tmp_path: Path) -> None:
    """Not of its first epochs, in which it makes several steps of reconstruction a batch and is better at it."""
    aae = {
        "method": "aae",
        "settings": '{"first_epochs": 2, "first_steps": 3, "critic_steps": 1, "latent": 8}',
        "training": '{"epochs": 2, "batch_size": 4, "patience": 1, "min_delta": 1e9}',
    }
    fit.main(**{**arguments(cohorts, tmp_path), **aae})
    curves = pd.read_csv(tmp_path / "training.csv")
    assert len(curves) == 4 and curves.loc[curves["kept"], "epoch"].item() >= 2


def test_a_killed_first_stage_resumes_to_the_same_model(cohorts: dict[str, Path], tmp_path: Path) -> None:
    """Several optimisers, a counter of steps and no best epoch yet: all of it survives a kill."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    fit.main(**{**arguments(cohorts, whole), **GAN})
    values = {**arguments(cohorts, killed), **GAN}
    options = [f"--{key.replace('_', '-')}={value}" for key, value in values.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "brainuad", "fit", *options], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(killed.glob(".checkpoints-*/last.ckpt")):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (killed / "model.pt").exists()
    fit.main(**values)
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(killed)[name]), name


def test_what_memory_can_not_hold_is_read_batch_by_batch(
    cohorts: dict[str, Path], unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the same model."""
    images, index = cohorts["train"] / "images.h5", [5, 0, 3]
    monkeypatch.setattr(training, "IN_MEMORY", 0)
    slices = training.Slices(images)
    assert all(isinstance(array, h5py.Dataset) for array in slices.arrays)
    with h5py.File(images) as file:
        for found, name in zip(slices[index], ("image", "brain"), strict=True):
            assert np.array_equal(found[:, 0], file[name][:][index]), name
    fit.main(**arguments(cohorts, tmp_path))
    for name, value in weights(unbroken).items():
        assert torch.equal(value, weights(tmp_path)[name]), name


def test_slices_with_labels_and_without_numbers(cohorts: dict[str, Path], tmp_path: Path) -> None:
    with h5py.File(cohorts["train"] / "images.h5") as file:
        arrays = {name: file[name][:] for name in ("image", "brain")}
        arrays |= {"subject": file["subject"].asstr()[:], "slice": file["slice"][:]}
    labels = {"label": arrays["brain"] * np.uint8(3), "subject": arrays["subject"], "slice": arrays["slice"]}
    write(tmp_path / "labels.h5", labels, {})
    read = training.Slices(cohorts["train"] / "images.h5", tmp_path / "labels.h5")
    assert not any(isinstance(array, h5py.Dataset) for array in read.arrays)
    assert np.array_equal(read[[2, 1]][1][:, 0], labels["label"][[2, 1]])
    arrays["image"][4, 0, 0] = np.nan
    write(tmp_path / "images.h5", arrays, {"spacing": (1.0, 1.0, 1.0)})
    with pytest.raises(InputError, match="dataset 'image' holds NaN or infinite values"):
        training.Slices(tmp_path / "images.h5")
