"""Measure the anatomical fidelity of a method's reconstructions (Kobayashi et al. 2021, section II-D)."""

from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from brainuad.device import choose
from brainuad.errors import InputError
from brainuad.judge import restore
from brainuad.metrics import table
from brainuad.metrics.fidelity import BACKGROUND, entropy_map, overlap_score, quality_score
from brainuad.slices import check_same_order, open_checked, subjects, write

SHOWN = 2
"""Slices in the examples, each of another subject."""


def main(
    *,
    images: Path,
    maps: Path,
    model: Path,
    study: str,
    dataset: str,
    method: str,
    seed: int,
    out_metrics: Path,
    out_examples: Path,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Compare what the segmentation network MODEL sees in IMAGES and in the reconstructions of MAPS.

    OUT_METRICS is a long table of means over each subject's slices with body and over all of them; OUT_EXAMPLES holds
    the slices of a few subjects that show most structures (the middle ones of subjects that show none), their entropies
    and classes.
    """
    judge, rows, shown = restore(model).to(choose(device, threads)), [], []
    with open_checked(images, "images") as source, open_checked(maps, "maps") as scored:
        check_same_order(source, scored)
        if "reconstruction" not in scored:
            raise InputError(maps, "holds no reconstruction", "Give maps of a method that reconstructs")
        for subject in tqdm(list(subjects(source)), desc="fidelity", unit="subject"):
            inside = source["brain"][subject.rows].any((1, 2))
            given = {
                "image": source["image"][subject.rows][inside],
                "reconstruction": scored["reconstruction"][subject.rows][inside],
            }
            seen = {name: judge.probabilities(slices) for name, slices in given.items()}
            classes = {name: probabilities.argmax(1) for name, probabilities in seen.items()}
            scores = {"quality_score": quality_score(*seen.values()), "overlap_score": overlap_score(*classes.values())}
            rows.append(pd.DataFrame({"subject": subject.name, **scores}))
            if len(shown) < SHOWN:
                amount = (classes["image"] != BACKGROUND).sum((1, 2))
                best = int(amount.argmax()) if amount.any() else len(amount) // 2
                shown.append(
                    {
                        "subject": subject.name,
                        "slice": subject.slices[inside][best],
                        **{name: slices[best] for name, slices in given.items()},
                        **{f"entropy_{name}": entropy_map(p[best : best + 1])[0] for name, p in seen.items()},
                        **{f"classes_{name}": found[best].astype(np.uint8) for name, found in classes.items()},
                    }
                )
    slices = pd.concat(rows, ignore_index=True)
    spread = slices[["quality_score", "overlap_score"]].std(ddof=0).rename(lambda name: f"{name}_sd")
    pooled = spread.rename_axis("metric").reset_index(name="value").assign(subject=table.POOLED)
    names = {"study": study, "dataset": dataset, "method": method, "seed": seed}
    long = pd.concat([table.of_slices(slices), pooled.dropna()], ignore_index=True).assign(**names)
    table.write(long[table.COLUMNS], out_metrics)
    write(out_examples, {name: np.array([each[name] for each in shown]) for name in shown[0]}, {"method": method})
