"""Implant synthetic lesions in the shape of another subject's real ones into a healthy preprocessed volume."""

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import SimpleITK as sitk

from brainuad.anomalies.implant import implant
from brainuad.errors import InputError
from brainuad.files import atomic, save_nifti
from brainuad.preprocessing.space import resample_labels, to_ras
from brainuad.seeds import generator


def main(
    *,
    image: Path,
    brain: Path,
    shapes: Path,
    subject: str,
    modality: str,
    out_image: Path,
    out_brain: Path,
    out_label: Path,
    seed: int = 0,
) -> None:
    """Draw a label from SHAPES (a subjects.tsv of masks in MNI space) for SUBJECT and implant it into IMAGE."""
    rng = generator(seed, "implant", subject)
    table = pd.read_csv(shapes, sep="\t", dtype=str, keep_default_na=False)
    masks = sorted(table.loc[table["label"] != "", "label"])
    if not masks:
        raise InputError(shapes, "lists no label whose shape could be used", "Add a dataset with lesion masks")
    grid = sitk.ReadImage(brain)
    lesions = np.zeros(grid.GetSize(), np.uint8)
    for candidate in rng.permutation(masks):
        if "MNI" not in str(candidate):
            raise InputError(candidate, "is not said to lie in MNI space", "Use masks of MSLUB's MNI folder for shapes")
        mask = sitk.ReadImage(str(candidate), sitk.sitkFloat32)
        on_grid, _ = to_ras(resample_labels(mask > 0.5, grid, sitk.Transform()))
        source = nib.load(image)
        changed, lesions = implant(
            source.get_fdata(dtype=np.float32),
            np.asarray(nib.load(brain).dataobj),
            on_grid,
            modality,
            rng,
        )
        if lesions.any():
            break
    else:
        raise InputError(
            shapes, f"has no lesion within the brain of {subject}", "Check that the masks lie in MNI space"
        )
    save_nifti(out_image, changed, source.affine)
    save_nifti(out_label, lesions, source.affine)
    with atomic(out_brain) as temporary:
        shutil.copyfile(brain, temporary)
