"""A study trimmed to what a run has of it: fewer cohorts or methods make fewer figures, not errors."""

from collections.abc import Iterator

WITH_METHODS = ("groups", "examples", "inpainted", "sweeps")
"""Parts of a study whose entries each show some methods."""
MEASURED = ("fidelity", "classes")
"""Parts of a study that measure some methods."""


def named_methods(study: dict) -> Iterator[str]:
    """All methods that a study names beside `methods`."""
    for part in WITH_METHODS:
        for entry in study.get(part, {}).values():
            yield from [*entry["methods"], *entry.get("without", []), *entry.get("also", [])]
    for contrast in study.get("contrasts", []):
        for pair in contrast["pairs"]:
            yield from pair
    for entry in study.get("against", []):
        yield from entry["methods"]
    for part in ("thresholded", "methods"):
        yield from study.get("segmentation", {}).get(part, [])
    yield from (name for methods in study.get("recipes", {}).values() for name in methods)
    yield from [*study.get("settings", {}), *study.get("training", {}).get("methods", {})]
    if "heatmaps" in study:
        yield from [study["heatmaps"]["reference"], *study["heatmaps"]["methods"]]
    for part in MEASURED:
        yield from study.get(part, {}).get("methods", [])


def named_cohorts(study: dict) -> Iterator[str]:
    """All cohorts that a study names beside `cohorts`."""
    for example in study.get("examples", {}).values():
        yield from (place["cohort"] for place in example["slices"])
    for shift in study.get("shifts", []):
        yield from shift["cohorts"]
    yield from (entry["cohort"] for entry in study.get("against", []))
    yield from (figure["cohort"] for figure in study.get("inpainted", {}).values())
    yield from (role for sweep in study.get("sweeps", {}).values() for role in sweep.get("cohorts", []))
    if "heatmaps" in study:
        yield study["heatmaps"]["cohort"]


def named_metrics(study: dict) -> Iterator[str]:
    """All metrics that a study names."""
    for sweep in study.get("sweeps", {}).values():
        yield from [*([sweep["metric"]] if "metric" in sweep else []), *sweep.get("cohorts", {}).values()]
    for shift in study.get("shifts", []):
        yield from shift["metrics"]
    yield from study.get("compared", [])


def trim(study: dict) -> dict:
    """The study without what its figures and tables ask of cohorts and methods that it doesn't have."""
    methods, cohorts = set(study["methods"]), set(study["cohorts"])
    trimmed = dict(study)
    for part in WITH_METHODS:
        entries = {name: with_methods(entry, methods) for name, entry in study.get(part, {}).items()}
        trimmed[part] = {name: entry for name, entry in entries.items() if entry["methods"]}
    for example in trimmed["examples"].values():
        example["slices"] = [place for place in example["slices"] if place["cohort"] in cohorts]
    trimmed["examples"] = {name: entry for name, entry in trimmed["examples"].items() if entry["slices"]}
    for sweep in trimmed["sweeps"].values():
        if "cohorts" in sweep:
            sweep["cohorts"] = {role: metric for role, metric in sweep["cohorts"].items() if role in cohorts}
    trimmed["sweeps"] = {name: entry for name, entry in trimmed["sweeps"].items() if entry.get("cohorts", True)}
    trimmed["inpainted"] = {
        name: entry
        for name, entry in trimmed["inpainted"].items()
        if entry["cohort"] in cohorts and entry.get("sweep") in {None, *trimmed["sweeps"]}
    }
    if "heatmaps" in study:
        heatmaps = with_methods(study["heatmaps"], methods)
        shown = heatmaps["methods"] and heatmaps["reference"] in methods and heatmaps["cohort"] in cohorts
        del trimmed["heatmaps"]
        trimmed |= {"heatmaps": heatmaps} if shown else {}
    if "recipes" in study:
        recipes = {recipe: [name for name in own if name in methods] for recipe, own in study["recipes"].items()}
        trimmed["recipes"] = {recipe: own for recipe, own in recipes.items() if own}
    for part in MEASURED:
        if part in study:
            trimmed[part] = with_methods(study[part], methods)
            if not trimmed[part]["methods"]:
                del trimmed[part]
    contrasts = [
        {**contrast, "pairs": [pair for pair in contrast["pairs"] if set(pair) <= methods]}
        for contrast in study.get("contrasts", [])
    ]
    trimmed["contrasts"] = [contrast for contrast in contrasts if contrast["pairs"]]
    trimmed["shifts"] = [shift for shift in study.get("shifts", []) if set(shift["cohorts"]) <= cohorts]
    against = [with_methods(entry, methods) for entry in study.get("against", []) if entry["cohort"] in cohorts]
    trimmed["against"] = [entry for entry in against if entry["methods"]]
    return trimmed


def with_methods(entry: dict, methods: set[str]) -> dict:
    """A group, example or sweep with those of its methods that there are."""
    kept = [name for name in entry["methods"] if name in methods]
    without = {"without": [name for name in entry["without"] if name in kept]} if "without" in entry else {}
    return {**entry, "methods": kept, **without}
