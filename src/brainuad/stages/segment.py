"""Segment one raw scan with a trained method: anomaly map, mask, boxes and a quick look, on the scan's own grid."""

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk

from brainuad import single_scan
from brainuad.errors import InputError
from brainuad.figures import quick_look
from brainuad.figures.style import drawn
from brainuad.files import atomic, save_nifti, sha256
from brainuad.methods.base import build
from brainuad.seeds import generator

DEPTH = 4
"""How deep a model lies in its study's folder: models/<method>/seed<k>/model.pt."""


def main(
    scan: Path,
    *,
    method: str,
    modality: str,
    out: Path,
    model: list[Path] = [],  # noqa: B006
    brain: Path | None = None,
    study: Path | None = None,
    thresholds: Path | None = None,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Bring SCAN (NIfTI, of MODALITY) through the chain of the study that trained METHOD, into the folder OUT.

    MODEL lies where the workflow has put it, results/<run>/<study>/models/<method>/seed<k>/model.pt, so that the
    study's settings and thresholds are found from there; else STUDY (study.yaml) and THRESHOLDS (thresholds.json) name
    them. A method without a model needs STUDY. BRAIN is a mask on the scan's grid; without one it is looked for.

    OUT gets anomaly-map.nii.gz, mask.nii.gz, findings.json and quick-look.svg.
    """
    check_writable(out)
    study = study or study_of(model)
    plan = single_scan.Plan.read(study, method)
    if model:
        from brainuad import models
        from brainuad.device import choose

        check_models(model, plan)
        scorer = models.assembled(model, method, plan.settings).to(choose(device, threads))
        size = models.read(model[0])["settings"].get("size")
    else:
        scorer, size = build(method, plan.settings), None
        if hasattr(scorer, "state_dict"):
            raise InputError("--model", f"isn't given, but {method} has to learn first", "Name the trained model")
    prepared = single_scan.prepare(scan, brain, modality, plan)
    rows = prepared.volume.image.shape[1]
    if size not in (None, rows):
        problem = f"sees slices of {size} pixels, but {plan.study} now makes them of {rows}"
        raise InputError(model[0], problem, "Name by --study the study.yaml of the run that trained it")
    maps = scorer.score(prepared.volume, generator(0, method, scan.name))
    seed = model[0].absolute().parent.name if model else "seed*"
    beside = sorted(study.parent.glob(f"operating-points/absolute/{method}/{seed}/thresholds.json"))
    score, mask = single_scan.find(maps, prepared, plan, thresholds or next(iter(beside), None))

    anomaly_map, found = prepared.back(score, sitk.sitkLinear), prepared.back(mask, sitk.sitkNearestNeighbor) > 0.5
    affine = nib.load(scan).affine
    millilitres = abs(float(np.linalg.det(affine[:3, :3]))) / 1000
    facts = {
        "scan": str(scan),
        "study": plan.study,
        "method": method,
        "models": {str(path): sha256(path) for path in model},
        "modality": modality,
        "brain_mask": prepared.brain_from,
        "found_millilitres": round(float(np.count_nonzero(found)) * millilitres, 3),
        "boxes": single_scan.components(found, anomaly_map, millilitres),
    }
    save_nifti(out / "anomaly-map.nii.gz", anomaly_map, affine, f"{plan.study} {method}")
    save_nifti(out / "mask.nii.gz", found.astype(np.uint8), affine, f"{plan.study} {method}")
    with atomic(out / "findings.json") as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n")
    inside = prepared.volume.brain
    shown = quick_look.choose(mask, inside)
    with drawn(out / "quick-look.svg", *quick_look.size(shown, inside), layout="compressed") as figure:
        quick_look.draw(figure, f"{scan.name}, {method} of {plan.study}", shown, prepared.scan, inside, score, mask)


def study_of(model: list[Path]) -> Path:
    """The study.yaml of the run in whose folder the first model lies; raises InputError where that can't be told."""
    if not model:
        raise InputError("--model", "isn't given, and no --study either", "Name the trained model")
    folders = model[0].absolute().parents
    if len(folders) < DEPTH or not (folders[DEPTH - 1] / "study.yaml").is_file():
        raise InputError(model[0], "lies in no folder of a run", "Check the path, or name by --study its study.yaml")
    return folders[DEPTH - 1] / "study.yaml"


def check_models(given: list[Path], plan: single_scan.Plan) -> None:
    """Raise InputError unless the first model is of the method or its base, and the second, if it takes one, its guide.

    Weights of one shape may have learnt from other input: only a model's name tells.
    """
    from brainuad import models

    wanted = [[name for name in (plan.method, plan.base) if name], *([[plan.guide]] if plan.guide else [])]
    if len(given) != len(wanted):
        problem = f"is given {len(given)} times, but {plan.method} takes {len(wanted)}"
        raise InputError("--model", problem, f"Name models of {' and '.join(map(' or '.join, wanted))}, in this order")
    for path, names in zip(given, wanted, strict=True):
        found = models.read(path)["method"]
        if found not in names:
            raise InputError(path, f"is a model of {found}, not of {' or '.join(names)}", "Name that method's model")


def check_writable(folder: Path) -> None:
    """Raise InputError where a folder can't be made or written to, before any work is done."""
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        raise InputError(folder, "can't be written to", "Name another folder by --out")
