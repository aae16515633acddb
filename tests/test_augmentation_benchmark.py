"""The benchmark of the augmentation runs and tells what it promises; how fast it is is no matter of tests."""

import subprocess
import sys
from pathlib import Path

import pandas as pd

BENCHMARK = Path(__file__).parents[1] / "benchmarks/augmentation.py"


def test_loader_augmentation_and_training_stand_side_by_side(tmp_path: Path) -> None:
    command = [sys.executable, BENCHMARK, "--device=cpu", "--threads=1", "--head=pooled", "--batch-size", "1", "2"]
    subprocess.run([*command, "--repeats=1", f"--out={tmp_path / 'a.csv'}"], check=True, capture_output=True)
    table = pd.read_csv(tmp_path / "a.csv")
    assert table["batch_size"].tolist() == [1, 2]
    rates = table.filter(like="_per_second")
    assert list(rates) == [f"{name}_per_second" for name in ("from_memory", "from_file", "augmented", "trained")]
    assert (rates > 0).all(axis=None) and table[["head", "device"]].eq(["pooled", "cpu"]).all(axis=None)
