import numpy as np
import pandas as pd
import pytest
import yaml
from made_results import DATASET, write_results, write_study
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import sweep
from brainuad.figures.study import read_study
from brainuad.metrics.catalogue import METRICS
from brainuad.stages import figure_sweep

METHODS = ["ae-dense", "vae", "vae-restoration"]
LEVELS = ["10 %", "50 %", "100 %"]


@pytest.fixture(scope="module")
def levels(tmp_path_factory):
    """Results at three levels: the values are those of the study times the level's factor."""
    folders = [tmp_path_factory.mktemp("level") for _ in LEVELS]
    made = []
    for folder, factor in zip(folders, (0.5, 0.8, 1.0), strict=True):
        files = write_results(folder, subjects=4, seeds=2)
        intervals, metrics = (pd.read_csv(files[name]) for name in ("intervals", "metrics"))
        intervals.loc[intervals["metric"] == "auprc", ["value", "low", "high"]] *= factor
        rows = metrics["metric"] == "seconds_per_volume"
        metrics.loc[rows, "value"] *= factor * (1 + metrics.loc[rows, "seed"])
        for name, table in (("intervals", intervals), ("metrics", metrics)):
            table.to_csv(files[name], index=False)
        made.append(files)
    return made


def arguments(levels, folder):
    return {
        "study": write_study(folder),
        "metrics": levels[-1]["metrics"],
        "dataset": [DATASET],
        "metric": ["auprc"],
        "method": METHODS,
        "level_label": LEVELS,
        "intervals": [files["intervals"] for files in levels],
        "level_metrics": [files["metrics"] for files in levels],
        "title": "Healthy training subjects",
        "axis": "share of the healthy training subjects",
        "out": folder / "sweep.svg",
        "out_csv": folder / "sweep.csv",
    }


def test_the_table_holds_each_levels_pooled_values_and_mean_times(levels, tmp_path):
    given = arguments(levels, tmp_path)
    figure_sweep.main(**given)
    first = given["out"].read_bytes()
    figure_sweep.main(**given)
    assert given["out"].read_bytes() == first
    table = pd.read_csv(given["out_csv"])
    assert list(table.columns) == list(sweep.COLUMNS)
    assert list(zip(table["level"], table["method"], strict=True)) == [(a, b) for a in LEVELS for b in METHODS]
    assert set(table["metric"]) == {"auprc"}
    for row in table.itertuples():
        files = levels[LEVELS.index(row.level)]
        query = f"method == '{row.method}' and dataset == '{DATASET}'"
        known = pd.read_csv(files["intervals"]).query(f"{query} and metric == 'auprc' and scope == 'pooled'").iloc[0]
        assert (row.value, row.low, row.high) == pytest.approx((known["value"], known["low"], known["high"]))
        times = pd.read_csv(files["metrics"]).query(f"{query} and metric == 'seconds_per_volume'")["value"]
        assert len(times) == 2 and row.seconds_per_volume == pytest.approx(times.mean())


@pytest.mark.parametrize("with_time", [False, True])
def test_lines_go_through_the_values_and_whiskers_span_the_intervals(tmp_path, with_time):
    study = read_study(write_study(tmp_path))
    rng = np.random.default_rng(0)
    cells = [(level, DATASET, method) for level in LEVELS for method in METHODS]
    points = pd.DataFrame(cells, columns=["level", "dataset", "method"])
    points["value"], points["seconds_per_volume"] = rng.random((2, len(points)))
    points = points.assign(low=points["value"] - 0.1, high=points["value"] + 0.2)
    figure = Figure()
    panels = {DATASET: sweep.Quality(METRICS["auprc"], "pooled")}
    sweep.draw(figure, study, "title", "share", points, panels, {DATASET: 0.02}, with_time)
    assert len(figure.axes) == 1 + with_time
    *lines, chance = figure.axes[0].lines
    assert set(chance.get_ydata()) == {0.02}
    for method, line, whiskers in zip(METHODS, lines, figure.axes[0].collections, strict=True):
        own = points[points["method"] == method]
        np.testing.assert_allclose(line.get_ydata(), own["value"])
        np.testing.assert_array_equal(np.round(line.get_xdata()), [0, 1, 2])
        ends = np.array([segment[:, 1] for segment in whiskers.get_segments()])
        np.testing.assert_allclose(ends, own[["low", "high"]])
    ticks = figure.axes[-1].get_xticklabels()
    assert [tick.get_text() for tick in ticks] == LEVELS
    if with_time:
        assert figure.axes[1].get_yscale() == "log"
        for method, line in zip(METHODS, figure.axes[1].lines, strict=True):
            np.testing.assert_allclose(line.get_ydata(), points[points["method"] == method]["seconds_per_volume"])


def test_datasets_may_each_have_a_metric_of_their_own(levels, tmp_path):
    """Panels of one metric name it once, at the left."""
    given, other = arguments(levels, tmp_path), "other"
    content = yaml.safe_load(given["study"].read_text())
    content["cohorts"]["second"] = {**next(iter(content["cohorts"].values())), "dataset": other}
    given["study"].write_text(yaml.safe_dump(content))
    for files in levels:
        for name in ("intervals", "metrics"):
            table = pd.read_csv(files[name])
            both = pd.concat(
                [table[table["dataset"] != other], table[table["dataset"] == DATASET].assign(dataset=other)]
            )
            both.to_csv(files[name], index=False)
    for metrics, labels in (
        (["auprc", "best_dice"], ["AUPRC (all", "[Dice] (oracle) (all"]),
        (["auprc"] * 2, ["AUPRC (all"]),
    ):
        figure_sweep.main(**given | {"dataset": [DATASET, other], "metric": metrics})
        table = pd.read_csv(given["out_csv"])
        assert dict(zip(table["dataset"], table["metric"], strict=True)) == dict(
            zip([DATASET, other], metrics, strict=True)
        )
        drawn = given["out"].read_text()
        assert [drawn.count(f"<!-- {label} voxels) -->") for label in labels] == [1] * len(labels)


@pytest.mark.parametrize("methods", [1, 2, 6, 17])
def test_methods_at_a_level_lie_apart_and_nearer_to_it_than_to_the_next(methods):
    shifts = sweep.offsets(methods)
    assert len(set(shifts)) == methods and shifts.sum() == pytest.approx(0)
    assert np.abs(shifts).max() < 0.5


def test_the_dashed_line_is_drawn_only_where_chance_reaches_the_prevalence(levels, tmp_path):
    given = arguments(levels, tmp_path)
    figure_sweep.main(**given)
    with_chance = given["out"].read_bytes()
    figure_sweep.main(**given | {"metric": ["best_dice"]})
    assert b"<!-- chance (prevalence) -->" in with_chance
    assert b"<!-- chance (prevalence) -->" not in given["out"].read_bytes()


def test_bad_input_is_told_in_one_line_and_leaves_no_figure(levels, tmp_path):
    given = arguments(levels, tmp_path)
    with pytest.raises(InputError, match="--intervals: is given 2 times, --level-label 3 times"):
        figure_sweep.main(**given | {"intervals": given["intervals"][:2]})
    with pytest.raises(InputError, match="one label to two levels"):
        figure_sweep.main(**given | {"level_label": ["1", "2", "1"]})
    with pytest.raises(InputError, match="no method 'gan'"):
        figure_sweep.main(**given | {"method": ["gan"]})
    with pytest.raises(InputError, match="holds no auprc of 'ae-dense' for 'phantom-ixi'"):
        figure_sweep.main(**given | {"dataset": ["phantom-ixi"]})
    assert not [*tmp_path.glob("*svg*"), *tmp_path.glob("*csv*")]
