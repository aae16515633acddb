"""BraTS as Task01_BrainTumour.tar of the Medical Segmentation Decathlon: gliomas, stripped, 4-D, axes LPS."""

import json
from pathlib import Path

import numpy as np

from brainuad.phantom.lesions import tumour
from brainuad.phantom.packing import APPLE_DOUBLE, archive, contents
from brainuad.phantom.scanner import SCANNERS, Grid
from brainuad.phantom.study import SEXES, Case, Study, field_of_view, save

TOP = "Task01_BrainTumour"
ARCHIVES = {f"{TOP}.tar": ""}
CHANNELS = {"FLAIR": "FLAIR", "T1w": "T1", "t1gd": "T1ce", "T2w": "T2"}
TRAINING = 484
"""Subjects above this number are the source's test images, which come without label."""


def subjects(count: int) -> list[str]:
    """BRATS_001, ..."""
    return [f"BRATS_{number:03d}" for number in range(1, count + 1)]


def case(subject: str, rng: np.random.Generator) -> Case:
    """An adult with a glioma, from any of the hospitals."""
    return Case(
        sex=str(rng.choice(SEXES)),
        scanner=SCANNERS[str(rng.choice(sorted(SCANNERS)))],
        age=round(float(np.clip(rng.normal(58, 12), 22, 85))),
    )


def stripped(study: Study) -> tuple[dict[str, np.ndarray], np.ndarray, Grid]:
    """Four contrasts without skull, the label (classes of the Decathlon) and their grid, that of every BraTS file."""
    anatomy, label = tumour(study.person, study.rng("lesions"))
    target = field_of_view("LPS", (240, 240, 155), (1.0, 1.0, 1.0), study.spacing, (0.5, 239.5, -0.5))
    moved = np.eye(4)
    moved[:3, 3] = (-119.5, 137.5, 71.5)
    brain = study.mask(anatomy.brain, target, moved) > 0
    scans = {c: np.where(brain, study.scan(anatomy, c, target, moved), 0) for c in ("FLAIR", "T1", "T1ce", "T2")}
    return scans, study.mask(label, target, moved), target


def write(study: Study, folder: Path) -> None:
    """Four contrasts in one 4-D file, and the label (training subjects only)."""
    scans, label, target = stripped(study)
    training = int(study.subject.rpartition("_")[2]) <= TRAINING
    images = folder / TOP / ("imagesTr" if training else "imagesTs")
    channels = np.stack([scans[contrast] for contrast in CHANNELS.values()], -1)
    save(images / f"{study.subject}.nii.gz", channels, target.affine, np.int16)
    if training:
        save(folder / TOP / "labelsTr" / f"{study.subject}.nii.gz", label, target.affine, np.uint8)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """Task01_BrainTumour.tar with dataset.json and the AppleDouble members that the original carries."""
    files = contents(folders, f"{TOP}/*/*.nii.gz")
    names = [name.removeprefix(TOP) for name, _ in files]
    training = [name for name in names if name.startswith("/imagesTr/")]
    test = [name for name in names if name.startswith("/imagesTs/")]
    description = {
        "name": "BRATS",
        "description": "BrainUAD phantom in the layout of the Medical Segmentation Decathlon's Task01",
        "reference": "phantom",
        "licence": "Apache-2.0",
        "release": "1.0",
        "tensorImageSize": "4D",
        "modality": {str(number): name for number, name in enumerate(CHANNELS)},
        "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
        "numTraining": len(training),
        "numTest": len(test),
        "training": [{"image": f".{name}", "label": f".{name.replace('imagesTr', 'labelsTr')}"} for name in training],
        "test": [f".{name}" for name in test],
    }
    files += [(f"{TOP}/dataset.json", json.dumps(description, indent=1).encode())]
    doubles = [(f"{Path(name).parent}/._{Path(name).name}", APPLE_DOUBLE) for name, _ in files]
    folders_inside = [(f"{TOP}/{name}/", b"") for name in ("imagesTr", "imagesTs", "labelsTr")]
    members = sorted(files + doubles + folders_inside)
    return [archive(out / f"{TOP}.tar", members, subjects=len(training))]
