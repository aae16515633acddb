"""MSLUB, the open MS data of Ljubljana: 30 patients with multiple sclerosis, consensus of three raters.

Layouts, all cross-sectional (the longitudinal part marks the change of lesions, on another grid):

    coregistered/patient01/{FLAIR,T1W,T1WKS,T2W,consensus_gt,brainmask}.nii.gz  FLAIR's grid, with skull
    MNI/patient01/{FLAIR,T1,T1POST,T2,GOLD_STANDARD}_N4_noneck_<...>_regtoMNI.nii.gz  MNI space, stripped
    patient01/patient01_{FLAIR,T1W,T1WKS,T2W,consensus_gt,brainmask}.nii.gz   the laboratory's own zips

T1WKS and T1POST are T1 with contrast agent. Of several layouts the first in this order is read. `raw`
folders, whose modalities share no grid, are left out. Patients with nothing but a label are listed too.
Axes are LPS (`MNI`: LAS), some headers have a qform alone, and stripped scans dip below 0. Age and sex are
those of `patient_info.csv`.

Licence: CC BY. Cite: Lesjak et al. 2018, doi:10.1007/s12021-017-9348-7.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, describe, files, place, read_people, scans, table

LABELS = {1: "lesion"}
HEALTHY = False
PATIENTS = "MSLUB"

COLUMN = {
    "FLAIR": "FLAIR", "T1W": "T1", "T1": "T1", "T1WKS": "T1ce", "T1POST": "T1ce", "T2W": "T2", "T2": "T2",
    "consensus_gt": "label", "GOLD_STANDARD": "label", "brainmask": "brain",
}  # fmt: skip
SCAN = re.compile(rf"(patient\d+_)?(?P<kind>{'|'.join(sorted(COLUMN, key=len, reverse=True))})(_N4_.*)?")
FOLDER = re.compile(r"patient\d\d")
ELSEWHERE = re.compile(r"raw|coregistered_resampled|longit.*")
"""Folders of other scans; the published one of the longitudinal part is misspelt, and its patients are others."""


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per patient, all from one layout."""
    layouts: dict[str, Rows] = {"coregistered": {}, "MNI": {}, "zips": {}}
    for path, name in scans(roots):
        match, patient, layout = SCAN.fullmatch(name), path.parent.name, path.parent.parent.name
        if match and FOLDER.fullmatch(patient) and not any(map(ELSEWHERE.fullmatch, path.parts[-4:-1])):
            rows = layouts.get(layout, layouts["zips"])
            place(rows, patient, COLUMN[match["kind"]], path)
    rows = next((rows for rows in layouts.values() if rows), {})
    for path in files(roots, r"patient_info\.csv"):
        if ELSEWHERE.fullmatch(path.parent.name):
            continue
        people = read_people(path, ("patient_id", "age", "sex"))
        describe(rows, people, "patient" + people["patient_id"].str.zfill(2))
    return table(rows, HEALTHY)
