"""How metrics agree over the methods of a dataset (Baur et al. 2021, Fig. 10)."""

from collections.abc import Sequence

import pandas as pd

CORRELATED = ("auprc", "best_dice", "l1_re_normal", "l1_re_anomalous", "chi2")
"""The metrics of Fig. 10."""


def correlations(values: pd.DataFrame, metrics: Sequence[str] = CORRELATED, kind: str = "pearson") -> pd.DataFrame:
    """Correlation of each pair of metrics over methods, in [-1, 1].

    `values` has a row for each method and a column for each metric; methods without one of a pair don't count. `kind`
    is `pearson`, which the published table follows, or `spearman`. A metric that no method has gives NaN.
    """
    return values.reindex(columns=list(metrics)).corr(kind, min_periods=3)
