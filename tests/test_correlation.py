"""Correlations of metrics over methods: the published tables give the published table of correlations."""

from pathlib import Path

import pandas as pd
import pytest

from brainuad.statistics.correlation import CORRELATED, correlations

PUBLISHED = Path(__file__).parents[1] / "workflow/data/published.csv"
EXPECTED = {
    ("auprc", "best_dice"): (0.98, 0.97, 0.97, 0.95),
    ("auprc", "l1_re_normal"): (0.43, 0.67, 0.48, 0.55),
    ("auprc", "l1_re_anomalous"): (0.65, 0.89, 0.71, 0.60),
    ("auprc", "chi2"): (0.73, 0.76, 0.87, 0.69),
    ("best_dice", "l1_re_normal"): (0.44, 0.73, 0.39, 0.48),
    ("best_dice", "l1_re_anomalous"): (0.70, 0.92, 0.63, 0.55),
    ("best_dice", "chi2"): (0.83, 0.84, 0.89, 0.77),
    ("l1_re_normal", "l1_re_anomalous"): (0.82, 0.87, 0.92, 0.99),
    ("l1_re_normal", "chi2"): (0.66, 0.88, 0.66, 0.66),
    ("l1_re_anomalous", "chi2"): (0.92, 0.89, 0.86, 0.72),
}
"""Pearson's coefficients on MS, GB, MSLUB and MSSEG2015."""


def published(dataset: str) -> pd.DataFrame:
    """The 17 approaches by the metrics of Tables III to VI of Baur et al. 2021."""
    table = pd.read_csv(PUBLISHED).query("doc == 'D2' and dataset_or_class == @dataset")
    table = table[table["metric"].isin(CORRELATED)]
    table["value"] = table["value_or_mean"].astype(float)
    return table.pivot_table(index="method", columns="metric", values="value")


@pytest.mark.parametrize(("number", "dataset"), [(0, "MS"), (1, "GB"), (2, "MSLUB"), (3, "MSSEG2015")])
def test_published_values_give_the_published_correlations(number: int, dataset: str) -> None:
    values = published(dataset)
    assert len(values) == 17
    found = correlations(values)
    for (one, other), expected in EXPECTED.items():
        assert found.loc[one, other] == pytest.approx(expected[number], abs=0.01)
        assert found.loc[other, one] == found.loc[one, other]


def test_without_its_outlier_the_errors_hardly_correlate() -> None:
    """MSSEG2015 without f-AnoGAN: errors 0.14 to 0.38, chi-square still 0.57 and 0.70."""
    found = correlations(published("MSSEG2015").drop(index="f-AnoGAN"))
    errors = found.loc[["auprc", "best_dice"], ["l1_re_normal", "l1_re_anomalous"]].to_numpy()
    assert errors.min() > 0.13 and errors.max() < 0.39
    assert found.loc["auprc", "chi2"] == pytest.approx(0.57, abs=0.01)
    assert found.loc["best_dice", "chi2"] == pytest.approx(0.70, abs=0.01)


def test_methods_without_a_value_do_not_count() -> None:
    values = pd.DataFrame({"auprc": [1, 2, 3, 9], "chi2": [2, 4, 6, None]})
    found = correlations(values)
    assert found.loc["auprc", "chi2"] == pytest.approx(1)
    assert found["best_dice"].isna().all()
