"""The HDF5 files that stages exchange: `images.h5`, `labels.h5`, `maps.h5` and `masks.h5`.

`images.h5`  image (N, H, W) float32, brain (N, H, W) bool, subject (N) str, slice (N) int
`labels.h5`  label (N, H, W) uint8, subject (N), slice (N), in the same order
`maps.h5`    score (N, H, W) float32 in the same order; optionally reconstruction, uncertainty, mask; of methods that
             slide a window also losses and whole (N, R, C), a value for each of its places
`masks.h5`   mask (N, H, W) bool in the same order

Slice k of a volume in RAS order (x, y, z) is `volume[:, ::-1, k].T`: rows run from anterior to
posterior, columns from left to right, slices from inferior to superior. The slices of a subject
lie together, in rising order of k. Where the attribute `drawn_slices` of `images.h5` is set, they are not all that
there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from brainuad.errors import InputError
from brainuad.files import atomic

AXES = "rows anterior to posterior, columns left to right, slices inferior to superior"
DATASETS = {
    "images": {"image": np.float32, "brain": np.bool_},
    "labels": {"label": np.uint8},
    "maps": {"score": np.float32},
    "masks": {"mask": np.bool_},
}
NAMED = ("images", "labels")
"""The files that name the subject and slice of each row."""
WINDOWED = ("losses", "whole")
"""Maps with a value for each place of a window, (N, R, C)."""
UNSEEN = -1.0
"""Stands there for a window that holds no brain."""
MAP_EXTRAS = ("reconstruction", "uncertainty", "mask")


def to_slices(volume: np.ndarray) -> np.ndarray:
    """(X, Y, Z) in RAS order -> (Z, H, W) axial slices, H = Y (anterior first), W = X (left first)."""
    return volume[:, ::-1, :].transpose(2, 1, 0)


def to_volume(slices: np.ndarray) -> np.ndarray:
    """Inverse of `to_slices`: (Z, H, W) -> (X, Y, Z) in RAS order."""
    return slices.transpose(2, 1, 0)[:, ::-1, :]


@dataclass
class Subject:
    """The rows of one subject in an HDF5 file of slices."""

    name: str
    rows: slice
    slices: np.ndarray
    """(D) slice indices in the volume."""


def write(path: Path | str, arrays: dict[str, np.ndarray], attributes: dict[str, object]) -> None:
    """Write arrays (first axis N) chunked by slice and lightly compressed, and attributes; whole or not at all."""
    with atomic(path) as temporary, h5py.File(temporary, "w", track_order=True) as file:
        file.attrs.update(attributes)
        for name, array in arrays.items():
            if np.ndim(array) == 3:
                chunks = (1, *array.shape[1:]) if len(array) else None
                file.create_dataset(name, data=array, chunks=chunks, compression="gzip", compression_opts=1)
            elif np.asarray(array).dtype.kind in "UO":
                file.create_dataset(name, data=np.asarray(array, dtype=object), dtype=h5py.string_dtype())
            else:
                file.create_dataset(name, data=array)


def open_checked(path: Path | str, kind: str, values: bool = True) -> h5py.File:
    """Open an `images`, `labels`, `maps` or `masks` file for reading after checking it; raises InputError.

    Without `values`, which takes reading the whole file, NaN and infinite values are left to the caller.
    """
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        problem = "is missing" if not Path(path).exists() else "is truncated or not an HDF5 file"
        raise InputError(path, problem, "Delete it and run again") from error
    problem = contract_violation(file, kind, values)
    if problem:
        file.close()
        raise InputError(path, problem, f"See `brainuad check --help` for what {kind}.h5 must hold")
    return file


def contract_violation(file: h5py.File, kind: str, values: bool) -> str | None:
    """What is wrong with an open file of the given kind, in a few words, or None."""
    needed = {**DATASETS[kind], **({"subject": None, "slice": None} if kind in NAMED else {})}
    for name, dtype in needed.items():
        if name not in file:
            return f"holds no dataset '{name}'"
        if dtype is not None and file[name].dtype != dtype:
            return f"dataset '{name}' is {file[name].dtype}, not {np.dtype(dtype)}"
        if dtype is not None and file[name].ndim != 3:
            return f"dataset '{name}' has shape {file[name].shape}, not (N, H, W)"
    if kind == "images" and np.shape(file.attrs.get("spacing")) != (3,):
        return "has no attribute 'spacing', the mm between slices, rows and columns"
    first = next(iter(DATASETS[kind]))
    for name in file:
        shape = file[name].shape
        if shape[0] != len(file[first]) or (len(shape) == 3 and name not in WINDOWED and shape != file[first].shape):
            return f"dataset '{name}' has shape {shape}, which doesn't fit '{first}' {file[first].shape}"
    for name in set(DATASETS[kind]) | (set(MAP_EXTRAS) & set(file)):
        if values and name in file and file[name].dtype.kind == "f":
            for start in range(0, len(file[name]), 64):
                if not np.isfinite(file[name][start : start + 64]).all():
                    return f"dataset '{name}' holds NaN or infinite values in slices {start} to {start + 63}"
    return None


def subjects(file: h5py.File) -> Iterator[Subject]:
    """The subjects of an images or labels file, in order. Raises InputError where slices of one lie apart."""
    names = file["subject"].asstr()[:]
    starts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]]) if len(names) else np.array([], int)
    if len(set(names)) != len(starts):
        raise InputError(file.filename, "slices of one subject lie apart", "Write each subject's slices together")
    for start, end in zip(starts, np.r_[starts[1:], len(names)], strict=True):
        yield Subject(str(names[start]), slice(int(start), int(end)), file["slice"][start:end])


def check_same_order(images: h5py.File, other: h5py.File) -> None:
    """Raise InputError unless labels, maps or masks have the shape and, where they say, the order of `images`."""
    shape = images["image"].shape
    array = next(other[name] for name in ("label", "score", "mask") if name in other)
    if array.shape != shape:
        raise InputError(other.filename, f"has shape {array.shape}, the images {shape}", "Make it from these images")
    for name in ("subject", "slice"):
        if name in other and not np.array_equal(other[name][:], images[name][:]):
            raise InputError(other.filename, f"'{name}' differs from {images.filename}", "Make it from these images")
