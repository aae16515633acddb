"""What a heatmap of a slice costs: `python benchmarks/heatmaps.py --out FILE.csv [--device cuda] [--way NAME ...]`.

One slice of 256 x 256 pixels, a window of 16 pixels every 4, and the papers' networks, untrained, since speed doesn't
depend on the weights. The slice is an ellipse of 140 x 175 pixels, as large as a brain's widest sections. Slow ways are
timed on some of their passes and scaled. Each way runs in a process of its own, so that its peak memory can be told.
"""

import argparse
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import pandas as pd
import torch
from torch import Tensor, nn
from tqdm import tqdm

from brainuad import sliding_window
from brainuad.cost import operations, summary_megabytes
from brainuad.device import choose
from brainuad.files import atomic
from brainuad.networks.inpainting import Generator, folded
from brainuad.networks.loss_prediction import dense_predictor, predictor
from brainuad.sliding_window import Window

SIZE, WINDOW, STEP = 256, 16, 4
BRAIN = (175, 140)
"""Rows and columns of the ellipse."""
REPEATS = 3
TIMED = {"cpu": 1, "cuda": 20}
"""Calls of a network that are timed and scaled, where a way has more."""


@dataclass(frozen=True)
class Way:
    """A way to a heatmap."""

    network: str
    together: int = 1
    on_brain: bool = False
    """Windows without brain are left out."""
    apart: int = 0
    prepared: bool = False
    """Channels last, and batch normalisation folded into the convolutions."""
    half: bool = False
    """Products in 16 bits (bfloat16)."""


WAYS = {
    "G, one window at a time": Way("G"),
    "G, batched": Way("G", 64, prepared=True),
    "G, batched, on the brain (inpainting-16)": Way("G", 64, on_brain=True, prepared=True),
    "G, batched, on the brain, 16 bits": Way("G", 64, on_brain=True, prepared=True, half=True),
    "G, shared passes (inpainting-16-apart)": Way("G", 64, on_brain=True, apart=64, prepared=True),
    "R, one window at a time": Way("R"),
    "R, batched": Way("R", 256, prepared=True),
    "R, batched, on the brain (loss-prediction)": Way("R", 256, on_brain=True, prepared=True),
    "one pass (loss-prediction-dense)": Way("dense", prepared=True),
}
REFERENCE, BATCHED = list(WAYS)[:2]


def network(way: Way, device: torch.device) -> nn.Module:
    """The network of a way, ready to infer."""
    torch.manual_seed(0)
    built = {"G": Generator, "R": predictor, "dense": dense_predictor}[way.network]().eval().to(device)
    if not way.prepared:
        return built
    return (folded(built) if way.network == "G" else built).to(memory_format=torch.channels_last)


def brain(device: torch.device) -> tuple[Tensor, Tensor]:
    """A slice (1, 1, H, W) and its brain mask."""
    y, x = torch.meshgrid(*(torch.arange(SIZE, device=device) - SIZE / 2 + 0.5,) * 2, indexing="ij")
    mask = ((2 * y / BRAIN[0]) ** 2 + (2 * x / BRAIN[1]) ** 2 < 1)[None, None]
    return torch.rand(mask.shape, device=device) * mask, mask


def measured(name: str, device: torch.device) -> dict[str, object]:
    """One row of the table."""
    way, window = WAYS[name], Window(WINDOW, STEP)
    model, (x, mask) = network(way, device), brain(device)
    places = window.touching(mask if way.on_brain else torch.ones_like(mask))
    if way.network == "dense":
        calls, together = 1, 1
    else:
        count = sum(len(now.slices) for now in sliding_window.passes(window, x, places, way.together, way.apart))
        together = min(way.together, count)
        calls = count / together
    timed = min(TIMED[device.type], max(1, int(calls)))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=way.half):
        work = heatmap(way, model, x, places, window, timed)
        work()  # the first call sets up buffers and kernels
        taken = [seconds(work, device) for _ in range(REPEATS)]
    passes = 1 if way.network == "dense" else count
    return {
        "way": name,
        "passes": passes,
        "seconds_per_slice": median(taken) * calls / timed,
        "gigaflop_per_slice": passes * operations(network(Way(way.network), device), (1, SIZE, SIZE)) / 1e9,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "summary_mb": summary_megabytes(network(Way(way.network), device), (1, SIZE, SIZE)).total,
        "peak_memory_mb": peak(device),
        "note": f"median of {REPEATS}" + (f", {timed} of {calls:.0f} batches timed" if timed < calls else ""),
    }


def heatmap(way: Way, model: nn.Module, x: Tensor, places: Tensor, window: Window, timed: int) -> Callable[[], None]:
    """What is timed: as many batches of windows as `timed`, with the loss of each, or the one pass of all."""

    def one_pass() -> None:
        model(x)

    def windows() -> None:
        for now in islice(sliding_window.passes(window, x, places, way.together, way.apart), timed):
            answer = model(now.masked).float()
            if way.network == "G":
                inside = window.pixels(now.windows, now.rows, now.columns)
                sliding_window.window_loss(x[now.slices], answer, inside)

    return one_pass if way.network == "dense" else windows


def seconds(work: Callable[[], None], device: torch.device) -> float:
    """What a call takes, the GPU's work included."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def peak(device: torch.device) -> float:
    """Peak memory in MB (10^6 bytes), of the GPU or of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def alone(name: str, device: str, threads: int) -> dict[str, object]:
    """A row, measured in a process of its own."""
    chosen = choose(device, threads)
    machine = torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else chosen.type
    return {**measured(name, chosen), "device": machine, "threads": torch.get_num_threads()}


def main() -> None:
    """Measure all ways, print a table, write it as CSV."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", nargs="+", choices=list(WAYS), metavar="NAME", default=list(WAYS))
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = []
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as process:
        for name in tqdm(given.way, unit="way"):
            rows.append(process.submit(alone, name, given.device, given.threads).result())
    table = pd.DataFrame(rows)
    for column, base in (("times_as_fast", REFERENCE), ("times_as_fast_as_batched", BATCHED)):
        reference = table.loc[table["way"] == base, "seconds_per_slice"]
        table[column] = (reference.item() if len(reference) else float("nan")) / table["seconds_per_slice"]
    with atomic(given.out) as temporary:
        table.to_csv(temporary, index=False)
    print(table.drop(columns="note").to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
