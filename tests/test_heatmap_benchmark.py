"""The benchmark of heatmaps runs and tells what it promises; how fast they are is no matter of tests."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks/heatmaps.py"
WAYS = [
    "prediction, batched",
    "the same on the brain (loss-prediction)",
    "prediction in one pass (loss-prediction-dense)",
]


def test_ways_to_a_heatmap_stand_side_by_side(tmp_path: Path) -> None:
    out = tmp_path / "heatmaps.csv"
    command = [sys.executable, BENCHMARK, "--device=cpu", "--threads=1", f"--out={out}", "--way", *WAYS]
    subprocess.run(command, check=True, capture_output=True)
    table = pd.read_csv(out).set_index("way")
    assert list(table["passes"]) == [3721, 1509, 1]
    assert (table["seconds_per_slice"] > 0).all()
    # methods.md M33: 1,558,273 weights, 30.04 MB
    assert list(table["parameters"][:2]) == [1_558_273] * 2
    assert list(table["summary_mb"][:2]) == pytest.approx([30.04] * 2, abs=0.01)
    assert table["gigaflop_per_slice"].iloc[0] == pytest.approx(table["gigaflop_per_slice"].iloc[1] * 3721 / 1509)
    assert "of the windows timed" in table["note"].iloc[0]
