"""All metrics of one method on one cohort, read subject by subject so that memory doesn't grow with it.

Ranking metrics count the voxels of the brain mask and of the label: a lesion voxel that brain extraction lost
counts as missed. Predicted masks lie within the brain mask. They and the ranking metrics use the post-processed
map. Subject scores use the raw one, since cohorts may differ in the sign of the residual that post-processing
keeps, and the chi-square distance and the l1 errors use the error of the reconstruction. Lesions are counted, and
subjects told apart, in whole scans only: drawn slices hold parts of lesions, and the patients' are chosen for having
them.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import h5py
import numpy as np
from tqdm import tqdm

from brainuad import slices
from brainuad.errors import InputError
from brainuad.metrics import curves
from brainuad.metrics.boxes import Matches
from brainuad.metrics.counts import Counts, Histogram, SubjectCounts, quantile_edges
from brainuad.metrics.lesions import SIZES, Detections, found_by_size
from brainuad.metrics.overlap import Overlap
from brainuad.metrics.residuals import Moments, chi_square_distance, shares
from brainuad.metrics.table import POOLED
from brainuad.postprocessing.baur import drop_small_components
from brainuad.postprocessing.operating_points import DEFAULT

COSTS = ("parameters", "seconds_per_volume", "seconds_per_slice", "peak_memory_mb")
OF_WHOLE_SCANS = "seconds_per_volume"


@dataclass
class Cohort:
    """The open, checked files of a cohort."""

    images: h5py.File
    labels: h5py.File
    maps: h5py.File
    processed: h5py.File
    masks: h5py.File | None = None
    """Those of the study's own segmentation."""

    @property
    def whole(self) -> bool:
        """Whether it holds scans, not slices drawn from them."""
        return "drawn_slices" not in self.images.attrs

    def error(self, rows: slice) -> np.ndarray | None:
        """|x - reconstruction|, or the score of a method whose score stands for it; None without a reconstruction."""
        if self.maps.attrs.get("score_is_residual", False):
            return self.maps["score"][rows]
        if "reconstruction" not in self.maps:
            return None
        return np.abs(self.images["image"][rows] - self.maps["reconstruction"][rows])

    def scans(self, progress: str) -> Iterator[tuple[str, "Scan"]]:
        """The subjects' names and arrays, one after another; raises InputError for one without brain."""
        voxel = float(np.prod(self.images.attrs["spacing"])) / 1000
        for subject in tqdm(list(slices.subjects(self.images)), desc=progress, unit="subject"):
            rows = subject.rows
            brain = self.images["brain"][rows]
            if not brain.any():
                raise InputError(
                    self.images.filename, f"subject {subject.name} has no brain voxel", "Check its brain mask"
                )
            yield (
                subject.name,
                Scan(
                    brain,
                    self.labels["label"][rows] > 0,
                    self.maps["score"][rows],
                    self.processed["score"][rows],
                    self.error(rows),
                    voxel,
                    None if self.masks is None else self.masks["mask"][rows],
                    self.whole,
                ),
            )


@dataclass
class Scan:
    """The stacked slices (D, H, W) of one subject."""

    brain: np.ndarray
    anomalous: np.ndarray
    raw: np.ndarray
    score: np.ndarray
    """The post-processed map."""
    error: np.ndarray | None
    """That of the reconstruction, where the method reconstructs."""
    voxel: float
    """Volume of a voxel in ml."""
    mask: np.ndarray | None = None
    """That of the study's own segmentation."""
    whole: bool = True
    """Whether they are all slices of the brain."""

    @property
    def counted(self) -> np.ndarray:
        """Voxels that ranking metrics count."""
        return self.brain | self.anomalous

    @property
    def normal(self) -> np.ndarray:
        """Normal voxels of the brain."""
        return self.brain & ~self.anomalous


@dataclass
class Pool:
    """What is added up over the subjects of a cohort."""

    counted: Histogram = field(default_factory=Histogram)
    everywhere: Histogram = field(default_factory=Histogram)
    residuals: Histogram = field(default_factory=Histogram)
    overlaps: dict[str, Overlap] = field(default_factory=lambda: defaultdict(Overlap))
    false_positives: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    normal_voxels: int = 0
    detections: Detections = field(default_factory=Detections)
    sizes: dict[str, np.ndarray] = field(default_factory=lambda: {size: np.zeros(2) for size in SIZES})
    """[lesions found, lesions] in each stratum by volume."""
    slice_dice: Moments = field(default_factory=Moments)
    """Of the study's own segmentation, over slices with a lesion."""
    boxes: Matches = field(default_factory=Matches)
    """Of the study's own segmentation."""
    errors: dict[str, Moments] = field(default_factory=lambda: defaultdict(Moments))
    scans: int = 0
    """Whole ones."""


def evaluate(
    cohort: Cohort, thresholds: dict[str, float], min_component: int
) -> tuple[list[tuple[str, str, float]], Counts, Counts]:
    """Rows (subject, metric, value) of a cohort, without undefined values, and its pooled counts.

    The first counts are of scores, the second of residuals, which have no bins without a reconstruction.
    """
    pool = Pool()
    rows = [
        (name, metric, value)
        for name, scan in cohort.scans("evaluate")
        for metric, value in subject_metrics(scan, thresholds, min_component, pool).items()
    ]
    rows += [(POOLED, metric, value) for metric, value in pooled_metrics(pool, thresholds).items()]
    told = [cost for cost in COSTS if cost in cohort.maps.attrs and (cohort.whole or cost != OF_WHOLE_SCANS)]
    rows += [(POOLED, cost, float(cohort.maps.attrs[cost])) for cost in told]
    return [row for row in rows if np.isfinite(row[2])], pool.counted.counts(), pool.residuals.counts()


def subject_metrics(scan: Scan, thresholds: dict[str, float], min_component: int, pool: Pool) -> dict[str, float]:
    """The metrics of one subject, NaN where undefined; adds the subject to the pool."""
    counted, normal = scan.counted, scan.normal
    scores, truth = scan.score[counted], scan.anomalous[counted]
    pool.scans += scan.whole
    pool.counted.add(scores, truth)
    pool.everywhere.add(scan.score.ravel(), scan.anomalous.ravel())
    metrics = ranking_metrics(Counts.of(scores, truth), Counts.of(scan.score.ravel(), scan.anomalous.ravel()))

    pool.normal_voxels += np.count_nonzero(normal)
    for point, threshold in thresholds.items():
        above = scan.score > threshold
        mask = drop_small_components(above & scan.brain, min_component)
        overlap = Overlap.of(mask, scan.anomalous)
        false_positives = np.count_nonzero(above & normal)
        pool.overlaps[point] += overlap
        pool.false_positives[point] += false_positives
        metrics |= mask_metrics(point, overlap, false_positives, np.count_nonzero(normal))
        if point == DEFAULT and scan.whole:
            detections = Detections.of(mask, scan.anomalous)
            pool.detections += detections
            metrics |= lesion_metrics(detections, scans=1)
            for size, numbers in found_by_size(mask, scan.anomalous, scan.voxel).items():
                pool.sizes[size] += numbers

    if scan.mask is not None:
        dice = slice_dice(scan.mask, scan.anomalous)
        pool.slice_dice += dice
        metrics["dice"] = dice.mean
        if scan.whole and scan.anomalous.any():
            metrics["dice_volume"] = Overlap.of(scan.mask, scan.anomalous).dice
            metrics["lesion_ml"] = np.count_nonzero(scan.anomalous) * scan.voxel
        if scan.whole:
            both_empty = not scan.mask.any() and not scan.anomalous.any()
            metrics["dice_empty1"] = 1.0 if both_empty else Overlap.of(scan.mask, scan.anomalous).dice
            metrics["false_ml"] = np.count_nonzero(scan.mask & ~scan.anomalous) * scan.voxel
        matches = Matches.of(scan.mask, scan.anomalous)
        pool.boxes += matches
        metrics |= box_metrics(matches)
    if scan.error is not None:
        nonzero = scan.brain & (scan.error != 0)
        if nonzero.any():
            pool.residuals.add(scan.error[nonzero], scan.anomalous[nonzero])
            metrics["chi2"] = chi_square_distance(*shares(Counts.of(scan.error[nonzero], scan.anomalous[nonzero])))
        errors = {"normal": Moments.of(scan.error[normal])}
        errors["anomalous"] = Moments.of(scan.error[scan.brain & scan.anomalous])
        for kind, moments in errors.items():
            pool.errors[kind] += moments
            metrics[f"l1_re_{kind}"] = moments.mean
    if scan.whole:
        in_brain = scan.raw[scan.brain].astype(np.float64)
        metrics["subject_score_mean"] = float(in_brain.mean())
        metrics["subject_score_p95"] = float(np.percentile(in_brain, 95))
    return metrics


def pooled_metrics(pool: Pool, thresholds: dict[str, float]) -> dict[str, float]:
    """The metrics over all voxels of a cohort, NaN where undefined."""
    metrics = ranking_metrics(pool.counted.counts(), pool.everywhere.counts())
    for point in thresholds:
        metrics |= mask_metrics(point, pool.overlaps[point], pool.false_positives[point], pool.normal_voxels)
    if pool.scans:
        metrics |= lesion_metrics(pool.detections, pool.scans)
    for size, (found, lesions) in pool.sizes.items():
        metrics[f"lesion_sensitivity_{size}_at_{DEFAULT}"] = found / lesions if lesions else np.nan
    metrics |= {"dice": pool.slice_dice.mean, "dice_sd": pool.slice_dice.sd}
    metrics |= box_metrics(pool.boxes)
    metrics["chi2"] = chi_square_distance(*shares(pool.residuals.counts()))
    for kind, moments in pool.errors.items():
        metrics |= {f"l1_re_{kind}": moments.mean, f"l1_re_{kind}_sd": moments.sd}
    return metrics


def ranking_metrics(counted: Counts, everywhere: Counts) -> dict[str, float]:
    """Metrics without a threshold."""
    classes = counted.positives, counted.negatives
    return {
        "auroc": float(curves.auroc(everywhere.positives, everywhere.negatives)),
        "auroc_brain": float(curves.auroc(*classes)),
        "auprc": float(curves.average_precision(*classes)),
        "best_dice": curves.best_dice_on_grid(counted)[0],
        "best_dice_exact": float(curves.best_dice(*classes)),
        "prevalence": float(curves.prevalence(*classes)),
    }


def mask_metrics(point: str, overlap: Overlap, false_positives: int, normal_voxels: int) -> dict[str, float]:
    """Metrics at one operating point. Without a lesion Dice could only be 0 or undefined: there is none."""
    return {
        f"dice_at_{point}": overlap.dice if overlap.actual else np.nan,
        f"fpr_at_{point}": false_positives / normal_voxels if normal_voxels else np.nan,
    }


def slice_dice(masks: np.ndarray, labels: np.ndarray) -> Moments:
    """Dice of each of the slices (D, H, W) that have a lesion (Nguyen et al. 2021, section 3)."""
    sick = labels.any((1, 2))
    each = [Overlap.of(mask, label).dice for mask, label in zip(masks[sick], labels[sick], strict=True)]
    return Moments.of(np.array(each))


def box_metrics(matches: Matches) -> dict[str, float]:
    """How well the boxes around lesions are met by those around the study's own masks."""
    return {"box_iou": matches.mean_iou, "box_detection_rate": matches.detection_rate}


def lesion_metrics(detections: Detections, scans: int) -> dict[str, float]:
    """Lesion-wise metrics at the default operating point; precision too is for the diseased only."""
    return {
        f"lesion_sensitivity_at_{DEFAULT}": detections.sensitivity,
        f"lesion_precision_at_{DEFAULT}": detections.precision if detections.lesions else np.nan,
        f"lesion_f1_at_{DEFAULT}": detections.f1,
        f"false_components_at_{DEFAULT}": detections.false_components / scans,
    }


def subject_counts(cohort: Cohort, pooled: Counts, **names: object) -> SubjectCounts:
    """Counts of each subject on bins that the cohort shares; `names` are study, dataset, method and seed."""
    edges = quantile_edges(pooled)
    subjects, positives, negatives = [], [], []
    for name, scan in cohort.scans("count"):
        bins = np.searchsorted(edges, scan.score[scan.counted])
        truth = scan.anomalous[scan.counted]
        subjects.append(name)
        positives.append(np.bincount(bins[truth], minlength=len(edges)))
        negatives.append(np.bincount(bins[~truth], minlength=len(edges)))
    return SubjectCounts(
        **names,
        subjects=np.array(subjects),
        positives=np.array(positives, np.uint32),
        negatives=np.array(negatives, np.uint32),
    )
