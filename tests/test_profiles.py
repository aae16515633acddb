"""The profiles of clusters, without a cluster."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from snakemake.cli import get_argument_parser
from test_workflow import jobs

PROJECT = Path(__file__).parents[1]
PLUGINS = Path(__file__).parent / "plugins"
PROFILES = sorted(path.parent.name for path in (PROJECT / "workflow/profiles").glob("*/config.yaml"))
CLUSTERS = [name for name in PROFILES if name != "default"]
STUDIES = yaml.safe_load((PROJECT / "config.yaml").read_text())["studies"]
FEW = {
    "studies": {
        **dict.fromkeys(STUDIES),
        "baur2021": {"methods": ["random", "vae", "vae-restoration"], "sweeps": None},
    },
    "preparation": [],
}
"""A study of a few methods."""
GROUPED = {
    "studies": {"baur2021": {"cohorts": {"ms": None, "msseg": None}, "methods": ["random", "constant"]}},
    "preparation": [{"recipe": "baur", "dataset": "phantom-transplant", "modality": "T1", "subjects": 1}],
}
"""Less still, and a dataset that is made from others."""


def profile(name: str) -> dict:
    return yaml.safe_load((PROJECT / f"workflow/profiles/{name}/config.yaml").read_text())


def installed(executor: str) -> bool:
    return find_spec(f"snakemake_executor_plugin_{executor.replace('-', '_')}") is not None


def snakemake(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run Snakemake on the project from another folder; its output."""
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT / 'src'}:{PLUGINS}", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(PROJECT / "Snakefile"), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to run a study of a few methods in."""
    (tmp_path / "config.yaml").symlink_to(PROJECT / "config.yaml")
    (tmp_path / "few.yaml").write_text(yaml.safe_dump(FEW))
    return tmp_path


def planned(folder: Path, *arguments: str) -> str:
    tiny = [str(PROJECT / "workflow/runs/tiny.yaml"), "few.yaml"]
    return snakemake(folder, *arguments, "--dry-run", "--configfile", *tiny)


def test_there_is_a_profile_for_every_kind_of_site() -> None:
    assert PROFILES == ["cluster-generic", "default", "kubernetes", "lsf", "slurm"]


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_names_only_options_that_there_are(name: str) -> None:
    """Those of an executor only where it is installed."""
    options = profile(name)
    own = f"{options.get('executor', 'local')}-"
    known = {text.lstrip("-") for action in get_argument_parser()._actions for text in action.option_strings}
    foreign = set() if installed(options.get("executor", "")) else {key for key in options if key.startswith(own)}
    assert set(options) - foreign - known <= {"default-storage-provider"}


@pytest.mark.parametrize("name", CLUSTERS)
def test_clusters_differ_in_what_is_the_sites_alone(name: str) -> None:
    """What a submission holds, how it is retried and how a run goes on is the same everywhere."""
    options, first = profile(name), profile(CLUSTERS[0])
    site = {"executor", "default-resources", "default-storage-provider", "container-image"}
    shared = {key for key in first if key not in site and not key.startswith("cluster-generic-")}
    assert {key: options[key] for key in shared} == {key: first[key] for key in shared}


@pytest.mark.parametrize("name", CLUSTERS)
def test_groups_are_of_rules_that_there_are(name: str) -> None:
    """Snakemake says nothing of others."""
    files = (PROJECT / "workflow/rules").rglob("*.smk")
    rules = {rule for file in files for rule in re.findall(r"^(?:use )?rule (?:\w+ as )?(\w+)", file.read_text(), re.M)}
    assert {group.partition("=")[0] for group in profile(name)["groups"]} <= rules


def pretended(options: dict) -> dict:
    """A profile with the scheduler that runs everything at once in place of its own."""
    own, storage = f"{options['executor']}-", ("default-storage-provider", "container-image")
    kept = {key: value for key, value in options.items() if not key.startswith(own) and key not in storage}
    return {**kept, "executor": "pretended"}


def write(folder: Path, options: dict) -> None:
    (folder / "profile").mkdir()
    (folder / "profile/config.yaml").write_text(yaml.safe_dump(options))


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_study_is_planned_for_a_cluster(name: str, folder: Path) -> None:
    """With its own executor where that is installed, else with one that runs everything at once."""
    options = profile(name)
    write(folder, options if installed(options["executor"]) else pretended(options))
    output = planned(folder, "--workflow-profile", "profile")
    assert {"fit_vae": 1, "score_vae": 6, "evaluate": 12}.items() <= jobs(output).items()


def test_a_study_runs_in_groups(folder: Path) -> None:
    """Once it is known who its subjects are; each job in one submission."""
    write(folder, {**pretended(profile("slurm")), "jobs": 2, "seconds-between-status-checks": 1})
    (folder / "grouped.yaml").write_text(yaml.safe_dump(GROUPED))
    files = [str(PROJECT / "workflow/runs/tiny.yaml"), "few.yaml", "grouped.yaml"]
    config = ["--configfile", *files, "--"]
    run = ["--workflow-profile", "profile", *config, "results/tiny/baur2021/metrics.csv", "preparation"]
    assert "BrainUAD: groups need to know all subjects." in snakemake(folder, *run, check=False)
    assert not (folder / "submissions.jsonl").exists()
    snakemake(folder, "--cores", "2", *config, "splits")  # as in a cluster's job, but sooner
    snakemake(folder, *run)
    submissions = [json.loads(line) for line in (folder / "submissions.jsonl").read_text().splitlines()]
    made = [file for submission in submissions for file in submission]
    assert len(made) == len(set(made)) and all((folder / file).exists() for file in made)
    together = [{file.rpartition("_")[2] for file in submission if "_" in file} for submission in submissions]
    assert any({"transform.tfm", "label.nii.gz"} <= kinds for kinds in together)
    evaluated = [[file for file in submission if file.endswith("metrics.csv")] for submission in submissions]
    assert [len(files) for files in evaluated if len(files) > 1] == [2, 2]
    assert "Nothing to be done" in snakemake(folder, *run)


def test_every_rule_asks_for_more_when_it_is_run_again() -> None:
    stated = [
        f"{file.name}: {line.strip()}"
        for file in (PROJECT / "workflow/rules").rglob("*.smk")
        for line in file.read_text().splitlines()
        if re.match(r" {8}(mem_mb|runtime)=", line)
    ]
    assert len(stated) > 100
    assert [line for line in stated if "=doubling(" not in line] == []


def test_what_is_run_again_asks_for_twice_as_much(folder: Path) -> None:
    """But for no more than there is, and for no GPU where there is none."""

    def asked(*arguments: str) -> list[int]:
        fit = planned(folder, *arguments).partition("rule fit_vae:")[2].partition("resources: ")[2].partition("\n")[0]
        return [int(re.search(rf"\b{name}=(\d+)", fit)[1]) for name in ("mem_mb", "runtime", "gpu")]

    memory, runtime, gpus = asked("--cores", "4")
    limits = ["--resources", "gpu=0", f"mem_mb={3 * memory}"]
    assert asked("--jobs", "10", "--attempt", "3", *limits) == [3 * memory, 4 * runtime, 0]
    assert asked("--jobs", "10", "--attempt", "3", *limits, f"runtime={2 * runtime}") == [3 * memory, 2 * runtime, 0]
    assert gpus == 1


def test_lsf_is_told_of_gpus_too(folder: Path) -> None:
    """Its plugin hands `lsf_extra` on, and doesn't look at `gpu`."""
    asked = re.findall(r"^ {4}resources: (.*)$", planned(folder, "--cores", "4"), re.MULTILINE)
    on_gpu = [line for line in asked if "gpu=1" in line]
    assert on_gpu and on_gpu == [line for line in asked if "lsf_extra=-gpu num=1" in line]
