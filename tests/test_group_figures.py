"""Figures of groups of methods: bars, correlations of metrics, histograms of residuals."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_results import CONTROLS, DATASET, LABELS, write_results, write_study
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from brainuad.errors import InputError
from brainuad.figures import bars, correlations, histograms
from brainuad.figures.study import read_study
from brainuad.metrics.table import COLUMNS
from brainuad.stages import figure_bars, figure_correlations, figure_histograms

PUBLISHED = Path(__file__).parents[1] / "workflow/data/published.csv"
GROUP = [name for name in LABELS if name not in CONTROLS]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("groups")
    return write_results(folder, subjects=4, seeds=2) | {"study": write_study(folder), "published": PUBLISHED}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that the stages draw, in order."""
    drawn = []
    for module in (bars, correlations, histograms):

        def draw(figure: Figure, *arguments: object, own=module.draw) -> None:
            own(figure, *arguments)
            drawn.append(figure)

        monkeypatch.setattr(module, "draw", draw)
    return drawn


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def run_bars(files: dict[str, Path], out: Path, **changes: object) -> None:
    own = {name: files[name] for name in ("study", "metrics", "intervals", "published")}
    figure_bars.main(**own | {"dataset": [DATASET], "method": GROUP, "title": "a group", "out": out} | changes)


def test_bars_are_the_pooled_auprc_and_marks_the_published_ones(files, figures, tmp_path) -> None:
    run_bars(files, tmp_path / "x.svg", method=GROUP[::-1])
    (ax,) = figures[0].axes
    intervals = pd.read_csv(files["intervals"]).query("metric == 'auprc' and scope == 'pooled'").set_index("method")
    assert [bar.get_width() for bar in ax.patches] == [intervals.loc[name, "value"] for name in GROUP]
    whiskers = [tuple(line.get_xdata()) for line in ax.lines if line.get_marker() == "|"]
    assert whiskers == [tuple(intervals.loc[name, ["low", "high"]]) for name in GROUP]
    (marks,) = [line for line in ax.lines if line.get_marker() == bars.MARKS[0]]
    # Table V of Baur et al. 2021: AE (dense), VAE, VAE (restoration), Bayesian VAE
    assert dict(zip(marks.get_ydata(), marks.get_xdata(), strict=True)) == {0: 0.163, 1: 0.234, 2: 0.275, 3: 0.234}
    (chance,) = [line for line in ax.lines if list(line.get_ydata()) == [0, 1]]
    assert list(chance.get_xdata()) == pytest.approx([0.015] * 2)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [LABELS[name] for name in GROUP]
    assert [tick.get_text() for tick in ax.get_yticklabels(minor=True)] == ["7.00 M"] * len(GROUP)
    assert "published, MSLUB" in [text.get_text() for text in figures[0].legends[0].get_texts()]


def test_each_published_dataset_has_its_own_mark(files, figures, tmp_path) -> None:
    cohort = {"dataset": DATASET, "modality": "FLAIR", "title": "MSLUB"}
    cohort["published"] = [{"doc": "D2", "dataset": name} for name in ("MSLUB", "MS")]
    study = write_study(tmp_path, cohorts={"lesions": cohort})
    run_bars(files, tmp_path / "x.svg", study=study, method=["vae"])
    marks = {line.get_marker(): line.get_xdata()[0] for line in figures[0].axes[0].lines}
    assert (marks[bars.MARKS[0]], marks[bars.MARKS[1]]) == (0.234, 0.399)  # Tables V and III


def test_bars_without_intervals_have_no_whisker(files, figures, tmp_path) -> None:
    intervals = pd.read_csv(files["intervals"])
    intervals[["low", "high"]] = np.nan
    intervals = intervals[(intervals["method"] != "vae") | (intervals["metric"] != "auprc")]
    intervals.to_csv(tmp_path / "intervals.csv", index=False)
    run_bars(files, tmp_path / "x.svg", intervals=tmp_path / "intervals.csv", method=["vae", "random", "ae-dense"])
    (ax,) = figures[0].axes
    assert len(ax.patches) == 2 and not [line for line in ax.lines if line.get_marker() == "|"]
    assert texts(ax) == ["no value"]
    assert [tick.get_text() for tick in ax.get_yticklabels(minor=True)] == ["7.00 M", "7.00 M"]  # random has none


@pytest.mark.parametrize(
    ("number", "text"), [(1_758_449, "1.76 M"), (202_352_192, "202 M"), (27_300, "27.3 k"), (129, "129")]
)
def test_parameters_have_three_digits(number: float, text: str) -> None:
    assert bars.in_short(number) == text


def published_metrics(folder: Path) -> tuple[Path, Path]:
    """Study and long table that hold the published values of the 17 approaches on MSSEG2015, halved in one of two seeds
    and half as much again in the other."""
    table = pd.read_csv(PUBLISHED).query("doc == 'D2' and dataset_or_class == 'MSSEG2015'")
    table = table[table["metric"].isin(correlations.CORRELATED)]
    methods = list(dict.fromkeys(table["method"]))
    study = write_study(folder, methods=methods, method_names={name: {"label": name} for name in methods})
    rows = [
        ("baur2021", DATASET, row.method, seed, "pooled", row.metric, factor * float(row.value_or_mean))
        for row in table.itertuples()
        for seed, factor in enumerate((0.5, 1.5))
    ]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "metrics.csv", index=False)
    return study, folder / "metrics.csv"


def test_correlations_of_the_published_values_are_the_published_ones(figures, tmp_path) -> None:
    study, metrics = published_metrics(tmp_path)
    methods = [method.name for method in read_study(study).methods]
    figure_correlations.main(
        study=study,
        metrics=metrics,
        dataset=[DATASET],
        method=methods,
        without=["f-AnoGAN"],
        title="a group",
        out=tmp_path / "x.svg",
        out_csv=tmp_path / "x.csv",
    )
    table = pd.read_csv(tmp_path / "x.csv", keep_default_na=False)
    assert len(table) == 3 * 10
    found = table.set_index(["coefficient", "without", "metric_a", "metric_b"]).sort_index()["value"]
    assert found["pearson", "", "auprc", "chi2"] == pytest.approx(0.69, abs=0.01)
    assert found["pearson", "f-AnoGAN", "auprc", "chi2"] == pytest.approx(0.57, abs=0.01)
    wide = pd.read_csv(metrics).pivot_table(index="method", columns="metric", values="value")
    for row in table[table["coefficient"] == "spearman"].itertuples():
        assert row.value == pytest.approx(spearmanr(wide[row.metric_a], wide[row.metric_b]).statistic)
    assert table.groupby("without")["methods"].unique().map(list).to_dict() == {"": [17], "f-AnoGAN": [16]}
    first, _, last, *_ = figures[0].axes
    assert "0.69" in texts(first) and "0.57" in texts(last) and len(texts(last)) == 25
    assert last.get_ylabel() == "Pearson\nwithout f-AnoGAN" and last.get_title() == "16 methods"


def test_cells_without_a_coefficient_are_blank(files, figures, tmp_path) -> None:
    """l1 errors are the same for all methods here, and only learned methods have some."""
    own = {name: files[name] for name in ("study", "metrics")} | {"title": "x", "out_csv": tmp_path / "x.csv"}
    figure_correlations.main(**own, dataset=[DATASET, "phantom-ixi"], method=GROUP, out=tmp_path / "x.svg")
    known, unknown, *_ = figures[0].axes
    assert len(texts(known)) == 9 and texts(unknown) == []
    table = pd.read_csv(tmp_path / "x.csv")
    assert table[table["metric_a"].str.startswith("l1") | table["metric_b"].str.startswith("l1")]["value"].isna().all()
    figure_correlations.main(**own, dataset=[DATASET], method=GROUP[:2], out=tmp_path / "x.svg")
    assert texts(figures[1].axes[0]) == [] and "2 methods" in figures[1].axes[0].get_title()


def write_residuals(folder: Path, method: str, normal: list[float], anomalous: list[float]) -> Path:
    """A histogram of four bins, in a file without rows where no share is given."""
    edges = np.linspace(0, 1, len(normal) + 1)
    table = pd.DataFrame({"bin_low": edges[:-1], "bin_high": edges[1:], "normal": normal, "anomalous": anomalous})
    table = table.assign(study="baur2021", dataset=DATASET, method=method, seed=0)
    table.to_csv(folder / f"{method}.csv", index=False)
    return folder / f"{method}.csv"


def test_histograms_tell_the_distance_of_the_shares_that_they_show(files, figures, tmp_path) -> None:
    normal, anomalous = [0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0]
    paths = [
        write_residuals(tmp_path, "vae", normal, anomalous),
        write_residuals(tmp_path, "ae-dense", normal, [np.nan] * 4),
        write_residuals(tmp_path, "random", [], []),
    ]
    own = {"study": files["study"], "dataset": [DATASET], "title": "a group"}
    figure_histograms.main(**own, residuals=paths, method=["vae", "ae-dense", "random"], out=tmp_path / "x.svg")
    without, healthy, both = figures[0].axes  # in the study's order
    assert texts(without) == ["no reconstruction"] and not without.patches
    assert texts(healthy) == ["χ² –"]
    # 0.5 ((0.5 - 0)^2 / 0.5 + (0 - 0.5)^2 / 0.5) is 0.5
    assert texts(both) == ["χ² 0.500"]
    shown = [patch.get_data() for patch in both.patches]
    assert {tuple(step.values) for step in shown} == {tuple(normal), tuple(anomalous)}
    assert all(tuple(step.edges) == (0, 0.25, 0.5, 0.75, 1) for step in shown)


def test_figures_of_groups_are_svg_of_the_same_bytes_each_time(files, tmp_path) -> None:
    residuals = [write_residuals(tmp_path, name, [0.7, 0.3], [0.4, 0.6]) for name in GROUP]
    own = {"study": files["study"], "dataset": [DATASET], "method": GROUP, "title": "x"}
    for turn in ("first", "second"):
        run_bars(files, tmp_path / turn / "bars.svg")
        outs = {"out": tmp_path / turn / "correlations.svg", "out_csv": tmp_path / turn / "x.csv"}
        figure_correlations.main(**own, metrics=files["metrics"], **outs)
        figure_histograms.main(**own, residuals=residuals, out=tmp_path / turn / "histograms.svg")
    for path in (tmp_path / "first").glob("*.svg"):
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_titles_of_groups_name_the_phantom(files, figures, tmp_path) -> None:
    run_bars(files, tmp_path / "x.svg")
    assert figures[0].get_suptitle() == "AUPRC, a group (phantom)"
    run_bars(files, tmp_path / "x.svg", study=write_study(tmp_path, phantom=False))
    assert figures[1].get_suptitle() == "AUPRC, a group"


def test_bad_input_is_told_in_one_line(files, tmp_path) -> None:
    out = tmp_path / "x.svg"
    with pytest.raises(InputError, match="no method 'gan'"):
        run_bars(files, out, method=["gan"])
    with pytest.raises(InputError, match="no dataset 'brats'"):
        run_bars(files, out, dataset=["brats"])
    with pytest.raises(InputError, match="holds no pooled auprc for phantom-ixi"):
        run_bars(files, out, dataset=["phantom-ixi"])
    own = {"study": files["study"], "dataset": [DATASET], "title": "x", "out": out}
    with pytest.raises(InputError, match=r"^--without: no --method is 'random'"):
        figure_correlations.main(
            **own, metrics=files["metrics"], method=GROUP, without=["random"], out_csv=tmp_path / "x.csv"
        )
    vae = write_residuals(tmp_path, "vae", [1.0], [1.0])
    with pytest.raises(InputError, match=rf"holds {DATASET}/vae again"):
        figure_histograms.main(**own, residuals=[vae, vae], method=["vae"])
    assert not out.exists() and not (tmp_path / "x.csv").exists()


def test_a_group_of_methods_without_reconstruction_has_a_figure_that_says_so(files, tmp_path) -> None:
    empty, out = write_residuals(tmp_path, "random", [], []), tmp_path / "x.svg"
    figure_histograms.main(
        study=files["study"], dataset=[DATASET], title="x", residuals=[empty], method=["random"], out=out
    )
    assert out.exists()
