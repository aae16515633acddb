"""The long table: one row for each study, dataset, method, seed, subject and metric."""

from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.files import atomic
from brainuad.metrics.catalogue import check_names

COLUMNS = ["study", "dataset", "method", "seed", "subject", "metric", "value"]
KEY = ["dataset", "method", "seed", "subject", "metric"]
POOLED = "pooled"
TEXT = {name: str for name in COLUMNS if name not in ("seed", "value")}


def read(path: Path) -> pd.DataFrame:
    """Read and check a long table; raises InputError."""
    try:
        # Names such as "NA" or "007" are names.
        table = pd.read_csv(path, dtype=TEXT | {"seed": int, "value": float}, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(path, f"can't be read as a table ({error})", "Delete it and run again") from error
    if list(table.columns) != COLUMNS:
        raise InputError(path, f"has the columns {', '.join(table.columns)}", f"Use {', '.join(COLUMNS)}")
    check_names(table["metric"].unique(), path)
    check_unique(table, path)
    return table


def check_unique(table: pd.DataFrame, where: Path | str) -> None:
    """Raise InputError if two rows tell the same thing."""
    twice = table[table.duplicated(KEY)]
    if len(twice):
        name = "/".join(map(str, twice.iloc[0][KEY]))
        raise InputError(where, f"holds {name} twice", "Collect every dataset, method and seed once")


def write(table: pd.DataFrame, path: Path) -> None:
    """Write any table as CSV, whole or not at all."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)


def of_slices(slices: pd.DataFrame) -> pd.DataFrame:
    """Column subject and a metric each, one row a slice -> columns subject, metric, value, without undefined values.

    Means over a subject's slices and, pooled, over all slices.
    """
    means = slices.groupby("subject", sort=False).mean()
    means.loc[POOLED] = slices.drop(columns="subject").mean()
    return means.rename_axis("subject").melt(ignore_index=False, var_name="metric").reset_index().dropna()
