"""Fit a method on healthy slices: images.h5 -> model.pt and training curves."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import torch

from brainuad import code, models
from brainuad.device import choose
from brainuad.errors import InputError
from brainuad.files import atomic, sha256
from brainuad.methods.base import build, load
from brainuad.scoring.reading import Cohort
from brainuad.seeds import derive, generator
from brainuad.slices import open_checked


def main(
    *,
    method: str,
    train: Path,
    validation: Path,
    out_model: Path,
    out_curves: Path,
    out_record: Path,
    base: Path | None = None,
    settings: str = "{}",
    training: str = "{}",
    seed: int = 0,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Fit METHOD on the slices of TRAIN; those of VALIDATION, healthy too, tell when to stop, where
    `patience` is set.

    SETTINGS are the method's hyper-parameters and TRAINING those of the loop, both as JSON. BASE is a trained model
    to start from, or to learn from. OUT_RECORD tells what the model was made from and with. A method that defines
    `fit` is fitted by it, any other by minimising its loss; a killed run of the loop resumes where it stood.
    """
    chosen = choose(device, threads)
    torch.manual_seed(derive(seed, method, "weights"))
    teaches = hasattr(load(method), "learn_from")
    if base and not teaches:
        model, options = models.restore(base, method, json.loads(settings))
    else:
        options = {**size(method, train), **json.loads(settings)}
        model = build(method, options)
    model.to(chosen)
    if base and teaches:
        model.learn_from(models.trained(base).to(chosen))

    record = {
        "method": method,
        "seed": seed,
        "settings": options,
        "training": json.loads(training),
        "train": sha256(train),
        "validation": sha256(validation),
        "base": sha256(base) if base else None,
        "code": code.digest(load(method).__module__, "brainuad.training"),
        "device": torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else platform.machine(),
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ("brainuad", "torch", "lightning", "numpy")},
    }
    if hasattr(model, "fit"):
        record["chosen"] = model.fit(Cohort(train), Cohort(validation), generator(seed, method, "fit"))
        curves = pd.DataFrame(columns=["epoch"])
    else:
        from brainuad.training import train as minimise

        # Checkpoints of a killed run count only if nothing that made them has changed.
        checkpoints = out_model.with_name(f".checkpoints-{derive(seed, json.dumps(record)):08x}")
        seeded, loop = derive(seed, method), json.loads(training)
        curves = minimise(model, train, validation, seed=seeded, device=chosen, checkpoints=checkpoints, **loop)
    with atomic(out_curves) as temporary:
        curves.to_csv(temporary, index=False)
    with atomic(out_record) as temporary:
        temporary.write_text(json.dumps(record, indent=2))
    models.save(out_model, method, options, model)
    models.drop_checkpoints(out_model.parent)


def size(method: str, train: Path) -> dict[str, int]:
    """The setting `size` of a method that is built for slices of one size; raises InputError unless they are square."""
    if not load(method).fixed_size:
        return {}
    with open_checked(train, "images", values=False) as file:
        _, rows, columns = file["image"].shape
    if rows != columns:
        problem = f"has slices of {rows} x {columns} pixels, but {method} is built for square ones"
        raise InputError(train, problem, "Take the method out of the study or choose another recipe")
    return {"size": rows}
