"""MOOD's training set: brain_train.zip of healthy T1 heads, 256 voxels each way, values in [0, 1]; axes SPR."""

from pathlib import Path

import numpy as np

from brainuad.phantom.anatomy import Anatomy
from brainuad.phantom.head import with_head
from brainuad.phantom.packing import archive, contents
from brainuad.phantom.scanner import SCANNERS, Grid, pose
from brainuad.phantom.study import SEXES, Case, Study, field_of_view, save

TOP = "brain_train"
ARCHIVES = {f"{TOP}.zip": "T1"}


def subjects(count: int) -> list[str]:
    """00000, ..."""
    return [f"{number:05d}" for number in range(count)]


def case(subject: str, rng: np.random.Generator) -> Case:
    """An adult of a cohort that the source doesn't tell, on one scanner."""
    return Case(sex=str(rng.choice(SEXES)), age=round(float(rng.uniform(20, 60))), scanner=SCANNERS["HH"])


def head(study: Study, anatomy: Anatomy) -> tuple[np.ndarray, Grid, np.ndarray]:
    """The scan of a stripped anatomy's head, values in [0, 1], its grid, and the head's motion to there."""
    target = field_of_view("SPR", (256, 256, 256), (1.0, 1.0, 1.0), study.spacing, (-128.0, 116.0, -139.0))
    moved = pose(study.rng("pose"), degrees=3, mm=3)
    values = study.scan(with_head(anatomy, study.rng("head")), "T1", target, moved)
    return values / values.max(), target, moved


def write(study: Study, folder: Path) -> None:
    """One float32 file."""
    values, target, _ = head(study, study.person)
    save(folder / TOP / f"{study.subject}.nii.gz", values, target.affine, np.float32)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """One zip, the folder inside named like it."""
    files = contents(folders, f"{TOP}/*.nii.gz")
    return [archive(out / f"{TOP}.zip", [(f"{TOP}/", b""), *files], subjects=len(files))]
