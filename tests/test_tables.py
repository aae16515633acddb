import html
import html.parser
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from made_results import DATASET, LABELS, write_results, write_study

from brainuad.errors import InputError
from brainuad.figures.study import COLUMNS, read_study
from brainuad.metrics.catalogue import METRICS
from brainuad.stages import table as stage
from brainuad.stages.table_settings import main as table_settings
from brainuad.stages.table_subjects import main as table_subjects
from brainuad.tables import results

PUBLISHED = Path(__file__).parents[1] / "workflow" / "data" / "published.csv"
SUBJECTS = PUBLISHED.with_name("published_subjects.csv")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    files = write_results(folder, subjects=6, seeds=2)
    del files["curves"]
    write_table(folder, files, write_study(folder))
    return folder


def write_table(folder, files, study, **changes):
    arguments = {
        "study": study,
        "published": PUBLISHED,
        "dataset": DATASET,
        **{f"out_{kind}": folder / f"table.{kind}" for kind in ("csv", "html", "tex")},
    }
    stage.main(**arguments | files | changes)


@pytest.fixture(scope="module")
def rows(folder):
    return pd.read_csv(folder / "table.csv", keep_default_na=False, na_values=[""])


def cells(path):
    """The texts of all cells of an HTML page, row by row."""

    class Cells(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.rows = []

        def handle_starttag(self, tag, attributes):
            if tag == "tr":
                self.rows.append([])
            elif tag in ("td", "th"):
                self.rows[-1].append("")

        def handle_data(self, data):
            if self.rows and self.rows[-1]:
                self.rows[-1][-1] += data.strip() + " "

    parser = Cells()
    parser.feed(path.read_text())
    return parser.rows


def test_the_csv_holds_every_interval_of_the_dataset_unchanged(folder, rows):
    intervals = pd.read_csv(folder / "intervals.csv")
    keys, numbers = (
        ["method", "metric", "scope"],
        ["value", "low", "high", "subjects", "seeds", "seed_sd", "subject_sd"],
    )
    expected = intervals.set_index(keys)[numbers].rename(columns={"subject_sd": "sd"}).sort_index()
    found = rows.set_index(keys)[expected.columns].sort_index()
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert list(rows["method"].unique()) == list(LABELS)


def test_the_page_prints_value_and_interval_of_the_input(folder):
    row = pd.read_csv(folder / "intervals.csv").query("method == 'vae' and metric == 'auprc' and scope == 'subject'")
    value, low, high = row[["value", "low", "high"]].iloc[0]
    line = next(line for line in cells(folder / "table.html") if line[:1] == ["VAE "])
    assert f"{value:.3f} [{low:.3f}, {high:.3f}]" in line[2]
    assert "–" in next(line for line in cells(folder / "table.html") if "Random" in line[0])[-1]


@pytest.mark.parametrize(
    ("method", "metric", "scope", "value", "sd"),
    [("vae", "auprc", "pooled", 0.234, None), ("ae-dense", "dice_at_val_threshold", "subject", 0.181, 0.168)],
)
def test_published_values_stand_beside_ours_counted_as_the_paper_counts(rows, method, metric, scope, value, sd):
    """Values of Baur et al. 2021, Table V (MSLUB), read by a person."""
    row = rows[(rows["method"] == method) & (rows["metric"] == metric)].set_index("scope")
    assert row.at[scope, "published"] == value
    assert pd.isna(row.at[scope, "published_sd"]) if sd is None else row.at[scope, "published_sd"] == sd
    assert row.at[scope, "difference"] == pytest.approx(row.at[scope, "value"] - value)
    assert row.at[scope, "not_comparable"] == "made scans, other training subjects"
    assert row.drop(index=scope)["published"].isna().all()


def test_means_over_subjects_stand_beside_the_published_with_both_standard_deviations(folder, rows):
    """The published ones are those of Baur et al. 2021, Table V, read by a person."""
    line = next(r for r in cells(folder / "table.html") if r[:1] == ["AE (dense) "] and any("±" in c for c in r))
    own = rows[(rows["method"] == "ae-dense") & (rows["metric"] == "dice_at_val_threshold")].set_index("scope")
    value, sd = own.loc["subject", ["value", "sd"]]
    assert sd > 0
    assert any("0.181 ± 0.168" in cell for cell in line) and any(f"{value:.3f} ± {sd:.3f}" in cell for cell in line)


def write_nguyen(folder, document, metrics, published_dataset, published_method):
    """Results of one method on one dataset, `metrics` by name and scope, beside a published dataset."""
    cohort = {"dataset": DATASET, "modality": "T1", "title": "patients"}
    beside = {"published": [{"doc": document, "dataset": published_dataset}]}
    names = {"ours": {"label": "Inpainting 32", "published": published_method}}
    study = write_study(folder, cohorts={"one": cohort | beside}, methods=["ours"], method_names=names)
    known = {"low": None, "high": None, "subjects": 9, "subject_sd": None, "seeds": 1, "seed_sd": None}
    cells = [{"dataset": DATASET, "method": "ours", "metric": m, "scope": s} for m, s in metrics]
    rows = [cell | {"value": value} | known for cell, value in zip(cells, metrics.values(), strict=True)]
    long = pd.DataFrame(columns=["study", "dataset", "method", "seed", "subject", "metric", "value"])
    tables = {"intervals": pd.DataFrame(rows), "metrics": long}
    tables["comparisons"], tables["ranks"] = (
        pd.DataFrame(columns=COLUMNS[kind], dtype=object) for kind in ("comparisons", "ranks")
    )
    files = {name: folder / f"{name}.csv" for name in tables}
    for name, table in tables.items():
        table.to_csv(files[name], index=False)
    write_table(folder, files, study)
    return pd.read_csv(folder / "table.csv").set_index(["metric", "scope"])


def test_means_over_slices_stand_beside_ours_with_both_standard_deviations(tmp_path):
    """Values of Nguyen et al. 2021, Table 1, read by a person."""
    ours = {("dice", "pooled"): 0.5, ("dice", "subject"): 0.6, ("dice_sd", "pooled"): 0.25}
    rows = write_nguyen(tmp_path, "D3", ours, "Edinburgh tumours", "Ours-32")
    own = rows.loc[("dice", "pooled")]
    assert (own["published"], own["published_sd"], own["sd"]) == (0.77, 0.176, 0.25)
    assert own["difference"] == pytest.approx(-0.27)
    assert rows.loc[("dice", "subject"), ["published", "sd"]].isna().all()
    page = " ".join(html.unescape((tmp_path / "table.html").read_text()).split())
    assert "0.770 ± 0.176" in page and "0.500 ± 0.250" in page
    assert "Ours is counted as the paper's is: mean over slices. The difference is ours minus published." in page
    assert [" ".join(cell.split()) for cell in cells(tmp_path / "table.html")[0][1:]] == [
        "Dice (study's own masks) ↑ mean over slices",
        "Dice (study's own masks) ↑ mean over subjects",
    ]
    assert r"0.500 $\pm$ 0.250" in (tmp_path / "table.tex").read_text()


def test_similarity_of_inpainting_stands_beside_the_published(tmp_path):
    """Values of Nguyen et al. 2021, Table 1, read by a person."""
    ours = {("psnr", "pooled"): 33.0, ("psnr_sd", "pooled"): 4.5, ("ssim", "pooled"): 0.95, ("ssim_sd", "pooled"): 0.01}
    rows = write_nguyen(tmp_path, "D3", ours, "NFBS test", "Ours-32")
    names = ["published", "published_sd", "sd"]
    assert rows.loc[("psnr", "pooled"), names].tolist() == [35.63, 5.413, 4.5]
    assert rows.loc[("ssim", "pooled"), names].tolist() == [0.97, 0.002, 0.01]
    assert [" ".join(cell.split()) for cell in cells(tmp_path / "table.html")[0]] == [
        "Method",
        "PSNR in dB ↑ mean over slices",
        "SSIM ↑ mean over slices",
    ]


def test_means_over_patients_stand_beside_ours(tmp_path):
    """Value of StRegA, Table 1, read by a person: Dice of a paper that takes whole volumes."""
    ours = {("dice", "pooled"): 0.5, ("dice_volume", "subject"): 0.6}
    rows = write_nguyen(tmp_path, "D1", ours, "BraTS T1ce", "SkipAE")
    assert rows.loc[("dice_volume", "subject"), "published"] == 0.209
    assert pd.isna(rows.loc[("dice", "pooled"), "published"])


def test_controls_have_no_published_value_and_unknown_scales_no_difference(rows):
    assert rows[rows["control"]]["published"].isna().all()
    errors = rows[rows["metric"].isin(["l1_re_normal", "l1_re_anomalous"]) & (rows["scope"] == "pooled")]
    assert errors["published"].notna().any()
    assert errors["difference"].isna().all()


def comparison_of(low, high, method="a", reference="b"):
    table = pd.DataFrame({"method": [method], "reference": [reference], "low": [low], "high": [high]})
    return table.set_index("method")


@pytest.mark.parametrize(
    ("comparison", "best"),
    [
        (comparison_of(0.01, 0.2), "a"),
        (comparison_of(-0.01, 0.2), None),
        (comparison_of(0.0, 0.2), None),
        (comparison_of(-0.2, -0.01, "b", "a"), "a"),
        (comparison_of(0.01, 0.2, "a", "c"), None),
    ],
)
def test_a_winner_needs_a_paired_difference_that_excludes_zero(comparison, best):
    values = pd.Series({"c": 0.1, "a": 0.5, "b": 0.4, "oracle": 0.9})
    assert results.winner(values, METRICS["auprc"], comparison) == best


def test_the_lowest_wins_where_lower_is_better_and_labels_rank_nobody():
    values = pd.Series({"a": 0.1, "b": 0.4})
    comparison = comparison_of(-0.4, -0.2)
    assert results.winner(values, METRICS["fpr_at_fpr_5"], comparison) == "a"
    assert results.winner(values, METRICS["best_dice"], comparison) is None
    assert results.winner(values, METRICS["prevalence"], comparison) is None


def test_only_the_certain_winner_is_bold(folder, rows):
    assert rows[rows["best"]][["method", "metric", "scope"]].to_numpy().tolist() == [
        ["vae-restoration", "auprc", "pooled"]
    ]
    bold = re.findall(r"<b>([^<]*\d)</b>", (folder / "table.html").read_text())
    assert bold == [f"{rows[rows['best']]['value'].item():.3f}"]
    assert (folder / "table.tex").read_text().count(r"\textbf{") == 1


def test_latex_is_escaped_and_balanced(folder):
    text = (folder / "table.tex").read_text()
    assert results.escape("a_b & 5 % {x} $1 #2 \\ ~ ^ [Dice]") == (
        r"a\_b \& 5 \% \{x\} \$1 \#2 \textbackslash{} \textasciitilde{} \textasciicircum{} {[}Dice{]}"
    )
    assert not re.search(r"(?<!\\)[%#]", text)
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") > 2
    # Letters beyond Latin-1 have no glyph in LaTeX's standard fonts.
    assert all(ord(letter) < 256 for letter in text)
    for tabular in re.findall(r"\\begin\{tabular\}.*?\\end\{tabular\}", text, re.DOTALL):
        lines = [line for line in tabular.splitlines() if line.endswith(r"\tabularnewline")]
        wide = {len(re.findall(r"(?<!\\)&", line)) for line in lines if r"\multicolumn" not in line}
        assert len(wide) == 1


def test_the_phantom_is_named_and_the_page_stands_alone(folder):
    page, text = (folder / "table.html").read_text(), (folder / "table.tex").read_text()
    assert "phantom" in page
    assert all("phantom" in caption for caption in re.findall(r"\\caption\{.*", text))
    assert "One seed &amp; few epochs: &lt;5 %." in page
    assert not re.search(r"https?:|<script|<link|src=", page)
    for fact in ("n = 6 subjects, 2 seeds", "Prevalence 0.015", "FLAIR", "5 % healthy false positives"):
        assert fact in page


def test_a_healthy_cohort_has_a_table_without_published_values(folder, tmp_path):
    files = {}
    for name in ("metrics", "intervals", "comparisons", "ranks"):
        table = pd.read_csv(folder / f"{name}.csv").replace({"metric": {"dice_at_fpr_5": "fpr_at_fpr_5"}})
        table = table[table["metric"] == "fpr_at_fpr_5"].assign(dataset="phantom-ixi").replace("subject", "pooled")
        files[name] = tmp_path / f"{name}.csv"
        table.to_csv(files[name], index=False)
    write_table(tmp_path, files, folder / "study.yaml", dataset="phantom-ixi")
    page = (tmp_path / "table.html").read_text()
    assert "IXI phantom" in page and "False-positive rate" in page and "published" not in page
    assert (tmp_path / "table.tex").read_text().count(r"\begin{table}") == 1
    assert pd.read_csv(tmp_path / "table.csv")["published"].isna().all()


def test_real_scans_are_not_called_phantom(folder, tmp_path):
    study = read_study(write_study(tmp_path, phantom=False))
    assert study.heading(DATASET) == "MSLUB"
    words = results.caption(study, DATASET, pd.read_csv(folder / "table.csv"), metrics_of(folder))
    assert "phantom" not in words.replace(DATASET, "")


def several(folder):
    """A study whose patients stand in for two published datasets, and for one that has no results."""
    beside = [{"doc": "D2", "dataset": name} for name in ("MSLUB", "MS", "healthy")]
    patients = {"modality": "FLAIR", "title": "MSLUB", "published": beside, "not_comparable": "made scans"}
    healthy = {"dataset": "phantom-ixi", "modality": "T1", "title": "IXI phantom"}
    return write_study(folder, cohorts={"lesions": {"dataset": DATASET, **patients}, "healthy": healthy})


def test_several_published_datasets_stand_beside_ours_each_in_its_block(folder, tmp_path):
    """Values of Baur et al. 2021, Tables V (MSLUB) and III (MS), read by a person."""
    files = {name: folder / f"{name}.csv" for name in ("metrics", "intervals", "comparisons", "ranks")}
    write_table(tmp_path, files, several(tmp_path))
    rows = pd.read_csv(tmp_path / "table.csv")
    own = rows[(rows["method"] == "vae") & (rows["metric"] == "auprc") & (rows["scope"] == "pooled")]
    assert own.set_index("published_dataset")["published"].to_dict() == {"MSLUB": 0.234, "MS": 0.399}
    assert own["value"].nunique() == 1
    assert own["difference"].to_list() == pytest.approx((own["value"] - own["published"]).to_list())
    page, text = (tmp_path / "table.html").read_text(), (tmp_path / "table.tex").read_text()
    blocks = re.split("<h2>Beside the published values: (.*)</h2>", page)
    assert blocks[1::2] == ["MSLUB", "MS"]
    assert all("can't be compared:</b> made scans" in block for block in blocks[2::2])
    assert "0.234" in blocks[2] and "0.399" not in blocks[2] and "0.399" in blocks[4]
    assert r"\label{tab:baur2021-phantom-mslub-published-ms}" in text and "published of MSLUB" in text
    assert cells(tmp_path / "table.html")[:10] == cells(folder / "table.html")[:10]


def write_subjects(folder, splits, published=SUBJECTS):
    (folder / "splits.csv").write_text(splits)
    out = {"out_csv": folder / "subjects.csv", "out_html": folder / "subjects.html"}
    table_subjects(study=several(folder), splits=folder / "splits.csv", published_subjects=published, **out)
    return pd.read_csv(out["out_csv"]), out["out_html"]


SPLITS = "dataset,split,subject\n" + "".join(
    f"{dataset},{split},{dataset}{split}{k}\n"
    for dataset, split, count in [(DATASET, "test", 4), (DATASET, "validation", 2), ("phantom-ixi", "train", 11)]
    for k in range(count)
)


def test_subjects_are_counted_as_drawn_beside_the_papers(tmp_path):
    """Table I of Baur et al. 2021, read by a person."""
    rows, page = write_subjects(tmp_path, SPLITS)
    assert rows["dataset"].tolist() == [DATASET, DATASET, DATASET, "phantom-ixi"]
    assert rows[["train", "validation", "test"]].to_numpy().tolist() == [[0, 2, 4]] * 3 + [[11, 0, 0]]
    published = rows.set_index("published_dataset")[["published_train", "published_validation", "published_test"]]
    expected = [[0, 0, 30], [0, 3, 45], [110, 28, 0]]
    assert published.fillna(0).loc[["MSLUB", "MS", "healthy"]].to_numpy().tolist() == expected
    lines = [[" ".join(cell.split()) for cell in line] for line in cells(page)]
    assert ["MSLUB (phantom)", DATASET, "FLAIR", "–", "2", "4", "MS Table I", "–", "3", "45"] in lines
    assert lines[-1][:9] == ["IXI phantom", "phantom-ixi", "T1", "11", "–", "–", "–", "–", "–"]


def test_a_cohort_without_subjects_or_a_wrong_table_is_told(tmp_path):
    with pytest.raises(InputError, match="no subject of dataset 'phantom-ixi'"):
        write_subjects(tmp_path, f"dataset,split,subject\n{DATASET},test,a\n")
    with pytest.raises(InputError, match="has no column split"):
        write_subjects(tmp_path, "dataset,subject\n")
    with pytest.raises(InputError, match="has no column doc"):
        write_subjects(tmp_path, SPLITS, published=tmp_path / "splits.csv")


STATED = {
    "vae": {"latent": 128, "kl_weight": 1.0, "dropout": 0.2, "learning_rate": 1e-4},
    "vae-restoration": {"steps": 500, "tv_weights": [0.0, 0.5], "closed": True, "start": None},
}


def write_settings(folder, settings, epochs=7):
    out = {"out_csv": folder / "settings.csv", "out_html": folder / "settings.html"}
    training = {
        "training": {"epochs": epochs, "precision": "auto"},
        "stated_training": {"epochs": 1000, "precision": "auto"},
    }
    options = {"settings": settings, "stated": STATED, **training}
    table_settings(study=write_study(folder), **{name: json.dumps(value) for name, value in options.items()}, **out)
    return pd.read_csv(out["out_csv"], dtype=str, keep_default_na=False).set_index("label"), out["out_html"]


def test_settings_stand_as_run_and_changes_are_marked(tmp_path):
    changed = {"vae": {**STATED["vae"], "dropout": 0.5}, "vae-restoration": {**STATED["vae-restoration"], "steps": 25}}
    changed["vae-restoration"]["noise"] = 0.1
    rows, page = write_settings(tmp_path, changed)
    assert list(rows.index) == [*LABELS.values(), "Training of every network"]
    assert rows.loc["Training of every network", "changed"] == "epochs = 7 (stated 1000)"
    numbers = ["learning_rate", "kl_weight", "dropout", "latent"]
    assert rows.loc["VAE", numbers].tolist() == ["0.0001", "1", "0.5", "128"]
    assert rows.loc["VAE", ["other", "changed"]].tolist() == ["", "dropout = 0.5 (stated 0.2)"]
    restoration = rows.loc["VAE (restoration)"]
    assert restoration["other"] == "steps = 25; tv weights = 0, 0.5; closed = yes; start = none; noise = 0.1"
    assert restoration["changed"] == "steps = 25 (stated 500); noise = 0.1 (stated –)"
    assert (rows.loc["Random", [*numbers, "other", "changed"]] == "").all()
    assert rows.loc["Training of every network", "other"] == "epochs = 7; precision = auto"
    assert re.findall("<mark>(.*?)</mark><small>(.*?)</small>", page.read_text()) == [
        ("0.5", "stated 0.2"),
        ("steps = 25", "stated 500"),
        ("noise = 0.1", "stated –"),
        ("epochs = 7", "stated 1000"),
    ]


def test_unchanged_settings_bear_no_mark(tmp_path):
    rows, page = write_settings(tmp_path, STATED, epochs=1000)
    assert (rows["changed"] == "").all() and "<mark>" not in page.read_text()


def test_settings_of_an_unknown_method_are_told(tmp_path):
    with pytest.raises(InputError, match="hold method 'gan'"):
        write_settings(tmp_path, {"gan": {}})
    with pytest.raises(InputError, match="--settings: is no mapping in JSON"):
        write_settings(tmp_path, 3)


def metrics_of(folder):
    return pd.read_csv(folder / "metrics.csv")


def test_bad_input_is_told_in_one_line(folder, tmp_path):
    files = {name: folder / f"{name}.csv" for name in ("metrics", "intervals", "comparisons", "ranks")}
    study = folder / "study.yaml"
    with pytest.raises(InputError, match="no dataset 'brats'"):
        write_table(tmp_path, files, study, dataset="brats")
    with pytest.raises(InputError, match="no value of dataset 'phantom-ixi'"):
        write_table(tmp_path, files, study, dataset="phantom-ixi")
    with pytest.raises(InputError, match="has no column doc, where"):
        write_table(tmp_path, files, study, published=files["ranks"])
    with pytest.raises(InputError, match="holds method 'ae-dense'"):
        write_table(tmp_path, files, write_study(tmp_path, methods=["vae"]))
    metrics = metrics_of(folder)
    metrics.loc[0, "metric"] = "niceness"
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    with pytest.raises(InputError, match="unknown metric 'niceness'"):
        write_table(tmp_path, files, study, metrics=tmp_path / "metrics.csv")
    (tmp_path / "study.yaml").write_text("name: x\n")
    with pytest.raises(InputError, match="has no key 'cohorts'"):
        write_table(tmp_path, files, tmp_path / "study.yaml")
    assert not list(tmp_path.glob("*table*"))
