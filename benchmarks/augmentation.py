"""Does the augmentation starve StRegA's network? `python benchmarks/augmentation.py --out FILE [--batch-size N ...]`.

Slices a second that are augmented, and that a training step of the network takes, on made slices of 256 x 256 pixels.
Both are timed in turn, so their ratio bears a machine that does other work beside them better than seconds do.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pandas as pd
import torch

from brainuad.device import choose
from brainuad.files import atomic
from brainuad.methods.strega import Method

SIZE = 256


def made(count: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Discs of three tissues, (B, 1, SIZE, SIZE), and their brain."""
    axis = torch.arange(SIZE, device=device) - SIZE / 2
    brain = (axis[:, None] ** 2 + axis**2 < (0.35 * SIZE) ** 2).expand(count, 1, SIZE, SIZE)
    return torch.randint(1, 4, brain.shape, device=device) / 3 * brain, brain


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """What a call takes, the GPU's part too."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def measure(method: Method, device: torch.device, batch_size: int, repeats: int) -> dict[str, object]:
    """A row of the table."""
    x, brain = made(batch_size, device)
    optimiser = method.optimisers()["loss"]

    def step() -> None:
        optimiser.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = method.loss(x, brain)["loss"]
        loss.backward()
        optimiser.step()

    step()  # the first call sets up buffers and kernels
    method.augment(x, brain)
    taken = [(seconds(lambda: method.augment(x, brain), device), seconds(step, device)) for _ in range(repeats)]
    augmented, trained = (batch_size / median(column) for column in zip(*taken, strict=True))
    return {
        "batch_size": batch_size,
        "augmented_per_second": augmented,
        "trained_per_second": trained,
        "share_of_augmentation": trained / (augmented + trained),
        "repeats": repeats,
    }


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
    rows = [measure(method, device, size, given.repeats) for size in given.batch_size]
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    table = pd.DataFrame(rows).assign(device=name, threads=torch.get_num_threads(), head=given.head)
    with atomic(given.out) as temporary:
        table.to_csv(temporary, index=False)
    print(table.to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
