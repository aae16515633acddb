"""BraTS 2017 to 2021, training and validation folders of one edition: gliomas, four modalities.

Layout: `<case>/<case>_{t1,t1ce,t2,flair,seg}.nii.gz` (or `.nii`) at any depth, the cases being named

    HGG/Brats17_CBICA_AAB_1, LGG/Brats18_TCIA13_623_1, HGG/BraTS19_2013_2_1     2017 to 2019
    BraTS20_Training_001, BraTS20_Validation_001                                2020
    UPENN-GBM/BraTS2021_00000 (TCIA, below its source), BraTS2021_00000         2021

240 x 240 x 155 at 1 mm, skull-stripped, one grid, axes LPS. Validation cases have no mask. The mask of case 355 of
2020 lies under another name. Label 3 is unused. Ages are those of `survival_*.csv`; the site is part of the name,
the source folder or found by `name_mapping.csv`. Each edition holds the cases of the earlier ones under other
names, and so does the Decathlon's (`brats`) and the one of 2023 (`brats2023`).

Licence: CC BY 4.0 (2021), the challenge's terms before. Cite: Menze et al. 2015, doi:10.1109/TMI.2014.2377694;
Bakas et al. 2017, doi:10.1038/sdata.2017.117; Baid et al. 2021, arXiv:2107.02314.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, describe, files, place, read_people, scans, table
from brainuad.errors import InputError

LABELS = {1: "necrotic or non-enhancing core", 2: "oedema", 4: "enhancing tumour"}
HEALTHY = False
PATIENTS = "BraTS"

SCAN = re.compile(r"(?P<case>Bra[tT][sS](20)?(?P<edition>17|18|19|20|21)_\w+)_(?P<kind>t1|t1ce|t2|flair|seg)")
COLUMN = {"t1": "T1", "t1ce": "T1ce", "t2": "T2", "flair": "FLAIR", "seg": "label"}
MISNAMED = {("BraTS20_Training_355", "W39_1998.09.19_Segm"): "BraTS20_Training_355_seg"}


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per case. Raises InputError where editions lie side by side, since they hold the same people."""
    rows: Rows = {}
    editions: dict[str, Path] = {}
    for path, name in scans(roots):
        if match := SCAN.fullmatch(MISNAMED.get((path.parent.name, name), name)):
            place(rows, match["case"], COLUMN[match["kind"]], path)
            rows[match["case"]]["site"] = site(match["case"], path)
            editions.setdefault(match["edition"], path)
    if len(editions) > 1:
        (first, path), (second, other) = list(editions.items())[:2]
        problem = f"(BraTS 20{first}) and {other} (BraTS 20{second}) are of editions that hold the same people"
        raise InputError(path, problem, "Name the folder of one edition")
    for path in files(roots, r"survival_\w+\.csv"):
        people = read_people(path, ("Age",)).rename(columns={"Age": "age"})
        describe(rows, people, people.iloc[:, 0])
    for path in files(roots, r"name_mapping\.csv") if "20" in editions else ():
        people = read_people(path, ("BraTS_2019_subject_ID", "BraTS_2020_subject_ID"))
        people["site"] = people["BraTS_2019_subject_ID"].map(site_in_name)
        describe(rows, people, people["BraTS_2020_subject_ID"])
    return table(rows, HEALTHY)


def site(case: str, path: Path) -> str:
    """Where a case comes from, as its name (2017 to 2019) or the folder above its own (2021 by TCIA) tells, or ''."""
    collection = path.parent.parent
    split = re.fullmatch(r"BraTS2021_(Training|Validation)Set", collection.parent.name)
    return collection.name if split else site_in_name(case)


def site_in_name(case: str) -> str:
    """`CBICA` of `BraTS19_CBICA_AAB_1`, '' of `BraTS20_Training_001`."""
    match = re.fullmatch(r"Bra..1[789]_(?P<site>[^_]+)_\w+_\d+", case)
    return match["site"] if match else ""
