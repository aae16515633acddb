"""IXI: about 580 healthy adults of three London hospitals, T1, T2 and PD, heads with skull.

Layout: `IXI<id>-<site>-<scan>-<modality>.nii.gz`, flat in one archive for each modality, here anywhere
below the roots. T2 and PD are one dual-echo scan; T1 lies on a grid of its own. Sites are HH (Philips 3 T),
Guys (Philips 1.5 T) and IOP (GE 1.5 T). IXI has no brain masks; a folder of derived data may add them as
`IXI<id>-<site>-<scan>-brain` or `-brainmask`, or as a DLMUSE label map of the brain (`-DLMUSE`), and ages
and sexes in a `participants.tsv` (participant_id, age, sex). The published `IXI.xls` is not read: it has more rows
than people and lacks some. Five people have T1 or T2 alone.

Licence: CC BY-SA 3.0. Cite: https://brain-development.org/ixi-dataset/ (EPSRC GR/S21533/02).
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, describe, files, place, read_people, scans, table

LABELS: dict[int, str] = {}
HEALTHY = True
PATIENTS = "IXI"

SCAN = re.compile(
    r"(?P<subject>IXI\d+-(?P<site>[A-Za-z]+)-\d+)"
    r"(-(?P<modality>T1|T2|PD))?([-_](?P<brain>DLMUSE|brain|brainmask))?"
)
BROKEN_OFF = {"IXI014-HH-1236": ("T2", "PD")}
"""Scans of 28 thick slices, which every user of IXI leaves out."""


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per subject with a scan below the roots."""
    rows: Rows = {}
    for path, name in scans(roots):
        match = SCAN.fullmatch(name)
        if match and match["brain"]:
            place(rows, match["subject"], "brain", path)
        elif match and match["modality"] and match["modality"] not in BROKEN_OFF.get(match["subject"], ()):
            place(rows, match["subject"], match["modality"], path)
            rows[match["subject"]]["site"] = match["site"]
    rows = {subject: row for subject, row in rows.items() if "site" in row}
    for path in files(roots, r"participants\.tsv"):
        people = read_people(path, ("participant_id", "age", "sex"))
        describe(rows, people, people["participant_id"])
    return table(rows, HEALTHY)
