"""The configuration: runs laid over defaults, studies resolved, every mistake told before any work begins."""

import copy
import re
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from brainuad import segmentation, settings, sweeps
from brainuad.anomalies import kinds
from brainuad.anomalies.sweep import conditions
from brainuad.datasets.location import drop_folder
from brainuad.datasets.reader import NAME, reader
from brainuad.errors import InputError
from brainuad.metrics.catalogue import METRICS
from brainuad.preprocessing.recipes import known as known_recipes
from brainuad.preprocessing.recipes import load as load_recipe
from brainuad.trimming import named_cohorts, named_methods, named_metrics, trim


def lay_over(base: dict, changes: dict) -> dict:
    """`base` with `changes` laid over it, mapping by mapping; null takes a key away."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        if value is None and isinstance(result.get(key), dict | list):
            del result[key]
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = lay_over(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def validate(values: dict, schema: Path, name: str) -> None:
    """Raise InputError with the first key that the schema refuses and what it allows there."""
    check_schema(values, yaml.safe_load(schema.read_text()), name, schema.name)


def check_schema(values: dict, schema: dict, name: str, file: str = "study.schema.yaml") -> None:
    """Raise InputError with the first key that a schema, read from a file, refuses and what it allows there."""
    errors = sorted(Draft202012Validator(schema).iter_errors(values), key=lambda error: list(map(str, error.path)))
    if errors:
        error = errors[0]
        key = ".".join(map(str, error.absolute_path)) or "(top level)"
        allowed = ""
        if error.validator == "additionalProperties":
            allowed = f". Known keys: {', '.join(sorted(error.schema.get('properties', {})))}"
        raise InputError(name, f"key '{key}': {error.message}{allowed}", f"See {file}")


def resolve_studies(config: dict, workflow: Path) -> dict[str, dict]:
    """Each configured study: its file in `workflow`/studies with the run's changes laid over it; null takes one away.

    Raises InputError for an unknown study, method (one without a rule), recipe or dataset, naming those there are,
    and for datasets that can't be what a cohort wants of them.
    """
    known = sorted(path.stem for path in (workflow / "studies").glob("*.yaml"))
    methods = sorted(path.stem for path in (workflow / "rules/methods").glob("*.smk"))
    for unknown in sorted(set(config["methods"]) - set(methods)):
        raise InputError("configuration", f"methods.{unknown} is unknown", f"Known methods: {', '.join(methods)}")
    for entry in config["datasets"].values():
        if "reader" in entry:
            reader(entry["reader"])
    studies = {}
    schema = yaml.safe_load((workflow / "schemas/study.schema.yaml").read_text())
    for name, changes in config["studies"].items():
        if name not in known:
            raise InputError("config.yaml", f"study '{name}' is unknown", f"Known studies: {', '.join(known)}")
        if changes is None:
            continue
        stated = read_study(workflow / "studies", name)
        study = lay_over(stated, changes)
        check_schema(study, schema, f"study {name}")
        roles = study["cohorts"].keys() | changes.get("cohorts", {}).keys() | stated_roles(workflow / "studies", name)
        study["cohorts"] = expand_cohorts(study["cohorts"], config["datasets"])
        used = [cohort["dataset"] for cohort in study["cohorts"].values()]
        ways = [study["segmentation"]["method"]] if "segmentation" in study else []
        for kind, names, there in (
            ("method", [*study["methods"], *named_methods(study)], methods),
            ("cohort", named_cohorts(study), sorted(roles | study["cohorts"].keys())),
            ("metric", named_metrics(study), list(METRICS)),
            ("recipe", recipes_of(study), usable_recipes(config)),
            ("segmentation", ways, segmentation.known()),
            ("dataset", used, list(config["datasets"])),
        ):
            for unknown in sorted(set(names) - set(there)):
                raise InputError(
                    f"study {name}", f"{kind} '{unknown}' is unknown", f"Known {kind}s: {', '.join(there)}"
                )
        for unknown in sorted({entry["study"] for entry in study.get("against", [])} - set(known)):
            problem = f"is compared with '{unknown}', which is unknown"
            raise InputError(f"study {name}", problem, f"Known studies: {', '.join(known)}")
        check_titles(name, stated["cohorts"], changes.get("cohorts", {}))
        check_healthy(name, config, study["cohorts"])
        for cohort in study["cohorts"].values():
            entry = config["datasets"][cohort["dataset"]]
            check_labels(name, cohort["dataset"], entry)
            # Tables must say whose labels count.
            cohort["title"] += "".join(f", {option} {value}" for option, value in reading(entry).items())
            cohort["title"] += drawing(cohort, entry)
        studies[name] = trim(study)
        for level, varied in {name: studies[name], **sweeps.expand(name, studies[name])}.items():
            for part in ("postprocessing", "segmentation"):
                if part in varied:
                    own = schema["properties"][part] | {"$defs": schema["$defs"]}
                    check_schema(varied[part], own, f"study {level}")
            check_segmentation(level, varied)
            check_drawing(level, varied)
        check_training(name, study["training"])
        check_inpainted(name, config, study)
    for name, study in studies.items():
        check_models(name, study, studies)
    return studies


def check_titles(study: str, stated: dict, changes: dict) -> None:
    """Raise InputError for a cohort with another dataset than the study's file states, but still with its title."""
    for role in stated.keys() & changes.keys():
        before, cohort = stated[role]["dataset"], changes[role] or {}
        if cohort.get("dataset", before) != before and "title" not in cohort:
            problem = f"cohorts.{role} is now of {cohort['dataset']}, but has the title of {before}"
            raise InputError(f"study {study}", problem, f"State cohorts.{role}.title too")


def read_study(folder: Path, name: str) -> dict:
    """A study as its file states it: laid over the one that it is `like`, where it names one."""
    stated = yaml.safe_load((folder / f"{name}.yaml").read_text())
    return lay_over(read_study(folder, stated.pop("like")), stated) if "like" in stated else stated


def stated_roles(folder: Path, name: str) -> set[str]:
    """The cohorts that a study's file names, and those of the study that it is `like`, left out or not."""
    stated = yaml.safe_load((folder / f"{name}.yaml").read_text())
    return set(stated.get("cohorts", {})) | (stated_roles(folder, stated["like"]) if "like" in stated else set())


def recipes_of(study: dict) -> list[str]:
    """The recipe of a study, and those of single methods."""
    return [study["recipe"], *study.get("recipes", {})]


def reading(entry: dict) -> dict[str, object]:
    """The options of a dataset's reader, the defaults too; none for a derived dataset."""
    return {**settings.defaults(reader(entry["reader"]).index), **entry.get("options", {})} if "reader" in entry else {}


def drawing(cohort: dict, entry: dict) -> str:
    """What a cohort's title says where slices are drawn of its test subjects; `entry` is its dataset's."""
    if not cohort.get("test_slices"):
        return ""
    with_lesion = "reader" not in entry or reader(entry["reader"]).LABELS
    return f", up to {cohort['test_slices']} random slices" + (" with a lesion" if with_lesion else "")


def check_drawing(study: str, values: dict) -> None:
    """Raise InputError where slices that don't lie together are to be post-processed as a volume."""
    chain = values["postprocessing"]
    if any(cohort.get(key) for cohort in values["cohorts"].values() for key in ("validation_slices", "test_slices")):
        for size, key in ((chain["median"][0], "median"), (chain["min_component"], "min_component")):
            if size > 1:
                problem = f"draws slices, over which postprocessing.{key} reaches as if they lay together"
                mend = f"Make {'its first number' if key == 'median' else 'it'} 1, or let it take all slices"
                raise InputError(f"study {study}", problem, mend)


def own_segmentation(study: dict, method: str | None = None) -> tuple[str, dict]:
    """The module of a study's segmentation and its settings, the defaults and those of one method's maps too."""
    module, own = segmentation.own(study["segmentation"], method)
    return module, {**settings.defaults(segmentation.load(module).segment), **own}


def check_training(study: str, training: dict) -> None:
    """Raise InputError where a training, of all methods or of one, has a number of epochs and one of batches."""
    for method, own in {"": {}, **training.get("methods", {})}.items():
        if {**training, **own}.get("iterations") and {**training, **own}.get("epochs"):
            where = f"study {study}, training" + (f" of {method}" if method else "")
            raise InputError(where, "has both `epochs` and `iterations`", "Make one of them null")


def check_inpainted(study: str, config: dict, values: dict) -> None:
    """Raise InputError where squares are to lie on the lesions of a healthy cohort."""
    for name, figure in values.get("inpainted", {}).items():
        cohort = values["cohorts"].get(figure["cohort"])
        if figure["placement"] == "lesion" and cohort and cohort["dataset"] in healthy_datasets(config):
            where, problem = f"study {study}, inpainted {name}", f"cohort '{figure['cohort']}' has no lesions"
            raise InputError(where, problem, "Name a cohort of patients or another `placement`")


def check_segmentation(study: str, values: dict) -> None:
    """Raise InputError for a setting that a study's segmentation, where there is one, doesn't have."""
    if "segmentation" in values:
        for method in (None, *values["segmentation"].get("methods", {})):
            module, own = own_segmentation(values, method)
            settings.check(f"study {study}", f"segmentation {module}", segmentation.load(module).segment, own)


def check_models(study: str, values: dict, studies: dict[str, dict]) -> None:
    """Raise InputError where a study takes the models of one that doesn't train them."""
    source = values.get("models_of")
    untrained = set(values["methods"]) - set(studies.get(source, {}).get("methods", []))
    if source and untrained:
        problem = f"takes models of {source}, which doesn't train {', '.join(sorted(untrained))}"
        raise InputError(f"study {study}", problem, "Run both, with these methods, or neither")


def check_healthy(study: str, config: dict, cohorts: dict[str, dict]) -> None:
    """Raise InputError where a study would train on the ill, or may be left with nobody to train on."""
    if cohorts["healthy"].get("optional"):
        raise InputError(f"study {study}", "has an optional healthy cohort", "Without it nothing can be trained")
    for dataset in [cohort["dataset"] for role, cohort in cohorts.items() if role == "healthy" or cohort.get("train")]:
        if dataset not in healthy_datasets(config):
            problem = f"trains on '{dataset}', whose subjects aren't healthy"
            raise InputError(f"study {study}", problem, f"Healthy datasets: {', '.join(healthy_datasets(config))}")


def check_labels(study: str, dataset: str, entry: dict) -> None:
    """Raise InputError for a dataset of patients without masks, of which no voxel can be said to be found."""
    if "reader" in entry and not (reader(entry["reader"]).HEALTHY or reader(entry["reader"]).LABELS):
        problem = f"dataset '{dataset}' has no masks, only the knowledge that its subjects are ill"
        raise InputError(f"study {study}", problem, "Prepare it and look at it (`preparation` in config.yaml)")


def healthy_datasets(config: dict) -> list[str]:
    """The datasets with scans of their own whose subjects are healthy."""
    entries = config["datasets"].items()
    return [name for name, entry in entries if "reader" in entry and reader(entry["reader"]).HEALTHY]


def labelled_datasets(config: dict) -> list[str]:
    """The datasets with scans and masks of their own."""
    entries = config["datasets"].items()
    return [name for name, entry in entries if "reader" in entry and reader(entry["reader"]).LABELS]


def check_datasets(config: dict, studies: dict[str, dict]) -> None:
    """Raise InputError where data that the studies of `resolve_studies` or the preparation use can't be read or made.

    To be called after `check_preparation`.
    """
    for key in ("data", "downloads"):
        check_folder(key, Path(config[key]))
    for dataset in sorted({entry["dataset"] for entry in wanted(config, studies)}):
        if "healthy" in config["datasets"][dataset]:
            check_derived(config, dataset)
    for dataset in sorted(used_modalities(config, studies)):
        entry = config["datasets"][dataset]
        check_folder(f"datasets.{dataset}.path", drop_folder(config, dataset))
        index = reader(entry["reader"]).index
        settings.check(f"datasets.{dataset}", f"reader {entry['reader']}", index, entry.get("options", {}))
    used = {recipe for study in studies.values() for recipe in recipes_of(study)}
    for name in sorted(used | {entry["recipe"] for entry in config["preparation"]}):
        module, own = recipe(config, name)
        settings.check(f"recipes.{name}", f"recipe {module}", load_recipe(module).preprocess, own)
    for name, study in studies.items():
        check_people(name, config, study)


def check_folder(key: str, folder: Path) -> None:
    """Raise InputError where a file lies in the place of a folder, or of one above it."""
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise InputError(place, "is a file where there should be a folder", f"Mend {key} in the configuration")


def check_derived(config: dict, dataset: str) -> None:
    """Raise InputError for a derived dataset that can't be made."""
    entry, where = config["datasets"][dataset], f"datasets.{dataset}"
    if entry["healthy"] not in healthy_datasets(config):
        problem = f"is made from '{entry['healthy']}', which is no dataset of healthy subjects"
        raise InputError(where, problem, f"Healthy datasets: {', '.join(healthy_datasets(config))}")
    try:
        kinds.check_settings(entry["anomalies"], entry.get("settings", {}))
    except InputError as error:
        raise InputError(where, str(error), "Mend it in the configuration") from error
    if not kinds.load(entry["anomalies"]).NEEDS:
        if "donors" in entry:
            raise InputError(where, f"has donors, but {entry['anomalies']} anomalies take none", "Take `donors` away")
    elif entry.get("donors") not in labelled_datasets(config):
        given = f"'{entry['donors']}', which is no dataset with masks" if "donors" in entry else "nowhere"
        problem = f"takes its {entry['anomalies']} anomalies from {given}"
        raise InputError(where, problem, f"Name one as `donors`: {', '.join(labelled_datasets(config))}")


def check_people(study: str, config: dict, values: dict) -> None:
    """Raise InputError where two datasets of a study hold the same people under different names.

    Where a reader can't know whose scans it reads, those of one folder are of the same people.
    """
    seen: dict[str, str] = {}
    for dataset in sorted(needed_datasets(config, values)):
        made = dataset in config.get("phantom", {}).get("subjects", {})
        people = reader(config["datasets"][dataset]["reader"]).PATIENTS
        people = dataset if made else people or str(drop_folder(config, dataset).resolve())
        if seen.setdefault(people, dataset) != dataset:
            problem = f"datasets '{seen[people]}' and '{dataset}' hold the same people ({people})"
            raise InputError(f"study {study}", problem, "Keep one of them, or a test subject is trained on")


def condition_datasets(dataset: str, entry: dict) -> dict[str, dict]:
    """The derived datasets that a dataset with a `sweep` stands for, one for each condition.

    Raises InputError for a condition that no dataset can be named by.
    """
    plain = {key: value for key, value in entry.items() if key != "sweep"}
    derived = {
        f"{dataset}-{condition}": {**plain, "settings": {**entry.get("settings", {}), **changed}}
        for condition, changed in conditions(entry["sweep"]).items()
    }
    for name in derived:
        if not re.fullmatch(NAME, name):
            problem = f"makes a dataset '{name}', but names must match {NAME}"
            raise InputError(f"datasets.{dataset}.sweep", problem, "Sweep over other values")
    return derived


def expand_sweeps(config: dict) -> dict:
    """The configuration with the datasets that its sweeps stand for beside them, and in their place in `preparation`.

    Raises InputError for a condition that no dataset can be named by.
    """
    swept = {
        dataset: condition_datasets(dataset, entry) for dataset, entry in config["datasets"].items() if "sweep" in entry
    }
    preparation = [
        {**entry, "dataset": dataset}
        for entry in config["preparation"]
        for dataset in swept.get(entry["dataset"], [entry["dataset"]])
    ]
    datasets = {name: entry for made in (config["datasets"], *swept.values()) for name, entry in made.items()}
    return {**config, "datasets": datasets, "preparation": preparation}


def expand_cohorts(cohorts: dict[str, dict], datasets: dict[str, dict]) -> dict[str, dict]:
    """The cohorts of a study, those of a sweep multiplied: one for each condition, which joins name and title."""
    result = {}
    for role, cohort in cohorts.items():
        entry = datasets.get(cohort["dataset"], {})
        if "sweep" not in entry:
            result[role] = cohort
            continue
        for dataset in condition_datasets(cohort["dataset"], entry):
            condition = dataset.removeprefix(f"{cohort['dataset']}-")
            result[f"{role}-{condition}"] = {**cohort, "dataset": dataset, "title": f"{cohort['title']}, {condition}"}
    return result


def recipe(config: dict, name: str) -> tuple[str, dict]:
    """The module of a configured recipe, by default the one of its name, and its settings."""
    own = dict(config["recipes"][name])
    return own.pop("module", name), own


def usable_recipes(config: dict) -> list[str]:
    """Names of the configured recipes that have a module."""
    return sorted(name for name in config["recipes"] if recipe(config, name)[0] in known_recipes())


def sources_of(config: dict, dataset: str) -> set[str]:
    """The datasets with scans of their own behind a dataset: itself, or those that a derived one is made from."""
    entry = config["datasets"][dataset]
    return {entry[key] for key in ("healthy", "donors") if key in entry} or {dataset}


def needed_datasets(config: dict, study: dict) -> set[str]:
    """Datasets with scans of their own that a study needs."""
    return set().union(*(sources_of(config, cohort["dataset"]) for cohort in study["cohorts"].values()))


def wanted(config: dict, studies: dict[str, dict]) -> list[dict]:
    """The cohorts of studies and the entries of preparation; each has a dataset and a modality."""
    return [cohort for study in studies.values() for cohort in study["cohorts"].values()] + config["preparation"]


def used_modalities(config: dict, studies: dict[str, dict]) -> dict[str, set[str]]:
    """Dataset with scans of its own -> the modalities that studies and preparation want of it.

    Where the dataset has no brain masks, the modality on which brains are found comes along.
    """
    used: dict[str, set[str]] = {}
    for entry in wanted(config, studies):
        for dataset in sources_of(config, entry["dataset"]):
            module = reader(config["datasets"][dataset]["reader"])
            brain_on = getattr(module, "BRAIN_ON", entry["modality"])
            used.setdefault(dataset, set()).update((entry["modality"], brain_on))
    return used


def check_preparation(config: dict) -> None:
    """Raise InputError for an entry of `preparation` with an unknown dataset or recipe."""
    for entry in config["preparation"]:
        for kind, there in (("dataset", list(config["datasets"])), ("recipe", usable_recipes(config))):
            if entry[kind] not in there:
                problem = f"{kind} '{entry[kind]}' is unknown"
                raise InputError("preparation", problem, f"Known {kind}s: {', '.join(there)}")
