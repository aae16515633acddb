"""Intervals, tests and ranks against analytic values, SciPy and hand-worked examples."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from brainuad import seeds
from brainuad.errors import InputError
from brainuad.metrics import curves, table
from brainuad.metrics.counts import SubjectCounts
from brainuad.stages.compare import main as compare
from brainuad.statistics.bootstrap import interval, resampled_means, resampled_pooled, resamples
from brainuad.statistics.ranks import kendall_tau, ranks
from brainuad.statistics.significance import holm, wilcoxon


def test_interval_of_a_mean_is_the_analytic_one():
    values = np.random.default_rng(0).normal(0.4, 0.1, 200)
    low, high = interval(resampled_means(resamples(200, seeds.generator(1)), values))
    half = 1.96 * values.std() / np.sqrt(200)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_subjects_without_a_value_do_not_count():
    values = np.array([0.2, np.nan, 0.2, np.nan])
    means = resampled_means(resamples(4, seeds.generator(1)), values)
    assert np.isnan(means).any()
    np.testing.assert_allclose(means[np.isfinite(means)], 0.2)


def test_resampled_pooled_metrics_equal_a_loop_over_subjects():
    generator = np.random.default_rng(0)
    positives, negatives = generator.integers(0, 9, (5, 30)), generator.integers(0, 99, (5, 30))
    weights = resamples(5, generator, 250)
    metrics = {"auprc": curves.average_precision, "auroc": curves.auroc, "dice": curves.best_dice}
    found = resampled_pooled(weights, positives, negatives, metrics)
    for k in (0, 199, 200, 249):
        drawn = np.repeat(np.arange(5), weights[k])
        assert len(drawn) == 5
        for name, metric in metrics.items():
            assert found[name][k] == pytest.approx(metric(positives[drawn].sum(0), negatives[drawn].sum(0)))


def test_wilcoxon_equals_scipy_and_is_silent_on_too_few_subjects():
    differences = np.random.default_rng(0).normal(0.3, 1, 20)
    assert wilcoxon(differences) == stats.wilcoxon(differences, alternative="two-sided").pvalue
    assert wilcoxon(np.full(6, 0.1) * np.arange(1, 7)) == pytest.approx(2 / 2**6)
    assert np.isnan(wilcoxon(differences[:5]))
    assert wilcoxon(np.zeros(10)) == 1


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1 is 0.04, 0.06, 0.06, 0.04; a later one is never smaller.
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.5, np.nan, 0.6]), [1.0, np.nan, 1.0])


def test_ranks_and_their_agreement():
    np.testing.assert_array_equal(ranks(np.array([0.2, 0.9, 0.9, 0.1]), "higher"), [3, 1, 1, 4])
    np.testing.assert_array_equal(ranks(np.array([0.2, 0.9, 0.5]), "lower"), [1, 3, 2])
    generator = np.random.default_rng(0)
    full, others = np.array([1, 2, 2, 4, 5]), generator.integers(1, 5, (20, 5))
    expected = [stats.kendalltau(full, other).statistic for other in others]
    np.testing.assert_allclose(kendall_tau(full, others), expected)


SUBJECTS = [f"s{k}" for k in range(12)]


def make_study(folder, methods: dict[str, float], seed_shift=0.02, subjects=SUBJECTS):
    """A long table and counts files of methods with the given skill, two seeds each."""
    rows, paths = [], []
    difficulty = np.random.default_rng(5).normal(0, 0.05, len(subjects))
    for method, skill in methods.items():
        generator = np.random.default_rng(len(method))
        for seed in (0, 1):
            quality = skill + difficulty + generator.normal(0, 0.01, len(subjects)) + seed_shift * seed
            for metric in ("auprc", "dice_at_fpr_5"):
                rows += [("s", "d", method, seed, s, metric, q) for s, q in zip(subjects, quality, strict=True)]
            shares = np.arange(1, 65) ** (4 * skill)
            positives = generator.multinomial(200, shares / shares.sum(), len(subjects))
            negatives = generator.multinomial(5000, np.full(64, 1 / 64), len(subjects))
            for metric, area in (("auprc", curves.average_precision), ("auroc_brain", curves.auroc)):
                value = float(area(positives.sum(0), negatives.sum(0)))
                rows.append(("s", "d", method, seed, "pooled", metric, value))
            rows.append(("s", "d", method, seed, "pooled", "parameters", 10.0))
            path = folder / f"{method}-{seed}.npz"
            SubjectCounts("s", "d", method, seed, np.array(subjects), positives, negatives).save(path)
            paths.append(path)
    table.write(pd.DataFrame(rows, columns=table.COLUMNS), folder / "metrics.csv")
    return folder / "metrics.csv", paths


def run_compare(folder, metrics, counts, **options):
    outs = {f"out_{name}": folder / f"{name}.csv" for name in ("intervals", "comparisons", "ranks")}
    compare(metrics=metrics, counts=counts, seed=3, **outs, **options)
    return [pd.read_csv(path) for path in outs.values()]


def test_compare_end_to_end(tmp_path):
    metrics, counts = make_study(tmp_path, {"good": 0.6, "bad": 0.2, "worse-than-bad": 0.1})
    intervals, comparisons, ranking = run_compare(tmp_path, metrics, counts)
    long = table.read(metrics)

    own = intervals.query("method == 'good' and metric == 'auprc'").set_index("scope")
    of_good = long.query("method == 'good' and metric == 'auprc'")
    by_seed = of_good.query("subject != 'pooled'").groupby("seed")["value"].mean()
    assert own.loc["subject", "value"] == pytest.approx(by_seed.mean())
    assert own.loc["subject", "seed_sd"] == pytest.approx(by_seed.std())
    assert own.loc["subject", ["subjects", "seeds"]].tolist() == [12, 2]
    by_subject = of_good.query("subject != 'pooled'").groupby("subject")["value"].mean()
    assert own.loc["subject", "subject_sd"] == pytest.approx(by_subject.std(ddof=0))
    assert pd.isna(own.loc["pooled", "subject_sd"])
    pooled = of_good.query("subject == 'pooled'")["value"].mean()
    assert own.loc["pooled", "value"] == pytest.approx(pooled)
    assert (own["low"] < own["value"]).all() and (own["value"] < own["high"]).all()
    costs = intervals.query("metric == 'parameters'")
    assert costs["value"].tolist() == [10] * 3 and costs["low"].isna().all()

    pairs = comparisons.query("metric == 'auprc' and scope == 'subject'")
    assert len(pairs) == 3
    of_subjects = long.query("metric == 'auprc' and subject != 'pooled'")
    wide = of_subjects.groupby(["subject", "method"])["value"].mean().unstack()
    for _, row in pairs.iterrows():
        differences = wide[row["method"]] - wide[row["reference"]]
        assert row["difference"] == pytest.approx(differences.mean())
        assert row["p_wilcoxon"] == pytest.approx(stats.wilcoxon(differences).pvalue)
        assert row["low"] < row["difference"] < row["high"]
        # Pairing takes the subjects' own difficulty out of the interval.
        half = 1.96 * differences.std(ddof=0) / np.sqrt(12)
        assert row["high"] - row["low"] == pytest.approx(2 * half, rel=0.2)
    np.testing.assert_allclose(pairs["p_holm"], holm(pairs["p_wilcoxon"].to_numpy()))
    assert comparisons.query("scope == 'pooled'")["p_wilcoxon"].isna().all()

    for _, contest in ranking.groupby(["metric", "scope"]):
        contest = contest.set_index("method")
        assert contest["rank"].to_dict() == {"good": 1, "bad": 2, "worse-than-bad": 3}
        assert contest.loc["good", "share_first"] == 1
        assert contest.loc["worse-than-bad", ["rank_low", "rank_high", "share_first"]].tolist() == [3, 3, 0]
        assert contest["kendall_tau"].iloc[0] == pytest.approx(1)
    assert len(ranking) == 9


def test_compare_is_repeatable_and_pairs_equal_methods_exactly(tmp_path):
    metrics, counts = make_study(tmp_path, {"twin-a": 0.4, "twin-b": 0.4})
    first = run_compare(tmp_path, metrics, counts)
    second = run_compare(tmp_path, metrics, counts)
    for a, b in zip(first, second, strict=True):
        pd.testing.assert_frame_equal(a, b)
    # Same length of name, same seed, so the two methods are the same numbers.
    assert (first[1][["difference", "low", "high"]] == 0).all(axis=None)
    assert (first[2]["rank"] == 1).all() and (first[2]["share_first"] == 1).all()


def test_oracle_can_be_left_out_of_the_contest(tmp_path):
    metrics, counts = make_study(tmp_path, {"good": 0.6, "bad": 0.2, "oracle": 0.9})
    intervals, comparisons, ranking = run_compare(tmp_path, metrics, counts, leave_out=["oracle"])
    assert "oracle" in set(intervals["method"])
    assert "oracle" not in {*comparisons["method"], *comparisons["reference"], *ranking["method"]}
    assert len(comparisons) == 3


def test_too_few_subjects_give_no_p_value_and_one_no_interval(tmp_path):
    metrics, counts = make_study(tmp_path, {"good": 0.6, "bad": 0.2}, subjects=["a", "b"])
    _, comparisons, _ = run_compare(tmp_path, metrics, counts)
    assert comparisons["p_wilcoxon"].isna().all() and comparisons["p_holm"].isna().all()
    assert comparisons["low"].isna().all() and (comparisons["n"] == 2).all()
    metrics, counts = make_study(tmp_path, {"good": 0.6, "bad": 0.2}, subjects=["a"])
    intervals, comparisons, ranking = run_compare(tmp_path, metrics, counts)
    assert intervals[["low", "high"]].isna().all(axis=None)
    assert comparisons[["low", "high", "p_holm"]].isna().all(axis=None)
    assert ranking["rank"].notna().all() and ranking["share_first"].isna().all()


def test_counts_that_do_not_fit_the_table_are_refused(tmp_path):
    metrics, counts = make_study(tmp_path, {"good": 0.6, "bad": 0.2})
    with pytest.raises(InputError, match=r"d/good: are of the seeds \[0\]"):
        run_compare(tmp_path, metrics, counts[:1] + counts[2:])
    other = SubjectCounts("s", "d", "good", 0, np.array(["x"]), np.ones((1, 3)), np.ones((1, 3)))
    other.save(counts[0])
    with pytest.raises(InputError, match="other subjects"):
        run_compare(tmp_path, metrics, counts)
    counts[0].write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="isn't a counts file"):
        run_compare(tmp_path, metrics, counts)
