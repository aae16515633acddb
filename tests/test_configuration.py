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
    with pytest.raises(InputError, match=r"dataset 'mslab' is unknown. Known datasets: ixi, brats, mslub"):
        studies(config)


def test_missing_data_page_names_source_place_and_what_can_run(config: dict, tmp_path: Path) -> None:
    config["data"] = str(tmp_path)
    (tmp_path / "mslub").mkdir()
    (tmp_path / "mslub/something").touch()
    page = configuration.missing_data(config, studies(config), WORKFLOW / "data/sources.csv")
    assert "ixi: nothing in" in page
    assert "IXI-T2.tar  https://" in page
    assert "IXI-T1.tar" not in page
    assert "datasets.brats.path" in page
    assert "mslub: nothing" not in page
    assert "Studies that can run without them: none" in page


def test_missing_data_is_silent_when_all_is_there(config: dict, tmp_path: Path) -> None:
    config["data"] = str(tmp_path)
    for name in ("ixi", "brats", "mslub"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "something").touch()
    assert configuration.missing_data(config, studies(config), WORKFLOW / "data/sources.csv") is None
