"""Fix operating points on healthy subjects, and on a labelled validation cohort where one is given."""

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from tqdm import tqdm

from brainuad import slices
from brainuad.errors import InputError
from brainuad.files import atomic
from brainuad.metrics.counts import Counts, Histogram
from brainuad.postprocessing.operating_points import label_free, validated


def main(
    *,
    images: Path,
    processed: Path,
    out: Path,
    labelled_images: Path | None = None,
    labelled_processed: Path | None = None,
    labels: Path | None = None,
) -> None:
    """Write {operating point: threshold} as JSON from the post-processed maps of held-out healthy subjects.

    The three labelled files, given together, add `val_threshold`.
    """
    thresholds = label_free(count(images, processed, None))
    labelled = labelled_images, labelled_processed, labels
    if all(labelled):
        thresholds |= validated(count(*labelled))
    elif any(labelled):
        given = next(path for path in labelled if path)
        raise InputError(given, "is only a part of a labelled cohort", "Give images, processed maps and labels")
    with atomic(out) as temporary:
        temporary.write_text(json.dumps(thresholds, indent=2) + "\n")


def count(images: Path, processed: Path, labels: Path | None) -> Counts:
    """Voxels of brain and label by score; without labels all are normal. Raises InputError."""
    histogram = Histogram()
    with (
        slices.open_checked(images, "images") as cohort,
        slices.open_checked(processed, "maps") as maps,
        slices.open_checked(labels, "labels") if labels else nullcontext() as truth,
    ):
        slices.check_same_order(cohort, maps)
        if truth:
            slices.check_same_order(cohort, truth)
        for subject in tqdm(list(slices.subjects(cohort)), desc="thresholds", unit="subject"):
            brain = cohort["brain"][subject.rows]
            anomalous = truth["label"][subject.rows] > 0 if truth else np.zeros_like(brain)
            counted = brain | anomalous
            histogram.add(maps["score"][subject.rows][counted], anomalous[counted])
    counts = histogram.counts()
    if not counts.negatives.any():
        raise InputError(images, "holds no normal brain voxel", "Check its brain masks")
    if labels and not counts.positives.any():
        raise InputError(labels, "holds no anomalous voxel", "Validate on a cohort with lesions")
    return counts
