"""IXI: flat IXI-T1.tar, IXI-T2.tar, IXI-PD.tar of healthy heads with skull, and participants.tsv beside them.

T1 comes in sagittal slices (axes PSR), T2 and PD on one axial grid (axes LAS).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from brainuad.errors import InputError
from brainuad.phantom.head import with_head
from brainuad.phantom.packing import archive, contents, members
from brainuad.phantom.scanner import SCANNERS, pose
from brainuad.phantom.study import SEXES, Case, Study, field_of_view, save
from brainuad.seeds import generator

CONTRASTS = ("T1", "T2", "PD")
ARCHIVES = {f"IXI-{contrast}.tar": contrast for contrast in CONTRASTS}
PEOPLE = "participants.tsv"


def subjects(count: int) -> list[str]:
    """IXI002-Guys-0828, ...: sites as often as in IXI, some numbers left out."""
    rng = generator(0, "phantom", "ixi", "names")
    names, number = [], 0
    for _ in range(count):
        number += int(rng.integers(1, 3))
        site = rng.choice(("Guys", "HH", "IOP"), p=(0.5, 0.3, 0.2))
        scan = {"Guys": 690, "HH": 1200, "IOP": 860}[str(site)] + 2 * number + int(rng.integers(2))
        names.append(f"IXI{number:03d}-{site}-{scan:04d}")
    return names


def case(subject: str, rng: np.random.Generator) -> Case:
    """An adult of any age, on the scanner of the site in the name."""
    parts = subject.split("-")
    if len(parts) != 3 or parts[1] not in SCANNERS:
        raise InputError(subject, "isn't a subject of IXI", "Names are like IXI002-Guys-0828")
    return Case(sex=str(rng.choice(SEXES)), age=round(float(rng.uniform(20, 86)), 2), scanner=SCANNERS[parts[1]])


def write(study: Study, folder: Path) -> None:
    """T1 sagittal, T2 and PD axial and thicker, the head a little moved in between; int16."""
    anatomy = with_head(study.person, study.rng("head"))
    position = pose(study.rng("pose"), degrees=4, mm=4)
    later = pose(study.rng("motion"), degrees=0.6, mm=0.6) @ position
    spacing = study.spacing
    sagittal = field_of_view("PSR", (256, 256, 150), (0.9375, 0.9375, 1.2), spacing, (-90.0, 108.0, -128.0))
    axial = field_of_view("LAS", (256, 256, 130), (0.9375, 0.9375, 1.25), spacing, (120.0, -132.0, -74.0))
    scans = {
        "T1": study.scan(anatomy, "T1", sagittal, position, thickness=(1.2 * spacing, 0, 0)),
        "T2": study.scan(anatomy, "T2", axial, later, thickness=(0, 0, 1.8 * spacing)),
        "PD": study.scan(anatomy, "PD", axial, later, thickness=(0, 0, 1.8 * spacing)),
    }
    for contrast, volume in scans.items():
        grid = sagittal if contrast == "T1" else axial
        save(folder / f"IXI-{contrast}" / f"{study.subject}-{contrast}.nii.gz", volume, grid.affine, np.int16)
    row = {"participant_id": study.subject, "age": study.case.age, "sex": study.case.sex}
    pd.DataFrame([row]).to_csv(folder / PEOPLE, sep="\t", index=False)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """One archive for each modality without folders inside, and the table of people beside them."""
    people = pd.concat([pd.read_csv(path, sep="\t") for _, path in members(folders, PEOPLE)])
    people.sort_values("participant_id").to_csv(out / PEOPLE, sep="\t", index=False)
    rows = []
    for contrast in CONTRASTS:
        files = [(Path(name).name, content) for name, content in contents(folders, f"IXI-{contrast}/*.nii.gz")]
        rows.append(archive(out / f"IXI-{contrast}.tar", files, subjects=len(files)))
    return rows
