"""The files of envs/ against pyproject.toml, which alone says what BrainUAD needs."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[1]
METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def pins(lines: list[str]) -> dict[str, str]:
    """Package -> version, by the names that pip takes for the same."""
    found = dict(line.split("#")[0].strip().split("==") for line in lines if "==" in line.split("#")[0])
    return {re.sub("[-_.]+", "-", name).lower(): version for name, version in found.items()}


def required(*extras: str) -> dict[str, str]:
    wanted = METADATA["dependencies"] + [line for name in extras for line in METADATA["optional-dependencies"][name]]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in wanted), "a range in pyproject.toml"
    return pins(wanted)


def test_constraints_hold_every_direct_dependency_at_its_version() -> None:
    constraints = pins((PROJECT / "envs/constraints.txt").read_text().splitlines())
    assert required("dev", "clusters").items() <= constraints.items()


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_pip_installs_the_project_itself(name: str) -> None:
    lines = [line for line in (PROJECT / f"envs/{name}.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines == ["--constraint constraints.txt"] * (name == "cpu") + ["--editable .[dev]"]


def test_conda_brings_the_same_python_and_pip_the_rest() -> None:
    channels_and_packages = yaml.safe_load((PROJECT / "envs/environment.yaml").read_text())
    python, *_, pip = channels_and_packages["dependencies"]
    series = python.removeprefix("python =")
    major, minor = map(int, series.split("."))
    assert METADATA["requires-python"] == f">={series},<{major}.{minor + 1}"
    assert pip == {"pip": ["--editable ..[dev]"]}
    assert f'\nconda: "{channels_and_packages["name"]}"\n' in (PROJECT / "Snakefile").read_text()


def test_the_image_is_built_from_these_files() -> None:
    recipe = (PROJECT / "envs/Dockerfile").read_text()
    image = re.search(r"^FROM python:([\d.]+)-slim$", recipe, re.MULTILINE)[1]
    assert METADATA["requires-python"].startswith(f">={image},")
    environment = re.search(r"^ARG ENVIRONMENT=(\w+)$", recipe, re.MULTILINE)[1]
    assert (PROJECT / f"envs/{environment}.txt").exists()
    for folder in re.findall(r"^COPY (.+) \S+$", recipe, re.MULTILINE):
        assert all((PROJECT / path).exists() for path in folder.split())
