"""Operating points: the thresholds t that turn a continuous anomaly map into a mask, always by score > t.

The label-free ones come from the brain voxels of held-out healthy subjects: a fixed false-positive rate
(Chen et al., Medical Image Analysis 2020; Behrendt et al. 2023) and the 98th percentile of healthy residuals
(Baur et al., BrainLes 2018), which is a false-positive rate of 2 %. `val_threshold` is the rule of Baur et
al. 2021: the best Dice on a labelled validation cohort.
"""

import json
from pathlib import Path

import numpy as np

from brainuad.errors import InputError
from brainuad.metrics.counts import Counts
from brainuad.metrics.curves import best_dice_on_grid

FALSE_POSITIVE_RATES = {"fpr_1": 0.01, "fpr_5": 0.05, "fpr_10": 0.10, "p98": 0.02}
VALIDATED = "val_threshold"
OPERATING_POINTS = (*FALSE_POSITIVE_RATES, VALIDATED)
DEFAULT = "fpr_5"


def threshold_at(healthy: Counts, rate: float) -> float:
    """The lowest t for which at most the share `rate` of the healthy voxels has a score > t.

    Voxels of one score are never split: of a constant map nothing is marked.
    """
    voxels = healthy.negatives
    above = voxels.sum() - np.cumsum(voxels)
    return float(healthy.scores[np.argmax(above <= rate * voxels.sum())])


def label_free(healthy: Counts) -> dict[str, float]:
    """The label-free operating points from the counted brain voxels of healthy subjects."""
    return {name: threshold_at(healthy, rate) for name, rate in FALSE_POSITIVE_RATES.items()}


def validated(labelled: Counts) -> dict[str, float]:
    """The threshold of the best pooled Dice on a labelled validation cohort, before the component filter."""
    return {VALIDATED: best_dice_on_grid(labelled)[1]}


def of_masks(path: Path) -> float:
    """The threshold of a thresholds file that masks are made with: a labelled cohort's, where one validated it."""
    thresholds = read(path)
    return thresholds.get(VALIDATED, thresholds[DEFAULT])


def read(path: Path) -> dict[str, float]:
    """Read a thresholds file {operating point: t}; raises InputError."""
    try:
        thresholds = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise InputError(path, f"can't be read as JSON ({error})", "Make it with `brainuad thresholds`") from error
    unknown = set(thresholds) - set(OPERATING_POINTS)
    if unknown or DEFAULT not in thresholds:
        problem = f"unknown operating point '{unknown.pop()}'" if unknown else f"operating point '{DEFAULT}' is missing"
        raise InputError(path, problem, f"It may hold {', '.join(OPERATING_POINTS)}")
    if not all(isinstance(value, float | int) and np.isfinite(value) for value in thresholds.values()):
        raise InputError(path, "a threshold is not a finite number", "Make it with `brainuad thresholds`")
    return thresholds
