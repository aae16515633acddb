"""The benchmark of what studies cost counts what a run of them would do."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from brainuad import cost
from brainuad.methods.base import build

BENCHMARK = Path(__file__).parents[1] / "benchmarks/hours.py"
SMALL = """
seeds: [0, 1]
recipes: {baur: {size: 32, slice_spacing: 16.0}}
methods: {vae-restoration: {steps: 7}, f-anogan: {gan_steps: 4}}
studies:
  baur2021:
    cohorts:
      healthy: {train: 6, validation: 4, test: 3}
      tumour: {test: 5}
      ms: null
      msseg: null
    methods: [random, ae-dense, vae, vae-restoration, context-vae, context-vae-gradient, f-anogan]
    sweeps: null
    training: {epochs: 1000}
"""
SLICES = 10
"""Of a subject: 160 mm."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What the comparative study costs, made small, with two seeds."""
    folder = tmp_path_factory.mktemp("hours")
    (folder / "small.yaml").write_text(SMALL)
    options = ["--device=cpu", "--threads=1", "--configfile", folder / "small.yaml", "--out", folder / "hours.csv"]
    subprocess.run([sys.executable, BENCHMARK, *options, "--targets", "baur2021"], check=True, capture_output=True)
    return pd.read_csv(folder / "hours.csv", index_col=["study", "what", "method"]).loc["baur2021"]


def test_every_training_and_scoring_of_a_network_is_counted(table: pd.DataFrame) -> None:
    networks = ["ae-dense", "context-vae", "context-vae-gradient", "f-anogan", "vae", "vae-restoration"]
    assert sorted(table.loc["training"].index) == sorted(table.loc["scoring"].index) == networks
    assert (table.loc["training", "slices"] == 2 * 6 * SLICES).all()
    assert (table.loc["scoring", "slices"] == 2 * (4 + 3 + 5) * SLICES).all()
    assert (table[["operations", "hours"]] > 0).all(axis=None)


def test_scoring_is_one_pass_of_each_slice(table: pd.DataFrame) -> None:
    one = cost.operations(build("ae-dense", {"size": 32}), (1, 32, 32))
    scoring = table.loc[("scoring", "ae-dense")]
    assert scoring["operations"] == one * scoring["slices"]


def test_steps_are_scaled_to_those_of_the_run(table: pd.DataFrame) -> None:
    """Two steps tell what seven take: a pass there, and one back to the slice."""
    model = build("vae", {"size": 32}).eval().requires_grad_(False)
    x = torch.rand(1, 1, 32, 32, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        model.negative_elbo(x).backward()
    restored = 7 * counter.get_total_flops()
    scoring = table.loc[("scoring", "vae-restoration")]
    assert scoring["operations"] == pytest.approx(restored * scoring["slices"])
    # The weight of the total variation: 20 candidates, each on a fifth of the validation slices.
    chosen = 2 * 20 * 0.2 * 4 * SLICES * restored
    assert table.loc[("training", "vae-restoration"), "operations"] == pytest.approx(chosen)


def counted(work: Callable[[], object]) -> int:
    """Operations of a call."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def test_a_training_goes_over_all_slices_in_all_epochs(table: pd.DataFrame) -> None:
    """As many as are assumed of one that stops early; a step is a pass there and one back."""
    model, x = build("vae", {"size": 32}), torch.rand(1, 1, 32, 32)
    step = counted(lambda: model.loss(x, x > 0)["loss"].backward())
    assert table.loc[("training", "vae"), "operations"] == pytest.approx(2 * 25 * 6 * SLICES * step, rel=1e-3)


def test_a_score_that_is_only_scaled_is_no_training(table: pd.DataFrame) -> None:
    """The scale is taken from the validation slices."""
    scored = table.loc[("scoring", "context-vae-gradient")]
    once = scored["operations"] / scored["slices"]
    assert table.loc[("training", "context-vae-gradient"), "operations"] == pytest.approx(2 * 4 * SLICES * once)


def test_stages_of_a_training_cost_their_own(table: pd.DataFrame) -> None:
    """Four batches of the GAN, two of which are an epoch; then the encoder alone."""
    model, x = build("f-anogan", {"size": 32}), torch.rand(4, 1, 32, 32)
    encoder = counted(lambda: model.loss(x, x > 0)["loss"].backward(inputs=list(model.encoder.parameters()))) / 4
    trained = table.loc[("training", "f-anogan"), "operations"] / (2 * 6 * SLICES)
    gan = (trained - 25 * encoder) / 2
    assert 5 * encoder < gan < 20 * encoder, "one step of the generator and five of the critic, which has more layers"
