"""Make the map of a brain's structures a canonical NIfTI volume of classes."""

from pathlib import Path

from brainuad.datasets import volumes
from brainuad.datasets.structures import load_structures
from brainuad.files import save_nifti
from brainuad.stages.volume import find


def main(*, subjects: Path, subject: str, modality: str, out: Path) -> None:
    """Write the structures of SUBJECT's brain on the grid of its scan of MODALITY, (uint8, RAS order).

    SUBJECTS is the table of `brainuad index`; the map is what it names as the brain.
    """
    row = find(subjects, subject, modality)
    found = load_structures(row["brain"], volumes.load_image(row[modality]))
    save_nifti(out, found.data, found.affine)
