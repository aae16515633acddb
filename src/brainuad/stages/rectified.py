"""Rectified ROC curves of one method on one cohort, for each volume and class (Kobayashi et al. 2021, III-C6)."""

from collections import defaultdict
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from brainuad.errors import InputError
from brainuad.metrics import rectified, table
from brainuad.settings import parse
from brainuad.slices import check_same_order, open_checked, subjects


def main(
    *,
    images: Path,
    labels: Path,
    processed: Path,
    study: str,
    dataset: str,
    method: str,
    seed: int,
    out_metrics: Path,
    out_curves: Path,
    classes: str = "{}",
) -> None:
    """Write the measures of Table I as a long table and the mean curve of each class as CSV.

    CLASSES is JSON {label value: class}; without any all labels are one class, `lesion`. Maps are post-processed ones.
    What a volume leaves undefined, the precision of a map that finds nothing of a class, has no row.
    """
    names = kinds(parse(classes, "--classes"))
    rows, found = [], defaultdict(list)
    with (
        open_checked(images, "images") as source,
        open_checked(labels, "labels") as truth,
        open_checked(processed, "maps") as scored,
    ):
        for file in (truth, scored):
            check_same_order(source, file)
        volumes = list(subjects(source))
        ranges = [rectified.score_range(scored["score"][v.rows], source["brain"][v.rows]) for v in volumes]
        steps = rectified.thresholds(ranges)
        for volume in volumes:
            label = labelled(truth, volume.rows, names)
            curves = rectified.curves(scored["score"][volume.rows], label, source["brain"][volume.rows], steps)
            for number, curve in curves.items():
                found[names[number]].append(curve)
                rows += [
                    (volume.name, rectified.metric(measure, names[number]), value)
                    for measure, value in curve.measures.items()
                    if np.isfinite(value)
                ]
    known = {"study": study, "dataset": dataset, "method": method, "seed": seed}
    long = pd.DataFrame(rows, columns=["subject", "metric", "value"]).assign(**known)
    table.write(long[table.COLUMNS], out_metrics)
    means = [pd.DataFrame(columns=["class", "volumes", "fpr", "tpr"])]
    for kind, of_volumes in sorted(found.items()):
        points = {"fpr": rectified.GRID, "tpr": rectified.mean_curve(of_volumes)}
        means.append(pd.DataFrame({"class": kind, "volumes": len(of_volumes), **points}))
    table.write(pd.concat(means).assign(**known)[[*known, "class", "volumes", "fpr", "tpr"]], out_curves)


def kinds(given: dict[str, object]) -> dict[int, str]:
    """The class of each label value; raises InputError for a class that isn't one of the metrics."""
    for name in given.values():
        if name not in rectified.CLASSES:
            raise InputError("--classes", f"'{name}' is unknown", f"Use {', '.join(rectified.CLASSES)}")
    return {int(value): str(name) for value, name in given.items()} or {1: rectified.LESION}


def labelled(truth: h5py.File, rows: slice, names: dict[int, str]) -> np.ndarray:
    """(D, H, W) label values of a volume, all 1 where one class is any lesion."""
    label = truth["label"][rows]
    return (label > 0).astype(np.uint8) if rectified.LESION in names.values() else label
