"""NFBS: NFBS_Dataset.tar.gz of T1 heads, the stripped brain and a fractional brain mask beside each; axes PIR.

Unlike the source's, these heads aren't defaced.
"""

from pathlib import Path

import numpy as np

from brainuad.phantom.head import with_head
from brainuad.phantom.packing import archive, contents
from brainuad.phantom.scanner import SCANNERS, pose, resample
from brainuad.phantom.study import SEXES, Case, Study, field_of_view, save
from brainuad.seeds import generator

TOP = "NFBS_Dataset"
ARCHIVES = {f"{TOP}.tar.gz": "T1"}


def subjects(count: int) -> list[str]:
    """A00028..., ascending with gaps."""
    steps = generator(0, "phantom", "nfbs", "names").integers(1, 400, size=count)
    return [f"A{28000 + number:08d}" for number in np.cumsum(steps)]


def case(subject: str, rng: np.random.Generator) -> Case:
    """A younger adult on the one 3 T scanner."""
    return Case(sex=str(rng.choice(SEXES)), age=round(float(rng.uniform(21, 45)), 1), scanner=SCANNERS["HH"])


def write(study: Study, folder: Path) -> None:
    """The head and the brain (int16), and the mask as the share of brain in each voxel (float32)."""
    anatomy = with_head(study.person, study.rng("head"))
    target = field_of_view("PIR", (256, 256, 192), (1.0, 1.0, 1.0), study.spacing, (-96.0, 116.0, 112.0))
    moved = pose(study.rng("pose"), degrees=3, mm=3)
    head = study.scan(anatomy, "T1", target, moved)
    share = resample(anatomy.brain.astype(np.float32), anatomy.affine, target, moved, order=1)
    stem = f"sub-{study.subject}_ses-NFB3_T1w"
    place = folder / TOP / study.subject
    save(place / f"{stem}.nii.gz", head, target.affine, np.int16)
    save(place / f"{stem}_brain.nii.gz", np.where(share > 0.5, head, 0), target.affine, np.int16)
    save(place / f"{stem}_brainmask.nii.gz", np.clip(share, 0, 1), target.affine, np.float32)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """One tar.gz with a folder for each subject."""
    files = contents(folders, f"{TOP}/*/*.nii.gz")
    inside = [(f"{TOP}/{name}", b"") for name in ("", *(f"{folder.name}/" for folder in folders))]
    return [archive(out / f"{TOP}.tar.gz", sorted(files + inside), subjects=len(folders))]
