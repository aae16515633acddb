"""The papers' own ways from anomaly maps to masks: modules of this package that have a `segment`.

    segment(image, score, brain, *, own settings) -> mask (D, H, W) bool

The arrays (D, H, W) are the stacked slices of one subject, `score` the post-processed map. Masks lie in the brain.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from brainuad.errors import InputError


def known() -> list[str]:
    """Names of all segmentations."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef segment(" in p.read_text())


def own(stated: dict, method: str | None = None) -> tuple[str, dict]:
    """The segmentation that a study states: the module's name and its settings, with those of one method over them."""
    shared = {key: value for key, value in stated.items() if key not in ("method", "methods", "thresholded")}
    return stated["method"], {**shared, **stated.get("methods", {}).get(method, {})}


def load(segmentation: str) -> ModuleType:
    """The module of a segmentation; raises InputError for an unknown one."""
    if segmentation not in known():
        raise InputError(segmentation, "is not a segmentation", f"Known segmentations: {', '.join(known())}")
    return import_module(f"brainuad.segmentation.{segmentation}")
