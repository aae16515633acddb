"""BraTS 2016/17 as Task01_BrainTumour of the Medical Segmentation Decathlon: 484 gliomas with labels.

Layout: `imagesTr/BRATS_001.nii.gz` (4-D, channels FLAIR, T1, T1ce, T2) and `labelsTr/BRATS_001.nii.gz`;
`imagesTs` has no labels and is left out. 240 x 240 x 155 at 1 mm, skull-stripped, all modalities on one grid.
The label values differ from those of BraTS itself, where 1 is the core and 2 the oedema. The patients are
those of BraTS 2016 and 2017 under other names, so this set can't be combined with any BraTS edition.

Licence: CC BY-SA 4.0. Cite: Antonelli et al. 2022, doi:10.1038/s41467-022-30695-9.
"""

from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import Rows, place, scans, table

LABELS = {1: "oedema", 2: "non-enhancing tumour", 3: "enhancing tumour"}
HEALTHY = False
PATIENTS = "BraTS"

CHANNELS = ("FLAIR", "T1", "T1ce", "T2")


def index(roots: list[Path]) -> pd.DataFrame:
    """One row per training subject."""
    rows: Rows = {}
    for path, name in scans(roots):
        if path.parent.name == "labelsTr":
            place(rows, name, "label", path)
        elif path.parent.name == "imagesTr":
            for channel, modality in enumerate(CHANNELS):
                place(rows, name, modality, path.with_name(f"{path.name}#{channel}"))
    return table(rows, HEALTHY)
