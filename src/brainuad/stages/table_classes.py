"""Write how well each class of abnormality is detected, and how faithful reconstructions are, as CSV and HTML."""

from pathlib import Path

import pandas as pd

from brainuad.figures.study import COLUMNS, read_study, read_table
from brainuad.files import atomic
from brainuad.metrics import table as long_table
from brainuad.tables import classes


def main(
    *,
    study: Path,
    metrics: Path,
    intervals: Path,
    published: Path,
    dataset: str,
    out_csv: Path,
    out_html: Path,
    faithful: list[str] = [],  # noqa: B006
    dice: Path | None = None,
) -> None:
    """Write the table of DATASET. --faithful names the methods whose fidelity is measured, --dice is the table of
    `brainuad segment-dice` of the network that judged it.
    """
    resolved, estimated, printed = (
        read_study(study),
        read_table(intervals, "intervals"),
        read_table(published, "published"),
    )
    rows = classes.detection(resolved, dataset, long_table.read(metrics), estimated, printed)
    segmenter = read_table(dice, "segmenter") if dice else pd.DataFrame(columns=COLUMNS["segmenter"])
    with atomic(out_csv) as temporary:
        rows.to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(classes.html(resolved, dataset, rows, estimated, printed, faithful, segmenter))
