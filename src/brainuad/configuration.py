"""The configuration: runs laid over defaults, studies resolved, every mistake told before any work begins."""

import copy
from pathlib import Path

import pandas as pd
import yaml
from jsonschema import Draft202012Validator

from brainuad.datasets.reader import reader
from brainuad.errors import InputError
from brainuad.preprocessing.recipes import known as known_recipes


def lay_over(base: dict, changes: dict) -> dict:
    """`base` with `changes` laid over it, mapping by mapping; null takes a key away."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        if value is None and isinstance(result.get(key), dict):
            del result[key]
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = lay_over(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def validate(values: dict, schema: Path, name: str) -> None:
    """Raise InputError with the first key that the schema refuses and what it allows there."""
    validator = Draft202012Validator(yaml.safe_load(schema.read_text()))
    errors = sorted(validator.iter_errors(values), key=lambda error: list(map(str, error.path)))
    if errors:
        error = errors[0]
        key = ".".join(map(str, error.absolute_path)) or "(top level)"
        allowed = ""
        if error.validator == "additionalProperties":
            allowed = f". Known keys: {', '.join(sorted(error.schema.get('properties', {})))}"
        raise InputError(name, f"key '{key}': {error.message}{allowed}", f"See {schema.name}")


def resolve_studies(config: dict, workflow: Path) -> dict[str, dict]:
    """Each configured study: its file in `workflow`/studies with the run's changes laid over it, checked.

    Raises InputError for an unknown study, method (one without a rule), recipe or dataset, naming those there are.
    """
    known = sorted(path.stem for path in (workflow / "studies").glob("*.yaml"))
    methods = sorted(path.stem for path in (workflow / "rules/methods").glob("*.smk"))
    for unknown in sorted(set(config["methods"]) - set(methods)):
        raise InputError("configuration", f"methods.{unknown} is unknown", f"Known methods: {', '.join(methods)}")
    for entry in config["datasets"].values():
        if "reader" in entry:
            reader(entry["reader"])
    studies = {}
    for name, changes in config["studies"].items():
        if name not in known:
            raise InputError("config.yaml", f"study '{name}' is unknown", f"Known studies: {', '.join(known)}")
        study = lay_over(yaml.safe_load((workflow / "studies" / f"{name}.yaml").read_text()), changes or {})
        validate(study, workflow / "schemas/study.schema.yaml", f"study {name}")
        used = [cohort["dataset"] for cohort in study["cohorts"].values()]
        for kind, names, there in (
            ("method", study["methods"], methods),
            ("recipe", [study["recipe"]], sorted(set(known_recipes()) & set(config["recipes"]))),
            ("dataset", used, list(config["datasets"])),
        ):
            for unknown in sorted(set(names) - set(there)):
                raise InputError(
                    f"study {name}", f"{kind} '{unknown}' is unknown", f"Known {kind}s: {', '.join(there)}"
                )
        studies[name] = study
    return studies


def needed_datasets(config: dict, study: dict) -> set[str]:
    """Datasets with scans of their own that a study needs; derived ones stand for their sources."""
    names: set[str] = set()
    for cohort in study["cohorts"].values():
        entry = config["datasets"][cohort["dataset"]]
        names |= {entry["healthy"], entry["shapes"]} if "healthy" in entry else {cohort["dataset"]}
    return names


def modalities(studies: dict[str, dict]) -> set[str]:
    """The modalities that the studies use."""
    return {cohort["modality"] for study in studies.values() for cohort in study["cohorts"].values()}


def folder_of(config: dict, dataset: str) -> Path:
    """Where a dataset's archives or extracted tree lie."""
    return Path(config["datasets"][dataset].get("path") or Path(config["data"], dataset))


def missing_data(config: dict, studies: dict[str, dict], sources: Path) -> str | None:
    """One page about the datasets that the studies need and that aren't there, or None."""
    made = set(config.get("phantom", {}).get("subjects", {}))
    needs = {name: needed_datasets(config, study) - made for name, study in studies.items()}
    missing = {
        dataset: folder_of(config, dataset)
        for dataset in sorted(set().union(*needs.values()))
        if not folder_of(config, dataset).is_dir() or not any(folder_of(config, dataset).iterdir())
    }
    if not missing:
        return None
    table = pd.read_csv(sources, dtype=str, keep_default_na=False)
    table = table[table["modality"].isin({"", *modalities(studies)})]
    lines = ["", f"Data are missing, and nothing was started (run '{config['run']}').", ""]
    for dataset, folder in missing.items():
        lines += [f"{dataset}: nothing in {folder}/", "  it comes from"]
        for row in table[table["dataset"] == dataset].to_dict("records"):
            size = f", {int(row['bytes']) / 1e9:.1f} GB" if row["bytes"] else ""
            lines.append(f"    {row['archive']}  {row['address']}  ({row['access']}, {row['licence']}{size})")
        lines += [
            f"  drop the archives (under these names) or the extracted tree into {folder}/,",
            f"  or set datasets.{dataset}.path in config.yaml to the folder where they lie.",
            "",
        ]
    runnable = sorted(name for name, datasets in needs.items() if not datasets & set(missing))
    lines += [
        f"Studies that can run without them: {', '.join(runnable) or 'none'}"
        + (" (leave only these under `studies` in config.yaml)" if runnable else ""),
        "Without any data: `make demo` runs every study at reduced size on phantoms.",
    ]
    return "\n".join(lines)
