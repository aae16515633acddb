"""A small study on a SLURM that `node.sh` started: `make test-slurm`.

One of its trainings is killed by the scheduler on its way. In the end the tables are those of a run without SLURM.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from test_workflow import copy_project, snakemake

FEW = """
seeds: [0, 1]
studies:
  baur2021: {methods: [random, vae, ae-dense], training: {epochs: 300, patience: null}}
  nguyen2021: null
  mavropoulos2021: null
"""
RUN = ["--configfile", "workflow/runs/tiny.yaml", "few.yaml"]
TARGETS = ["--", "results/tiny/baur2021/metrics.csv", "results/tiny/baur2021/tables/phantom-brats.html"]
SITE = ["--workflow-profile", "profiles/slurm", "--slurm-no-account", "--slurm-status-command", "squeue"]
QUICK = ["--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2"]
SMALL = ["--resources", "gpu=1", "mem_mb=8000"]  # the node is
STUDY = "results/tiny/baur2021"
KEYS = ["dataset", "method", "seed", "subject", "metric"]
COSTS = ["seconds_per_volume", "seconds_per_slice", "peak_memory_mb"]


def project(folder: Path) -> Path:
    folder.mkdir()
    (copy_project(folder) / "few.yaml").write_text(FEW)
    return folder


def running() -> dict[str, str]:
    """Job -> comment, of the jobs that have a GPU now."""
    told = subprocess.run(["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, check=True)
    jobs = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in told.stdout.splitlines() if "gpu" in line]
    return {job["JobId"]: job.get("Comment", "") for job in jobs if job["JobState"] == "RUNNING"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study without SLURM."""
    folder = project(tmp_path_factory.mktemp("alone") / "project")
    snakemake(folder, "--cores", "2", *RUN, *TARGETS)
    return folder


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[int]]:
    """The study on SLURM with a training that is killed: its folder, what Snakemake said, jobs on the GPU over time."""
    folder = project(tmp_path_factory.mktemp("scheduled") / "project")
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "snakemake", *SITE, *QUICK, *SMALL, *RUN, *TARGETS]
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT)
        on_gpu, killed = [], None
        while process.poll() is None:
            jobs = running()
            on_gpu.append(len(jobs))
            if not killed and list((folder / STUDY / "models/vae/seed0").glob(".checkpoints-*/last.ckpt")):
                killed = next(job for job, comment in jobs.items() if "fit_vae" in comment)
                subprocess.run(["scancel", killed], check=True)
            time.sleep(0.2)
    said = (folder / "said").read_text()
    assert process.returncode == 0 and killed, said[-5000:]
    return folder, said, on_gpu


def test_the_gpu_is_used_by_one_job_at_a_time(scheduled: tuple[Path, str, list[int]]) -> None:
    assert max(scheduled[2]) == 1


def test_a_killed_training_is_seen_and_resumed(scheduled: tuple[Path, str, list[int]]) -> None:
    folder, said, _ = scheduled
    assert "Error in rule fit_vae" in said and re.search("Trying to restart job", said)
    log = (folder / "results/tiny/logs/fit/baur2021/vae/seed0.log").read_text()
    assert int(re.search(r"(\d+)/\d+ \[", log)[1]) > 0, "it began anew"


def test_logs_lie_where_the_readme_says(scheduled: tuple[Path, str, list[int]]) -> None:
    assert list((scheduled[0] / "results/tiny/logs/evaluate/baur2021/phantom-brats").rglob("seed0.log"))


def test_tables_are_those_of_a_run_without_slurm(alone: Path, scheduled: tuple[Path, str, list[int]]) -> None:
    first, second = (
        pd.read_csv(folder / STUDY / "metrics.csv").set_index(KEYS)["value"].drop(labels=COSTS, level="metric")
        for folder in (alone, scheduled[0])
    )
    pd.testing.assert_series_equal(first, second)
