"""MOOD's toy set: brain_toy.zip of heads as in its training set, most with an artificial anomaly, and two labels.

One label is a volume (0 or 1 by voxel), the other a text file that holds 0 or 1 for the whole scan.
"""

from pathlib import Path

import numpy as np

from brainuad.phantom.layouts import mood
from brainuad.phantom.lesions import artificial, healthy
from brainuad.phantom.packing import archive, contents
from brainuad.phantom.study import Case, Study, save

ARCHIVES = {"brain_toy.zip": "T1"}


def subjects(count: int) -> list[str]:
    """toy_0, ..."""
    return [f"toy_{number}" for number in range(count)]


def case(subject: str, rng: np.random.Generator) -> Case:
    """As in the training set."""
    return mood.case(subject, rng)


def is_healthy(subject: str) -> bool:
    """Every fourth subject, from toy_1 on."""
    return int(subject.removeprefix("toy_")) % 4 == 1


def write(study: Study, folder: Path) -> None:
    """The scan (float32), the label by voxel (uint8), all 0 in the healthy, and the label of the scan."""
    change = healthy if is_healthy(study.subject) else artificial
    anatomy, label = change(study.person, study.rng("lesions"))
    values, target, moved = mood.head(study, anatomy)
    name = f"{study.subject}.nii.gz"
    save(folder / "toy" / name, values, target.affine, np.float32)
    save(folder / "toy_label" / "pixel" / name, study.mask(label, target, moved), target.affine, np.uint8)
    text = folder / "toy_label" / "sample" / f"{name}.txt"
    text.parent.mkdir()
    text.write_text("1" if label.any() else "0")


def pack(folders: list[Path], out: Path) -> list[dict[str, str]]:
    """One zip of the three folders, without a folder about them."""
    files = [*contents(folders, "toy/*"), *contents(folders, "toy_label/pixel/*")]
    files += contents(folders, "toy_label/sample/*")
    inside = [(f"{name}/", b"") for name in ("toy", "toy_label", "toy_label/pixel", "toy_label/sample")]
    return [archive(out / "brain_toy.zip", sorted(files + inside), subjects=len(folders))]
