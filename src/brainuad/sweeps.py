"""Sweeps of a study: one setting is varied, all else stays, and what the setting doesn't touch is shared."""

import copy
import re

from brainuad.errors import InputError

OWN = "own"
"""The level at which the study itself stands."""
REPORTED = ("sweeps", "groups", "examples", "inpainted", "contrasts", "shifts", "against")
"""What a study asks of its report, which its levels don't have."""
AFTER_MAPS = "min_component"
"""The one key of the post-processing that acts on masks, not on maps."""

Value = float | int | str | list | None


def expand(name: str, study: dict) -> dict[str, dict]:
    """The studies at the levels of a study's sweeps, by name; the study itself isn't among them.

    Each is the study with one setting changed and the sweep's methods, `level_of` the study's name. `setting` is
    `train_share` (the share of the training subjects), `postprocessing.KEY`, `segmentation.KEY` or `methods.KEY`, a
    hyper-parameter of the sweep's methods and of those it varies `also`, their teachers. Raises InputError for two
    levels of one name, for a share that isn't one and for a segmentation that the study or a method hasn't got.
    """
    levels = {}
    for sweep, entry in study["sweeps"].items():
        for value in entry["levels"]:
            level, where = level_name(name, sweep, value), f"study {name}, sweep {sweep}"
            if level in levels or entry["levels"].count(value) > 1:
                raise InputError(where, f"has two levels named '{label(value)}'", "Take one of them out")
            if entry["setting"] == "train_share" and value != OWN and not 0 < value <= 1:
                raise InputError(where, f"level {value} is no share", "Give numbers above 0, up to 1")
            if entry["setting"].startswith("segmentation.") and "segmentation" not in study:
                raise InputError(where, "varies a segmentation where there is none", "Take the sweep out, too")
            untouched = set(entry["methods"]) & set(study.get("segmentation", {}).get("thresholded", []))
            if entry["setting"].startswith("segmentation.") and untouched:
                problem = f"varies a segmentation that maps of {min(untouched)} don't go through: they are thresholded"
                raise InputError(where, problem, "Take the method out of the sweep")
            if value != OWN:
                levels[level] = varied(name, study, entry, value)
    return levels


def varied(name: str, study: dict, sweep: dict, value: Value) -> dict:
    """The study at one level of a sweep."""
    level = copy.deepcopy({key: part for key, part in study.items() if key not in REPORTED})
    level |= {"methods": sweep["methods"], "level_of": name, "tested": sweep.get("cohorts")}
    level |= {"new_maps": False, "new_masks": False}
    place, _, key = sweep["setting"].partition(".")
    if place == "methods":
        level["method_settings"] = {method: {key: value} for method in [*sweep["methods"], *sweep.get("also", [])]}
    elif place == "postprocessing":
        level["postprocessing"][key] = value
        level["new_maps"] = key != AFTER_MAPS
    elif place == "segmentation":
        level["segmentation"][key] = value
        level["new_masks"] = True
    else:
        level[place] = value
    return level


def level_name(study: str, sweep: str, value: Value) -> str:
    """The name under which the results of a level lie; the study's own for `OWN`."""
    return study if value == OWN else f"{study}-{sweep}-{re.sub('[^a-z0-9.]+', '-', label(value).lower())}"


def label(value: Value) -> str:
    """A level in a figure."""
    if isinstance(value, list):
        return " x ".join(map(label, value))
    if value is None or isinstance(value, bool):
        return {None: "none", True: "on", False: "off"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def has_own_maps(level: dict) -> bool:
    """Whether some method has to be trained or to score anew at a level."""
    return "train_share" in level or "method_settings" in level


def owner_of_slices(studies: dict[str, dict], name: str, split: str) -> str:
    """The study whose slices of a split a study takes: only fewer training subjects make other slices."""
    level = studies[name]
    own = "level_of" not in level or ("train_share" in level and split == "train")
    return name if own else level["level_of"]


def owner_of_model(studies: dict[str, dict], name: str, methods: list[str]) -> str:
    """The study whose model and maps of a method a study takes; `methods` are it and those that its network comes from.

    A level has its own where it trains on other subjects or changes a hyper-parameter of one of them.
    """
    level = studies[name]
    own = "level_of" not in level or "train_share" in level or set(methods) & set(level.get("method_settings", {}))
    return name if own else level["level_of"]


def owner_of_processed(studies: dict[str, dict], name: str, methods: list[str]) -> str:
    """The study whose post-processed maps of a method a study takes: its own where maps or their chain are."""
    level = studies[name]
    own = owner_of_model(studies, name, methods) == name or level["new_maps"]
    return name if own else level["level_of"]


def owner_of_masks(studies: dict[str, dict], name: str, methods: list[str]) -> str:
    """The study whose masks of a method a study takes: its own where post-processed maps or their segmentation are."""
    level = studies[name]
    own = owner_of_processed(studies, name, methods) == name or level["new_masks"]
    return name if own else level["level_of"]
