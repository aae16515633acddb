"""Trained models on disk: `model.pt` holds the method's id, its settings and its weights."""

import pickle
import shutil
from pathlib import Path

import torch

from brainuad.errors import InputError
from brainuad.files import atomic
from brainuad.methods.base import build
from brainuad.methods.learner import Learner


def save(path: Path, method: str, settings: dict[str, object], model: Learner) -> None:
    """Write a model, whole or not at all."""
    state = {name: value.cpu() if torch.is_tensor(value) else value for name, value in model.state_dict().items()}
    with atomic(path) as temporary:
        torch.save({"method": method, "settings": settings, "state": state}, temporary)


def drop_checkpoints(folder: Path) -> None:
    """Take away what killed trainings left in a model's folder."""
    for abandoned in folder.glob(".checkpoints-*"):
        # Renamed first: a kill on the way must not leave half a folder to resume from.
        shutil.rmtree(abandoned.rename(abandoned.with_name(".removed")))


def restore(path: Path, method: str, settings: dict[str, object]) -> tuple[Learner, dict[str, object]]:
    """A method with the weights of a trained model, maybe of another method that it shares the network with.

    `settings` come on top of those the model was trained with. Returns the method, ready to score, and all its
    settings. Raises InputError where the file can't be read or holds weights that the method has no place for.
    """
    saved = read(path)
    settings = {**saved["settings"], **settings}
    model = build(method, settings)
    own = model.state_dict()
    # A method may add buffers of its own to another's network, never weights.
    weights = {name for name, _ in model.named_parameters()}
    fits = weights <= set(saved["state"]) <= set(own)
    if not fits or any(own[name].shape != saved["state"][name].shape for name in weights):
        problem = f"is a model of {saved['method']} that doesn't fit {method} with the settings now asked for"
        raise InputError(path, problem, "Check the method's rule, and whether its settings have changed since")
    model.load_state_dict(saved["state"], strict=False)
    return model.eval().to(memory_format=torch.channels_last), settings


def assembled(paths: list[Path], method: str, settings: dict[str, object]) -> Learner:
    """A method ready to score, with the weights of the first model; it takes the methods of the others along."""
    model = restore(paths[0], method, settings)[0]
    for path in paths[1:]:
        if not hasattr(model, "take"):
            raise InputError(path, f"is a further model, but {method} takes none", "Check the method's rule")
        model.take(trained(path))
    return model


def trained(path: Path) -> Learner:
    """The method that a model was trained for, ready to score; raises InputError where the file can't be read."""
    return restore(path, read(path)["method"], {})[0]


def read(path: Path) -> dict[str, object]:
    """The method, settings and weights of a model; raises InputError where the file can't be read."""
    if not path.is_file():
        raise InputError(path, "is missing", "Check the path")
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return {name: saved[name] for name in ("method", "settings", "state")}
    except (OSError, RuntimeError, EOFError, LookupError, TypeError, pickle.UnpicklingError) as error:
        raise InputError(path, "is not a whole model of BrainUAD", "Delete it and run again") from error
