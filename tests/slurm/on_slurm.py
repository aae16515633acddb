"""A small study on a SLURM that `node.sh` started: `make test-slurm`.

One of its trainings is killed on its way. In the end the tables are those of a run without SLURM.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from test_workflow import copy_project, snakemake

FEW = """
studies:
  baur2021:
    cohorts: {ms: null, msseg: null}
    methods: [random, ae-dense, vae]
    sweeps: null
    training: {epochs: 100, patience: null}
  nguyen2021: null
  mavropoulos2021: null
  strega2022-t1: null
  kobayashi2021: null
preparation: []
"""
RUN = ["--configfile", "workflow/runs/tiny.yaml", "few.yaml", "--"]
ARCHIVES = ["results/tiny/phantom/phantom-ixi", "results/tiny/phantom/phantom-brats"]
TABLES = ["results/tiny/baur2021/metrics.csv", "results/tiny/baur2021/tables/phantom-brats.csv"]
# What profiles/slurm leaves to the site; and SLURM is asked more often.
SITE = ["--slurm-no-account", "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"]
SUBMIT = ["--workflow-profile", "profiles/slurm", *SITE, "--seconds-between-status-checks", "2"]
KILLED = "results/tiny/baur2021/models/vae/seed0"
COSTS = ["seconds_per_volume", "seconds_per_slice", "peak_memory_mb"]


@dataclass
class Scheduled:
    """A run on SLURM: its folder, what Snakemake said, the number of the job that was killed, and how many jobs ran,
    how many of them with a GPU, and how many waited for one, each time SLURM was asked."""

    folder: Path
    said: str = ""
    killed: str = ""
    running: list[int] = field(default_factory=list)
    on_gpu: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)


def queue() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What SLURM tells of the jobs that run now, and of those that wait; nothing while it is busy."""
    told = subprocess.run(["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, check=False)
    jobs = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in told.stdout.splitlines()]
    return tuple([job for job in jobs if job.get("JobState") == state] for state in ("RUNNING", "PENDING"))


def with_gpu(jobs: list[dict[str, str]]) -> int:
    """How many jobs asked for a GPU."""
    return sum("gpu" in job.get("TresPerJob", "") for job in jobs)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the phantom's archives, from which both runs start."""
    folder = copy_project(tmp_path_factory.mktemp("archives"))
    (folder / "few.yaml").write_text(FEW)
    snakemake(folder, "--cores", "2", *RUN, *ARCHIVES)
    return folder


@pytest.fixture(scope="module")
def alone(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study without SLURM."""
    folder = shutil.copytree(archives, tmp_path_factory.mktemp("alone") / "project", symlinks=True)
    snakemake(folder, "--cores", "2", *RUN, *TABLES)
    return folder


@pytest.fixture(scope="module")
def scheduled(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Scheduled:
    """The study on SLURM; a training is killed once it has left a checkpoint."""
    run = Scheduled(shutil.copytree(archives, tmp_path_factory.mktemp("scheduled") / "project", symlinks=True))
    environment = {**os.environ, "PYTHONPATH": str(run.folder / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "snakemake", *SUBMIT, *RUN]
    subprocess.run([*command, "splits"], cwd=run.folder, env=environment, check=True)
    with (run.folder / "said").open("w") as said:
        process = subprocess.Popen(
            [*command, *TABLES], cwd=run.folder, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            jobs, pending = queue()
            run.running.append(len(jobs))
            run.on_gpu.append(with_gpu(jobs))
            run.waiting.append(with_gpu(pending))
            trained = [job["JobId"] for job in jobs if "fit_vae" in job.get("Comment", "")]
            if not run.killed and trained and list((run.folder / KILLED).glob(".checkpoints-*/last.ckpt")):
                run.killed = trained[0]
                subprocess.run(["scancel", run.killed], check=True)
            time.sleep(0.2)
    run.said = (run.folder / "said").read_text()
    assert process.returncode == 0 and run.killed, run.said[-5000:]
    return run


def test_the_gpu_is_used_by_one_job_at_a_time(scheduled: Scheduled) -> None:
    """While another waits for it, and jobs that need none run side by side."""
    assert max(scheduled.on_gpu) == 1 < max(scheduled.running)
    assert (1, True) in [(used, waiting > 0) for used, waiting in zip(scheduled.on_gpu, scheduled.waiting, strict=True)]


def test_a_killed_training_is_seen_retried_and_resumed(scheduled: Scheduled) -> None:
    submitted = re.findall(r"submitted with SLURM jobid (\d+) \(log: \S+/rule_fit_vae/", scheduled.said)
    assert "Error in rule fit_vae" in scheduled.said and len(submitted) == 2 and submitted[0] == scheduled.killed
    asked = re.findall(r"^rule fit_vae:\n(?: {4}.*\n)*? {4}resources: .*\bmem_mb=(\d+)", scheduled.said, re.MULTILINE)
    assert (asked[0], asked[-1]) == ("16000", "32000")
    log = (scheduled.folder / "results/tiny/logs/fit/baur2021/vae/seed0.log").read_text()
    assert int(re.search(r"(\d+)/\d+ \[", log)[1]) > 0, "it began anew"
    assert list(pd.read_csv(scheduled.folder / KILLED / "training.csv")["epoch"]) == list(range(100))


def test_logs_lie_where_the_documents_say(scheduled: Scheduled) -> None:
    assert (scheduled.folder / "results/tiny/logs/evaluate/baur2021/phantom-brats/vae/seed0.log").is_file()
    kept = (scheduled.folder / ".snakemake/slurm_logs").rglob("*.log")
    assert [path.stem for path in kept] == [scheduled.killed], "SLURM's logs are kept of jobs that failed"


def test_tables_are_those_of_a_run_without_slurm(alone: Path, scheduled: Scheduled) -> None:
    for name in TABLES:
        first, second = (pd.read_csv(folder / name) for folder in (alone, scheduled.folder))
        costs = first["metric"].isin(COSTS)
        assert costs.sum() < len(costs) / 2
        pd.testing.assert_frame_equal(first[~costs], second[~costs])
