"""Which step loses: what the figure takes from the statistics, and from whom."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_results import DATASET, write_study
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import steps
from brainuad.figures.study import read_study, read_table
from brainuad.metrics import table
from brainuad.stages import figure_steps
from brainuad.statistics.comparison import INTERVAL_COLUMNS

LABELS = {"oracle": "Oracle", "random": "Random", "inpainting-16": "Inpainting, 16", "anogan": "AnoGAN"}
VALUES = {
    ("inpainting-16", "l1_re_normal", "subject"): 0.02,
    ("inpainting-16", "l1_re_anomalous", "subject"): 0.05,
    ("inpainting-16", "l1_re_anomalous", "pooled"): 0.9,
    ("inpainting-16", "auprc", "pooled"): 0.31,
    ("inpainting-16", "auprc", "subject"): 0.8,
    ("inpainting-16", "dice", "subject"): 0.25,
    ("anogan", "auprc", "pooled"): 0.4,
    ("anogan", "dice", "subject"): 0.3,
    ("random", "dice", "subject"): 0.1,
    ("oracle", "auprc", "pooled"): 1.0,
    ("oracle", "dice", "subject"): 0.44,
    ("oracle", "dice_best_segment", "subject"): 0.6,
}


@pytest.fixture
def given(tmp_path: Path) -> dict[str, object]:
    names = {name: {"label": label, "control": name in ("oracle", "random")} for name, label in LABELS.items()}
    rows = [
        [dataset, method, metric, scope, value * factor, 0.9 * value * factor, 1.1 * value * factor, 8, 0.1, 3, 0.01]
        for dataset, factor in ((DATASET, 1.0), ("phantom-ixi", 0.5))
        for (method, metric, scope), value in VALUES.items()
    ]
    pd.DataFrame(rows, columns=INTERVAL_COLUMNS).to_csv(tmp_path / "intervals.csv", index=False)
    share = {"study": "s", "dataset": DATASET, "method": "anogan", "seed": 0, "subject": "pooled"}
    long = pd.DataFrame([{**share, "metric": "prevalence", "value": 0.07}])
    table.write(long[table.COLUMNS], tmp_path / "metrics.csv")
    return {
        "study": write_study(tmp_path, methods=list(LABELS), method_names=names),
        "metrics": tmp_path / "metrics.csv",
        "intervals": tmp_path / "intervals.csv",
        "dataset": DATASET,
        "method": ["anogan", "inpainting-16"],
        "title": "windows",
        "out": tmp_path / "steps.svg",
        "out_csv": tmp_path / "steps.csv",
    }


def test_each_step_has_its_own_measure_and_the_oracle_the_bounds(given: dict) -> None:
    figure_steps.main(**given)
    shown = pd.read_csv(given["out_csv"])
    assert list(shown.columns) == list(steps.COLUMNS)
    found = {tuple(row[:3]): row[4] for row in shown.itertuples(index=False)}
    assert found == pytest.approx(
        {
            ("inpainting", "inpainting-16", "l1_re_normal"): 0.02,
            ("inpainting", "inpainting-16", "l1_re_anomalous"): 0.05,
            ("heatmap", "inpainting-16", "auprc"): 0.31,
            ("heatmap", "anogan", "auprc"): 0.4,
            ("choice", "inpainting-16", "dice"): 0.25,
            ("choice", "anogan", "dice"): 0.3,
            ("choice", "oracle", "dice"): 0.44,
            ("choice", "oracle", "dice_best_segment"): 0.6,
        }
    )
    np.testing.assert_allclose(shown["low"] / shown["value"], 0.9)
    first = given["out"].read_bytes()
    figure_steps.main(**given)
    assert given["out"].read_bytes() == first


def test_panels_show_the_values_and_the_bounds(given: dict) -> None:
    study = read_study(given["study"])
    methods = [study.method(name) for name in ("inpainting-16", "anogan")]
    shown = steps.points(read_table(given["intervals"], "intervals"), DATASET, [method.name for method in methods])
    figure = Figure()
    steps.draw(figure, study, "title", methods, shown, 0.07)
    drawn = [{tuple(line.get_xdata()) for line in ax.lines if line.get_marker() == "o"} for ax in figure.axes]
    assert drawn == [{(0.02,), (0.05,)}, {(0.31,), (0.4,)}, {(0.25,), (0.3,)}]
    upright = [[line.get_xdata()[0] for line in ax.lines if list(line.get_ydata()) == [0, 1]] for ax in figure.axes]
    assert upright == [[], [0.07], [0.6, 0.44]]
    assert [text.get_text() for text in figure.legends[0].texts][-2:] == [
        "best superpixel there is: 0.60",
        "superpixel by the oracle's heatmap: 0.44",
    ]


def test_a_dataset_without_superpixels_is_told(given: dict) -> None:
    kept = pd.read_csv(given["intervals"]).query("metric == 'auprc'")
    kept.to_csv(given["intervals"], index=False)
    with pytest.raises(InputError, match="holds no Dice of superpixels for 'phantom-mslub'"):
        figure_steps.main(**given)
    assert not given["out"].exists()
