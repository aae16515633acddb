"""Scoring: a method goes over the volumes of an `images.h5`, subject by subject, into `maps.h5`."""

import resource
import time
from pathlib import Path

import h5py
import numpy as np
from tqdm import tqdm

from brainuad.errors import InputError
from brainuad.files import atomic, sha256
from brainuad.methods.base import Maps, Method
from brainuad.scoring.reading import volumes
from brainuad.seeds import generator
from brainuad.slices import WINDOWED, Subject, check_same_order, open_checked, subjects


def score(method: Method, images: Path, maps: Path, *, name: str, seed: int, labels: Path | None = None) -> None:
    """Score every subject and write the maps with the cost of making them.

    Attributes of the file: method, seed, input (SHA-256 of `images`), seconds_per_volume (median), seconds_per_slice,
    peak_memory_mb (of this process, or of the GPU where one is used), parameters, score_is_residual.
    Raises InputError where a score isn't finite or has another shape than the images.
    """
    with (
        open_checked(images, "images") as source,
        atomic(maps) as temporary,
        h5py.File(temporary, "w") as target,
    ):
        truth = open_checked(labels, "labels") if labels else None
        if truth:
            check_same_order(source, truth)
        seconds = []
        slices = len(source["image"])
        count = len(list(subjects(source)))
        for subject, volume in tqdm(volumes(source, truth), desc=name, unit="volume", total=count):
            start = time.perf_counter()
            result = method.score(volume, generator(seed, name, subject.name))
            seconds.append(time.perf_counter() - start)
            _write(target, result, subject, source["image"].shape, name)
        target.attrs.update(
            method=name,
            seed=seed,
            input=sha256(images),
            seconds_per_volume=float(np.median(seconds)),
            seconds_per_slice=sum(seconds) / slices,
            peak_memory_mb=peak_memory_mb(method),
            parameters=parameters(method),
            score_is_residual=getattr(method, "score_is_residual", False),
        )


def _write(target: h5py.File, maps: Maps, subject: Subject, shape: tuple[int, ...], method: str) -> None:
    for name, values in vars(maps).items():
        if values is None:
            continue
        grid = values.shape[1:] if name in WINDOWED else shape[1:]
        if values.shape != (len(subject.slices), *grid) or not np.isfinite(values).all():
            problem = f"gave a {name} of shape {values.shape} or with NaN for subject {subject.name}"
            raise InputError(method, problem, "Look at its training curves and at this subject's slices")
        if name not in target:
            target.create_dataset(
                name, (shape[0], *grid), np.float32, chunks=(1, *grid), compression="gzip", compression_opts=1
            )
        target[name][subject.rows] = values


def parameters(method: Method) -> int:
    """Trainable numbers of a method; 0 for one without a network."""
    return sum(p.numel() for p in method.parameters()) if hasattr(method, "parameters") else 0


def peak_memory_mb(method: Method) -> float:
    """Peak memory in MB (10^6 bytes): of the GPU where the method lies on one, else of this process."""
    device = getattr(next(iter(method.parameters()), None), "device", None) if hasattr(method, "parameters") else None
    if device is not None and device.type == "cuda":
        import torch

        return torch.cuda.max_memory_allocated(device) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
