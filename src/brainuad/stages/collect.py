"""Collect the metrics of all methods into one long table and add subject-level detection."""

from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.metrics import table
from brainuad.metrics.detection import subject_detection


def main(*, metrics: list[Path], out: Path, healthy_dataset: str | None = None) -> None:
    """Write the long table of a study; with a healthy dataset, subjects of the others are told from it."""
    collected = pd.concat([table.read(path) for path in metrics], ignore_index=True)
    table.check_unique(collected, out)
    if healthy_dataset is not None:
        if healthy_dataset not in set(collected["dataset"]):
            raise InputError(out, f"no metrics of the healthy dataset '{healthy_dataset}'", "Evaluate it too")
        collected = pd.concat([collected, subject_detection(collected, healthy_dataset)], ignore_index=True)
    table.write(collected, out)
