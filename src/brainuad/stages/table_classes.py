"""Write how well each class of abnormality is detected, and how faithful reconstructions are, as CSV and HTML."""

from pathlib import Path

import numpy as np
import pandas as pd

from brainuad.figures.study import COLUMNS, read_study, read_table
from brainuad.files import atomic
from brainuad.metrics import table as long_table
from brainuad.metrics.lesions import components
from brainuad.settings import parse
from brainuad.slices import check_same_order, open_checked, subjects
from brainuad.stages.rectified import kinds, labelled
from brainuad.tables import classes as tables


def main(
    *,
    study: Path,
    metrics: Path,
    intervals: Path,
    published: Path,
    images: Path,
    labels: Path,
    dataset: str,
    out_csv: Path,
    out_html: Path,
    classes: str = "{}",
    faithful: list[str] = [],  # noqa: B006
    dice: Path | None = None,
) -> None:
    """Write the table of DATASET, whose abnormalities are counted in IMAGES and LABELS; CLASSES as in `rectified`.

    --faithful names the methods whose fidelity is measured, --dice is the table of `brainuad segment-dice` of the
    network that judged it.
    """
    resolved, estimated, printed = (
        read_study(study),
        read_table(intervals, "intervals"),
        read_table(published, "published"),
    )
    rows = tables.detection(resolved, dataset, long_table.read(metrics), estimated, printed)
    segmenter = read_table(dice, "segmenter") if dice else pd.DataFrame(columns=COLUMNS["segmenter"])
    lesions = sizes(images, labels, kinds(parse(classes, "--classes")))
    with atomic(out_csv) as temporary:
        rows.to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(tables.html(resolved, dataset, rows, estimated, printed, lesions, faithful, segmenter))


def sizes(images: Path, labels: Path, names: dict[int, str]) -> dict[str, list[float]]:
    """The ml of every lesion of each class; nothing where slices were drawn, since lesions go on beyond them."""
    with open_checked(images, "images", values=False) as source, open_checked(labels, "labels") as truth:
        check_same_order(source, truth)
        if "drawn_slices" in source.attrs:
            return {}
        voxel, found = float(np.prod(source.attrs["spacing"])) / 1000, {name: [] for name in names.values()}
        for subject in subjects(source):
            label = labelled(truth, subject.rows, names)
            for number, name in names.items():
                found[name] += components(label == number, voxel)[1].tolist()
        return found
