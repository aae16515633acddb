"""Edinburgh brain tumour patients of Pernet et al.: 22 patients, T1 and T2, image-level only.

No tumour masks are published, so there is nothing to count voxels against: every patient is known to be anomalous,
and that is all. The layout of the archives isn't documented in public. Accepted is a folder of NIfTI files for each
patient, BIDS-like (`sub-01/anat/sub-01_T1w.nii.gz`) or plain (`patient01/T1.nii.gz`, `patient01/p01_t2_axial.nii`),
whose names hold T1 or T2 (also T1w, T2w) between separators; scans in DICOM must be converted to it (dcm2niix).
Some patients lack a modality. Diffusion and functional scans are left out.

Licence: that of the UK Data Archive. Cite: Pernet et al. 2016, doi:10.1038/sdata.2016.3.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, place, scans, table

LABELS: dict[int, str] = {}
HEALTHY = False
PATIENTS = "Edinburgh"

SCAN = re.compile(r"(.*[-_. ])?(?P<modality>T[12])w?([-_. ].*)?", re.IGNORECASE)
BELOW_PATIENT = re.compile(r"anat|ses-.+")


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per patient, named by the folder of the scans (in BIDS the one above `ses-*` and `anat`)."""
    rows: Rows = {}
    for path, name in scans(roots):
        if match := SCAN.fullmatch(name):
            patient = next(folder.name for folder in path.parents if not BELOW_PATIENT.fullmatch(folder.name))
            place(rows, patient, match["modality"].upper(), path)
    return table(rows, HEALTHY)
