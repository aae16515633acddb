"""Made results of a study, in the files that other stages write: what tables and figures are tested on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.ndimage import gaussian_filter

from brainuad import slices

LABELS = {
    "random": "Random",
    "constant": "Constant",
    "oracle": "Oracle (blurred truth)",
    "threshold-bright": "Intensity threshold (bright)",
    "threshold-dark": "Intensity threshold (dark)",
    "atlas-z": "Atlas z-score",
    "ae-dense": "AE (dense)",
    "vae": "VAE",
    "vae-restoration": "VAE (restoration)",
    "bayesian-vae": "Bayesian VAE",
}
CONTROLS = tuple(LABELS)[:6]
QUALITY = dict(zip(LABELS, (0.02, 0.02, 0.99, 0.41, 0.03, 0.3, 0.2, 0.28, 0.42, 0.29), strict=True))
SECONDS = dict(zip(LABELS, (0.004, 0.002, 0.01, 0.003, 0.003, 0.005, 0.8, 0.9, 210.0, 9.0), strict=True))
DATASET = "phantom-mslub"


def write_study(folder: Path, phantom: bool = True, **changes) -> Path:
    """Write a resolved study with one cohort of patients and one healthy cohort."""
    study = {
        "name": "baur2021",
        "title": "Autoencoders for unsupervised anomaly segmentation",
        "run": "demo",
        "phantom": phantom,
        "notes": ["The training subjects of the paper are private.", "One seed & few epochs: <5 %."],
        "cohorts": {
            "lesions": {
                "dataset": DATASET,
                "modality": "FLAIR",
                "title": "MSLUB",
                "published": [{"doc": "D2", "dataset": "MSLUB"}],
                "not_comparable": "made scans, other training subjects",
            },
            "healthy": {"dataset": "phantom-ixi", "modality": "T1", "title": "IXI phantom"},
        },
        "methods": list(LABELS),
        "method_names": {
            name: {"label": label, "control": name in CONTROLS} | ({} if name in CONTROLS else {"published": label})
            for name, label in LABELS.items()
        },
    } | changes
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    return path


def write_results(folder: Path, subjects: int = 12, seeds: int = 3) -> dict[str, Path]:
    """Write metrics, intervals, comparisons, ranks and curves of all methods on `DATASET`."""
    rng = np.random.default_rng(7)
    difficulty = rng.normal(0, 0.5, subjects)
    long, intervals, ranks, curves = [], [], [], []
    for method, quality in QUALITY.items():
        fixed = {
            "auroc_brain": 0.5 + quality / 2,
            "auroc": 0.6 + quality / 2.6,
            "best_dice": quality**0.8,
            "lesion_sensitivity_at_fpr_5": quality**0.5,
            "subject_auroc": 0.5 + quality / 2.2,
            "chi2": quality / 2,
            "seconds_per_volume": SECONDS[method],
            "prevalence": 0.015,
        }
        if method not in CONTROLS:
            fixed |= {"parameters": 7e6, "l1_re_normal": 0.01, "l1_re_anomalous": 0.05}
        per_subject = {
            name: 1 / (1 + np.exp(-(np.log(level / (1 - level)) + difficulty + rng.normal(0, 0.2, subjects))))
            for name, level in {
                "auprc": quality,
                "dice_at_fpr_5": min(0.8 * quality, 0.5),
                "dice_at_val_threshold": min(0.9 * quality, 0.6),
            }.items()
        }
        per_subject["prevalence"] = 0.015 * np.exp(difficulty)
        for seed in range(1 if method in CONTROLS else seeds):
            cells = {"study": "baur2021", "dataset": DATASET, "method": method, "seed": seed}
            for metric, values in per_subject.items():
                for k, value in enumerate(values):
                    long.append(cells | {"subject": f"patient{k:02}", "metric": metric, "value": value})
            for metric, value in (fixed | {"auprc": quality * 0.97}).items():
                long.append(cells | {"subject": "pooled", "metric": metric, "value": value})
            t = np.linspace(0, 1, 200)
            power = (1 - quality * 0.9) * (1 + 0.05 * seed)
            x = np.r_[t**3]
            recall = x**power
            precision = 0.015 * recall / (0.015 * recall + 0.985 * np.maximum(x * (1 - quality), 1e-9))
            for curve, xs, ys in (("roc", x, recall), ("pr", recall[1:], precision[1:])):
                curves += [cells | {"curve": curve, "x": a, "y": b} for a, b in zip(xs, ys, strict=True)]
    table = pd.DataFrame(long)
    for (metric, method), rows in table.groupby(["metric", "method"], sort=False):
        for scope in ("pooled", "subject"):
            values = rows[(rows["subject"] == "pooled") == (scope == "pooled")]["value"]
            if len(values):
                bounded = metric in ("auprc", "auroc_brain", "best_dice") or scope == "subject"
                half = 0.15 * values.mean() if bounded else np.nan
                intervals.append(
                    {
                        "dataset": DATASET,
                        "method": method,
                        "metric": metric,
                        "scope": scope,
                        "value": values.mean(),
                        "low": values.mean() - half,
                        "high": min(values.mean() + half, 1) if bounded else np.nan,
                        "subjects": subjects,
                        "subject_sd": values.groupby(rows["subject"]).mean().std(ddof=0)
                        if scope == "subject"
                        else np.nan,
                        "seeds": rows["seed"].nunique(),
                        "seed_sd": np.nan,
                    }
                )
    known = pd.DataFrame(intervals)
    pairs = []
    compared = known[known["method"] != "oracle"]
    for metric, scope in (("auprc", "pooled"), ("auprc", "subject"), ("dice_at_fpr_5", "subject")):
        rows = compared[(compared["metric"] == metric) & (compared["scope"] == scope)]
        order = rows.set_index("method")["value"].sort_values(ascending=False)
        for k, (method, value) in enumerate(order.items()):
            ranks.append([DATASET, metric, scope, method, k + 1, max(k, 1), k + 2, 0.5, 0.8])
            for other in order.index[k + 1 :]:
                gap = value - order[other]
                # Only the pooled AUPRC tells the two best apart.
                half = 0.5 * gap if scope == "pooled" else 2 * gap
                pairs.append([DATASET, metric, scope, method, other, gap, gap - half, gap + half, 0.01, 0.04, 12])
    pair_columns = "dataset metric scope method reference difference low high p_wilcoxon p_holm n"
    rank_columns = "dataset metric scope method rank rank_low rank_high share_first kendall_tau"
    files = {
        "metrics": table,
        "intervals": known,
        "comparisons": pd.DataFrame(pairs, columns=pair_columns.split()),
        "ranks": pd.DataFrame(ranks, columns=rank_columns.split()),
        "curves": pd.DataFrame(curves),
    }
    for name, frame in files.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return {name: folder / f"{name}.csv" for name in files}


def write_training(path: Path, epochs: int = 30, terms: tuple[str, ...] = ("reconstruction", "kl")) -> Path:
    """Write a training table with the loss and its terms."""
    epoch, rng = np.arange(epochs), np.random.default_rng(3)
    table = {"epoch": epoch}
    for part, floor in (("train", 0.02), ("validation", 0.03)):
        table[f"{part}_loss"] = floor + 0.3 * np.exp(-epoch / 5) + 0.002 * rng.random(epochs)
    for term in terms:
        table |= {f"{part}_{term}": 0.7 * table[f"{part}_loss"] for part in ("train", "validation")}
    table["kept"] = epoch == np.argmin(table["validation_loss"])
    pd.DataFrame(table).to_csv(path, index=False)
    return path


def write_scans(folder: Path, subjects: int = 4, size: int = 64, depth: int = 7, sick: bool = True) -> dict[str, Path]:
    """Write images and labels of ellipsoids with a bright lesion each, of growing size."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    images, brains, labels, names, indices = [], [], [], [], []
    rng = np.random.default_rng(1)
    for k in range(subjects):
        for z in range(depth):
            height = 1 - ((z - depth // 2) / depth) ** 2
            brain = (x / 0.7) ** 2 + (y / 0.85) ** 2 < height
            texture = gaussian_filter(rng.normal(size=(size, size)), 3)
            lesion = (x - 0.25) ** 2 + (y + 0.2 - 0.1 * k) ** 2 < (0.06 + 0.04 * k) ** 2 * (z >= 2)
            lesion &= brain & sick
            images.append(brain * np.clip(0.5 + texture + 0.3 * lesion, 0, 1.2))
            brains.append(brain)
            labels.append(lesion)
            names.append(f"patient{k:02}")
            indices.append(40 + z)
    shared = {"subject": np.array(names), "slice": np.array(indices)}
    image = {"image": np.array(images, np.float32), "brain": np.array(brains)}
    slices.write(folder / "images.h5", image | shared, {"dataset": DATASET, "spacing": [4.0, 2.0, 2.0]})
    slices.write(folder / "labels.h5", {"label": np.array(labels, np.uint8)} | shared, {"dataset": DATASET})
    return {"images": folder / "images.h5", "labels": folder / "labels.h5"}


def write_maps(folder: Path, scans: dict[str, Path], method: str) -> dict[str, Path]:
    """Write maps (with a reconstruction where it is no control), processed maps and thresholds."""
    with slices.open_checked(scans["images"], "images") as file:
        image, brain = file["image"][:], file["brain"][:]
    with slices.open_checked(scans["labels"], "labels") as file:
        label = file["label"][:].astype(np.float32)
    rng = np.random.default_rng(len(method))
    arrays = {}
    if method == "constant":
        score = np.zeros_like(image)
    elif method == "oracle":
        score = gaussian_filter(label, (0, 1, 1))
    elif method in CONTROLS:
        score = brain * rng.random(image.shape).astype(np.float32)
    else:
        arrays["reconstruction"] = gaussian_filter(image * (1 - 0.3 * label), (0, 2, 2))
        score = np.abs(image - arrays["reconstruction"])
    files = {name: folder / f"{method}-{name}" for name in ("maps.h5", "processed.h5", "thresholds.json")}
    slices.write(files["maps.h5"], {"score": score.astype(np.float32)} | arrays, {"method": method})
    smooth = gaussian_filter(score, (0, 1, 1)).astype(np.float32)
    slices.write(files["processed.h5"], {"score": smooth}, {"method": method})
    files["thresholds.json"].write_text(json.dumps({"fpr_5": float(np.percentile(smooth[brain], 95))}))
    return {name.partition(".")[0]: path for name, path in files.items()}
