"""Kobayashi's private set, in a layout of our own: kobayashi.zip, a BIDS-like tree of T1 heads after contrast agent.

Its four classes (Kobayashi et al. 2021, section III-A): 1 metastasis, 2 extracranial metastasis, 3 cavity left by
surgery, 4 other change of structure. Oedema isn't labelled, since it has no clear boundary in T1 after contrast
agent. Axes LPS.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from brainuad.phantom.anatomy import Anatomy
from brainuad.phantom.bodies import labelled
from brainuad.phantom.head import with_head
from brainuad.phantom.lesions import cavity, extracranial, metastases, structural
from brainuad.phantom.packing import archive, contents, members
from brainuad.phantom.scanner import SCANNERS, Grid, pose
from brainuad.phantom.study import SEXES, Case, Study, field_of_view, save

ARCHIVES = {"kobayashi.zip": "T1ce"}
PEOPLE = "participants.tsv"
METASTASIS, EXTRACRANIAL, CAVITY, STRUCTURAL = 1, 2, 3, 4
FINDINGS = (
    {METASTASIS},
    {METASTASIS, EXTRACRANIAL},
    {CAVITY, METASTASIS},
    {STRUCTURAL},
)
"""Classes of one subject after the other."""


def subjects(count: int) -> list[str]:
    """sub-01, ..."""
    return [f"sub-{number:02d}" for number in range(1, count + 1)]


def case(subject: str, rng: np.random.Generator) -> Case:
    """An adult of the age at which tumours spread to the brain, on one scanner."""
    age = round(float(np.clip(rng.normal(62, 11), 30, 86)))
    return Case(sex=str(rng.choice(SEXES)), age=age, scanner=SCANNERS["HH"])


def findings(subject: str) -> set[int]:
    """The classes of a subject."""
    return FINDINGS[(int(subject.removeprefix("sub-")) - 1) % len(FINDINGS)]


def patient(study: Study, classes: set[int]) -> tuple[Anatomy, np.ndarray]:
    """The subject's head with lesions of these classes, and the label (X, Y, Z) uint8."""
    anatomy, label = study.person, np.zeros(study.person.brain.shape, np.uint8)
    if STRUCTURAL in classes:
        anatomy, changed = structural(anatomy, study.rng("structural"))
        label[changed > 0] = STRUCTURAL
    if CAVITY in classes:
        anatomy, _ = cavity(anatomy, study.rng("cavity"))
    if METASTASIS in classes:
        anatomy, _ = metastases(anatomy, study.rng("metastases"))
    sharp = labelled(anatomy, {"cavity": CAVITY, "enhancing": METASTASIS, "necrosis": METASTASIS})
    label = np.where(sharp > 0, sharp, label)
    anatomy = with_head(anatomy, study.rng("head"))
    if EXTRACRANIAL in classes:
        anatomy, deposit = extracranial(anatomy, study.rng("extracranial"))
        label[deposit > 0] = EXTRACRANIAL
    return anatomy, label


def head_first(spacing: float) -> Grid:
    """The scanner's grid."""
    return field_of_view("LPS", (224, 256, 224), (1.0, 1.0, 1.0), spacing, (112.0, 116.0, -120.0))


def write(study: Study, folder: Path) -> None:
    """The head (int16), its label and its brain mask (uint8)."""
    anatomy, label = patient(study, findings(study.subject))
    target = head_first(study.spacing)
    moved = pose(study.rng("pose"), degrees=3, mm=3)
    scan = folder / study.subject / "anat" / f"{study.subject}_ce-gadolinium_T1w.nii.gz"
    save(scan, study.scan(anatomy, "T1ce", target, moved), target.affine, np.int16)
    for kind, ending, values in (("labels", "dseg", label), ("brain", "desc-brain_mask", anatomy.brain)):
        path = folder / "derivatives" / kind / study.subject / "anat" / f"{study.subject}_{ending}.nii.gz"
        save(path, study.mask(values, target, moved), target.affine, np.uint8)
    row = {
        "participant_id": study.subject,
        "age": study.case.age,
        "sex": study.case.sex,
        "anomalous": 1,
    }
    pd.DataFrame([row]).to_csv(folder / PEOPLE, sep="\t", index=False)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """One zip of the tree, participants.tsv included."""
    people = pd.concat([pd.read_csv(path, sep="\t") for _, path in members(folders, PEOPLE)])
    table = people.sort_values("participant_id").to_csv(sep="\t", index=False).encode()
    files = [*contents(folders, "sub-*/anat/*"), *contents(folders, "derivatives/*/*/anat/*"), (PEOPLE, table)]
    return [archive(out / "kobayashi.zip", sorted(files), subjects=len(folders))]
