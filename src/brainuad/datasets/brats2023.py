"""BraTS 2023 GLI: the gliomas of BraTS 2021 Task 1 under other names, four modalities.

Layout: `BraTS-GLI-00000-000/BraTS-GLI-00000-000-{t1n,t1c,t2w,t2f,seg}.nii.gz` at any depth. 240 x 240 x 155 at 1 mm,
skull-stripped, one grid, axes LPS. Validation cases have no mask. The enhancing tumour is 3, not 4 as until 2021.
The same people as in `brats2021` and `brats`.

Licence: CC BY-NC 4.0. Cite: Baid et al. 2021, arXiv:2107.02314.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, place, scans, table

LABELS = {1: "necrotic core", 2: "oedema", 3: "enhancing tumour"}
HEALTHY = False
PATIENTS = "BraTS"

SCAN = re.compile(r"(?P<case>BraTS-GLI-\d+-\d+)-(?P<kind>t1n|t1c|t2w|t2f|seg)")
COLUMN = {"t1n": "T1", "t1c": "T1ce", "t2w": "T2", "t2f": "FLAIR", "seg": "label"}


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per case."""
    rows: Rows = {}
    for path, name in scans(roots):
        if match := SCAN.fullmatch(name):
            place(rows, match["case"], COLUMN[match["kind"]], path)
    return table(rows, HEALTHY)
