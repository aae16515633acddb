"""MOOD toy cases: four brains of the challenge with labels, some with an artificial anomaly.

Layout: `toy/toy_0.nii.gz`, its mask `toy_label/pixel/toy_0.nii.gz` and its text `toy_label/sample/toy_0.nii.gz.txt`,
which holds 1 for an anomalous case and 0 for a healthy one, whose mask is 0 everywhere. T1 with skull, intensities
about [0, 1]; not in RAS order.

Licence: none stated. Cite: Zimmerer et al. 2022, doi:10.1109/TMI.2022.3170077.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets import volumes
from brainuad.datasets.reader import Rows, files, place, scans, table
from brainuad.errors import InputError

LABELS = {1: "anomaly"}
HEALTHY = False
PATIENTS = "MOOD toy"

COLUMN = {"toy": "T1", "pixel": "label"}


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per case. Raises InputError where its mask and its text contradict one another."""
    rows: Rows = {}
    for path, name in scans(roots):
        if path.parent.name in COLUMN and re.fullmatch(r"toy_\d+", name):
            place(rows, name, COLUMN[path.parent.name], path)
            rows[name]["anomalous"] = ""
    for path in files(roots, r"toy_\d+\.nii\.gz\.txt"):
        row = rows.get(path.name.partition(".")[0], {})
        row["anomalous"] = read_sample(path)
        if "label" in row:
            check(row["label"], row["anomalous"], path)
    return table(rows, HEALTHY)


def read_sample(path: Path) -> str:
    """The text of a case: 0 or 1."""
    text = path.read_text(errors="replace").strip()
    if text not in ("0", "1"):
        raise InputError(path, f"holds '{text[:20]}', not 0 or 1", "Unpack the archive again")
    return text


def check(mask: str, anomalous: str, text: Path) -> None:
    """Raise InputError unless a mask marks something just where its text says 1."""
    marked = str(int(volumes.load(mask).data.any()))
    if marked != anomalous:
        problem = f"says {anomalous}, but {'something' if marked == '1' else 'nothing'} is marked in {mask}"
        raise InputError(text, problem, "Unpack the archive again or leave the case out")
