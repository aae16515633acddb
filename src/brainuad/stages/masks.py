"""Segment anomaly maps in the way of a paper: post-processed maps -> masks.h5."""

from pathlib import Path

import h5py
import numpy as np
from tqdm import tqdm

from brainuad import slices
from brainuad.errors import InputError
from brainuad.files import atomic
from brainuad.postprocessing import operating_points
from brainuad.segmentation import load
from brainuad.settings import check, parse


def main(
    *, segmentation: str, images: Path, maps: Path, out: Path, settings: str = "{}", thresholds: Path | None = None
) -> None:
    """Write the masks of a cohort, in the order of IMAGES.

    SEGMENTATION is a module of brainuad.segmentation and SETTINGS (JSON) its own, such as {"scale": 75.0}. MAPS are the
    post-processed ones. Of a method with THRESHOLDS the map is thresholded instead: where a labelled cohort validated a
    threshold by that, else by the default one.
    """
    segment, options = load(segmentation).segment, parse(settings, "--settings")
    check("--settings", f"segmentation {segmentation}", segment, options)
    threshold = operating_points.of_masks(thresholds) if thresholds else None
    with slices.open_checked(images, "images") as cohort, slices.open_checked(maps, "maps") as scored:
        slices.check_same_order(cohort, scored)
        shape = cohort["image"].shape
        with atomic(out) as temporary, h5py.File(temporary, "w", track_order=True) as file:
            file.attrs.update({name: scored.attrs[name] for name in ("method", "seed") if name in scored.attrs})
            file.attrs.update({"segmentation": segmentation, "settings": settings})
            masks = file.create_dataset(
                "mask", shape, np.bool_, chunks=(1, *shape[1:]), compression="gzip", compression_opts=1
            )
            for subject in tqdm(list(slices.subjects(cohort)), desc="masks", unit="subject"):
                rows = subject.rows
                image, score, brain = cohort["image"][rows], scored["score"][rows], cohort["brain"][rows]
                if threshold is not None:
                    masks[rows] = brain & (score > threshold)
                    continue
                try:
                    masks[rows] = segment(image, score, brain, **options)
                except InputError as error:
                    problem, _, mend = str(error).partition(". ")
                    raise InputError(f"{images}, subject {subject.name}", problem, mend) from error
