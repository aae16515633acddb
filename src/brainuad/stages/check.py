"""Check an images, labels, maps or masks file and say in one line what is wrong with it."""

from pathlib import Path
from typing import Literal

from brainuad import slices


def main(*, kind: Literal["images", "labels", "maps", "masks"], path: Path, images: Path | None = None) -> None:
    """Check one HDF5 file; with --images also that it has their shape and order.

    images: image (N, H, W) float32, brain (N, H, W) bool, subject (N), slice (N).
    labels: label (N, H, W) uint8, subject (N), slice (N).
    maps: score (N, H, W) float32, optionally reconstruction, uncertainty, mask.
    masks: mask (N, H, W) bool.
    Subjects' slices lie together; no value is NaN or infinite.
    """
    with slices.open_checked(path, kind) as file:
        count = sum(1 for _ in slices.subjects(file)) if "subject" in file else None
        if images is not None:
            with slices.open_checked(images, "images") as cohort:
                slices.check_same_order(cohort, file)
        shape = " x ".join(map(str, next(file[name].shape for name in slices.DATASETS[kind])))
    print(f"{path}: ok, {shape}" + (f", {count} subjects" if count is not None else ""))
