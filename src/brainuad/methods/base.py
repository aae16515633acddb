"""What a method is: a class named `Method` in a module of `brainuad.methods`, found by its place.

A method scores one volume at a time (`score`). If it learns, it is a `Learner`: either it has a `loss`,
which the shared loop of `brainuad.training` minimises, or it defines a `fit` of its own. Loops, devices,
seeds, checkpoints and files are nowhere in a method.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np

from brainuad.errors import InputError


@dataclass
class Volume:
    """One subject's slices as a method may see them; `label` is filled for declared exceptions alone (the oracle)."""

    image: np.ndarray
    """(D, H, W) float32, about [0, 1], zero outside the brain."""
    brain: np.ndarray
    """(D, H, W) bool."""
    slices: np.ndarray
    """(D) int, slice index on the common grid."""
    label: np.ndarray | None = None
    """(D, H, W) uint8."""


@dataclass
class Maps:
    """A method's answer for one volume, float32, each (D, H, W) unless it says otherwise."""

    score: np.ndarray
    """Anomaly map: higher is more anomalous."""
    reconstruction: np.ndarray | None = None
    uncertainty: np.ndarray | None = None
    losses: np.ndarray | None = None
    """(D, R, C) what a map of windows is made of, one value for each place of the window."""
    whole: np.ndarray | None = None
    """(D, R, C) the losses over the whole slice, of methods that have both."""


class Method(Protocol):
    """What the scoring loop asks of a method. Random draws come from `rng`, seeded for each subject."""

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps: ...


def known() -> list[str]:
    """The ids of all methods: module names with hyphens."""
    shared = {"__init__", "base", "inpainting", "learner", "monte_carlo", "restoration"}
    return sorted(p.stem.replace("_", "-") for p in Path(__file__).parent.glob("*.py") if p.stem not in shared)


def load(method: str) -> type:
    """The class of a method by its id, `vae-restoration` for `methods/vae_restoration.py`. Raises InputError."""
    if method not in known():
        raise InputError(method, "is not a method of BrainUAD", f"Known methods: {', '.join(known())}")
    return import_module(f"brainuad.methods.{method.replace('-', '_')}").Method


def build(method: str, settings: dict[str, object]) -> Method:
    """A method with these settings; raises InputError where it doesn't know one."""
    try:
        return load(method)(**settings)
    except TypeError as error:
        raise InputError(method, str(error), "Check the settings in its rule and in config.yaml") from error
