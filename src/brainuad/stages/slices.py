"""Cut preprocessed volumes into axial slices: NIfTI per subject -> images.h5."""

from pathlib import Path

import nibabel as nib
import numpy as np
from tqdm import tqdm

from brainuad.errors import InputError
from brainuad.slices import AXES, to_slices, write


def main(
    *,
    subject: list[str],
    image: list[Path],
    brain: list[Path],
    dataset: str,
    recipe: str,
    modality: str,
    out: Path,
) -> None:
    """Stack all slices with brain in them; SUBJECT, IMAGE and BRAIN are repeated in the same order."""
    columns: dict[str, list[np.ndarray]] = {"image": [], "brain": [], "subject": [], "slice": []}
    affine = None
    for name, image_path, brain_path in zip(tqdm(subject, unit="subject"), image, brain, strict=True):
        volume, mask = nib.load(image_path), nib.load(brain_path)
        if affine is not None and not np.allclose(affine, volume.affine):
            raise InputError(image_path, "lies on another grid than the subjects before it", "Preprocess all alike")
        affine = volume.affine
        brains = to_slices(np.asarray(mask.dataobj) > 0)
        kept = np.flatnonzero(brains.any((1, 2)))
        columns["image"].append(to_slices(volume.get_fdata(dtype=np.float32))[kept])
        columns["brain"].append(brains[kept])
        columns["subject"].append(np.full(len(kept), name, dtype=object))
        columns["slice"].append(kept)
    attributes = {
        "dataset": dataset,
        "recipe": recipe,
        "modality": modality,
        "axes": AXES,
        "affine": affine,
        "spacing": np.linalg.norm(affine[:3, :3], axis=0)[::-1],
        "volume_shape": volume.shape,
        "restore": "slice k of the preprocessed RAS volume (x, y, z) of a subject is volume[:, ::-1, k].T; "
        "the transform beside that volume leads back to the scan",
    }
    write(out, {name: np.concatenate(parts) for name, parts in columns.items()}, attributes)
