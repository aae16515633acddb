"""Evaluate one method on one cohort: long table, curves, counts for the bootstrap, histograms of residuals."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd

from brainuad import slices
from brainuad.metrics import curves, table
from brainuad.metrics.counts import Counts
from brainuad.metrics.evaluation import Cohort, evaluate, subject_counts
from brainuad.metrics.residuals import BINS, shares
from brainuad.postprocessing import operating_points


def main(
    *,
    images: Path,
    labels: Path,
    maps: Path,
    processed: Path,
    thresholds: Path,
    min_component: int,
    study: str,
    dataset: str,
    method: str,
    seed: int,
    out_metrics: Path,
    out_curves: Path,
    out_counts: Path,
    out_residuals: Path,
    masks: Path | None = None,
) -> None:
    """Write metrics, pooled curves and histograms of residuals as CSV, the counts of each subject as npz.

    MASKS are those of the study's own segmentation, whose Dice comes beside those of the operating points.
    """
    names = {"study": study, "dataset": dataset, "method": method, "seed": seed}
    points = operating_points.read(thresholds)
    with (
        slices.open_checked(images, "images") as image_file,
        slices.open_checked(labels, "labels") as label_file,
        slices.open_checked(maps, "maps") as map_file,
        slices.open_checked(processed, "maps") as processed_file,
        slices.open_checked(masks, "masks") if masks else nullcontext() as mask_file,
    ):
        for other in filter(None, (label_file, map_file, processed_file, mask_file)):
            slices.check_same_order(image_file, other)
        cohort = Cohort(image_file, label_file, map_file, processed_file, mask_file)
        rows, pooled, residuals = evaluate(cohort, points, min_component)
        counts = subject_counts(cohort, pooled, **names)
    metrics = pd.DataFrame(rows, columns=["subject", "metric", "value"]).assign(**names)[table.COLUMNS]
    table.check_names(metrics["metric"].unique(), out_metrics)
    table.write(metrics, out_metrics)
    table.write(curve_table(pooled).assign(**names)[[*names, "curve", "x", "y"]], out_curves)
    histograms = residual_table(residuals).assign(**names)
    table.write(histograms[[*names, "bin_low", "bin_high", "normal", "anomalous"]], out_residuals)
    counts.save(out_counts)


def curve_table(pooled: Counts) -> pd.DataFrame:
    """Points of the pooled curves, columns curve (`pr`, `roc`), x, y; none where a class is absent."""
    parts = [pd.DataFrame(columns=["curve", "x", "y"])]
    if pooled.positives.any() and pooled.negatives.any():
        points = {"pr": curves.pr_points(pooled), "roc": curves.roc_points(pooled)}
        parts = [pd.DataFrame({"curve": name, "x": x, "y": y}) for name, (x, y) in points.items()]
    return pd.concat(parts, ignore_index=True)


def residual_table(residuals: Counts) -> pd.DataFrame:
    """Columns bin_low, bin_high, normal, anomalous: shares of voxels (Baur et al. 2021, Fig. 11), empty for a class
    that is absent; no rows where the method doesn't reconstruct."""
    edges = np.linspace(0, 1, BINS + 1)
    normal, anomalous = shares(residuals)
    table = pd.DataFrame({"bin_low": edges[:-1], "bin_high": edges[1:], "normal": normal, "anomalous": anomalous})
    return table if len(residuals.scores) else table[:0]
