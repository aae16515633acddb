"""Metrics against scikit-learn, brute force and invariants, and the way from maps to the long table."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from sklearn.metrics import average_precision_score, roc_auc_score

from brainuad import slices
from brainuad.errors import InputError
from brainuad.metrics import curves, table
from brainuad.metrics.catalogue import METRICS
from brainuad.metrics.counts import Counts, Histogram, SubjectCounts, bin_of, highest_score, quantile_edges
from brainuad.metrics.lesions import Detections, found_by_size
from brainuad.metrics.overlap import Overlap
from brainuad.metrics.residuals import Moments, chi_square_distance, shares
from brainuad.stages.collect import main as collect
from brainuad.stages.evaluate import main as evaluate
from brainuad.statistics import comparison


def sample(kind: str, size: int = 60_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores (V) float32 and truth (V) of a map with some skill."""
    generator = np.random.default_rng(len(kind))
    truth = generator.random(size) < 0.02
    noise = generator.standard_normal(size)
    scores = {
        "signed": noise + 1.5 * truth,
        "residual": np.abs(0.1 * noise) * (1 + 2 * truth),
        "sparse": np.maximum(noise + truth - 1, 0),
        "tiny": 1e-9 * np.exp(3 * noise + 2 * truth),
        "ties": np.round(noise + truth),
    }[kind]
    return scores.astype(np.float32), truth


KINDS = ["signed", "residual", "sparse", "tiny", "ties"]


def streamed(scores: np.ndarray, truth: np.ndarray, parts: int = 7) -> Counts:
    histogram = Histogram()
    for part in np.array_split(np.arange(len(scores)), parts):
        histogram.add(scores[part], truth[part])
    return histogram.counts()


@pytest.mark.parametrize("kind", KINDS)
def test_exact_and_streamed_areas_equal_sklearn(kind):
    scores, truth = sample(kind)
    for counts, tolerance in ((Counts.of(scores, truth), 1e-9), (streamed(scores, truth), 1e-4)):
        classes = counts.positives, counts.negatives
        assert curves.average_precision(*classes) == pytest.approx(
            average_precision_score(truth, scores), abs=tolerance
        )
        assert curves.auroc(*classes) == pytest.approx(roc_auc_score(truth, scores), abs=tolerance)


def test_bins_keep_the_order_of_scores_and_know_their_highest():
    scores = np.sort(np.concatenate([sample(kind)[0] for kind in KINDS] + [np.float32([-0.0, 0.0, 3e38, -3e38])]))
    bins = bin_of(scores)
    assert (np.diff(bins) >= 0).all()
    assert bin_of(np.float32([-0.0])) == bin_of(np.float32([0.0]))
    highest = highest_score(bins)
    assert (highest >= scores).all() and (bin_of(highest) == bins).all()
    assert (highest[scores == 0] == 0).all()
    np.testing.assert_allclose(highest, scores, rtol=2.0**-12, atol=1e-37)
    next_bins = bin_of(np.nextafter(highest, np.float32(np.inf)))
    assert (next_bins == bins + 1)[scores != 0].all()


def test_ranking_metrics_are_invariant_under_monotone_transforms():
    scores, truth = sample("signed")
    values = [
        (curves.auroc(*c), curves.average_precision(*c), curves.best_dice(*c))
        for s in (scores, np.exp(scores.astype(np.float64)), scores.astype(np.float64) ** 3)
        for counts in [Counts.of(s, truth)]
        for c in [(counts.positives, counts.negatives)]
    ]
    np.testing.assert_allclose(values, [values[0]] * 3, rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_constant_map_knows_nothing(value):
    _, truth = sample("signed")
    counts = streamed(np.full(len(truth), value, np.float32), truth)
    p = truth.mean()
    classes = counts.positives, counts.negatives
    assert curves.auroc(*classes) == 0.5
    assert curves.average_precision(*classes) == pytest.approx(p) == curves.prevalence(*classes)
    # All ones: Dice = 2p / (1 + p).
    assert curves.best_dice(*classes) == pytest.approx(2 * p / (1 + p))
    assert curves.best_dice_on_grid(counts)[0] == pytest.approx(2 * p / (1 + p))


def test_random_map_has_the_prevalence_as_auprc():
    generator = np.random.default_rng(0)
    truth = generator.random(200_000) < 0.05
    counts = Counts.of(generator.random(200_000).astype(np.float32), truth)
    assert curves.average_precision(counts.positives, counts.negatives) == pytest.approx(0.05, abs=0.003)


@pytest.mark.parametrize("kind", ["signed", "residual", "sparse", "ties"])
def test_best_dice_on_the_grid_agrees_with_the_pr_optimum_and_brute_force(kind):
    scores, truth = sample(kind, 5000)
    counts = Counts.of(scores, truth)
    found, threshold = curves.best_dice_on_grid(counts)

    def dice(t: float) -> float:
        return 2 * np.sum((scores > t) & truth) / (np.sum(scores > t) + truth.sum())

    assert found == pytest.approx(dice(threshold))
    best = max(dice(t) for t in [-np.inf, *np.unique(scores)])
    assert curves.best_dice(counts.positives, counts.negatives) == pytest.approx(best)
    assert best - 0.005 <= found <= best


def test_curves_end_where_they_must_and_hold_the_area():
    scores, truth = sample("signed")
    counts = Counts.of(scores, truth)
    recall, precision = curves.pr_points(counts)
    false_rate, true_rate = curves.roc_points(counts)
    assert max(len(recall), len(false_rate)) <= 500
    assert (recall[-1], precision[-1]) == pytest.approx((1, truth.mean()))
    assert (false_rate[0], true_rate[0], false_rate[-1], true_rate[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(true_rate, false_rate) == pytest.approx(roc_auc_score(truth, scores), abs=1e-3)
    assert np.trapezoid(precision, recall) == pytest.approx(average_precision_score(truth, scores), abs=1e-2)


def test_dice_of_empty_masks():
    full, empty = np.ones((2, 2), bool), np.zeros((2, 2), bool)
    assert Overlap.of(full, full).dice == 1
    assert Overlap.of(full, empty).dice == Overlap.of(empty, full).dice == 0
    assert np.isnan(Overlap.of(empty, empty).dice)


def test_lesion_that_spans_slices_counts_once():
    label = np.zeros((12, 16, 16), bool)
    label[1:11, 3:6, 3:6] = True  # crosses ten slices
    label[5, 12, 12] = label[6, 13, 13] = True  # connected by a corner only
    label[2, 12, 2] = True  # missed
    mask = np.zeros_like(label)
    mask[1, 3, 3] = mask[10, 5, 5] = True  # two components on one lesion
    mask[6, 13, 13] = True
    mask[0, 15, 15] = True  # false
    found = Detections.of(mask, label)
    assert found == Detections(lesions=3, found=2, components=4, true_components=3)
    assert (found.sensitivity, found.precision, found.false_components) == (2 / 3, 3 / 4, 1)
    assert found.f1 == pytest.approx(2 * (2 / 3) * (3 / 4) / (2 / 3 + 3 / 4))
    nothing = Detections.of(np.zeros_like(mask), label)
    assert nothing.sensitivity == nothing.f1 == 0 and np.isnan(nothing.precision)
    assert np.isnan(Detections.of(mask, np.zeros_like(mask)).sensitivity)


def test_chi_square_distance():
    generator = np.random.default_rng(0)
    truth = np.arange(4000) % 2 == 0
    apart = Counts.of((truth + 0.1 * generator.random(4000)).astype(np.float32), truth)
    alike = Counts.of(np.repeat(generator.random(2000), 2).astype(np.float32), truth)
    between = np.abs(generator.normal(size=4000) + truth) / 3
    assert chi_square_distance(*shares(apart)) == pytest.approx(1)
    assert chi_square_distance(*shares(alike)) == pytest.approx(0)
    assert between.max() > 1  # counts with the last bin
    p, q = (np.histogram(np.minimum(between[own], 1), 100, (0, 1))[0] for own in (~truth, truth))
    expected = sum(0.5 * (a - b) ** 2 / (a + b) for a, b in zip(p / 2000, q / 2000, strict=True) if a + b)
    assert chi_square_distance(*shares(Counts.of(between, truth))) == pytest.approx(expected)
    assert 0 < expected < 1
    streamed_distance = chi_square_distance(*shares(streamed(between.astype(np.float32), truth)))
    assert streamed_distance == pytest.approx(expected, abs=5e-3)
    assert np.isnan(chi_square_distance(*shares(Counts.of(between, np.zeros(4000, bool)))))


def test_moments_pool():
    values = np.random.default_rng(0).normal(3, 2, 1000)
    pooled = Moments.of(values[:300]) + Moments.of(values[300:])
    assert (pooled.mean, pooled.sd) == pytest.approx((values.mean(), values.std()))


def test_catalogue_names_are_those_of_the_published_numbers():
    assert {
        "auroc", "auprc", "best_dice", "dice_at_val_threshold", "l1_re_normal", "l1_re_anomalous", "chi2",
        "prevalence", "parameters", "seconds_per_volume", "peak_memory_mb", "dice", "psnr", "ssim",
    } <= set(METRICS)  # fmt: skip
    for name, metric in METRICS.items():
        assert name == metric.name and metric.range[0] < metric.range[1]
        assert metric.direction in ("higher", "lower", "none") and metric.scope in (
            "subject",
            "pooled",
            "both",
        )


THRESHOLDS = {"fpr_1": 0.9, "fpr_5": 0.7, "fpr_10": 0.6, "p98": 0.8, "val_threshold": 0.75}
SHAPE = (12, 24, 24)


@pytest.fixture
def cohort(tmp_path):
    """Paths of a cohort of three subjects, the last without a lesion; a lesion reaches out of the brain."""
    generator = np.random.default_rng(1)
    brain, label = np.zeros(SHAPE, bool), np.zeros(SHAPE, np.uint8)
    brain[:, 4:20, 4:20] = True
    label[1:3, 6:10, 6:10] = 1
    label[6, 2:8, 10:13] = 2
    image = generator.random(SHAPE, dtype=np.float32) * brain
    score = (0.6 * generator.random(SHAPE) + 0.4 * ndimage.uniform_filter((label > 0).astype(float), 2)) * brain
    order = {"subject": np.repeat(["a", "b", "c"], 4), "slice": np.tile(np.arange(4), 3)}
    slices.write(tmp_path / "images.h5", {"image": image, "brain": brain, **order}, {"spacing": [5.0, 2.0, 2.0]})
    slices.write(tmp_path / "labels.h5", {"label": label, **order}, {})
    slices.write(
        tmp_path / "maps.h5",
        {"score": score.astype(np.float32), "reconstruction": image * np.float32(0.9)},
        {"parameters": 1234, "seconds_per_volume": 0.5},
    )
    (tmp_path / "thresholds.json").write_text(json.dumps(THRESHOLDS))
    return tmp_path


def run_evaluate(folder, labels="labels.h5", **given):
    """Run the stage with the raw maps as processed maps; returns {(subject, metric): value}."""
    given = {"study": "s", "dataset": "d", "method": "m", "seed": 0} | given
    evaluate(
        images=folder / "images.h5",
        labels=folder / labels,
        maps=folder / "maps.h5",
        processed=folder / "maps.h5",
        thresholds=folder / "thresholds.json",
        min_component=8,
        **given,
        out_metrics=folder / "metrics.csv",
        out_curves=folder / "curves.csv",
        out_counts=folder / "counts.npz",
        out_residuals=folder / "residuals.csv",
    )
    return table.read(folder / "metrics.csv").set_index(["subject", "metric"])["value"]


def write_masks(folder, mask):
    slices.write(folder / "masks.h5", {"mask": mask}, {})
    return {"masks": folder / "masks.h5"}


def arrays(folder):
    """Image, brain, truth and score of a cohort."""
    places = (("images", "image"), ("images", "brain"), ("labels", "label"), ("maps", "score"))
    found = []
    for kind, name in places:
        with h5py.File(folder / f"{kind}.h5") as file:
            found.append(file[name][:])
    return found[0], found[1], found[2] > 0, found[3]


def test_evaluate_equals_brute_force(cohort):
    value = run_evaluate(cohort)
    image, brain, truth, score = arrays(cohort)
    for subject, rows in {"a": slice(0, 4), "b": slice(4, 8), "pooled": slice(0, 12)}.items():
        x, b, y, s = image[rows], brain[rows], truth[rows], score[rows]
        counted = b | y  # the part of the lesion outside the brain counts as missed
        expected = {
            "auroc": roc_auc_score(y.ravel(), s.ravel()),
            "auroc_brain": roc_auc_score(y[counted], s[counted]),
            "auprc": average_precision_score(y[counted], s[counted]),
            "prevalence": y[counted].mean(),
            "l1_re_normal": 0.1 * x[b & ~y].mean(),
            "l1_re_anomalous": 0.1 * x[b & y].mean(),
        }
        for point, t in THRESHOLDS.items():
            # The share of normal voxels above t, not of anomalous ones.
            expected[f"fpr_at_{point}"] = np.mean(s[b & ~y] > np.float32(t))
        for metric, number in expected.items():
            assert value[subject, metric] == pytest.approx(number, abs=1e-4), (subject, metric)
    masks = []
    for rows in (slice(0, 4), slice(4, 8), slice(8, 12)):
        components, number = ndimage.label((score[rows] > np.float32(0.6)) & brain[rows], np.ones((3, 3, 3)))
        big = [k for k in range(1, number + 1) if (components == k).sum() >= 8]
        masks.append(np.isin(components, big))
    mask = np.concatenate(masks)
    dice = 2 * (mask & truth).sum() / (mask.sum() + truth.sum())
    assert 0 < dice < 1
    assert value["pooled", "dice_at_fpr_10"] == pytest.approx(dice)
    dice = 2 * (mask & truth)[:4].sum() / (mask[:4].sum() + truth[:4].sum())
    assert value["a", "dice_at_fpr_10"] == pytest.approx(dice)
    assert value["a", "subject_score_p95"] == pytest.approx(np.percentile(score[:4][brain[:4]], 95))
    assert value["pooled", "parameters"] == 1234
    assert ("pooled", "peak_memory_mb") not in value


def test_errors_are_those_of_a_score_that_stands_for_them(cohort):
    with h5py.File(cohort / "maps.h5", "r+") as file:
        file.attrs["score_is_residual"] = True
    value = run_evaluate(cohort)
    _, brain, truth, score = arrays(cohort)
    assert value["pooled", "l1_re_normal"] == pytest.approx(score[brain & ~truth].mean())
    assert value["pooled", "l1_re_anomalous"] == pytest.approx(score[brain & truth].mean())


def test_dice_of_the_study_s_own_masks_is_a_mean_over_slices_with_a_lesion(cohort):
    _, brain, truth, score = arrays(cohort)
    mask = (score > 0.5) & brain
    mask[1] = False
    value = run_evaluate(cohort, **write_masks(cohort, mask))
    dice = {k: 2 * (mask[k] & truth[k]).sum() / (mask[k].sum() + truth[k].sum()) for k in (1, 2, 6)}
    assert dice[1] == 0 < dice[2] != dice[6]
    assert value["a", "dice"] == pytest.approx((dice[1] + dice[2]) / 2)
    assert value["b", "dice"] == pytest.approx(dice[6])
    assert ("c", "dice") not in value
    each = list(dice.values())
    assert (value["pooled", "dice"], value["pooled", "dice_sd"]) == pytest.approx((np.mean(each), np.std(each)))
    assert value["pooled", "dice"] != pytest.approx((value["a", "dice"] + value["b", "dice"]) / 2)
    assert "dice" not in run_evaluate(cohort).index.get_level_values("metric")


def test_dice_of_masks_has_an_interval_over_subjects(cohort):
    _, brain, _, score = arrays(cohort)
    value = run_evaluate(cohort, **write_masks(cohort, (score > 0.5) & brain))
    counts = [SubjectCounts.load(cohort / "counts.npz")]
    rows = comparison.intervals(comparison.estimates(table.read(cohort / "metrics.csv"), counts, seed=0))
    rows = rows[rows["metric"] == "dice"].set_index("scope")
    low, high = rows.loc["subject", ["low", "high"]]
    subjects = value["a", "dice"], value["b", "dice"]
    assert (low, high) == pytest.approx((min(subjects), max(subjects))) and rows.at["subject", "subjects"] == 2
    assert rows.at["pooled", "value"] == value["pooled", "dice"] and np.isnan(rows.at["pooled", "low"])


def test_dice_and_lesions_of_whole_scans_and_boxes_of_slices(cohort):
    """Subject a has one square of 4 x 4 in two slices, b a lesion of 6 x 3 that isn't found in one piece."""
    _, _, truth, _ = arrays(cohort)
    mask = np.zeros_like(truth)
    mask[1, 6:10, 6:10] = mask[2, 6:10, 8:12] = True
    mask[6, 2:4, 10:13] = True
    value = run_evaluate(cohort, **write_masks(cohort, mask))
    common = {"a": (16 + 8, 32, 32), "b": (6, 6, 18)}
    for name, (both, found, lesion) in common.items():
        assert value[name, "dice_volume"] == pytest.approx(2 * both / (found + lesion))
        assert value[name, "lesion_ml"] == pytest.approx(lesion * 20 / 1000)
        assert value[name, "dice_empty1"] == value[name, "dice_volume"]
    assert value["c", "dice_empty1"] == 1  # nothing there and nothing found
    assert [value[name, "false_ml"] for name in "abc"] == pytest.approx([8 * 20 / 1000, 0, 0])
    overlaps = [1, 8 / 24, 6 / 18]
    assert value["a", "box_iou"] == pytest.approx(np.mean(overlaps[:2]))
    assert value["pooled", "box_iou"] == pytest.approx(np.mean(overlaps))
    assert value["pooled", "box_detection_rate"] == 1
    assert not {("c", name) for name in ("dice_volume", "lesion_ml", "box_iou")} & set(value.index)
    assert ("pooled", "dice_volume") not in value
    mask[9, 5, 5] = True
    assert run_evaluate(cohort, **write_masks(cohort, mask))["c", "dice_empty1"] == 0


def test_masks_of_another_cohort_are_refused(cohort):
    with pytest.raises(InputError, match=r"masks\.h5: has shape"):
        run_evaluate(cohort, **write_masks(cohort, np.zeros((3, 24, 24), bool)))


def test_lesions_and_subjects_are_not_judged_by_drawn_slices(cohort):
    """All else is as it would be: nothing but these and the time for a scan asks whether all slices are there."""
    whole = run_evaluate(cohort)
    with h5py.File(cohort / "images.h5", "r+") as file:
        file.attrs["drawn_slices"] = len(file["image"])
    drawn = run_evaluate(cohort)
    missing = set(whole.index) - set(drawn.index)
    of_scans = ("lesion", "components", "subject_score", "seconds_per_volume")
    assert missing == {key for key in whole.index if any(part in key[1] for part in of_scans)} != set()
    pd.testing.assert_series_equal(drawn, whole[drawn.index])


def test_subject_without_a_lesion_has_no_dice_but_false_positives(cohort):
    value = run_evaluate(cohort)
    assert {"fpr_at_fpr_5", "l1_re_normal", "subject_score_mean", "false_components_at_fpr_5"} <= set(value["c"].index)
    forbidden = {"auprc", "best_dice", "dice_at_fpr_5", "chi2", "l1_re_anomalous", "lesion_f1_at_fpr_5"}
    assert not forbidden & set(value["c"].index)


def test_healthy_cohort_goes_through(cohort):
    with h5py.File(cohort / "labels.h5") as labels:
        order = {"subject": labels["subject"].asstr()[:], "slice": labels["slice"][:]}
    slices.write(cohort / "zeros.h5", {"label": np.zeros(SHAPE, np.uint8), **order}, {})
    value = run_evaluate(cohort, labels="zeros.h5")
    assert {"fpr_at_fpr_5", "l1_re_normal", "l1_re_normal_sd"} <= set(value["pooled"].index)
    assert not {"auprc", "auroc", "best_dice", "dice_at_fpr_5"} & set(value.index.get_level_values("metric"))
    assert pd.read_csv(cohort / "curves.csv").empty
    assert SubjectCounts.load(cohort / "counts.npz").positives.sum() == 0


def test_oracle_map_is_perfect_and_its_monotone_transform_too(cohort):
    _, _, truth, _ = arrays(cohort)
    for scale in (1, 700):
        slices.write(cohort / "maps.h5", {"score": truth.astype(np.float32) * scale}, {})
        value = run_evaluate(cohort)
        for metric in ("auroc", "auroc_brain", "auprc", "best_dice", "best_dice_exact", "lesion_f1_at_fpr_5"):
            assert value["pooled", metric] == pytest.approx(1), metric


def test_counts_reproduce_the_pooled_metrics(cohort):
    value = run_evaluate(cohort)
    counts = SubjectCounts.load(cohort / "counts.npz")
    _, brain, truth, _ = arrays(cohort)
    assert list(counts.subjects) == ["a", "b", "c"] and (counts.study, counts.seed) == ("s", 0)
    assert counts.positives.sum() + counts.negatives.sum() == (brain | truth).sum()
    assert counts.positives.sum(1).tolist() == [truth[k : k + 4].sum() for k in (0, 4, 8)]
    classes = counts.positives.sum(0), counts.negatives.sum(0)
    assert curves.average_precision(*classes) == pytest.approx(value["pooled", "auprc"], abs=1e-3)
    assert curves.auroc(*classes) == pytest.approx(value["pooled", "auroc_brain"], abs=1e-3)


def test_histograms_of_residuals_are_those_of_the_chi_square_distance(cohort):
    value = run_evaluate(cohort)
    image, brain, truth, _ = arrays(cohort)
    residuals = pd.read_csv(cohort / "residuals.csv")
    assert len(residuals) == 100 and (residuals["bin_low"].iloc[0], residuals["bin_high"].iloc[-1]) == (0, 1)
    error = np.abs(image - image * np.float32(0.9))
    for kind, own in (("normal", brain & ~truth), ("anomalous", brain & truth)):
        counted = np.histogram(error[own & (error > 0)], 100, (0, 1))[0]
        assert residuals[kind].sum() == pytest.approx(1)
        np.testing.assert_allclose(residuals[kind], counted / counted.sum(), atol=2e-3)
    p, q = (residuals[kind][residuals["normal"] + residuals["anomalous"] > 0] for kind in ("normal", "anomalous"))
    assert 0.5 * ((p - q) ** 2 / (p + q)).sum() == pytest.approx(value["pooled", "chi2"], rel=1e-12)


def test_there_is_no_histogram_without_voxels(cohort):
    *_, score = arrays(cohort)
    with h5py.File(cohort / "labels.h5", "r+") as labels:
        labels["label"][...] = 0
    value = run_evaluate(cohort)
    residuals = pd.read_csv(cohort / "residuals.csv")
    assert residuals["normal"].sum() == pytest.approx(1) and residuals["anomalous"].isna().all()
    assert ("pooled", "chi2") not in value
    slices.write(cohort / "maps.h5", {"score": score}, {})
    run_evaluate(cohort)
    assert pd.read_csv(cohort / "residuals.csv").empty


def test_few_bins_are_enough_for_many_voxels():
    scores, truth = sample("residual", 400_000)
    truth &= np.random.default_rng(1).random(len(truth)) < 0.1
    pooled = streamed(scores, truth)
    edges = quantile_edges(pooled)
    assert len(edges) <= 4096
    bins = np.searchsorted(edges, scores)
    coarse = np.bincount(bins[truth], minlength=len(edges)), np.bincount(bins[~truth], minlength=len(edges))
    assert curves.average_precision(*coarse) == pytest.approx(average_precision_score(truth, scores), abs=1e-3)


def test_evaluate_refuses_files_of_other_cohorts(cohort):
    slices.write(cohort / "maps.h5", {"score": np.zeros((3, 24, 24), np.float32)}, {})
    with pytest.raises(InputError, match=r"maps\.h5: has shape"):
        run_evaluate(cohort)
    assert not (cohort / "metrics.csv").exists()


def test_collect_adds_subject_detection_and_refuses_doubles(cohort):
    def part(dataset: str, scores: list[float]):
        rows = [("s", dataset, "m", 0, f"{dataset}{k}", "subject_score_p95", v) for k, v in enumerate(scores)]
        path = cohort / f"{dataset}.csv"
        table.write(pd.DataFrame(rows, columns=table.COLUMNS), path)
        return path

    parts = [part("healthy", [0.1, 0.2, 0.3, 0.4]), part("ms", [0.25, 0.9, 0.8])]
    collect(metrics=parts, out=cohort / "all.csv", healthy_dataset="healthy")
    value = table.read(cohort / "all.csv").query("subject == 'pooled'").set_index(["dataset", "metric"])["value"]
    truth, scores = [0] * 4 + [1] * 3, [0.1, 0.2, 0.3, 0.4, 0.25, 0.9, 0.8]
    assert value["ms", "subject_auroc"] == pytest.approx(roc_auc_score(truth, scores))
    assert value["ms", "subject_auprc"] == pytest.approx(average_precision_score(truth, scores))
    assert set(value.index.get_level_values("dataset")) == {"ms"}
    with pytest.raises(InputError, match="twice"):
        collect(metrics=[*parts, parts[0]], out=cohort / "twice.csv")
    with pytest.raises(InputError, match="no metrics of the healthy dataset"):
        collect(metrics=parts, out=cohort / "none.csv", healthy_dataset="ixi")
    assert not (cohort / "twice.csv").exists()


def test_unknown_metrics_and_columns_are_refused(cohort):
    path = cohort / "odd.csv"
    table.write(pd.DataFrame([("s", "d", "m", 0, "a", "dise", 0.5)], columns=table.COLUMNS), path)
    with pytest.raises(InputError, match="unknown metric 'dise'"):
        table.read(path)
    path.write_text("dataset,method\nd,m\n")
    with pytest.raises(InputError, match="columns"):
        table.read(path)


def test_lesions_are_found_by_size():
    label = np.zeros((6, 20, 20), bool)
    label[0, 0, 0] = label[0, 5, 5] = True  # 0.02 ml each
    label[2:4, 10:15, 10:15] = True  # 1 ml
    mask = np.zeros_like(label)
    mask[0, 5, 5] = mask[3, 14, 14] = True
    found = found_by_size(mask, label, voxel=0.02)
    assert {size: tuple(numbers) for size, numbers in found.items()} == {
        "small": (1, 2), "medium": (0, 0), "large": (1, 1),
    }  # fmt: skip
