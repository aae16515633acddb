"""Make one scan of a subject, its brain mask and its label canonical NIfTI volumes on one grid."""

from pathlib import Path

from brainuad.datasets import brains, volumes
from brainuad.datasets import reader as readers
from brainuad.errors import InputError
from brainuad.files import save_nifti


def main(
    *,
    subjects: Path,
    subject: str,
    modality: str,
    reader: str,
    out_image: Path,
    out_brain: Path,
    out_label: Path | None = None,
) -> None:
    """Write SUBJECT's scan of MODALITY (float32), brain mask (uint8) and label (uint8), all in RAS order.

    SUBJECTS is the table of `brainuad index`, READER the reader that made it. The brain mask is the dataset's
    own where it lies on the scan's grid, else the non-zero voxels of a stripped scan, else a network's (T1), else
    that of the subject's T1 (another contrast), else an estimate; its header's `descrip` tells which.
    """
    row = find(subjects, subject, modality)
    image = volumes.load_image(row[modality])
    brain, origin = brains.find(row, modality, image)
    if out_label is not None:
        if not row["label"]:
            raise InputError(subjects, f"has no label for subject {subject}", "Leave out --out-label")
        label = volumes.load_label(row["label"], image, readers.reader(reader).LABELS, row["anomalous"] == "0")
        save_nifti(out_label, label.data, label.affine)
    save_nifti(out_image, image.data, image.affine)
    save_nifti(out_brain, brain.data, brain.affine, f"brain mask: {origin}")


def find(subjects: Path, subject: str, modality: str) -> dict[str, str]:
    """The subject's row, which holds the modality. Raises InputError naming what there is instead."""
    if modality not in readers.MODALITIES:
        raise InputError(modality, "is no modality", f"Choose one of: {', '.join(readers.MODALITIES)}")
    rows = {row["subject"]: row for row in readers.read_subjects(subjects).to_dict("records")}
    if subject not in rows:
        raise InputError(subjects, f"has no subject {subject}", f"It starts with {', '.join(list(rows)[:3])}")
    row = rows[subject]
    if not row[modality]:
        there = [name for name in readers.MODALITIES if row[name]]
        problem = f"has no {modality} of subject {subject}"
        raise InputError(subjects, problem, f"There is {', '.join(there) or 'only the label'}")
    return row
