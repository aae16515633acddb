"""MOOD, brain part of the Medical Out-of-Distribution challenge: 800 healthy volumes, T1, heads with skull.

Layout: `brain_train/00000.nii.gz` to `00799`, also in the `brain_train/brain_train/` that some unzip programs
make. 256 x 256 x 256, intensities about [0, 1]; the voxels aren't stored in RAS order, so only the affine tells
left from right. Sites, ages and sexes aren't published. The toy cases are another dataset (`mood_toy`).

Licence: none stated. Cite: Zimmerer et al. 2022, doi:10.1109/TMI.2022.3170077.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, place, scans, table

LABELS: dict[int, str] = {}
HEALTHY = True
PATIENTS = "MOOD"


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per volume."""
    rows: Rows = {}
    for path, name in scans(roots):
        if path.parent.name == "brain_train" and re.fullmatch(r"\d{5}", name):
            place(rows, name, "T1", path)
    return table(rows, HEALTHY)
