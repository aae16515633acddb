"""The training loop that all methods with a `loss` share: Lightning's trainer, made resumable to the bit.

Every epoch's order and every batch's noise are seeded by their numbers, so that a run which was killed and
resumed from the last whole epoch ends with the same weights as one that never stopped.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import lightning as L
import numpy as np
import pandas as pd
import torch
from lightning.fabric.plugins.io import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from tqdm import tqdm

from brainuad.files import atomic
from brainuad.methods.learner import Learner
from brainuad.seeds import derive
from brainuad.slices import check_same_order, open_checked

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)


IN_MEMORY = 6e9
"""Bytes of slices that a training holds in memory. Of a larger cohort each batch is read from the file at its turn."""


class Slices(Dataset):
    """The slices of an `images.h5`; an index is a list of slices, an item a batch of them.

    With each comes its brain mask, or, where they are given, its labels.
    """

    def __init__(self, path: Path, labels: Path | None = None):
        file = open_checked(path, "images")
        self.arrays = [file["image"], file["brain"]]
        if labels:
            truth = open_checked(labels, "labels")
            check_same_order(file, truth)
            self.arrays[1] = truth["label"]
        if sum(array.nbytes for array in self.arrays) <= IN_MEMORY:
            self.arrays = [array[:] for array in self.arrays]

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: list[int]) -> tuple[Tensor, ...]:
        return tuple(torch.from_numpy(np.stack([array[k] for k in index]))[:, None] for array in self.arrays)


class Batches(Sampler[list[int]]):
    """Batches of indices, shuffled by the seed and the epoch's number if `seed` is given, else in order."""

    def __init__(self, count: int, batch_size: int, seed: int | None = None):
        self.count, self.batch_size, self.seed, self.epoch = count, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = torch.arange(self.count)
        if self.seed is not None:
            source = torch.Generator().manual_seed(derive(self.seed, "order", self.epoch))
            order = torch.randperm(self.count, generator=source)
        return (batch.tolist() for batch in order.split(self.batch_size))


class Fit(L.LightningModule):
    """A learner as Lightning sees it."""

    def __init__(self, model: Learner, seed: int, first_epochs: int):
        super().__init__()
        self.automatic_optimization = False  # a method may have several optimisers, which take turns as it says
        self.model, self.seed, self.first_epochs = model, seed, first_epochs

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        optimisers = self.model.optimisers()
        self.names = list(optimisers)
        return list(optimisers.values())

    def on_train_epoch_start(self) -> None:
        self.logged: set[str] = set()

    def training_step(self, batch: tuple[Tensor, Tensor], number: int) -> None:
        torch.manual_seed(derive(self.seed, "train", self.current_epoch, number))
        wrapped = self.optimizers()  # a single one comes without a list
        optimisers = dict(zip(self.names, wrapped if isinstance(wrapped, list) else [wrapped], strict=True))

        def minimise(loss: Tensor, name: str) -> None:
            optimiser = optimisers[name]
            optimiser.zero_grad()
            weights = [weight for group in optimiser.param_groups for weight in group["params"]]
            self.manual_backward(loss, inputs=weights)
            optimiser.step()

        self._log("train", self.model.train_on(*batch, minimise, self.current_epoch), batch)

    def validation_step(self, batch: tuple[Tensor, Tensor], number: int) -> None:
        torch.manual_seed(derive(self.seed, "validation", number))
        self._log("validation", self.model.loss(*batch), batch)

    def _log(self, stage: str, terms: dict[str, Tensor], batch: tuple[Tensor, Tensor]) -> None:
        named = {f"{stage}_{name}": value.detach() for name, value in terms.items()}
        self.logged |= set(named)
        self.log_dict(named, on_step=False, on_epoch=True, batch_size=len(batch[0]))


class History(Callback):
    """The mean of every loss term in every epoch; travels in the checkpoint."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: L.Trainer, fit: Fit) -> None:
        # Lightning keeps the terms of a stage that is over.
        terms = {name: float(value) for name, value in trainer.callback_metrics.items() if name in fit.logged}
        self.rows.append({"epoch": trainer.current_epoch, **terms})

    def state_dict(self) -> dict[str, list]:
        return {"rows": self.rows}

    def load_state_dict(self, state: dict[str, list]) -> None:
        self.rows = state["rows"]


class Progress(Callback):
    """One bar over all batches of the training, with the latest losses behind it."""

    def on_train_start(self, trainer: L.Trainer, _: L.LightningModule) -> None:
        batches = trainer.num_training_batches
        self.bar = tqdm(
            total=trainer.max_epochs * batches,
            initial=trainer.current_epoch * batches,
            unit="batch",
            mininterval=2,
        )

    def on_train_batch_end(self, *_: object) -> None:
        self.bar.update()

    def on_train_epoch_end(self, trainer: L.Trainer, _: L.LightningModule) -> None:
        losses = {name: f"{value:.4g}" for name, value in trainer.callback_metrics.items() if name.endswith("_loss")}
        self.bar.set_postfix(epoch=trainer.current_epoch + 1, **losses)

    def on_train_end(self, *_: object) -> None:
        self.bar.close()


def is_in_first_stage(trainer: L.Trainer) -> bool:
    """Whether the epoch began in a method's first stage: its validation says nothing yet."""
    return trainer.current_epoch < trainer.lightning_module.first_epochs


class Best(ModelCheckpoint):
    """A checkpoint of the best epoch after the first stage."""

    def check_monitor_top_k(self, trainer: L.Trainer, current: Tensor | None = None) -> bool:
        return not is_in_first_stage(trainer) and super().check_monitor_top_k(trainer, current)


class ResumableEarlyStopping(EarlyStopping):
    """Early stopping after the first stage that, resumed from the epoch at which it had decided to stop, stops."""

    def _should_skip_check(self, trainer: L.Trainer) -> bool:
        return is_in_first_stage(trainer) or super()._should_skip_check(trainer)

    def on_train_start(self, trainer: L.Trainer, _: L.LightningModule) -> None:
        trainer.should_stop = self.wait_count >= self.patience


class AtomicCheckpoints(TorchCheckpointIO):
    """Checkpoints that are whole or absent, so that a kill while writing costs one epoch, not the run."""

    def save_checkpoint(self, checkpoint: dict, path: str, storage_options: object = None) -> None:
        with atomic(path) as temporary:
            torch.save(checkpoint, temporary)


def read(checkpoint: Path | str) -> dict:
    """What a checkpoint holds; of its optimisers' states, twice the weights, nothing comes into memory unless asked."""
    return torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)


def train(
    model: Learner,
    train_images: Path,
    validation_images: Path,
    *,
    seed: int,
    device: torch.device,
    checkpoints: Path,
    labels: tuple[Path | None, Path | None] = (None, None),
    epochs: int | None = 1000,
    iterations: int | None = None,
    batch_size: int = 32,
    patience: int | None = 5,
    min_delta: float = 1e-8,
    precision: str = "auto",
) -> pd.DataFrame:
    """Train by `model.train_on`, stop early on the healthy validation slices, leave the best weights in `model`.

    Stops when the monitored validation term hasn't improved by `min_delta` for `patience` epochs (Baur et al.
    section III-B), after at most `epochs` beyond a method's first stage; `iterations` are batches to take instead, in
    whole epochs. Without `patience` it doesn't stop early and the last weights are left. `precision` is Lightning's;
    `auto` is mixed on a GPU and 32 bits elsewhere. `labels` of the training and of the validation slices reach the
    model in the place of the brain masks. Resumes from `checkpoints` if a killed run left any there.
    Returns the training curves: epoch, train_<term>, validation_<term>, and `kept`, true for the epoch of the weights.
    """
    monitor = f"validation_{model.monitor}"
    options = {"save_on_train_epoch_end": True, "enable_version_counter": False}
    best = Best(checkpoints, "best", monitor, **options)
    # With `save_last` Lightning would save it in the epochs that are the best so far, and in no other.
    latest = ModelCheckpoint(checkpoints, "last", **options)
    history = History()
    train_data, validation_data = map(Slices, (train_images, validation_images), labels)
    if precision == "auto":
        precision = "32-true"
        if device.type == "cuda":
            precision = "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    batches = Batches(len(train_data), batch_size, seed)
    first_epochs = model.first_epochs(len(batches))
    if iterations:
        epochs = -(-iterations // len(batches))
    stopping = [ResumableEarlyStopping(monitor, min_delta, patience, check_on_train_epoch_end=True), best]
    fit = Fit(model.to(memory_format=torch.channels_last), seed, first_epochs)
    trainer = L.Trainer(
        accelerator=device.type,
        devices=1,
        precision=precision,
        max_epochs=first_epochs + epochs,
        # The latest comes last, since it holds what the others know: what the best has been, this epoch's included.
        callbacks=[history, Progress(), *(stopping if patience else []), latest],
        plugins=[AtomicCheckpoints()],
        logger=False,
        enable_progress_bar=False,
        deterministic="warn",
        num_sanity_val_steps=0,
        enable_model_summary=False,
        default_root_dir=checkpoints,
    )
    last = checkpoints / "last.ckpt"
    resumed = last if last.exists() else None
    if resumed:
        # Lightning draws a resumed run's first batches before it tells the sampler which epoch it is.
        batches.set_epoch(read(resumed)["epoch"] + 1)
    trainer.fit(
        fit,
        DataLoader(train_data, batch_size=None, sampler=batches),
        DataLoader(validation_data, batch_size=None, sampler=Batches(len(validation_data), batch_size)),
        ckpt_path=resumed,
        weights_only=True,
    )
    kept = read(best.best_model_path if patience else last)
    fit.load_state_dict(kept["state_dict"])
    curves = pd.DataFrame(history.rows)
    return curves.assign(kept=curves["epoch"] == kept["epoch"])
