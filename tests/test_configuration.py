"""Configuration: overlays, and errors that name the key and what is allowed there."""

from pathlib import Path

import pytest
import yaml

from brainuad import configuration
from brainuad.errors import InputError

WORKFLOW = Path(__file__).parents[1] / "workflow"
SCHEMA = WORKFLOW / "schemas/config.schema.yaml"


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((WORKFLOW.parent / "config.yaml").read_text())


def studies(config: dict) -> dict:
    return configuration.resolve_studies(config, WORKFLOW)


@pytest.mark.parametrize("run", [path.stem for path in (WORKFLOW / "runs").glob("*.yaml")])
def test_all_runs_are_valid(config: dict, run: str) -> None:
    laid_over = configuration.lay_over(config, yaml.safe_load((WORKFLOW / "runs" / f"{run}.yaml").read_text()))
    configuration.validate(laid_over, SCHEMA, "configuration")
    assert studies(laid_over)
    assert laid_over["run"] == run


def test_lay_over_is_deep_and_null_removes() -> None:
    base = {"a": {"b": 1, "c": 2}, "d": {"e": 3}}
    assert configuration.lay_over(base, {"a": {"b": 9}, "d": None}) == {"a": {"b": 9, "c": 2}}
    assert base == {"a": {"b": 1, "c": 2}, "d": {"e": 3}}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("device", "gpu", r"key 'device': 'gpu' is not one of \['auto', 'cpu', 'cuda'\]"),
        ("seeds", [], r"key 'seeds'"),
        ("colour", 1, r"'colour' was unexpected.*Known keys: data, datasets, device"),
    ],
)
def test_wrong_values_are_named(config: dict, key: str, value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        configuration.validate({**config, key: value}, SCHEMA, "configuration")


def test_unknown_names_are_told_with_the_known_ones(config: dict) -> None:
    config["studies"] = {"baur2021": {"methods": ["vea"]}}
    with pytest.raises(InputError, match=r"method 'vea' is unknown. Known methods: ae-dense"):
        studies(config)
    config["studies"] = {"baur2021": {"cohorts": {"ms": {"dataset": "mslab"}}}}
    with pytest.raises(InputError, match=r"dataset 'mslab' is unknown. Known datasets: nfbs, ixi, brats"):
        studies(config)


def test_sweep_becomes_one_dataset_and_one_cohort_for_each_condition(config: dict) -> None:
    config["datasets"]["ixi-blobs"] = {"healthy": "ixi", "anomalies": "blobs", "sweep": {"intensity": ["dark", "mid"]}}
    cohort = {"dataset": "ixi-blobs", "modality": "T2", "title": "blobs", "test": 5}
    config["studies"] = {"baur2021": {"cohorts": {"tumour": None, "ms": None, "blobs": cohort}}}
    expanded = configuration.expand_sweeps(config)
    configuration.validate(expanded, SCHEMA, "configuration")
    assert expanded["datasets"]["ixi-blobs-intensity-mid"]["settings"] == {"intensity": "mid"}
    cohorts = studies(expanded)["baur2021"]["cohorts"]
    assert list(cohorts) == ["healthy", "blobs-intensity-dark", "blobs-intensity-mid"]
    assert cohorts["blobs-intensity-dark"]["dataset"] == "ixi-blobs-intensity-dark"
    assert cohorts["blobs-intensity-dark"]["title"] == "blobs, intensity-dark"


def test_the_same_people_never_meet_in_one_study(config: dict) -> None:
    config["studies"] = {"baur2021": {"cohorts": {"ms": {"dataset": "brats2021"}}}}
    with pytest.raises(InputError, match="datasets 'brats' and 'brats2021' hold the same people"):
        studies(config)


def test_donors_count_among_a_study_s_people(config: dict) -> None:
    transplanted = {"dataset": "ixi-transplant", "modality": "T2", "title": "transplanted", "test": 5}
    config["studies"] = {"baur2021": {"cohorts": {"tumour": {"dataset": "brats2023"}, "made": transplanted}}}
    with pytest.raises(InputError, match="datasets 'brats' and 'brats2023' hold the same people"):
        studies(config)


def test_patients_without_masks_are_no_cohort(config: dict) -> None:
    config["studies"] = {"baur2021": {"cohorts": {"tumour": {"dataset": "pernet"}}}}
    with pytest.raises(InputError, match="dataset 'pernet' has no masks"):
        studies(config)


def test_modalities_are_wanted_of_the_datasets_behind(config: dict) -> None:
    config["preparation"] = [{"recipe": "strega", "dataset": "ixi-transplant", "modality": "T1"}]
    used = configuration.used_modalities(config, studies(config))
    assert used == {"ixi": {"T1", "T2"}, "brats": {"T1", "T2"}, "mslub": {"T2"}}


@pytest.mark.parametrize(("key", "value"), [("dataset", "no-such"), ("recipe", "no-such")])
def test_unknown_names_in_preparation(config: dict, key: str, value: str) -> None:
    config["preparation"] = [{"recipe": "strega", "dataset": "ixi", "modality": "T1", key: value}]
    with pytest.raises(InputError, match=f"preparation: {key} 'no-such' is unknown. Known {key}s: "):
        configuration.check_preparation(config)


def test_nobody_trains_on_the_ill(config: dict) -> None:
    config["studies"] = {"baur2021": {"cohorts": {"healthy": {"dataset": "mood-toy"}}}}
    with pytest.raises(InputError, match=r"trains on 'mood-toy', whose subjects aren't healthy"):
        studies(config)


def test_titles_tell_how_a_dataset_was_read(config: dict) -> None:
    config["datasets"]["isbi2015"]["options"] = {"rater": 2}
    config["studies"] = {"baur2021": {"cohorts": {"ms": {"dataset": "isbi2015", "title": "ISBI 2015, MS"}}}}
    assert studies(config)["baur2021"]["cohorts"]["ms"]["title"] == "ISBI 2015, MS, rater 2"
