"""The benchmark of the augmentation runs and tells what it promises; how fast it is is no matter of tests."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks/augmentation.py"


def test_augmentation_and_training_stand_side_by_side(tmp_path: Path) -> None:
    command = [sys.executable, BENCHMARK, "--device=cpu", "--threads=1", "--head=pooled", "--batch-size=2"]
    subprocess.run([*command, "--repeats=1", f"--out={tmp_path / 'a.csv'}"], check=True, capture_output=True)
    row = pd.read_csv(tmp_path / "a.csv").iloc[0]
    augmented, trained = 1 / row["augmented_per_second"], 1 / row["trained_per_second"]
    assert row["share_of_augmentation"] == pytest.approx(augmented / (augmented + trained))
    assert (row["batch_size"], row["head"], row["device"]) == (2, "pooled", "cpu")
