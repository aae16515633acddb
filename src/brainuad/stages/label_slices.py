"""Cut labels into the slices of an images.h5: NIfTI per subject -> labels.h5."""

from pathlib import Path

import nibabel as nib
import numpy as np

from brainuad.errors import InputError
from brainuad.slices import open_checked, subjects, to_slices, write


def main(*, images: Path, out: Path, subject: list[str] = [], label: list[Path] = []) -> None:  # noqa: B006
    """Write labels in the order of IMAGES; SUBJECT and LABEL are repeated in the same order.

    Without any label all are zero: the cohort is healthy by definition.
    """
    paths = dict(zip(subject, label, strict=True))
    with open_checked(images, "images") as file:
        labels = np.zeros(file["image"].shape, np.uint8)
        lost = 0
        for entry in subjects(file) if paths else ():
            if entry.name not in paths:
                raise InputError(images, f"subject {entry.name} has no label", "Give a label for each subject")
            volume = np.asarray(nib.load(paths[entry.name]).dataobj)
            if volume.shape != tuple(file.attrs["volume_shape"]):
                raise InputError(paths[entry.name], "lies on another grid than the images", "Preprocess it with them")
            stacked = to_slices(volume)
            labels[entry.rows] = stacked[entry.slices]
            lost += np.count_nonzero(stacked) - np.count_nonzero(stacked[entry.slices])
        order = {"subject": file["subject"].asstr()[:], "slice": file["slice"][:]}
        write(
            out,
            {"label": labels, **order},
            {"healthy": not paths, "voxels_beyond_slices": lost, **{k: file.attrs[k] for k in ("dataset", "affine")}},
        )
