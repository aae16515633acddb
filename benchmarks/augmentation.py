"""Do loading and augmentation starve StRegA's network? `python benchmarks/augmentation.py --out FILE [...]`.

Slices a second that are loaded from memory and, as of a cohort that memory can't hold, from the file, that are
augmented on the device, and that a training step of the network takes; on made slices of 256 x 256 pixels. All are
timed in turn, so their ratios bear a machine that does other work beside them better than seconds do.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch

from brainuad import training
from brainuad.device import choose
from brainuad.files import atomic
from brainuad.methods.strega import Method
from brainuad.slices import write
from brainuad.training import Batches, Slices

SIZE = 256
BATCHES = 4
"""How many batches the file holds."""


def write_discs(path: Path, count: int) -> None:
    """An images.h5 of discs of three tissues in patches of 8 x 8 pixels, about as compressible as tissue maps."""
    axis = np.arange(SIZE) - SIZE / 2
    brain = np.broadcast_to(axis[:, None] ** 2 + axis**2 < (0.35 * SIZE) ** 2, (count, SIZE, SIZE))
    patches = np.random.default_rng(0).integers(1, 4, (count, SIZE // 8, SIZE // 8))
    image = (patches.repeat(8, 1).repeat(8, 2) / 3 * brain).astype(np.float32)
    order = {"subject": np.repeat("made", count).astype(object), "slice": np.arange(count)}
    attributes = {"dataset": "made", "recipe": "strega", "modality": "T1", "spacing": [1.0, 1.0, 1.0]}
    write(path, {"image": image, "brain": brain, **order}, attributes)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """What a call takes, the GPU's part too."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def measure(method: Method, device: torch.device, path: Path, batch_size: int, repeats: int) -> dict[str, object]:
    """A row of the table, from the slices of a file."""
    memory = Slices(path)
    with patch.object(training, "IN_MEMORY", 0):
        file = Slices(path)
    x, brain = (part.to(device) for part in memory[list(range(batch_size))])
    optimiser = method.optimisers()["loss"]

    def step() -> None:
        optimiser.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = method.loss(x, brain)["loss"]
        loss.backward()
        optimiser.step()

    batches = cycle(Batches(len(memory), batch_size, seed=0))
    taken = []
    for _ in range(1 + repeats):
        batch = next(batches)
        loads = [partial(slices.__getitem__, batch) for slices in (memory, file)]
        taken.append([seconds(work, device) for work in (*loads, partial(method.augment, x, brain), step)])
    rates = (batch_size / median(column) for column in zip(*taken[1:], strict=True))  # the first sets up buffers
    names = ("from_memory", "from_file", "augmented", "trained")
    return {"batch_size": batch_size, **{f"{name}_per_second": rate for name, rate in zip(names, rates, strict=True)}}


def main() -> None:
    """Measure what the command line asks for, print a table, write it as CSV."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", nargs="+", type=int, default=[64])
    parser.add_argument("--head", default="full_map", help="of the network: full_map or pooled")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    device = choose(given.device, given.threads)
    method = Method(size=SIZE, head=given.head).to(device, memory_format=torch.channels_last)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in given.batch_size:
            path = Path(folder, f"{size}.h5")
            write_discs(path, BATCHES * size)
            rows.append(measure(method, device, path, size, given.repeats))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    table = pd.DataFrame(rows).assign(
        repeats=given.repeats, device=name, threads=torch.get_num_threads(), head=given.head
    )
    with atomic(given.out) as temporary:
        table.to_csv(temporary, index=False)
    print(table.to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
