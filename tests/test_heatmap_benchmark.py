"""The benchmark of heatmaps: what its ways compute and how often they pass; how fast they are is no matter of tests."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pandas as pd
import pytest
import torch

from brainuad.cost import layers
from brainuad.networks.loss_prediction import predictor

BENCHMARK = Path(__file__).parents[1] / "benchmarks/heatmaps.py"
SPEC = spec_from_file_location("heatmaps_benchmark", BENCHMARK)
heatmaps = sys.modules[SPEC.name] = module_from_spec(SPEC)  # dataclasses look their module up
SPEC.loader.exec_module(heatmaps)
CPU, SMALL = torch.device("cpu"), heatmaps.Scale(size=64, width=4)
WAYS = {name: way for name, way in heatmaps.WAYS.items() if not way.compiled}  # a compiler may be lacking, and is slow


def last(network: torch.nn.Module) -> torch.nn.Module:
    """The layer of a network that every pass goes through once, however the others are shared."""
    return network.out if hasattr(network, "out") else list(network.children())[-1]


@pytest.mark.parametrize("name", WAYS)
def test_each_way_passes_as_often_as_it_says(name: str) -> None:
    method = heatmaps.built(WAYS[name], CPU, SMALL)
    x, mask = heatmaps.brain(CPU, SMALL)
    places = method.window.touching(torch.ones_like(mask) if WAYS[name].everywhere else mask)
    work, counted = method.work(places), []
    for network, _ in work:
        last(network).register_forward_hook(lambda layer, given, made: counted.append(len(made)))
    with torch.inference_mode():
        heatmaps.heatmap(method, heatmaps.filler(WAYS[name], method), x, places)
    assert sum(counted) == sum(number for _, number in work)


def test_ways_that_should_change_nothing_change_nothing() -> None:
    maps = {}
    for name, way in WAYS.items():
        method, (x, mask) = heatmaps.built(way, CPU, SMALL), heatmaps.brain(CPU, SMALL)
        places = method.window.touching(mask)
        with torch.inference_mode():
            maps[name] = heatmaps.heatmap(method, heatmaps.filler(way, method), x, places)[mask[:, 0]]
    exact = [name for name, way in WAYS.items() if way.exact]
    predicted = [name for name, way in WAYS.items() if way.method == "loss-prediction"]
    assert (len(exact), len(predicted)) == (5, 3)
    for names, others in ((exact, ("the same in 16 bits (inpainting-16-half)",)), (predicted, exact)):
        first = maps[names[0]]
        for name in names:
            torch.testing.assert_close(maps[name], first, rtol=1e-3, atol=1e-3 * float(first.std()))
        for name in others:
            assert not torch.allclose(maps[name], first, rtol=1e-3)


def test_what_windows_add_is_scaled_and_what_a_slice_costs_is_not() -> None:
    assert heatmaps.scaled(fixed=2.0, some=5.0, share=0.1) == 32.0
    network = predictor(64)
    rows = [row for row in layers(network, (1, 64, 64)) if row.name.startswith("Conv2d")]
    convolutions = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]
    pairs = zip(rows, convolutions, strict=True)
    one = sum(2 * layer.weight.numel() * row.shape[1] * row.shape[2] for row, layer in pairs)
    row = heatmaps.measured("prediction, one window at a time", CPU, SMALL)
    assert row["passes"] == 13**2  # windows of 16 every 4 in 64
    assert row["note"] == "median of 3, 20 windows timed"
    spread = row["gigaflop_per_slice"] * 1e9 - 13**2 * one
    assert 0 <= spread < one, "the map is spread once"


def test_rounding_is_told_of_the_ways_that_should_change_nothing() -> None:
    row = heatmaps.measured("the same, work shared (inpainting-16)", CPU, SMALL)
    assert 0 < row["mean_deviation"] <= row["max_deviation"] < 1e-3
    whole = heatmaps.measured("the same on the brain", CPU, SMALL)
    assert row["gigaflop_per_slice"] < whole["gigaflop_per_slice"]
    assert "max_deviation" not in heatmaps.measured("shared passes (inpainting-16-apart)", CPU, SMALL)


def test_ways_stand_side_by_side_with_what_is_published(tmp_path: Path) -> None:
    out, ways = (
        tmp_path / "heatmaps.csv",
        ["prediction, one window at a time", "prediction in one pass (loss-prediction-dense)"],
    )
    command = [sys.executable, BENCHMARK, "--device=cpu", "--threads=1", f"--out={out}", "--way", *ways]
    subprocess.run(command, check=True, capture_output=True)
    table = pd.read_csv(out).set_index("way")
    assert list(table["passes"]) == [61**2, 1]
    # Mavropoulos 2021, section IV: 1,558,273 weights, 30.04 MB, 14 s
    first = table.loc[ways[0]]
    assert first["parameters"] == 1_558_273
    assert first["summary_mb"] == pytest.approx(first["published_summary_mb"], abs=0.01)
    assert first["published_seconds_per_slice"] == 14
    assert table.loc[ways[1], "published_seconds_per_slice":"published_summary_mb"].isna().all()
