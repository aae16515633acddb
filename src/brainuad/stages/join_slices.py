"""Join the slices of several healthy cohorts to train on them together: images.h5 files -> one."""

from pathlib import Path

import h5py
from tqdm import tqdm

from brainuad import slices
from brainuad.errors import InputError
from brainuad.files import atomic

COLUMNS = ("image", "brain", "subject", "slice")


def main(*, images: list[Path], out: Path) -> None:
    """Stack the slices of IMAGES in their order, each subject named DATASET/SUBJECT; all lie on one grid."""
    with atomic(out) as temporary, h5py.File(temporary, "w", track_order=True) as joined:
        for path in images:
            with slices.open_checked(path, "images", values=False) as cohort:
                if "image" in joined:
                    check_same_grid(path, cohort, images[0], joined)
                else:
                    begin(joined, cohort)
                joined.attrs["dataset"] = " + ".join(filter(None, [joined.attrs["dataset"], cohort.attrs["dataset"]]))
                append(joined, cohort)


def begin(joined: h5py.File, cohort: h5py.File) -> None:
    """Lay out empty datasets and attributes as in a cohort's file."""
    told = {name: value for name, value in cohort.attrs.items() if name != "drawn_slices"}
    joined.attrs.update({**told, "dataset": ""})
    for name in COLUMNS:
        source, shape = cohort[name], cohort[name].shape[1:]
        options = (
            {"chunks": (1, *shape), "compression": "gzip", "compression_opts": 1} if shape else {"chunks": (1024,)}
        )
        joined.create_dataset(name, (0, *shape), source.dtype, maxshape=(None, *shape), **options)


def append(joined: h5py.File, cohort: h5py.File) -> None:
    """Add a cohort's slices, subject by subject so that memory doesn't grow with it."""
    dataset = cohort.attrs["dataset"]
    for subject in tqdm(list(slices.subjects(cohort)), desc=dataset, unit="subject"):
        start = len(joined["image"])
        for name in COLUMNS:
            joined[name].resize(start + len(subject.slices), axis=0)
            named = name == "subject"
            joined[name][start:] = f"{dataset}/{subject.name}" if named else cohort[name][subject.rows]


def check_same_grid(path: Path, cohort: h5py.File, first: Path, joined: h5py.File) -> None:
    """Raise InputError unless slices have the size of the first file's, in pixels and mm."""
    sizes = [(file["image"].shape[1:], tuple(file.attrs["spacing"].round(3))) for file in (cohort, joined)]
    if sizes[0] != sizes[1]:
        raise InputError(path, f"lies on another grid than {first}", "Make both by one recipe")
