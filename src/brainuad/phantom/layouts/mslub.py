"""MSLUB: the open MS data's folder of coregistered scans with skull, as a GitHub tarball; axes LPS.

At spacing 1 the matrix is 256 in the plane, not the 512 that the source's scans are interpolated to.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from brainuad.phantom.head import with_head
from brainuad.phantom.lesions import multiple_sclerosis
from brainuad.phantom.packing import archive, contents, members
from brainuad.phantom.scanner import SCANNERS, pose
from brainuad.phantom.study import SEXES, Case, Study, field_of_view, save

ARCHIVES = {"open_ms_data.tar.gz": ""}
TOP = "open_ms_data-65704901f60650824565aa5a4818611aa89716f4"
FOLDER = "cross_sectional/coregistered"
PATIENTS = "patient_info.csv"
NAMES = {"FLAIR": "FLAIR", "T1W": "T1", "T1WKS": "T1ce", "T2W": "T2"}


def subjects(count: int) -> list[str]:
    """patient01, ..."""
    return [f"patient{number:02d}" for number in range(1, count + 1)]


def case(subject: str, rng: np.random.Generator) -> Case:
    """A patient with multiple sclerosis on the one 3 T scanner."""
    sex = str(rng.choice(SEXES))
    age = round(float(np.clip(rng.lognormal(np.log(38), 0.25), 19, 66)))
    return Case(sex, age, SCANNERS["HH"])


def write(study: Study, folder: Path) -> None:
    """Four contrasts with skull, the lesion mask and the brain mask, all on the FLAIR's grid."""
    ill, label = multiple_sclerosis(study.person, study.rng("lesions"))
    anatomy = with_head(ill, study.rng("head"))
    voxel = (0.8, 0.9375, 0.9375)
    target = field_of_view("LPS", (192, 256, 256), voxel, study.spacing, (76.8, 104.0, -132.0))
    moved = pose(study.rng("pose"), degrees=3, mm=1.5)
    top = folder / FOLDER / study.subject
    for name, contrast in NAMES.items():
        save(top / f"{name}.nii.gz", study.scan(anatomy, contrast, target, moved), target.affine, np.int16)
    save(top / "consensus_gt.nii.gz", study.mask(label, target, moved), target.affine, np.int16)
    save(top / "brainmask.nii.gz", study.mask(anatomy.brain, target, moved), target.affine, np.int16)
    rng = study.rng("clinic")
    course = str(rng.choice(("RR", "SP", "PR", "CIS"), p=(0.8, 0.08, 0.05, 0.07)))
    row = {
        "patient_id": int(study.subject.removeprefix("patient")),
        "age": int(study.case.age),
        "sex": study.case.sex,
        "ms_type": course,
        "edss": round(2 * float(np.clip(rng.gamma(2, 1.2), 0, 8))) / 2,
        "criteria": "McDonald 2010",
    }
    pd.DataFrame([row]).to_csv(folder / "cross_sectional" / PATIENTS, index=False)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """open_ms_data.tar.gz as GitHub packs a commit, patient_info.csv included."""
    files = [(f"{TOP}/{name}", content) for name, content in contents(folders, f"{FOLDER}/*/*.nii.gz")]
    rows = [pd.read_csv(path, dtype=str) for _, path in members(folders, f"cross_sectional/{PATIENTS}")]
    table = pd.concat(rows).sort_values("patient_id", key=lambda column: column.astype(int))
    files += [(f"{TOP}/cross_sectional/{PATIENTS}", table.to_csv(index=False).encode())]
    return [archive(out / "open_ms_data.tar.gz", sorted(files), subjects=len(folders))]
