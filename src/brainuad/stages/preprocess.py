"""Preprocess a volume by a paper's recipe: image and brain mask -> both on the common grid, and the transform."""

import inspect
import json
from pathlib import Path

import SimpleITK as sitk

from brainuad.errors import InputError
from brainuad.files import atomic, save_nifti
from brainuad.preprocessing.recipes import load
from brainuad.preprocessing.space import to_ras


def main(
    *,
    recipe: str,
    image: Path,
    brain: Path,
    out_image: Path,
    out_brain: Path,
    out_transform: Path,
    settings: str = "{}",
) -> None:
    """Run RECIPE on IMAGE (canonical NIfTI) within BRAIN; SETTINGS are the recipe's keyword arguments as JSON."""
    chain, options = load(recipe).preprocess, json.loads(settings)
    try:
        inspect.signature(chain).bind(None, None, **options)
    except TypeError as error:
        raise InputError(recipe, str(error), "Check the recipe's settings in config.yaml") from error
    try:
        done, mask, transform = chain(sitk.ReadImage(image), sitk.ReadImage(brain), **options)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(image, f"can't be preprocessed ({reason})", "Look at the scan and its brain mask") from error
    volume, affine = to_ras(done)
    inside, _ = to_ras(mask)
    with atomic(out_transform) as temporary:
        sitk.WriteTransform(transform, temporary)
    save_nifti(out_brain, inside.astype("uint8"), affine)
    save_nifti(out_image, volume.astype("float32"), affine)
