"""Slices a second from file and memory against those that training eats: `python benchmarks/slice_loading.py [SLICES]`.

Every row is one epoch of shuffled batches over the same made slices; minimum and median of several epochs.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import h5py
import numpy as np
import torch
from torch.utils.data import DataLoader

from brainuad.device import choose
from brainuad.methods.base import build
from brainuad.slices import write
from brainuad.training import Batches, Slices

SIZE = 128
BATCH = 8
REPEATS = 5
STEPS = 20
"""Training steps in one repeat, which take too long for whole epochs."""


def made(path: Path, count: int) -> None:
    """An images.h5 of discs of noise, about as compressible as brains."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    brain = np.broadcast_to(x**2 + y**2 < (0.35 * SIZE) ** 2, (count, SIZE, SIZE))
    image = np.random.default_rng(0).random((count, SIZE, SIZE), np.float32) * brain
    order = {"subject": np.repeat("made", count).astype(object), "slice": np.arange(count)}
    attributes = {"dataset": "made", "recipe": "none", "modality": "T1", "spacing": [1.0, 1.0, 1.0]}
    write(path, {"image": image, "brain": brain, **order}, attributes)


def seconds(work: Callable[[], object]) -> list[float]:
    """Times of repeated calls."""
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken


def exhaust(batches: Iterable) -> None:
    """Draw every batch."""
    for _ in batches:
        pass


def from_file(path: Path, batches: Batches) -> None:
    """One epoch read slice by slice from the file."""
    with h5py.File(path) as file:
        for batch in batches:
            rows = sorted(batch)
            torch.from_numpy(file["image"][rows]), torch.from_numpy(file["brain"][rows])


def main(count: int) -> None:
    """Make the slices, measure and print a table."""
    device = choose("auto")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.h5")
        made(path, count)
        compressed = path.stat().st_size / 1e6
        opening = seconds(lambda: Slices(path))
        slices, batches = Slices(path), Batches(count, BATCH, seed=0)
        loader = DataLoader(slices, batch_size=None, sampler=batches)
        straight = seconds(lambda: from_file(path, batches))
    loading = seconds(lambda: exhaust(loader))
    tensors = seconds(lambda: exhaust((slices.image[batch], slices.brain[batch]) for batch in batches))
    training = seconds(lambda: train(slices, batches, device))
    megabytes = slices.image.nbytes / 1e6
    print(f"{count} slices of {SIZE} x {SIZE}: {megabytes:.0f} MB, {compressed:.0f} MB in the file; batches of {BATCH}")
    print(f"device {device}, {torch.get_num_threads()} threads; {REPEATS} repeats\n")
    print(f"{'':42}{'slices/s, best':>15}{'median':>9}")
    for what, taken, drawn in (
        ("reading images.h5 into memory, once", opening, count),
        ("batches straight from images.h5", straight, count),
        ("batches as training draws them", loading, count),
        ("batches of the same tensors, no loader", tensors, count),
        ("training of ae-dense, the smallest network", training, STEPS * BATCH),
    ):
        print(f"{what:42}{drawn / min(taken):15.0f}{drawn / statistics.median(taken):9.0f}")


def train(slices: Slices, batches: Batches, device: torch.device) -> None:
    """Some steps, forward and backward, on batches that lie in memory."""
    model = build("ae-dense", {"size": SIZE}).to(device)
    optimiser = model.optimiser()
    for _, batch in zip(range(STEPS), batches, strict=False):
        image, brain = (tensor.to(device) for tensor in slices[batch])
        optimiser.zero_grad()
        model.loss(image, brain)["loss"].backward()
        optimiser.step()
    if device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
