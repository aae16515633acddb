"""A GPU for each process, with a driver that tells of GPUs which aren't there."""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from brainuad import gpus

CLAIM = "import os, sys; from brainuad import gpus; gpus.claim(); print(os.environ.get(gpus.VISIBLE), flush=True)"
TRAINING = """
rule all:
    input: expand("job{number}.csv", number=range(6))

rule fit:
    output: "job{number}.csv"
    resources: gpu=1
    shell: "{sys.executable} -c '{CLAIM}; import time; a = time.time(); time.sleep(0.5)"
        "; print(a, time.time())' > {output}"
"""


@pytest.fixture
def machine_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that gives the machine GPUs of these names, and takes the locks of other processes away."""

    def install(*names: str) -> None:
        driver = tmp_path / "bin/nvidia-smi"
        driver.parent.mkdir()
        driver.write_text("#!/bin/sh\n" + "".join(f"echo {name}\n" for name in names))
        driver.chmod(0o755)
        monkeypatch.setenv("PATH", f"{driver.parent}{os.pathsep}{os.environ['PATH']}")

    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return install


@pytest.fixture
def start() -> Iterator[Callable[[], tuple[subprocess.Popen, str]]]:
    """Starts a process that claims a GPU and keeps it: the process, and what it claimed."""
    started = []

    def begin() -> tuple[subprocess.Popen, str]:
        command = [sys.executable, "-c", f"{CLAIM}; sys.stdin.read()"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_each_process_has_its_own_until_there_are_more_processes(machine_with, start) -> None:
    machine_with("GPU-a", "GPU-b", "GPU-c")
    assert Counter(start()[1] for _ in range(3)) == {"GPU-a": 1, "GPU-b": 1, "GPU-c": 1}
    assert Counter(start()[1] for _ in range(3)) == {"GPU-a": 1, "GPU-b": 1, "GPU-c": 1}


def test_a_killed_process_leaves_its_gpu(machine_with, start) -> None:
    machine_with("GPU-a", "GPU-b")
    (first, lost), (_, kept) = start(), start()
    first.kill()
    first.wait()
    assert start()[1] == lost != kept


@pytest.mark.parametrize(
    ("names", "given", "left"),
    [
        ([], None, None),
        (["GPU-a"], None, None),
        (["GPU-a", "GPU-b"], "1", "1"),  # a scheduler's choice
        (["GPU-a", "GPU-b"], "", ""),  # no GPU at all
        (["GPU-a", "GPU-b", "GPU-c"], "2,1", "2"),
        (["GPU-a"], "MIG-GPU-a/1/0,MIG-GPU-a/2/0", "MIG-GPU-a/1/0"),
    ],
)
def test_what_is_given_is_left(machine_with, monkeypatch: pytest.MonkeyPatch, names, given, left) -> None:
    machine_with(*names)
    if given is not None:
        monkeypatch.setenv(gpus.VISIBLE, given)
    gpus.claim()
    assert os.environ.get(gpus.VISIBLE) == left


def test_snakemake_trains_on_every_gpu_at_once(machine_with, tmp_path: Path) -> None:
    """`--resources gpu=2` on two GPUs: both are used, and no two jobs are on one at a time."""
    machine_with("GPU-a", "GPU-b")
    rules = TRAINING.replace("{sys.executable}", sys.executable).replace("{CLAIM}", CLAIM)
    (tmp_path / "Snakefile").write_text(rules)
    command = [sys.executable, "-m", "snakemake", "--cores", "6", "--resources", "gpu=2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = [path.read_text().split() for path in tmp_path.glob("job*.csv")]
    jobs = pd.DataFrame(told, columns=["gpu", "start", "end"]).astype({"start": float, "end": float})
    assert set(jobs["gpu"]) == {"GPU-a", "GPU-b"}
    for _, own in jobs.sort_values("start").groupby("gpu"):
        assert (own["start"].to_numpy()[1:] >= own["end"].to_numpy()[:-1]).all()
