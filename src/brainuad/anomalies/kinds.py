"""Kinds of synthetic anomalies that healthy scans are tested with: modules of this package that have an `implant`.

    implant(host, donor, rng, *, own settings) -> image (X, Y, Z) float32, label (X, Y, Z) uint8

Both lie on the host's grid. The image differs from the host's in no voxel whose label is 0, but for tissue that a
blob pushes aside; labels lie in the brain. NEEDS names the fields of `Donor` that a kind reads; the others take None.
A label that is empty says that the donor doesn't fit the host.

Nothing that trains may import this package: its random streams have a name of their own, so no method meets the
anomalies that it is tested with.
"""

import inspect
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from nibabel.affines import voxel_sizes

from brainuad.errors import InputError
from brainuad.seeds import generator

STREAM = "test-anomalies"
Implanted = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Host:
    """A healthy scan, canonical (RAS), before any preprocessing."""

    image: np.ndarray
    """(X, Y, Z) float32, intensities as the scanner stored them."""
    brain: np.ndarray
    """(X, Y, Z) bool."""
    affine: np.ndarray
    """(4, 4), voxel to mm."""
    modality: str

    @property
    def spacing(self) -> np.ndarray:
        """(3) mm between voxels along each axis."""
        return voxel_sizes(self.affine)

    @property
    def voxel(self) -> float:
        """mm3 of a voxel."""
        return float(self.spacing.prod())

    def percentile(self, share: float) -> float:
        """The intensity below which `share` percent of the brain's voxels lie."""
        return float(np.percentile(self.image[self.brain], share))


@dataclass(frozen=True)
class Donor:
    """A patient's label and scan, brought to the host's grid."""

    label: np.ndarray
    """(X, Y, Z) uint8, above 0 where ill."""
    image: np.ndarray | None = None
    """(X, Y, Z) float32 of the host's modality."""


def known() -> list[str]:
    """Names of all kinds."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef implant(" in p.read_text())


def load(kind: str) -> ModuleType:
    """The module of a kind; raises InputError for an unknown one."""
    if kind not in known():
        raise InputError(kind, "is no kind of anomaly", f"Known kinds: {', '.join(known())}")
    return import_module(f"brainuad.anomalies.{kind}")


def check_settings(kind: str, settings: dict[str, object]) -> None:
    """Raise InputError for a setting that the kind doesn't have."""
    parameters = inspect.signature(load(kind).implant).parameters.values()
    own = [parameter.name for parameter in parameters if parameter.kind == parameter.KEYWORD_ONLY]
    for name in settings:
        if name not in own:
            raise InputError(f"{kind} anomalies", f"have no setting {name}", f"Settings: {', '.join(own) or 'none'}")


def check_choice(setting: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise InputError unless a setting's value is one of its choices."""
    if value not in choices:
        raise InputError(f"{setting} {value}", "is unknown to the anomalies", f"Choose one of: {', '.join(choices)}")


def stream(seed: int, kind: str, *names: object) -> np.random.Generator:
    """The generator of one kind's draws for the thing called `names`.

    Settings aren't among the names: two settings of one subject share their draws, so that a sweep compares like
    with like.
    """
    return generator(seed, STREAM, kind, *names)
