"""Preprocess a volume by a paper's recipe: image and brain mask -> both on the common grid, and the transform."""

import json
import resource
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from brainuad.errors import InputError
from brainuad.files import atomic, save_nifti
from brainuad.preprocessing import space
from brainuad.preprocessing.recipes import load
from brainuad.preprocessing.steps import Steps
from brainuad.settings import check, parse


def main(
    *,
    recipe: str,
    image: Path,
    brain: Path,
    modality: str,
    out_image: Path,
    out_brain: Path,
    out_transform: Path,
    out_picture: Path,
    out_quality: Path,
    settings: str = "{}",
) -> None:
    """Run RECIPE on IMAGE of MODALITY (canonical NIfTI) within BRAIN; SETTINGS are its keyword arguments as JSON.

    OUT_PICTURE (PNG) shows each step. OUT_QUALITY (JSON) holds what `brainuad quality` compares: the seconds of each
    step, the peak memory, the brain's volume, its overlap with the template's, and what the recipe measured.
    """
    chain, options = load(recipe).preprocess, parse(settings, "--settings")
    check("--settings", f"recipe {recipe}", chain, options)
    try:
        mask = sitk.ReadImage(brain, sitk.sitkUInt8)
        steps = Steps(mask)
        scan = steps("scan", sitk.ReadImage(image))
        done, inside, transform = chain(scan, mask, modality=modality, steps=steps, **options)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(image, f"can't be preprocessed ({reason})", "Look at the scan and its brain mask") from error
    facts = {
        "recipe": recipe,
        "modality": modality,
        "seconds": {name: round(seconds, 3) for name, seconds in steps.seconds.items()},
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
        "brain_ml": sitk.GetArrayViewFromImage(mask).astype(bool).sum() * np.prod(mask.GetSpacing()) / 1000,
        "atlas_dice": atlas_dice(space.resample_labels(mask, inside, transform)),
        **steps.measures,
    }
    from brainuad.figures.preprocessing import draw_strip  # after the memory was read, to which it adds

    draw_strip(out_picture, steps, done, inside)
    with atomic(out_quality) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n")
    with atomic(out_transform) as temporary:
        sitk.WriteTransform(transform, temporary)
    volume, affine = space.to_ras(done)
    save_nifti(out_brain, space.to_ras(inside)[0].astype("uint8"), affine)
    save_nifti(out_image, volume.astype("float32"), affine)


def atlas_dice(brain: sitk.Image) -> float:
    """Dice of a brain mask on a recipe's grid with the template's brain, which lies in the same space."""
    atlas = space.resample_labels(space.template() > 0, brain, sitk.Transform())
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(brain > 0, atlas)
    return overlap.GetDiceCoefficient(1)
