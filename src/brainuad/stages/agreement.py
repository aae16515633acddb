"""Do the losses that a quicker method gives for each place of the window agree with those of the inpainting?"""

from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import pandas as pd

from brainuad import boxes
from brainuad.errors import InputError
from brainuad.metrics import table
from brainuad.metrics.agreement import agreement
from brainuad.slices import UNSEEN, check_same_order, open_checked, subjects


def main(
    *,
    images: Path,
    reference: Path,
    maps: Path,
    target: Literal["window", "whole"],
    window: int,
    step: int,
    study: str,
    dataset: str,
    method: str,
    seed: int,
    out: Path,
) -> None:
    """Compare the losses in MAPS with those of the inpainting in REFERENCE, over the windows that hold brain.

    TARGET is what the losses stand for: those in the `window` or over the `whole` slice. The window has WINDOW pixels a
    side and moves by STEP. OUT is a long table under the names STUDY, DATASET, METHOD and SEED.
    """
    with (
        open_checked(images, "images") as source,
        open_checked(reference, "maps") as exact,
        open_checked(maps, "maps") as quick,
    ):
        for file in (exact, quick):
            check_same_order(source, file)
        heat, whole, given = read(exact, "losses"), read(exact, "whole"), read(quick, "losses")
        if given.shape != heat.shape:
            problem = f"has {given.shape[1:]} places of the window, {reference} {heat.shape[1:]}"
            raise InputError(maps, problem, "Give both the same `window` and `step`")
        names = [subject.name for subject in subjects(source) for _ in subject.slices]
        thirds = [boxes.middle(length, window) for length in source["image"].shape[1:]]
    middle = np.logical_and.outer(
        *(np.isin(step * np.arange(places), third) for places, third in zip(heat.shape[1:], thirds, strict=True))
    )
    rows, targets = [], whole if target == "whole" else heat
    for name, predicted, hot, true in zip(names, given, heat, targets, strict=True):
        inside = hot != UNSEEN
        rows.append({"subject": name, **agreement(predicted[inside], hot[inside], true[inside], middle[inside])})
    known = {"study": study, "dataset": dataset, "method": method, "seed": seed}
    table.write(table.of_slices(pd.DataFrame(rows)).assign(**known)[table.COLUMNS], out)


def read(maps: h5py.File, name: str) -> np.ndarray:
    """(N, R, C) losses of windows; raises InputError where a method has none."""
    if name not in maps:
        raise InputError(maps.filename, f"holds no '{name}' of windows", "Give maps of a method that slides a window")
    return maps[name][:]
