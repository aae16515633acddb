"""ISBI 2015: training_final_v4.zip of MS patients seen twice, stripped, in MNI space, two raters; axes RAS.

Only the preprocessed scans are made, not the raw ones (`orig`), and two visits, not four or five. The first
rater's mask is where lesion fills half of a voxel; the second outlines the same lesions a little differently.
"""

from pathlib import Path

import numpy as np
from scipy import ndimage

from brainuad.phantom.anatomy import Anatomy, field
from brainuad.phantom.lesions import multiple_sclerosis
from brainuad.phantom.packing import archive, contents
from brainuad.phantom.scanner import SCANNERS
from brainuad.phantom.study import SEXES, Case, Study, field_of_view, save

TOP = "training"
ARCHIVES = {"training_final_v4.zip": ""}
VISITS = {"01": 0.6, "02": 1.0}
"""How much of each lesion has grown at a visit."""
NAMES = {"flair": "FLAIR", "mprage": "T1", "pd": "PD", "t2": "T2"}
DISAGREEMENT = 0.5
"""Standard deviation of the distance between the raters' outlines, in voxels."""


def subjects(count: int) -> list[str]:
    """training01, ..."""
    return [f"training{number:02d}" for number in range(1, count + 1)]


def case(subject: str, rng: np.random.Generator) -> Case:
    """A patient with multiple sclerosis on the one 3 T scanner."""
    return Case(sex=str(rng.choice(SEXES)), age=round(float(rng.uniform(30, 58))), scanner=SCANNERS["HH"])


def second_rater(label: np.ndarray, anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """A label (X, Y, Z) outlined anew: its edge moved to and fro by a smooth random field; bool, in the brain."""
    distance = ndimage.distance_transform_edt(label) - ndimage.distance_transform_edt(label == 0)
    beyond = DISAGREEMENT * field(rng, 6.0, label.shape, anatomy.affine)
    # The distance jumps from -1 to 1 across the edge.
    return (distance - 0.5 * np.sign(distance) + beyond > 0) & anatomy.brain


def write(study: Study, folder: Path) -> None:
    """Four contrasts (float32) and two masks (uint8) for each visit; not compressed."""
    target = field_of_view("RAS", (181, 217, 181), (1.0, 1.0, 1.0), study.spacing, (-90.5, -126.5, -72.5))
    still = np.eye(4)
    top = folder / TOP / study.subject
    for visit, extent in VISITS.items():
        anatomy, label = multiple_sclerosis(study.person, study.rng("lesions"), extent)
        brain = study.mask(anatomy.brain, target, still) > 0
        stem = f"{study.subject}_{visit}"
        for name, contrast in NAMES.items():
            values = np.where(brain, study.scan(anatomy, contrast, target, still, visit=visit), 0)
            save(top / "preprocessed" / f"{stem}_{name}_pp.nii", values, target.affine, np.float32)
        raters = (label, second_rater(label, anatomy, study.rng("rater", visit)))
        for number, mask in enumerate(raters, start=1):
            save(top / "masks" / f"{stem}_mask{number}.nii", study.mask(mask, target, still), target.affine, np.uint8)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """One zip with a folder for each patient."""
    files = contents(folders, f"{TOP}/*/*/*.nii")
    return [archive(out / "training_final_v4.zip", [(f"{TOP}/", b""), *files], subjects=len(folders))]
