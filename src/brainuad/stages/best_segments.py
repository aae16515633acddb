"""How near could a mask of one superpixel a slice come to the truth, if it were chosen by the truth itself?"""

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from brainuad import slices
from brainuad.metrics import table
from brainuad.segmentation import superpixels
from brainuad.settings import check, parse


def main(
    *,
    images: Path,
    labels: Path,
    study: str,
    dataset: str,
    method: str,
    seed: int,
    out: Path,
    settings: str = "{}",
) -> None:
    """Write the Dice of the best superpixel of each slice of IMAGES that has a lesion, as a long table.

    SETTINGS (JSON) are those of the superpixels, of which `choose` doesn't matter. Only a METHOD that sees LABELS could
    choose so: the values stand under its name, beside STUDY, DATASET and SEED.
    """
    options = parse(settings, "--settings")
    check("--settings", "segmentation superpixels", superpixels.segment, options)
    options.pop("choose", None)
    most = {key: options.pop(key) for key in ("max_background",) if key in options}
    rows = []
    with slices.open_checked(images, "images") as cohort, slices.open_checked(labels, "labels") as truth:
        slices.check_same_order(cohort, truth)
        for subject in tqdm(list(slices.subjects(cohort)), desc="superpixels", unit="subject"):
            given = (cohort["image"][subject.rows], truth["label"][subject.rows] > 0, cohort["brain"][subject.rows])
            for image, anomalous, brain in zip(*given, strict=True):
                if anomalous.any():
                    dice = superpixels.best_dice(superpixels.segments(image, **options), anomalous, brain, **most)
                    rows.append({"subject": subject.name, "dice_best_segment": dice})
    names = {"study": study, "dataset": dataset, "method": method, "seed": seed}
    found = pd.DataFrame(rows, columns=["subject", "dice_best_segment"])
    table.write(table.of_slices(found).assign(**names)[table.COLUMNS], out)
