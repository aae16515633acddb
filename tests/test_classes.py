"""Classes of abnormality and anatomical fidelity: their stages, Table I and the figures, on made slices."""

import json
import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score

from brainuad import slices
from brainuad.datasets.structures import CLASSES
from brainuad.errors import InputError
from brainuad.figures import fidelity as drawing
from brainuad.figures import style
from brainuad.figures.study import read_study, read_table
from brainuad.metrics import table
from brainuad.metrics.rectified import GRID, metric
from brainuad.stages import (
    fidelity,
    figure_fidelity,
    figure_flow,
    figure_rectified,
    fit_segmenter,
    rectified,
    segment_dice,
    table_classes,
)
from brainuad.tables import classes
from brainuad.trimming import named_methods, trim

PUBLISHED = Path(__file__).parents[1] / "workflow/data/published.csv"
KINDS = {"1": "metastasis", "2": "extracranial metastasis", "3": "postoperative cavity", "4": "structural change"}
NETWORKS = {"kobayashi-vae": "VAE", "kobayashi-introvae": "IntroVAE"}
KNOWN = {"study": "made", "dataset": "heads", "seed": 0}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three subjects of four slices, of whom two show classes; maps of two methods, structures, a study."""
    folder, rng = tmp_path_factory.mktemp("made"), np.random.default_rng(0)
    body = np.zeros((12, 32, 32), bool)
    body[:, 3:29, 4:28] = True
    label = np.zeros(body.shape, np.uint8)
    label[0:3, 8:14, 8:14], label[1, 20:24, 20:24], label[5, 6:16, 6:12] = 1, 2, 1
    structures = np.where(body, 3, 0).astype(np.uint8)
    structures[:, 10:20, 10:20], structures[:, 13:16, 13:16] = 4, 2
    image = np.where(body, structures / 4 - 0.6 + 0.1 * rng.standard_normal(body.shape), -1).astype(np.float32)
    names = {"subject": np.repeat(["a", "b", "c"], 4), "slice": np.tile(np.arange(10, 14), 3)}
    attributes = {"dataset": "heads", "recipe": "kobayashi", "modality": "T1ce", "spacing": [1.0, 1.0, 1.0]}
    slices.write(folder / "images.h5", {"image": image, "brain": body, **names}, attributes)
    slices.write(folder / "labels.h5", {"label": label, **names}, {"dataset": "heads"})
    slices.write(folder / "structures.h5", {"label": structures, **names}, {"dataset": "heads"})
    for k, method in enumerate(NETWORKS):
        score = (rng.standard_normal(body.shape) + (1 + k) * (label > 0)).astype(np.float32)
        blurred = image + 0.3 * (1 - k) * rng.standard_normal(body.shape).astype(np.float32)
        slices.write(folder / f"{method}.h5", {"score": score, "reconstruction": blurred}, {"method": method})
    cohort = {"dataset": "heads", "modality": "T1ce", "title": "phantom heads", "test": 3}
    study = {
        "name": "made",
        "title": "Made",
        "run": "tiny",
        "phantom": True,
        "notes": ["Nothing here is real."],
        "cohorts": {"patients": {**cohort, "published": [{"doc": "D4", "dataset": "test"}], "not_comparable": "made"}},
        "methods": list(NETWORKS),
        "method_names": {name: {"label": label, "published": label} for name, label in NETWORKS.items()},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    given = dict.fromkeys(("train", "validation"), folder / "images.h5")
    given |= {f"{name}_structures": folder / "structures.h5" for name in ("train", "validation")}
    outs = {"out_model": folder / "judge.pt", "out_curves": folder / "training.csv"}
    settings = json.dumps({"width": 1 / 8, "learning_rate": 1e-2, "rotation": 5.0})
    training = json.dumps({"epochs": 12, "batch_size": 6, "patience": None})
    fit_segmenter.main(**given, **outs, settings=settings, training=training, device="cpu", threads=1)
    return folder


def measured(
    made: Path, out: Path, method: str = "kobayashi-vae", **changes: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    files = {"images": made / "images.h5", "labels": made / "labels.h5", "processed": made / f"{method}.h5"}
    outs = {"out_metrics": out / f"{method}.csv", "out_curves": out / f"{method}-curves.csv"}
    rectified.main(**outs, **files | {"method": method, "classes": json.dumps(KINDS), **KNOWN, **changes})
    return table.read(outs["out_metrics"]), read_table(outs["out_curves"], "rectified")


def test_each_volume_has_a_curve_for_each_class_that_it_shows(made: Path, tmp_path: Path) -> None:
    """The area is that of the volume's voxels of the class and its unlabelled ones, inside the body."""
    found, curves = measured(made, tmp_path)
    areas = found[found["metric"] == metric("roc_auc_rectified", "metastasis")].set_index("subject")["value"]
    assert list(areas.index) == ["a", "b"]
    assert set(found[found["metric"] == metric("f1", "extracranial metastasis")]["subject"]) == {"a"}
    arrays = [h5py.File(made / name)[key][:4] for name, key in (("labels.h5", "label"), ("kobayashi-vae.h5", "score"))]
    counted = h5py.File(made / "images.h5")["brain"][:4] & (arrays[0] < 2)
    assert areas["a"] == pytest.approx(roc_auc_score(arrays[0][counted] == 1, arrays[1][counted]), abs=2e-3)
    mean = curves[curves["class"] == "metastasis"]
    assert mean["volumes"].unique().tolist() == [2] and np.allclose(mean["fpr"], GRID)
    assert np.trapezoid(mean["tpr"], mean["fpr"]) == pytest.approx(areas.mean(), abs=5e-3)


def test_where_no_classes_are_told_apart_all_are_lesions(made: Path, tmp_path: Path) -> None:
    found, curves = measured(made, tmp_path, classes="{}")
    assert set(curves["class"]) == {"lesion"} and set(found["metric"].str.contains("lesion")) == {True}


def test_a_map_that_finds_nothing_has_no_precision(made: Path, tmp_path: Path) -> None:
    """No threshold of a map that is lowest on the class is better than none at all."""
    with h5py.File(made / "labels.h5") as file:
        inverse = -file["label"][:].astype(np.float32)
    slices.write(tmp_path / "inverse.h5", {"score": inverse}, {})
    found, _ = measured(made, tmp_path, processed=tmp_path / "inverse.h5")
    known = found[found["subject"] == "b"].set_index("metric")["value"]
    assert metric("precision", "metastasis") not in known
    assert known[[metric("sensitivity", "metastasis"), metric("f1", "metastasis")]].tolist() == [0, 0]


def test_an_unknown_class_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--classes: 'stroke' is unknown"):
        measured(made, tmp_path, classes='{"1": "stroke"}')


def judged(made: Path, out: Path, method: str, maps: str | None = None) -> pd.DataFrame:
    files = {"images": made / "images.h5", "maps": made / (maps or f"{method}.h5"), "model": made / "judge.pt"}
    outs = {"out_metrics": out / f"{method}-fidelity.csv", "out_examples": out / f"{method}-fidelity.h5"}
    fidelity.main(**files, **outs, method=method, device="cpu", **KNOWN)
    return table.read(outs["out_metrics"])


def test_a_perfect_reconstruction_is_faithful(made: Path, tmp_path: Path) -> None:
    """Quality 0, overlap 1 wherever the network sees a structure."""
    with h5py.File(made / "images.h5") as file:
        image = file["image"][:]
    slices.write(tmp_path / "same.h5", {"score": np.zeros_like(image), "reconstruction": image}, {})
    found = judged(made, tmp_path, "kobayashi-vae", str(tmp_path / "same.h5"))
    assert (found.loc[found["metric"] == "quality_score", "value"] == 0).all()
    assert (found.loc[found["metric"] == "overlap_score", "value"] == 1).all()
    assert len(found.loc[found["metric"] == "quality_score"]) == 4


def test_maps_without_reconstruction_have_no_fidelity(made: Path, tmp_path: Path) -> None:
    slices.write(tmp_path / "bare.h5", {"score": np.zeros((12, 32, 32), np.float32)}, {})
    with pytest.raises(InputError, match="holds no reconstruction"):
        judged(made, tmp_path, "kobayashi-vae", str(tmp_path / "bare.h5"))


def test_the_judge_learns_structures(made: Path, tmp_path: Path) -> None:
    """From images and structures, never labels; the Dice of what it has learnt is that of each structure."""
    curves = pd.read_csv(made / "training.csv")
    assert curves["train_loss"].iloc[-1] < 0.6 * curves["train_loss"].iloc[0]
    assert not list(made.glob(".checkpoints-*"))
    shared = {"images": made / "images.h5", "structures": made / "structures.h5"}
    segment_dice.main(**shared, model=made / "judge.pt", out=tmp_path / "dice.csv", device="cpu")
    dice = read_table(tmp_path / "dice.csv", "segmenter")
    assert dice["structure"].tolist() == [CLASSES[2], CLASSES[3], CLASSES[4]] and dice["subjects"].tolist() == [3, 3, 3]
    assert dice["dice"].max() > 0.7


def test_most_published_operating_points_are_impossible() -> None:
    """Sensitivity times specificity is above the area in 8 of the 12 rows (Table I)."""
    assert classes.impossible(read_table(PUBLISHED, "published")) == (8, 12)


@pytest.fixture(scope="module")
def drawn(made: Path) -> Path:
    """The tables and figures of the made study."""
    found = []
    for method in NETWORKS:
        found += [measured(made, made, method)[0], judged(made, made, method)]
    long = pd.concat(found, ignore_index=True)
    table.write(long, made / "metrics.csv")
    groups = long.assign(scope=np.where(long["subject"] == "pooled", "pooled", "subject"))
    means = groups.groupby(["dataset", "method", "metric", "scope"])["value"].agg(["mean", "size"]).reset_index()
    means = means.rename(columns={"mean": "value", "size": "subjects"})
    means = means.assign(low=means["value"] - 0.1, high=means["value"] + 0.1)
    means = means.assign(subject_sd=0.2, seeds=1, seed_sd=np.nan)
    table.write(means, made / "intervals.csv")
    pd.DataFrame({"structure": ["cortex"], "dice": [0.9], "sd": [0.01], "subjects": [3]}).to_csv(
        made / "dice.csv", index=False
    )
    study, heads = {"study": made / "study.yaml"}, {"dataset": "heads"}
    files = {"metrics": made / "metrics.csv", "intervals": made / "intervals.csv", "published": PUBLISHED}
    outs = {"out_csv": made / "classes.csv", "out_html": made / "classes.html"}
    files |= {"images": made / "images.h5", "labels": made / "labels.h5", "classes": json.dumps(KINDS)}
    table_classes.main(**study, **heads, **files, **outs, faithful=list(NETWORKS), dice=made / "dice.csv")
    curves = [made / f"{method}-curves.csv" for method in NETWORKS]
    figure_rectified.main(**study, **heads, curves=curves, out=made / "rectified.svg")
    examples = [made / f"{method}-fidelity.h5" for method in NETWORKS]
    figure_fidelity.main(**study, **heads, method=list(NETWORKS), examples=examples, out=made / "fidelity.svg")
    splits = pd.DataFrame({"dataset": "heads", "split": "test", "subject": ["a", "b", "c"]})
    splits.to_csv(made / "splits.csv", index=False)
    people = pd.DataFrame({"subject": list("abcd"), "T1ce": ["a.nii", "b.nii", "c.nii", ""]})
    people.to_csv(made / "subjects.tsv", sep="\t", index=False)
    shown = {"images": [f"heads:test={made / 'images.h5'}"], "labels": [f"heads:test={made / 'labels.h5'}"]}
    tables = {"splits": made / "splits.csv", "subjects": [made / "subjects.tsv"]}
    figure_flow.main(**study, **tables, dataset=["heads"], **shown, out=made / "flow.svg")
    return made


def test_table_has_published_beside_ours(drawn: Path) -> None:
    rows = pd.read_csv(drawn / "classes.csv").set_index(["class", "method", "measure"])
    vae = rows.loc[("metastasis", "kobayashi-vae", "roc_auc_rectified")]
    assert (vae["published"], vae["published_sd"], vae["subjects"]) == (0.75, 0.16, 2)
    long = table.read(drawn / "metrics.csv").query("method == 'kobayashi-vae'")
    values = long.loc[long["metric"] == "roc_auc_rectified_metastasis", "value"]
    assert vae["value"] == pytest.approx(values.mean()) and vae["sd"] == pytest.approx(values.std(ddof=0))
    alone = rows.loc[("extracranial metastasis", "kobayashi-vae", "f1")]
    assert alone["subjects"] == 1 and np.isnan(alone["sd"])
    page = (drawn / "classes.html").read_text()
    assert "in 8 of 12 rows" in page and "phantom" in page and "−1,645 ± 420" in page
    assert "postoperative cavity" not in page.split("What there is to find")[0]


def test_fidelity_has_intervals_over_subjects(drawn: Path) -> None:
    """Beside the mean and spread over slices, which is what the paper has."""
    page = (drawn / "classes.html").read_text().split("<h2>Anatomical fidelity</h2>")[1].split("<h2>")[0]
    rows = read_table(drawn / "intervals.csv", "intervals").query("metric == 'quality_score' and scope == 'subject'")
    low, high = rows.set_index("method").loc["kobayashi-vae", ["low", "high"]]
    assert f"[{low:.3g}, {high:.3g}]".replace("-", "−") in page


def test_lesions_of_each_class_are_counted(made: Path, drawn: Path) -> None:
    """Two metastases of 108 and 60 voxels of a cubic mm, a smaller one elsewhere; published numbers beside them."""
    found = table_classes.sizes(made / "images.h5", made / "labels.h5", {int(k): name for k, name in KINDS.items()})
    assert found["metastasis"] == pytest.approx([0.108, 0.06])
    assert found["extracranial metastasis"] == pytest.approx([0.016])
    assert not found["postoperative cavity"] and not found["structural change"]
    page = (drawn / "classes.html").read_text().split("What there is to find")[1].split("Anatomical fidelity")[0]
    cells = [re.findall("<td[^>]*>([^<]*)</td>", row) for row in page.split("<tr>")[3:]]
    assert cells[0] == ["metastasis", "270", "2", "2.2 ± 6.2", "0.084 ± 0.024"]
    assert cells[1] == ["extracranial metastasis", "17", "1", "4.3 ± 4", "0.016"]
    assert cells[3] == ["structural change", "5", "0", "4.1 ± 7", "–"]


def test_lesions_of_drawn_slices_are_not_counted(made: Path, tmp_path: Path) -> None:
    """They go on beyond them."""
    shutil.copy(made / "images.h5", tmp_path)
    with h5py.File(tmp_path / "images.h5", "a") as file:
        file.attrs["drawn_slices"] = 12
    assert not table_classes.sizes(tmp_path / "images.h5", made / "labels.h5", {1: "lesion"})


def test_ranks_of_fidelity_and_detection(drawn: Path) -> None:
    """The second method's reconstructions are the slices themselves, and its scores tell lesions better."""
    intervals = read_table(drawn / "intervals.csv", "intervals")
    ranks = classes.agreement(read_study(drawn / "study.yaml"), "heads", list(NETWORKS), intervals)
    assert ranks.loc["IntroVAE", ["Overlap score", "area, metastasis"]].tolist() == [1, 1]
    assert ranks.loc["VAE", ["Overlap score", "area, metastasis"]].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("name", "texts"),
    [("rectified", ("metastasis",)), ("fidelity", ()), ("flow", ())],
)
def test_figures_are_drawn(drawn: Path, name: str, texts: tuple[str, ...]) -> None:
    svg = (drawn / f"{name}.svg").read_text()
    assert svg.startswith("<?xml") and all(f"<!-- {text}, n = 2" in svg for text in texts)
    assert "phantom" in svg


def test_flow_counts_slices_and_those_with_an_abnormality(drawn: Path) -> None:
    svg = (drawn / "flow.svg").read_text()
    assert all(f"<!-- {text} -->" in svg for text in ("12 slices", "4 with an abnormality", "3 subjects"))
    assert "<!-- 3 subjects with a scan -->" in svg


def test_what_measures_methods_that_are_not_there_is_trimmed() -> None:
    study = {"methods": ["vae"], "cohorts": {}, "classes": {"methods": ["gone"]}}
    study |= {"fidelity": {"methods": ["vae", "gone"], "settings": {}, "training": {}}}
    trimmed = trim(study)
    assert "classes" not in trimmed and trimmed["fidelity"]["methods"] == ["vae"]
    assert set(named_methods(study)) == {"vae", "gone"}


def test_long_names_of_subjects_stay_within_the_figure(drawn: Path, tmp_path: Path) -> None:
    """Those of IXI, say."""
    shutil.copy(drawn / "kobayashi-vae-fidelity.h5", tmp_path / "examples.h5")
    with h5py.File(tmp_path / "examples.h5", "a") as file:
        file["subject"][:] = "IXI136-Guys-1452"
    columns = list(drawing.read("VAE", tmp_path / "examples.h5"))
    with style.drawn(tmp_path / "x.svg", *drawing.size(columns)) as figure:
        drawing.draw(figure, "title", columns)
        renderer = figure.canvas.get_renderer()
        assert min(text.get_window_extent(renderer).x0 for text in figure.texts) >= 0
