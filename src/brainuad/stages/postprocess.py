"""Post-process anomaly maps: z-scores, eroded brain mask, residual sign, prior of brightness, 3-D median filter."""

from pathlib import Path

import h5py
import numpy as np
from tqdm import tqdm

from brainuad import slices
from brainuad.files import atomic
from brainuad.postprocessing.baur import Settings
from brainuad.postprocessing.baur import postprocess as chain
from brainuad.postprocessing.standardise import standardise


def main(*, images: Path, maps: Path, settings: str, out: Path) -> None:
    """Write the post-processed maps of a cohort, in the layout of a maps file.

    SETTINGS is JSON: {"erosion": 3, "residual": "absolute|positive|negative", "median": [5, 5, 5],
    "hyper_intensity": null, "standardise": null}, the median in slices, rows and columns, z-scores over each "slice"
    or "volume". The component filter is applied to masks, by `evaluate`.
    """
    chosen = Settings.parse(settings)
    with slices.open_checked(images, "images") as cohort, slices.open_checked(maps, "maps") as scored:
        slices.check_same_order(cohort, scored)
        subjects = list(slices.subjects(cohort))
        score = scored["score"]

        def given(rows: slice) -> np.ndarray:
            return standardise(score[rows], cohort["brain"][rows], chosen.standardise)

        # What is masked away must not rank above what is kept, also where a method's scores fall below 0.
        background = min([0.0, *(float(given(subject.rows).min()) for subject in subjects)])
        with atomic(out) as temporary, h5py.File(temporary, "w", track_order=True) as file:
            file.attrs.update(scored.attrs)
            file.attrs["postprocessing"] = settings
            processed = file.create_dataset(
                "score",
                score.shape,
                np.float32,
                chunks=(1, *score.shape[1:]),
                compression="gzip",
                compression_opts=1,
            )
            for subject in tqdm(subjects, desc="postprocess", unit="subject"):
                rows = subject.rows
                reconstruction = scored["reconstruction"][rows] if "reconstruction" in scored else None
                processed[rows] = chain(
                    given(rows),
                    cohort["image"][rows],
                    reconstruction,
                    cohort["brain"][rows],
                    chosen,
                    background,
                )
