"""Healthy heads in a BIDS tree, bids.zip: T1 after contrast agent and a map of the brain's structures. Axes LPS.

Nobody gets contrast agent for being healthy: these stand for the slices without abnormality of the patients that
Kobayashi et al. 2021 train on. The map's values are those of `brainuad.datasets.structures`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from brainuad.phantom.head import with_head
from brainuad.phantom.layouts.kobayashi import case, head_first
from brainuad.phantom.packing import archive, contents, members
from brainuad.phantom.scanner import pose
from brainuad.phantom.structures import structures
from brainuad.phantom.study import Study, save

__all__ = ["ARCHIVES", "case", "pack", "subjects", "write"]

ARCHIVES = {"bids.zip": "T1ce"}
PEOPLE = "participants.tsv"


def subjects(count: int) -> list[str]:
    """sub-healthy001, ..."""
    return [f"sub-healthy{number:03d}" for number in range(1, count + 1)]


def write(study: Study, folder: Path) -> None:
    """The head (int16) and its brain's structures (uint8)."""
    target, moved = head_first(study.spacing), pose(study.rng("pose"), degrees=3, mm=3)
    anatomy = with_head(study.person, study.rng("head"))
    name = Path(study.subject, "anat", study.subject)
    save(
        folder / f"{name}_ce-gadolinium_T1w.nii.gz", study.scan(anatomy, "T1ce", target, moved), target.affine, np.int16
    )
    truth = study.mask(structures(study), target, moved)
    save(folder / f"derivatives/structures/{name}_desc-structures_dseg.nii.gz", truth, target.affine, np.uint8)
    row = {"participant_id": study.subject, "age": study.case.age, "sex": study.case.sex}
    pd.DataFrame([row]).to_csv(folder / PEOPLE, sep="\t", index=False)


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """One zip of the tree, participants.tsv included."""
    people = pd.concat([pd.read_csv(path, sep="\t") for _, path in members(folders, PEOPLE)])
    table = people.sort_values("participant_id").to_csv(sep="\t", index=False).encode()
    files = [*contents(folders, "sub-*/anat/*"), *contents(folders, "derivatives/structures/*/anat/*"), (PEOPLE, table)]
    return [archive(out / "bids.zip", sorted(files), subjects=len(folders))]
