"""BraTS 2021 as the challenge's tar: a folder for each glioma with four stripped contrasts and the label, axes LPS."""

from pathlib import Path

import numpy as np

from brainuad.phantom.layouts import brats
from brainuad.phantom.packing import archive, contents
from brainuad.phantom.study import Case, Study, save

TOP = "RSNA_ASNR_MICCAI_BraTS2021_TrainingData_16July2021"
ARCHIVES = {f"{TOP}.tar": ""}
NAMES = {"FLAIR": "flair", "T1": "t1", "T1ce": "t1ce", "T2": "t2"}
CLASSES = np.array([0, 2, 1, 4], np.uint8)
"""The challenge's label by the Decathlon's: oedema is 2 here, the core 1, what enhances 4; 3 is unused."""


def subjects(count: int) -> list[str]:
    """BraTS2021_00000, ..."""
    return [f"BraTS2021_{number:05d}" for number in range(count)]


def case(subject: str, rng: np.random.Generator) -> Case:
    """As in earlier editions, whose patients this one contains."""
    return brats.case(subject, rng)


def write(study: Study, folder: Path) -> None:
    """Each contrast and the label in a file of its own; int16."""
    scans, label, target = brats.stripped(study)
    stem = folder / study.subject / study.subject
    for contrast, name in NAMES.items():
        save(stem.with_name(f"{study.subject}_{name}.nii.gz"), scans[contrast], target.affine, np.int16)
    save(stem.with_name(f"{study.subject}_seg.nii.gz"), CLASSES[label], target.affine, np.uint8)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """One tar of the subjects' folders."""
    return [archive(out / f"{TOP}.tar", contents(folders, "*/*.nii.gz"), subjects=len(folders))]
