import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from made_results import write_study
from scipy import stats

from brainuad import seeds
from brainuad.errors import InputError
from brainuad.metrics import curves, table
from brainuad.metrics.catalogue import METRICS
from brainuad.metrics.counts import SubjectCounts
from brainuad.stages.compare import main as compare
from brainuad.stages.table_against import main as table_against
from brainuad.stages.table_contrasts import main as table_contrasts
from brainuad.stages.table_contrasts import read_contrasts, read_shifts
from brainuad.statistics.bootstrap import resamples
from brainuad.statistics.comparison import estimates
from brainuad.statistics.contrasts import Contrasts, Shift, contrasts, shifts
from brainuad.tables.contrasts import percent

WORKFLOW = Path(__file__).parents[1] / "workflow"
METHODS = {
    "ae-dense": "AE (dense)",
    "vae": "VAE",
    "f-anogan": "f-AnoGAN",
    "constrained-aae": "Constrained AAE",
    "my-own": None,
}
SUBJECTS = {"ms": 9, "tumour": 7, "few": 5}
SKILL = {"ae-dense": 0.8, "vae": 1.3, "f-anogan": 1.5, "constrained-aae": 1.0}
SEED = 3


def made(dataset, method):
    """Counts (S, 12 bins), values of subjects and l1 errors of a method; those of my-own are those of vae."""
    method = "vae" if method == "my-own" else method
    rng = np.random.default_rng([len(dataset), len(method)])
    n = SUBJECTS[dataset]
    shares = np.arange(1, 13) ** SKILL[method]
    positives = rng.multinomial(60, shares / shares.sum(), n) * rng.integers(1, 5, n)[:, None]
    negatives = rng.multinomial(900, np.full(12, 1 / 12), n)
    return positives, negatives, rng.normal(0.1, 0.02, n)


def write(folder, methods=tuple(METHODS), datasets=tuple(SUBJECTS)):
    """The long table and the counts files of one seed."""
    rows, paths = [], []
    for dataset in datasets:
        names = [f"{dataset}{k}" for k in range(SUBJECTS[dataset])]
        for method in methods:
            positives, negatives, errors = made(dataset, method)
            for metric, function in (("auprc", curves.average_precision), ("best_dice", curves.best_dice)):
                values = function(positives, negatives)
                rows += [(dataset, method, name, metric, value) for name, value in zip(names, values, strict=True)]
                rows.append((dataset, method, "pooled", metric, function(positives.sum(0), negatives.sum(0))))
            rows += [(dataset, method, name, "l1_re_normal", e) for name, e in zip(names, errors, strict=True)]
            rows.append((dataset, method, "pooled", "l1_re_normal", errors.mean() + 1))
            paths.append(folder / f"{dataset}-{method}.npz")
            SubjectCounts("baur2021", dataset, method, 0, np.array(names), positives, negatives).save(paths[-1])
    long = pd.DataFrame(rows, columns=["dataset", "method", "subject", "metric", "value"])
    table.write(long.assign(study="baur2021", seed=0)[table.COLUMNS], folder / "metrics.csv")
    return folder / "metrics.csv", paths


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contrasts")
    metrics, counts = write(folder)
    cohorts = {
        name: {
            "dataset": name,
            "modality": "T2",
            "title": f"{name} set",
            "published": [{"doc": "D2", "dataset": other} for other in beside],
            "not_comparable": f"other scans than {name}",
        }
        for name, beside in {"ms": ["MSLUB", "MS"], "tumour": ["GB"], "few": []}.items()
    }
    names = {name: {"label": known or "My own", "published": known} for name, known in METHODS.items()}
    study = write_study(folder, phantom=False, cohorts=cohorts, methods=list(METHODS), method_names=names)
    return {"study": study, "metrics": metrics, "counts": counts, "published": WORKFLOW / "data/published.csv"}


@pytest.fixture(scope="module")
def found(files):
    return estimates(table.read(files["metrics"]), [SubjectCounts.load(path) for path in files["counts"]], SEED)


def average_precision(positives, negatives):
    """Voxel by voxel: over falling thresholds, precision wherever recall grows."""
    area, found, marked = 0.0, 0, 0
    for p, n in zip(positives[::-1], negatives[::-1], strict=True):
        found, marked = found + p, marked + p + n
        area += p / positives.sum() * found / marked
    return area


def loop(dataset, method):
    """(2000) AUPRC of every resample, subject after subject."""
    positives, negatives, _ = made(dataset, method)
    weights = resamples(SUBJECTS[dataset], seeds.generator(SEED, "bootstrap", dataset))
    drawn = [np.repeat(np.arange(len(own)), own) for own in weights]
    return np.array([average_precision(positives[own].sum(0), negatives[own].sum(0)) for own in drawn])


def one(rows, **wanted):
    rows = rows[(rows[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    assert len(rows) == 1
    return rows.iloc[0]


SECTION = Contrasts("III-F", "Constraining", (("vae", "ae-dense"), ("vae", "my-own"), ("f-anogan", "ae-dense")))


def test_a_contrast_is_the_paired_bootstrap_done_by_hand(found):
    row = one(contrasts(found, [SECTION], ["ms"]), method="vae", reference="ae-dense", metric="auprc")
    points = [average_precision(*(c.sum(0) for c in made("ms", method)[:2])) for method in ("vae", "ae-dense")]
    assert row["difference"] == pytest.approx(points[0] - points[1])
    expected = np.percentile(loop("ms", "vae") - loop("ms", "ae-dense"), [2.5, 97.5])
    assert row[["low", "high"]].tolist() == pytest.approx(expected.tolist())
    assert row["n"] == 9


def test_identical_methods_differ_by_nothing(found):
    rows = contrasts(found, [SECTION], ["ms", "tumour"])
    twins = rows[(rows["reference"] == "my-own")]
    assert len(twins) == 4
    assert (twins[["difference", "low", "high"]] == 0).all(axis=None)
    assert (twins["p_holm"] == 1).all()


def test_p_is_wilcoxons_on_subjects_and_holm_counts_the_pairs_of_section_dataset_and_metric(found):
    other = Contrasts("III-I", "GAN", (("f-anogan", "vae"),))
    again = Contrasts("III-F", "Once more", SECTION.pairs[:2])
    rows = contrasts(found, [SECTION, other, again], ["ms", "tumour"])
    twice = rows.groupby(["section", "metric", "dataset", "method", "reference"])["p_holm"]
    assert twice.nunique().eq(1).all() and twice.size().max() == 2
    rows = rows[rows["title"] != again.title].set_index(["metric", "dataset", "method", "reference"])
    pairs = [*SECTION.pairs, *other.pairs]
    for metric, function in (("auprc", curves.average_precision), ("best_dice", curves.best_dice)):
        values = {method: function(*made("tumour", method)[:2]) for method in METHODS}
        p = {pair: stats.wilcoxon(values[pair[0]] - values[pair[1]]).pvalue for pair in pairs if "my-own" not in pair}
        found_p = {pair: rows.at[(metric, "tumour", *pair), "p_wilcoxon"] for pair in p}
        assert found_p == pytest.approx(p)
        for section in (SECTION, other):
            least = min(set(p) & set(section.pairs), key=p.get)
            corrected = min(len(section.pairs) * p[least], 1)
            assert rows.at[(metric, "tumour", *least), "p_holm"] == pytest.approx(corrected)


def test_a_shift_resamples_both_datasets_by_themselves(found):
    rows = shifts(
        found, [Shift("III-M", "Pathology", ("ms", "tumour"), ("auprc", "l1_re_normal"))], ["vae", "f-anogan"]
    )
    assert len(rows) == 4
    row = one(rows, method="vae", metric="auprc")
    expected = np.percentile(loop("tumour", "vae") - loop("ms", "vae"), [2.5, 97.5])
    assert row[["low", "high"]].tolist() == pytest.approx(expected.tolist())
    points = [average_precision(*(c.sum(0) for c in made(name, "vae")[:2])) for name in ("tumour", "ms")]
    assert row["difference"] == pytest.approx(points[0] - points[1])
    assert row[["n", "reference_n"]].tolist() == [7, 9]


def test_l1_errors_shift_by_means_over_subjects(found):
    """Half the width of the interval is 1.96 standard errors of Welch's difference of means, near enough."""
    rows = shifts(found, [Shift("III-L", "Domain", ("ms", "tumour"), ("l1_re_normal",))], ["vae"])
    (row,) = rows.to_dict("records")
    own, other = made("tumour", "vae")[2], made("ms", "vae")[2]
    assert row["difference"] == pytest.approx(own.mean() - other.mean())
    error = np.sqrt(own.var() / len(own) + other.var() / len(other))
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert row["scope"] == "subject"


def test_few_subjects_have_a_difference_and_no_interval(found):
    rows = contrasts(found, [SECTION], ["few"])
    assert rows["difference"].notna().all() and rows[["low", "high", "p_holm"]].isna().all(axis=None)
    rows = shifts(found, [Shift("III-L", "Domain", ("ms", "few"), ("auprc", "l1_re_normal"))], list(METHODS))
    assert rows["difference"].notna().all() and rows[["low", "high"]].isna().all(axis=None)


CONTRASTS = [
    {"section": "III-F", "title": "Constraining", "text": "A & B.", "pairs": [["vae", "ae-dense"], ["aae", "vae"]]},
    {"section": "III-I", "title": "GAN", "pairs": [["f-anogan", "vae"], ["my-own", "vae"]]},
]
SHIFTS = [
    {"section": "III-M", "title": "Pathology", "cohorts": ["ms", "tumour"], "metrics": ["auprc", "l1_re_normal"]},
    {"section": "III-L", "title": "Domain", "cohorts": ["ms", "msseg"], "metrics": ["auprc"]},
]


def run(folder, files, **changes):
    options = {"contrasts": json.dumps(CONTRASTS), "shifts": json.dumps(SHIFTS), "seed": SEED}
    out = {f"out_{kind}": folder / f"contrasts.{kind}" for kind in ("csv", "html")}
    table_contrasts(**files | options | out | changes)
    return pd.read_csv(out["out_csv"]), out["out_html"].read_text()


@pytest.fixture(scope="module")
def written(files, tmp_path_factory):
    return run(tmp_path_factory.mktemp("written"), files)


def test_published_differences_are_those_of_the_papers_tables(written):
    """III-M: the changes that Baur et al. 2021 print; III-F: Tables III to V, read by a person."""
    rows = written[0]
    shifted = rows[
        (rows["section"] == "III-M") & (rows["metric"] == "auprc") & (rows["published_reference_dataset"] == "MS")
    ]
    published = shifted.set_index("method")["published_difference"]
    assert published["f-anogan"] == pytest.approx(-0.099)
    assert published["vae"] == pytest.approx(-0.127)
    assert published["constrained-aae"] == pytest.approx(0.097)
    contrast = rows[(rows["section"] == "III-F") & (rows["metric"] == "auprc")].set_index("published_dataset")
    for name, difference in {"MS": 0.399 - 0.271, "GB": 0.272 - 0.158, "MSLUB": 0.234 - 0.163}.items():
        assert contrast.at[name, "published_difference"] == pytest.approx(difference)
    assert rows[rows["method"] == "my-own"]["published_difference"].isna().all()


def test_improvements_in_percent_are_those_of_stregas_text() -> None:
    """Chatterjee et al. 2022, sections 4.2.1 and 6, from their Tables 1 and 2; 82 % there is 83 % by the tables."""
    published = pd.read_csv(WORKFLOW / "data/published.csv").query("doc == 'D1'")
    values = published.set_index(["dataset_or_class", "method"])["value_or_mean"]
    datasets = "BraTS T1ce", "BraTS T2w", "Synthetic, T1 model", "Synthetic, T2 model"
    for reference, told in (("ceVAE", (49, 83, 5, 21)), ("ceVAE (with StRegA preprocessing)", (2, 23, 2, 10))):
        found = [
            percent(values[name, "StRegA"] - values[name, reference], values[name, reference], METRICS["dice_volume"])
            for name in datasets
        ]
        assert found == [f"(+{number} %)" for number in told]
    assert percent(-0.25, 1.0, METRICS["dice_volume"]) == "(−25 %)"
    assert percent(0.1, 0.0, METRICS["dice_volume"]) == percent(0.1, 0.5, METRICS["ssim"]) == ""


def test_several_published_datasets_repeat_ours(written):
    rows = written[0]
    twice = rows[(rows["section"] == "III-F") & (rows["dataset"] == "ms") & (rows["metric"] == "auprc")]
    assert twice["published_dataset"].tolist() == ["MSLUB", "MS"]
    assert twice["difference"].nunique() == twice["low"].nunique() == 1


def test_the_page_says_what_it_compares_and_what_is_missing(written):
    rows, page = written
    row = one(rows, section="III-I", dataset="ms", metric="auprc", published_dataset="MS")
    assert f"{row['difference']:+.3f}".replace("-", "−") in page
    assert f"[{row['low']:+.3f}, {row['high']:+.3f}]".replace("-", "−") in page
    assert "MS: +0.049" in page
    assert "A &amp; B." in page
    assert "Not in this run:</b> aae − vae." in page and "Not in this run:</b> msseg." in page
    assert "interval holds 0 says nothing" in page and "nothing is paired" in page
    assert "other scans than tumour" in page
    assert "http" not in page and "<script" not in page


def test_bold_are_the_intervals_that_exclude_zero(written):
    rows, page = written
    ours = rows.drop_duplicates(["section", "method", "dataset", "reference", "reference_dataset", "metric"])
    certain = (ours["low"] > 0) | (ours["high"] < 0)
    assert 0 < certain.sum() < len(ours)
    assert page.count('<td class="first"><b>') == certain.sum()


def test_the_resamples_are_those_of_the_comparisons(files, written, tmp_path):
    outs = {f"out_{name}": tmp_path / f"{name}.csv" for name in ("intervals", "comparisons", "ranks")}
    compare(metrics=files["metrics"], counts=files["counts"], seed=SEED, **outs)
    own = pd.read_csv(outs["out_comparisons"])
    own = one(own, dataset="tumour", metric="auprc", scope="pooled", method="ae-dense", reference="vae")
    row = one(written[0], section="III-F", dataset="tumour", metric="auprc")
    assert row[["difference", "low", "high"]].tolist() == pytest.approx([-own["difference"], -own["high"], -own["low"]])


def test_a_study_without_contrasts_gets_an_empty_table(files, tmp_path):
    rows, page = run(tmp_path, files, contrasts="[]", shifts="[]")
    assert rows.empty and "<table" not in page


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("contrasts", '[{"section": "III-F", "title": "x"}]', "--contrasts: can't be read"),
        ("contrasts", '[{"section": "III-F", "title": "x", "pairs": [["vae"]]}]', "--contrasts: can't be read"),
        ("shifts", "{", "--shifts: can't be read"),
        (
            "shifts",
            '[{"section": "a", "title": "b", "cohorts": ["ms", "few"], "metrics": ["parameters"]}]',
            "parameters",
        ),
        ("shifts", '[{"section": "a", "title": "b", "cohorts": ["ms", "few"], "metrics": ["niceness"]}]', "niceness"),
    ],
)
def test_bad_options_are_told_in_one_line(files, tmp_path, option, value, told):
    with pytest.raises(InputError, match=told):
        run(tmp_path, files, **{option: value})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", sorted((WORKFLOW / "studies").glob("*.yaml")), ids=lambda path: path.stem)
def test_study_files_contrast_what_they_run(path):
    study = yaml.safe_load(path.read_text())
    for section in read_contrasts(json.dumps(study.get("contrasts", []))):
        assert {method for pair in section.pairs for method in pair} <= set(study["methods"]), section.section
    for section in read_shifts(json.dumps(study.get("shifts", []))):
        assert set(section.datasets) <= set(study["cohorts"]), section.section


@pytest.fixture
def two_studies(tmp_path):
    """The Dice of StRegA and of the CSF class on ten patients, nine of whom another study of theirs tests, too."""
    rng, options, values = np.random.default_rng(0), {}, {}
    for name, modality, beside, patients in (
        ("t2-on-t1", "T1ce", "BraTS T1ce; T2 model", range(10)),
        ("t1", "T1ce", "BraTS T1ce", range(1, 11)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        cohort = {"dataset": "brats", "modality": modality, "title": "tumours", "not_comparable": "fewer patients"}
        cohorts = {"tumour": cohort | {"published": [{"doc": "D1", "dataset": beside}]}}
        names = {"strega": {"label": "StRegA", "published": "StRegA"}, "csf-mask": {"label": "CSF"}}
        content = {"name": name, "title": f"the {name} models", "cohorts": cohorts, "methods": list(names)}
        study = write_study(folder, phantom=False, method_names=names, **content)
        rows = []
        for method in names:
            values[name, method] = {f"p{k}": rng.uniform(0.2, 0.8) for k in patients}
            rows += [(name, "brats", method, 0, p, "dice_volume", v) for p, v in values[name, method].items()]
        table.write(pd.DataFrame(rows, columns=table.COLUMNS), folder / "metrics.csv")
        options[name] = study, folder / "metrics.csv"
    return options, values


def against(tmp_path, options, **changes):
    own, other = options["t2-on-t1"], options["t1"]
    section = {"section": "4.2.1", "title": "Models", "study": "t1", "cohort": "brats", "methods": ["strega"]} | changes
    outs = {"out_csv": tmp_path / "against.csv", "out_html": tmp_path / "against.html"}
    published = WORKFLOW / "data/published.csv"
    files = {"study": own[0], "metrics": own[1], "other_study": [other[0]], "other_metrics": [other[1]]}
    table_against(**files, published=published, against=json.dumps([section]), compared=["dice_volume"], **outs)
    return pd.read_csv(outs["out_csv"]), outs["out_html"].read_text()


def test_studies_are_compared_on_the_patients_that_both_test(tmp_path, two_studies):
    """The published values are those of Chatterjee et al. 2022, Table 1 and section 4.2.1, read by a person."""
    options, values = two_studies
    rows, page = against(tmp_path, options, methods=["strega", "csf-mask"])
    common = [f"p{k}" for k in range(1, 10)]
    for method in ("strega", "csf-mask"):
        own, other = (np.array([values[name, method][p] for p in common]) for name in ("t2-on-t1", "t1"))
        row = rows[rows["method"] == method].iloc[0]
        assert row["difference"] == pytest.approx((own - other).mean())
        assert row["reference_value"] == pytest.approx(other.mean()) and row["n"] == 9
        assert row["p_wilcoxon"] == pytest.approx(stats.wilcoxon(own - other).pvalue)
        assert row["low"] < row["difference"] < row["high"]
        assert f"({100 * (own.mean() / other.mean() - 1):+.0f} %)".replace("-", "−") in page
    assert rows["p_holm"].min() == pytest.approx(min(1, 2 * rows["p_wilcoxon"].min()))
    known = rows[rows["method"] == "strega"].iloc[0]
    assert known["published_difference"] == pytest.approx(0.533 - 0.531)
    assert "StRegA" in page and "the t2-on-t1 models (T1ce) minus the t1 models (T1ce)" in page
    assert "fewer patients" in page


def test_studies_that_can_not_be_compared(tmp_path, two_studies):
    options, _ = two_studies
    with pytest.raises(InputError, match="--other-study: names no study ixi"):
        against(tmp_path, options, study="ixi")
    with pytest.raises(InputError, match="has nothing of mood in common with t1"):
        against(tmp_path, options, cohort="mood")
    with pytest.raises(InputError, match="--against: can't be read"):
        table_against(
            study=options["t1"][0],
            metrics=options["t1"][1],
            other_study=[],
            other_metrics=[],
            published=WORKFLOW / "data/published.csv",
            against='[{"section": "a"}]',
            out_csv=tmp_path / "a.csv",
            out_html=tmp_path / "a.html",
        )
