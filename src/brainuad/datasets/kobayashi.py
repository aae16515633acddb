"""Own data in the manner of Kobayashi et al.: contrast-enhanced T1 of heads with four classes of abnormality.

The paper's 313 scans of patients with brain metastases aren't public. Data of this kind are read from a BIDS tree:

    sub-01/anat/sub-01_ce-gadolinium_T1w.nii.gz             head with skull
    derivatives/labels/sub-01/anat/sub-01_dseg.nii.gz       on the same grid, values as in LABELS
    derivatives/brain/sub-01/anat/sub-01_desc-brain_mask.nii.gz    if there is one, on the same grid
    participants.tsv                                        participant_id, age, sex, anomalous (0 in the healthy)

The recipe takes the crop's centre and the white matter's peak from the mask, which is estimated where there is none.

Cite: Kobayashi et al. 2020, arXiv:2005.12573.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, describe, files, place, read_people, scans, table

LABELS = {1: "metastasis", 2: "extracranial metastasis", 3: "postoperative cavity", 4: "structural change"}
HEALTHY = False
PATIENTS = "Kobayashi"

SCAN = re.compile(r"(?P<subject>sub-[^_]+)_(?P<kind>ce-[^_]+_T1w|dseg|desc-brain_mask)")
COLUMN = {"dseg": "label", "desc-brain_mask": "brain"}


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per patient; masks of anybody else's brain are left out."""
    rows: Rows = {}
    for path, name in scans(roots):
        if match := SCAN.fullmatch(name):
            place(rows, match["subject"], COLUMN.get(match["kind"], "T1ce"), path)
    rows = {subject: row for subject, row in rows.items() if set(row) != {"brain"}}
    for path in files(roots, r"participants\.tsv"):
        people = read_people(path, ("participant_id", "age", "sex"))
        describe(rows, people, people["participant_id"])
    return table(rows, HEALTHY)
