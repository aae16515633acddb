"""ISBI 2015 longitudinal MS lesion challenge: 5 training patients with masks of two raters, 14 test patients.

Layout: `training01/preprocessed/training01_01_{flair,mprage,pd,t2}_pp.nii`, `training01/masks/training01_01_mask1.nii`
(rater 1; `_mask2`: rater 2), `test01/...` alike without masks; `.nii` or `.nii.gz`. 181 x 217 x 181 at 1 mm, all scans
of a time point on one grid, corrected for bias and stripped; `orig` folders, on grids of their own, are left out.

The 4 to 6 time points of a patient aren't independent, so one is taken. The raters differ a lot, so one is chosen.

Licence: research use. Cite: Carass et al. 2017, doi:10.1016/j.neuroimage.2016.12.064.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets import volumes
from brainuad.datasets.reader import Rows, place, scans, table
from brainuad.errors import InputError

LABELS = {1: "lesion"}
HEALTHY = False
PATIENTS = "ISBI 2015"

SCAN = re.compile(
    r"(?P<subject>(training|test)\d\d)_(?P<visit>\d\d)_((?P<kind>flair|mprage|pd|t2)_pp|mask(?P<rater>[12]))"
)
MODALITY = {"flair": "FLAIR", "mprage": "T1", "pd": "PD", "t2": "T2"}


def index(roots: list[Path], rater: int = 1, visit: int = 1) -> pd.DataFrame:
    """One row per patient: the scans of time point `visit` and the mask of `rater`, both counted from 1.

    Raises InputError for a T1 with skull, which would be no preprocessed scan.
    """
    if rater not in (1, 2):
        raise InputError("option rater", f"is {rater!r}, but there are two raters", "Choose 1 or 2")
    rows: Rows = {}
    for path, name in scans(roots):
        match = SCAN.fullmatch(name)
        if match and int(match["visit"]) == visit and match["rater"] in (None, str(rater)):
            place(rows, match["subject"], "label" if match["rater"] else MODALITY[match["kind"]], path)
    for row in rows.values():
        if "T1" in row and not volumes.is_stripped(volumes.load_image(row["T1"])):
            raise InputError(row["T1"], "shows a head with skull, not a stripped brain", "Take it from `preprocessed`")
    return table(rows, HEALTHY)
