import xml.etree.ElementTree as ElementTree
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import h5py
import jinja2
import numpy as np
import pandas as pd
import pytest
from docutils.core import publish_parts
from made_results import (
    CONTROLS,
    DATASET,
    LABELS,
    write_maps,
    write_results,
    write_scans,
    write_study,
    write_training,
)
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import panels, pareto, style, training, violins
from brainuad.figures.study import per_subject, read_study
from brainuad.metrics.catalogue import METRICS
from brainuad.stages import figure_curves, figure_panels, figure_pareto, figure_training, figure_violins

REPORT = Path(__file__).parents[1] / "workflow" / "report"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    return write_results(folder, subjects=6, seeds=2) | {"study": write_study(folder)}


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    files = write_scans(folder)
    return files | {name: write_maps(folder, files, name) for name in ("random", "constant", "vae")}


def panel_arguments(files, scans, methods=("random", "constant", "vae")):
    return {
        "study": files["study"],
        "dataset": DATASET,
        "images": scans["images"],
        "labels": scans["labels"],
        "method": list(methods),
        **{name: [scans[m][name] for m in methods] for name in ("maps", "processed", "thresholds")},
    }


def draw_all(files, scans, folder):
    """Draw every figure; returns their paths."""
    own = {name: files[name] for name in ("study", "metrics")}
    outs = {name: folder / f"{name}.svg" for name in ("violins", "curves", "pareto", "panels", "training")}
    figure_violins.main(**own, dataset=DATASET, metric=["auprc", "dice_at_fpr_5"], out=outs["violins"])
    figure_curves.main(**own, curves=[files["curves"]], dataset=DATASET, out=outs["curves"])
    figure_pareto.main(study=files["study"], intervals=files["intervals"], dataset=DATASET, out=outs["pareto"])
    figure_panels.main(**panel_arguments(files, scans), out=outs["panels"])
    tables = [write_training(folder / "vae.csv"), write_training(folder / "ae.csv", terms=())]
    figure_training.main(study=files["study"], model=["vae", "ae-dense"], training=tables, out=outs["training"])
    return outs


def test_figures_are_small_svg_of_the_same_bytes_each_time(files, scans, tmp_path):
    first, second = (draw_all(files, scans, tmp_path / name) for name in ("first", "second"))
    for name, path in first.items():
        assert path.read_bytes() == second[name].read_bytes()
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        assert b"<dc:date>" not in path.read_bytes()
        assert path.stat().st_size < 3e6


@pytest.mark.parametrize("subjects", [1, 2, 5, 40])
def test_the_white_dot_is_the_median_and_the_bar_the_quartiles(files, subjects):
    study = read_study(files["study"])
    rng = np.random.default_rng(subjects)
    values = pd.DataFrame({name: rng.random(subjects) for name in LABELS})
    values.loc[0, "vae"] = np.nan
    figure = Figure()
    violins.draw(figure, study, "title", [violins.Panel(METRICS["auprc"], values, 0.1)])
    lines = figure.axes[0].lines
    dots = [line for line in lines if line.get_markerfacecolor() == "white" and line.get_marker() == "o"]
    bars = [line for line in lines if line.get_linewidth() == 4]
    shown = [name for name in LABELS if values[name].notna().any()]
    assert len(dots) == len(bars) == len(shown)
    for name, dot, bar in zip(shown, dots, bars, strict=True):
        known = values[name].dropna()
        assert dot.get_xdata()[0] == pytest.approx(np.median(known))
        np.testing.assert_allclose(bar.get_xdata(), np.percentile(known, [25, 75]))
        assert dot.get_ydata()[0] == bar.get_ydata()[0] == list(LABELS).index(name)
    densities = [body for body in figure.axes[0].collections if isinstance(body, PolyCollection)]
    assert len(densities) == sum(values[name].count() >= 5 for name in LABELS)


def test_a_subject_counts_once_however_many_seeds(files):
    long = pd.read_csv(files["metrics"])
    values = per_subject(long, DATASET, "auprc")
    assert values.shape == (6, len(LABELS))
    rows = long.query("method == 'vae' and subject == 'patient03' and metric == 'auprc'")
    assert len(rows) == 2
    assert values.at["patient03", "vae"] == pytest.approx(rows["value"].mean())


def test_the_pareto_front_is_what_brute_force_finds():
    rng = np.random.default_rng(0)
    for _ in range(50):
        cost, quality = rng.integers(0, 5, 12), rng.integers(0, 5, 12)
        expected = [
            not any(
                (c <= cost[k] and q > quality[k]) or (c < cost[k] and q >= quality[k])
                for c, q in zip(cost, quality, strict=True)
            )
            for k in range(12)
        ]
        np.testing.assert_array_equal(pareto.front(cost, quality), expected)


def test_labels_of_the_pareto_plot_overlap_no_other(files, tmp_path):
    study = read_study(files["study"])
    rng = np.random.default_rng(2)
    points = pd.DataFrame({"cost": 10 ** rng.uniform(-1, 0, 10), "value": rng.uniform(0.3, 0.5, 10)}, LABELS)
    points = points.assign(low=points["value"] - 0.02, high=points["value"] + 0.02, parameters=np.nan)
    with style.drawn(tmp_path / "x.svg", 6.4, 4.4) as figure:
        pareto.draw(figure, study, "title", points, METRICS["auprc"], METRICS["seconds_per_volume"])
        renderer = figure.canvas.get_renderer()
        texts = [text for text in figure.axes[0].texts if text.get_text()]
        boxes = [text.get_window_extent(renderer) for text in texts]
    assert {text.get_text() for text in texts} == set(LABELS.values())
    assert not any(a is not b and a.overlaps(b) for a, b in product(boxes, boxes))


def test_the_oracle_neither_dominates_nor_is_on_the_front(files):
    points = pd.DataFrame({"cost": [1.0, 2.0], "value": [0.9, 0.4]}, ["oracle", "vae"])
    points = points.assign(low=np.nan, high=np.nan, parameters=np.nan)
    with style.drawn(files["study"].with_name("x.svg"), 6, 4) as figure:
        pareto.draw(
            figure,
            read_study(files["study"]),
            "title",
            points,
            METRICS["auprc"],
            METRICS["seconds_per_volume"],
        )
        assert list(figure.axes[0].lines[0].get_xdata()) == [2.0]


def test_methods_look_different_and_controls_are_grey(files):
    study = read_study(files["study"])
    looks = style.looks(study)
    assert len({(look.colour, str(look.line), look.marker) for look in looks.values()}) == len(LABELS)
    for name, look in looks.items():
        red, green, blue = (to_hex(look.colour)[k : k + 2] for k in (1, 3, 5))
        assert (red == green == blue) == (name in CONTROLS)


def test_shown_slices_are_those_with_the_most_anomaly():
    label = np.zeros((12, 4, 4), np.uint8)
    names = [(f"s{k}", slice(3 * k, 3 * k + 3), np.arange(10, 13)) for k in range(4)]
    label[1, 0, :1] = label[5, :2] = label[4, 0] = label[6, 0, :2] = 1  # 1, 12 and 2 voxels; s3 is healthy
    chosen = panels.choose(label, names)
    assert [(c.subject, c.row, c.slice) for c in chosen] == [("s1", 5, 12), ("s2", 6, 10), ("s0", 1, 11)]
    healthy = panels.choose(np.zeros_like(label), names)
    assert [(c.subject, c.row) for c in healthy] == [("s0", 1), ("s1", 4), ("s2", 7)]


def test_a_panel_shows_the_rows_of_the_files(scans):
    truth = panels.read_truth(scans["images"], scans["labels"])
    paths = scans["vae"]
    result = panels.read_result("VAE", paths["maps"], paths["processed"], 0.1, scans["images"], truth)
    rows = [choice.row for choice in truth.choices]
    with h5py.File(scans["images"]) as images, h5py.File(paths["processed"]) as final:
        brain, score = images["brain"][:][rows], final["score"][:][rows]
    window = (slice(None), *truth.crop)
    np.testing.assert_array_equal(result.mask, (score > 0.1)[window] & brain[window])
    assert truth.brain.sum() == brain.sum()
    assert result.mask.any() and result.reconstruction is not None


def test_healthy_scans_are_drawn_without_truth(files, tmp_path):
    scans = write_scans(tmp_path, sick=False)
    scans |= {"vae": write_maps(tmp_path, scans, "vae")}
    figure_panels.main(**panel_arguments(files, scans, ["vae"]), out=tmp_path / "x.svg")
    assert (tmp_path / "x.svg").exists()


def test_training_terms_are_the_columns_and_positive_ones_are_logarithmic(tmp_path):
    table = pd.read_csv(write_training(tmp_path / "vae.csv"))
    table["train_kl"] -= 1
    assert training.terms(table) == ["loss", "reconstruction", "kl"]
    figure = Figure()
    training.draw(figure, "title", [("VAE", [table])])
    assert [ax.get_yscale() for ax in figure.axes] == ["log", "log", "linear"]
    (dot,) = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert dot.get_ydata()[0] == table["validation_loss"].min()


def test_curves_of_several_files_are_those_of_one(files, tmp_path):
    own = {name: files[name] for name in ("study", "metrics")} | {"dataset": DATASET}
    table = pd.read_csv(files["curves"])
    (tmp_path / "empty.csv").write_text(",".join(table.columns) + "\n")
    parts = [tmp_path / "empty.csv"]
    for method, rows in table.groupby("method"):
        parts.append(tmp_path / f"{method}.csv")
        rows.to_csv(parts[-1], index=False)
    figure_curves.main(**own, curves=[files["curves"]], out=tmp_path / "one.svg")
    figure_curves.main(**own, curves=parts, out=tmp_path / "many.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "many.svg").read_bytes()


def test_titles_name_the_phantom(files, tmp_path):
    study = read_study(files["study"])
    assert study.heading(DATASET) == "MSLUB (phantom)"
    assert study.heading("phantom-ixi") == "IXI phantom"
    assert read_study(write_study(tmp_path, phantom=False)).heading(DATASET) == "MSLUB"


def test_bad_input_is_told_in_one_line_and_leaves_no_figure(files, scans, tmp_path):
    own = {name: files[name] for name in ("study", "metrics")} | {"out": tmp_path / "x.svg"}
    with pytest.raises(InputError, match="no metric is called 'niceness'"):
        figure_violins.main(**own, dataset=DATASET, metric=["niceness"])
    with pytest.raises(InputError, match="no dataset 'brats'"):
        figure_violins.main(**own, dataset="brats", metric=["auprc"])
    with pytest.raises(InputError, match="no per-subject value of l1_re_normal"):
        figure_violins.main(**own, dataset=DATASET, metric=["l1_re_normal"])
    with pytest.raises(InputError, match="no curve of dataset 'phantom-ixi'"):
        figure_curves.main(**own, curves=[files["curves"]], dataset="phantom-ixi")
    with pytest.raises(InputError, match="no column validation_loss"):
        (tmp_path / "training.csv").write_text("epoch,train_loss\n0,1\n")
        figure_training.main(study=files["study"], model=["vae"], training=[tmp_path / "training.csv"], out=own["out"])
    arguments = panel_arguments(files, scans) | {"out": own["out"]}
    with pytest.raises(InputError, match="no method 'gan'"):
        figure_panels.main(**arguments | {"method": ["gan", "constant", "vae"]})
    with pytest.raises(InputError, match="--maps: is given 1 times, --method 3 times"):
        figure_panels.main(**arguments | {"maps": [scans["vae"]["maps"]]})
    assert not list(tmp_path.glob("*svg*"))


@pytest.mark.parametrize("path", sorted(REPORT.glob("*.rst")), ids=lambda path: path.stem)
def test_captions_are_valid_and_carry_the_sentence_of_the_workflow(path):
    snakemake = SimpleNamespace(
        params=SimpleNamespace(caption="Phantom MSLUB, FLAIR."),
        wildcards=SimpleNamespace(dataset=DATASET),
        config={"run": "demo", "studies": ["baur2021"]},
    )
    text = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(path.read_text())
    settings = {"halt_level": 2, "report_level": 2}
    body = publish_parts(text.render(snakemake=snakemake), writer="html", settings_overrides=settings)["html_body"]
    assert ("demo" if path.stem == "workflow" else "Phantom MSLUB, FLAIR.") in body
    assert "phantom" in body.lower()
