"""What every metric of the long table is: tables and plots ask here and know none by name."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from pathlib import Path

from brainuad.errors import InputError
from brainuad.metrics import rectified
from brainuad.metrics.boxes import DETECTED
from brainuad.metrics.lesions import SIZES
from brainuad.postprocessing.operating_points import DEFAULT, FALSE_POSITIVE_RATES, OPERATING_POINTS


@dataclass(frozen=True)
class Metric:
    """A column of a table or an axis of a plot."""

    name: str
    label: str
    """As printed, in plain text."""
    range: tuple[float, float]
    direction: str
    """Which values are better: `higher`, `lower` or `none`."""
    reference: str
    """Where it comes from and how it is computed."""
    scope: str
    """`subject`: one value for each, `pooled`: one of a whole dataset, `both`."""
    pooled: str = "all voxels"
    """What the value of a whole dataset is made from, where it has both."""


BAUR = "Baur et al. 2021, III-D"
KOBAYASHI = "Kobayashi et al. 2021"
MAVROPOULOS = "Mavropoulos 2021, IV"
HEATMAP = "of the losses that a quicker method gives with those of the inpainting, over windows with brain"
NGUYEN = "Nguyen et al. 2021, Table 1"
STREGA = "Chatterjee et al. 2022"
SLICES = "mean over slices"
POINT_LABELS = {
    **{name: f"{name.removeprefix('fpr_')} % healthy false positives" for name in FALSE_POSITIVE_RATES},
    "p98": "98th percentile of healthy scores",
    "val_threshold": "validated threshold",
}
UNIT, POSITIVE = (0.0, 1.0), (0.0, inf)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in [
        Metric("auprc", "AUPRC", UNIT, "higher", f"{BAUR}; average precision over brain voxels and label", "both"),
        Metric(
            "auroc",
            "AUROC (all voxels)",
            UNIT,
            "higher",
            f"{BAUR}; background included, which inflates it",
            "both",
        ),
        Metric("auroc_brain", "AUROC (brain)", UNIT, "higher", "ROC area over brain voxels and label", "both"),
        Metric(
            "best_dice",
            "[Dice] (oracle)",
            UNIT,
            "higher",
            f"{BAUR}; best of a 0.001 grid, needs labels",
            "both",
        ),
        Metric(
            "best_dice_exact",
            "[Dice] (PR optimum)",
            UNIT,
            "higher",
            "max 2PR / (P + R), needs labels",
            "both",
        ),
        Metric(
            "prevalence",
            "Prevalence",
            UNIT,
            "none",
            "share of anomalous voxels; AUPRC of a random map",
            "both",
        ),
        *(
            Metric(
                f"dice_at_{point}",
                f"Dice ({POINT_LABELS[point]})",
                UNIT,
                "higher",
                f"{BAUR}; after the component filter",
                "both",
            )
            for point in OPERATING_POINTS
        ),
        Metric(
            "dice",
            "Dice (study's own masks)",
            UNIT,
            "higher",
            f"{NGUYEN}; of slices with a lesion, masks by the paper's segmentation",
            "both",
            SLICES,
        ),
        Metric(
            "dice_volume",
            "Dice per scan (study's own masks)",
            UNIT,
            "higher",
            f"{STREGA}, 4; of whole scans, masks by the paper's segmentation",
            "subject",
        ),
        Metric(
            "dice_empty1",
            "Dice per scan, 1 where truth and mask are empty (study's own masks)",
            UNIT,
            "higher",
            f"authors' code of {STREGA}; of all whole scans, the healthy too",
            "subject",
        ),
        Metric(
            "false_ml",
            "False ml per scan (study's own masks)",
            POSITIVE,
            "lower",
            "volume found outside lesions in whole scans, also of the healthy",
            "subject",
        ),
        Metric("lesion_ml", "Lesion volume in ml", POSITIVE, "none", "of all lesions of a scan", "subject"),
        Metric(
            "box_iou",
            "IoU of boxes",
            UNIT,
            "higher",
            "mean over boxes around lesions of slices, each with the box around the study's own mask that fits it best",
            "both",
            "all boxes",
        ),
        Metric(
            "box_detection_rate",
            f"Boxes detected (IoU > {DETECTED:g})",
            UNIT,
            "higher",
            "share of the boxes around lesions of slices",
            "both",
            "all boxes",
        ),
        Metric(
            "dice_best_segment",
            "Dice of the best superpixel (oracle)",
            UNIT,
            "higher",
            "of slices with a lesion; the superpixel chosen by the label, which no choice of one can exceed",
            "both",
            SLICES,
        ),
        Metric("dice_sd", "Dice (study's own masks), sd", UNIT, "none", f"{NGUYEN}; over slices", "pooled"),
        *(
            Metric(
                f"fpr_at_{point}",
                f"False-positive rate ({POINT_LABELS[point]})",
                UNIT,
                "lower",
                "share of normal brain voxels above the threshold, before the component filter",
                "both",
            )
            for point in OPERATING_POINTS
        ),
        Metric(
            "l1_re_normal",
            "l1-RE normal",
            POSITIVE,
            "lower",
            f"{BAUR}; mean |x - x'| over normal voxels",
            "both",
        ),
        Metric("l1_re_normal_sd", "l1-RE normal, sd", POSITIVE, "none", f"{BAUR}; over voxels", "pooled"),
        Metric("l1_re_anomalous", "l1-RE anomalous", POSITIVE, "higher", f"{BAUR}; over anomalous voxels", "both"),
        Metric("l1_re_anomalous_sd", "l1-RE anomalous, sd", POSITIVE, "none", f"{BAUR}; over voxels", "pooled"),
        Metric("chi2", "χ² distance", UNIT, "higher", f"{BAUR}; 100 bins, zeros ignored", "both"),
        Metric(
            f"lesion_sensitivity_at_{DEFAULT}",
            "Lesion sensitivity",
            UNIT,
            "higher",
            "share of lesions overlapped by the mask; 26-connected components",
            "both",
        ),
        *(
            Metric(
                f"lesion_sensitivity_{size}_at_{DEFAULT}",
                f"Lesion sensitivity, {size}",
                UNIT,
                "higher",
                f"of lesions from {low:g} to below {high:g} ml",
                "pooled",
            )
            for size, (low, high) in SIZES.items()
        ),
        Metric(
            f"lesion_precision_at_{DEFAULT}",
            "Lesion precision",
            UNIT,
            "higher",
            "share of predicted components that overlap a lesion",
            "both",
        ),
        Metric(
            f"lesion_f1_at_{DEFAULT}",
            "Lesion F1",
            UNIT,
            "higher",
            "of lesion sensitivity and precision",
            "both",
        ),
        Metric(
            f"false_components_at_{DEFAULT}",
            "False components per scan",
            POSITIVE,
            "lower",
            "predicted components that overlap no lesion",
            "both",
        ),
        Metric(
            "subject_score_mean",
            "Mean score",
            (-inf, inf),
            "none",
            "mean of the map over the brain",
            "subject",
        ),
        Metric(
            "subject_score_p95",
            "95th percentile of the score",
            (-inf, inf),
            "none",
            "over the brain",
            "subject",
        ),
        Metric(
            "subject_auroc",
            "Subject AUROC",
            UNIT,
            "higher",
            "subject_score_p95, diseased or healthy",
            "pooled",
        ),
        Metric(
            "subject_auprc",
            "Subject AUPRC",
            UNIT,
            "higher",
            "subject_score_p95, diseased or healthy",
            "pooled",
        ),
        Metric(
            "subject_auroc_mean",
            "Subject AUROC (mean score)",
            UNIT,
            "higher",
            "subject_score_mean, diseased or healthy",
            "pooled",
        ),
        Metric(
            "subject_auprc_mean",
            "Subject AUPRC (mean score)",
            UNIT,
            "higher",
            "subject_score_mean, diseased or healthy",
            "pooled",
        ),
        Metric(
            "psnr", "PSNR in dB", POSITIVE, "higher", f"{NGUYEN}; inpainted healthy slices, range 255", "both", SLICES
        ),
        Metric("psnr_sd", "PSNR in dB, sd", POSITIVE, "none", f"{NGUYEN}; over slices", "pooled"),
        Metric("ssim", "SSIM", (-1.0, 1.0), "higher", f"{NGUYEN}; inpainted healthy slices, range 255", "both", SLICES),
        Metric("ssim_sd", "SSIM, sd", UNIT, "none", f"{NGUYEN}; over slices", "pooled"),
        Metric(
            "psnr_window", "PSNR of the window in dB", POSITIVE, "higher", "inside the inpainted box", "both", SLICES
        ),
        Metric("ssim_window", "SSIM of the window", (-1.0, 1.0), "higher", "inside the inpainted box", "both", SLICES),
        Metric("psnr_erased", "PSNR in dB, square left white", POSITIVE, "none", "nothing filled in", "both", SLICES),
        Metric("ssim_erased", "SSIM, square left white", (-1.0, 1.0), "none", "nothing filled in", "both", SLICES),
        Metric(
            "mean_abs_pred_minus_true_loss",
            "|Predicted - true loss|",
            POSITIVE,
            "lower",
            f"{MAVROPOULOS}; mean over windows with brain in the middle third, in the unit of the target",
            "both",
            SLICES,
        ),
        Metric(
            "relative_loss_difference",
            "|Predicted - true loss| / true loss",
            POSITIVE,
            "lower",
            f"{MAVROPOULOS}; of a slice's means over windows with brain in the middle third",
            "both",
            SLICES,
        ),
        Metric(
            "mean_abs_pred_minus_true_loss_all",
            "|Predicted - true loss|, all windows",
            POSITIVE,
            "lower",
            "mean over all windows with brain, in the unit of the target",
            "both",
            SLICES,
        ),
        Metric(
            "relative_loss_difference_all",
            "|Predicted - true loss| / true loss, all windows",
            POSITIVE,
            "lower",
            "of a slice's means over all windows with brain",
            "both",
            SLICES,
        ),
        Metric("heat_pearson", "Pearson, with the heatmap", (-1.0, 1.0), "higher", HEATMAP, "both", SLICES),
        Metric("heat_spearman", "Spearman, with the heatmap", (-1.0, 1.0), "higher", HEATMAP, "both", SLICES),
        Metric("heat_overlap", "Hottest 5 % shared", UNIT, "higher", HEATMAP, "both", SLICES),
        Metric(
            "quality_score",
            "Quality score",
            (-inf, inf),
            "higher",
            f"{KOBAYASHI}, II-D; entropy of the segmentation of x minus that of x', summed over pixels",
            "both",
            SLICES,
        ),
        Metric("quality_score_sd", "Quality score, sd", POSITIVE, "none", f"{KOBAYASHI}; over slices", "pooled"),
        Metric(
            "overlap_score",
            "Overlap score",
            UNIT,
            "higher",
            f"{KOBAYASHI}, II-D; Dice of the segmentations of x and x', mean over structures",
            "both",
            SLICES,
        ),
        Metric("overlap_score_sd", "Overlap score, sd", UNIT, "none", f"{KOBAYASHI}; over slices", "pooled"),
        *(
            Metric(
                rectified.metric(measure, kind),
                f"{label}, {kind}",
                UNIT,
                "higher",
                f"{KOBAYASHI}, Table I; voxels of the body, at Youden's index of each volume but for the area",
                "subject",
            )
            for kind in rectified.CLASSES
            for measure, label in rectified.MEASURES.items()
        ),
        Metric("parameters", "Parameters", POSITIVE, "lower", "trained numbers of the model", "pooled"),
        Metric("seconds_per_volume", "Seconds per volume", POSITIVE, "lower", "time to score a scan", "pooled"),
        Metric("seconds_per_slice", "Seconds per slice", POSITIVE, "lower", "time to score / slices", "pooled"),
        Metric("peak_memory_mb", "Peak memory in MB", POSITIVE, "lower", "while scoring", "pooled"),
    ]
}


def check_names(names: Iterable[str], where: Path | str) -> None:
    """Raise InputError if one of the names is not a metric."""
    for name in names:
        if name not in METRICS:
            raise InputError(where, f"unknown metric '{name}'", "Declare it in brainuad/metrics/catalogue.py")
