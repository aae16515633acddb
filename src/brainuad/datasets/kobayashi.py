"""Own data in the manner of Kobayashi et al.: contrast-enhanced T1 of heads with four classes of abnormality.

The paper's 313 scans of patients with brain metastases aren't public. Data of this kind are read from a BIDS tree:

    sub-01/anat/sub-01_ce-gadolinium_T1w.nii.gz             head with skull
    derivatives/labels/sub-01/anat/sub-01_dseg.nii.gz       on the same grid, values as in LABELS
    participants.tsv                                        participant_id, age, sex, anomalous (0 in the healthy)

There is no brain mask, and the paper's preprocessing needs none.

Cite: Kobayashi et al. 2020, arXiv:2005.12573.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, describe, files, place, read_people, scans, table

LABELS = {1: "metastasis", 2: "extracranial metastasis", 3: "postoperative cavity", 4: "structural change"}
HEALTHY = False
PATIENTS = "Kobayashi"

SCAN = re.compile(r"(?P<subject>sub-[^_]+)_(ce-[^_]+_T1w|(?P<label>dseg))")


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per patient."""
    rows: Rows = {}
    for path, name in scans(roots):
        if match := SCAN.fullmatch(name):
            place(rows, match["subject"], "label" if match["label"] else "T1ce", path)
    for path in files(roots, r"participants\.tsv"):
        people = read_people(path, ("participant_id", "age", "sex"))
        describe(rows, people, people["participant_id"])
    return table(rows, HEALTHY)
