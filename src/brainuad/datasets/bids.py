"""Any BIDS tree of healthy people: T1w, T2w, PDw and FLAIR of `sub-*/[ses-*/]anat/`.

T1w with a `ce` entity is T1 with contrast agent. Of several sessions the first with scans is read, and in it of
several runs or acquisitions of a contrast the first by name, since scans of one person aren't independent. A brain
mask of the scan's own grid may lie in a derivative (`sub-01_desc-brain_mask.nii.gz`), or in its place a map of the
brain's structures (`sub-01_desc-structures_dseg.nii.gz`, values as in `brainuad.datasets.structures`); other derived
scans and masks, and those in other spaces (entities `desc` and `space`), are left out. Ages and sexes are those
of `participants.tsv`.

BIDS: Gorgolewski et al. 2016, doi:10.1038/sdata.2016.44. Licence and citation: in `dataset_description.json`.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import MODALITIES, Rows, describe, files, place, read_people, scans, table

LABELS: dict[int, str] = {}
HEALTHY = True
PATIENTS = ""

SCAN = re.compile(
    r"(?P<subject>sub-[^_]+)_((?P<session>ses-[^_]+)_)?(?P<entities>([a-z]+-[^_]+_)*)(?P<suffix>T1w|T2w|PDw|FLAIR|mask|dseg)"
)
BRAIN = {"mask": "brain", "dseg": "structures"}
"""What a derived file that tells where the brain is describes."""
COLUMN = {"T1w": "T1", "T2w": "T2", "PDw": "PD", "FLAIR": "FLAIR"}


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per subject with a scan."""
    sessions: dict[tuple[str, str], Rows] = {}
    for path, name in scans(roots):
        match = SCAN.fullmatch(name) if path.parent.name == "anat" else None
        if match and (column := column_of(match["entities"], match["suffix"])):
            place(sessions.setdefault((match["subject"], match["session"] or ""), {}), match["entities"], column, path)
    rows: Rows = {}
    for (subject, _), found in sorted(sessions.items(), reverse=True):  # so that the first stay
        row = {column: cell for _, cells in sorted(found.items(), reverse=True) for column, cell in cells.items()}
        if set(MODALITIES) & set(row):
            rows[subject] = row
    for path in files(roots, r"participants\.tsv"):
        people = read_people(path, ("participant_id",)).rename(columns={"gender": "sex"})
        describe(rows, people, people["participant_id"])
    return table(rows, HEALTHY)


def column_of(entities: str, suffix: str) -> str | None:
    """The column of a file with these entities (`ce-gadolinium_run-1_`), None for what is left out."""
    entity = dict(part.split("-", 1) for part in entities.split("_") if part)
    if suffix in BRAIN:
        return "brain" if entity.get("desc") == BRAIN[suffix] and "space" not in entity else None
    if "desc" in entity or "space" in entity:
        return None
    return "T1ce" if suffix == "T1w" and "ce" in entity else COLUMN[suffix]
