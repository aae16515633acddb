"""IXI: about 580 healthy adults of three London hospitals, T1, T2 and PD, heads with skull.

Layout: `IXI<id>-<site>-<scan>-<modality>.nii.gz`, flat in one archive for each modality, here anywhere
below the roots. T2 and PD are one dual-echo scan; T1 lies on a grid of its own. Sites are HH (Philips 3 T),
Guys (Philips 1.5 T) and IOP (GE 1.5 T). IXI has no brain masks; a folder of derived data may add them as
`IXI<id>-<site>-<scan>-brain` or `-brainmask`, or as a DLMUSE label map of the brain (`-DLMUSE`), and ages
and sexes in a `participants.tsv` (participant_id, age, sex). Five people have T1 or T2 alone.

The published `IXI.xls`, where it lies beside the scans, only tells ages and sexes, never who there is: it has 619 rows
for 593 people, and 15 people with a T1 are not among them. In it 0 stands for unknown.

Licence: CC BY-SA 3.0. Cite: https://brain-development.org/ixi-dataset/ (EPSRC GR/S21533/02).
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from brainuad.datasets.archives import verify
from brainuad.datasets.reader import Rows, describe, files, place, read_people, scans, table

LABELS: dict[int, str] = {}
HEALTHY = True
PATIENTS = "IXI"
BRAIN_ON = "T1"

SCAN = re.compile(
    r"(?P<subject>IXI\d+-(?P<site>[A-Za-z]+)-\d+)"
    r"(-(?P<modality>T1|T2|PD))?([-_](?P<brain>DLMUSE|brain|brainmask))?"
)
BROKEN_OFF = {"IXI014-HH-1236": ("T2", "PD")}
"""Scans of 28 thick slices, which every user of IXI leaves out."""
SHEET = "md5:066002afe250e4375d132266fcfceac5"
"""Checksum of the published `IXI.xls`."""
NUMBER, SEX, AGE = "IXI_ID", "SEX_ID (1=m, 2=f)", "AGE"
"""Its columns."""


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
    for path in files(roots, r"IXI\.xls"):
        people = read_sheet(path).reindex([int(re.search(r"\d+", subject)[0]) for subject in rows], fill_value="")
        describe(rows, people, pd.Series(list(rows)))
    for path in files(roots, r"participants\.tsv"):
        people = read_people(path, ("participant_id", "age", "sex"))
        describe(rows, people, people["participant_id"])
    return table(rows, HEALTHY)


def read_sheet(path: Path) -> pd.DataFrame:
    """Age (years, to 0.01) and sex of the people in `IXI.xls` as text, by their number; '' where unknown.

    What several rows of one person tell differently is unknown too. Raises InputError for any file but the published.
    """
    verify(path, SHEET, None)  # a damaged one takes the library, and so the process, down
    sheet = pd.read_excel(path, engine="calamine", usecols=[NUMBER, SEX, AGE])
    numbers = sheet.apply(pd.to_numeric, errors="coerce").round({AGE: 2})
    people = numbers.where(numbers > 0).groupby(NUMBER).agg(unanimous)
    told = {"age": people[AGE].map(str, na_action="ignore"), "sex": people[SEX].map({1: "M", 2: "F"})}
    return pd.DataFrame(told).fillna("")


def unanimous(values: pd.Series) -> float:
    """The one value that is told, NaN where none is or several are."""
    told = values.dropna().unique()
    return told[0] if len(told) == 1 else np.nan
