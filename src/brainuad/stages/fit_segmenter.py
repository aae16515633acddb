"""Fit the segmentation network that judges anatomical fidelity: images and structures of healthy brains -> a model."""

import json
from pathlib import Path

import torch

from brainuad import code, models
from brainuad.device import choose
from brainuad.files import atomic, sha256
from brainuad.judge import NAME, Judge
from brainuad.seeds import derive
from brainuad.settings import parse
from brainuad.training import train as minimise


def main(
    *,
    train: Path,
    train_structures: Path,
    validation: Path,
    validation_structures: Path,
    out_model: Path,
    out_curves: Path,
    settings: str = "{}",
    training: str = "{}",
    seed: int = 0,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Fit it on the slices of TRAIN and their structures; those of VALIDATION tell when to stop, where
    `patience` is set.

    SETTINGS are the network's and TRAINING those of the loop, both as JSON. A killed run goes on where it stood.
    """
    chosen, options = choose(device, threads), parse(settings, "--settings")
    torch.manual_seed(derive(seed, NAME, "weights"))
    judge = Judge(**options).to(chosen)
    given = [train, train_structures, validation, validation_structures]
    # Checkpoints of a killed run count only if nothing that made them has changed.
    made_by = code.digest("brainuad.judge", "brainuad.training")
    record = json.dumps([settings, training, seed, made_by, *map(sha256, given)])
    checkpoints = out_model.with_name(f".checkpoints-{derive(seed, record):08x}")
    curves = minimise(
        judge,
        train,
        validation,
        labels=(train_structures, validation_structures),
        seed=derive(seed, NAME),
        device=chosen,
        checkpoints=checkpoints,
        **parse(training, "--training"),
    )
    with atomic(out_curves) as temporary:
        curves.to_csv(temporary, index=False)
    models.save(out_model, NAME, options, judge)
    models.drop_checkpoints(out_model.parent)
