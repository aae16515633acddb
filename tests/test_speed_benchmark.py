"""The benchmark of the methods' speed runs and tells what it promises; how fast they are is no matter of tests."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks/speed.py"


def measured(folder: Path, what: str, *options: str) -> pd.Series:
    """The only row of a run on small slices."""
    out = folder / "speed.csv"
    command = [sys.executable, BENCHMARK, what, "--device=cpu", "--threads=1", "--size=32", f"--out={out}", *options]
    subprocess.run(command, check=True, capture_output=True)
    return pd.read_csv(out).iloc[0]


def test_scoring_tells_seconds_together_and_one_slice_at_a_time(tmp_path: Path) -> None:
    row = measured(tmp_path, "scoring", "--slices=4", "--method", "ae-dense")
    assert list(row.index) == [
        "method",
        "device",
        "threads",
        "slices",
        "size",
        "seconds_per_volume",
        "seconds_per_volume_one_slice_at_a_time",
        "ratio",
        "peak_memory_mb",
        "note",
    ]
    assert list(row[["method", "device", "threads", "slices", "size"]]) == ["ae-dense", "cpu", 1, 4, 32]
    assert row["ratio"] == pytest.approx(row["seconds_per_volume_one_slice_at_a_time"] / row["seconds_per_volume"])


def test_few_steps_of_a_restoration_are_scaled_and_said_to_be(tmp_path: Path) -> None:
    row = measured(tmp_path, "scoring", "--slices=2", "--method", "vae-restoration")
    assert "20 of 500 steps, scaled" in row["note"]
    assert row["seconds_per_volume"] > 0
