"""Bring a label onto the common grid by the transform its image got (nearest neighbour)."""

from pathlib import Path

import SimpleITK as sitk

from brainuad.files import save_nifti
from brainuad.preprocessing.space import resample_labels, to_ras


def main(*, label: Path, grid: Path, transform: Path, out: Path) -> None:
    """Resample LABEL to the voxels of GRID (the preprocessed brain mask) through TRANSFORM."""
    labels = sitk.ReadImage(label, sitk.sitkUInt8)
    save_nifti(out, *to_ras(resample_labels(labels, sitk.ReadImage(grid), sitk.ReadTransform(transform))))
