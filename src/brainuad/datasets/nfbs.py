"""NFBS, the Neurofeedback Skull-stripped repository: 125 adults of 21 to 45 years, T1, defaced heads with skull.

Layout: `<person>/sub-<person>_ses-NFB3_T1w.nii.gz` with `_T1w_brainmask` on the same grid; the stripped copy
`_T1w_brain` is no scan of its own. 256 x 256 x 192 at 1 mm; array axes run front-back, up-down and left-right.
Masks are BEaST's, corrected by hand, and may hold fractions: `volumes.load_brain` cuts them at 0.5.

The people have varied psychiatric symptoms; they count as healthy since no lesion is reported in them.

Licence: CC0. Cite: Puccio et al. 2016, doi:10.1186/s13742-016-0150-5.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, place, scans, table

LABELS: dict[int, str] = {}
HEALTHY = True
PATIENTS = "NFBS"

SCAN = re.compile(r"sub-(?P<subject>A\d+)_ses-NFB3_T1w(?P<mask>_brainmask)?")


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per subject."""
    rows: Rows = {}
    for path, name in scans(roots):
        if match := SCAN.fullmatch(name):
            place(rows, match["subject"], "brain" if match["mask"] else "T1", path)
    return table(rows, HEALTHY)
