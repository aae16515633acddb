"""What a heatmap of a slice costs: `python benchmarks/heatmaps.py --out FILE.csv [--device cuda] [--way NAME ...]`.

One slice of 256 x 256 pixels, a window of 16 pixels every 4, and the papers' networks, untrained, since speed doesn't
depend on the weights. The slice is an ellipse of 140 x 175 pixels, as large as a brain's widest sections. A heatmap is
timed from slice to map, for as many windows as fill a few batches, and scaled to all. Each way runs in a process of its
own, so that its peak memory can be told.
"""

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Literal

import pandas as pd
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from brainuad import sliding_window
from brainuad.cost import summary_megabytes
from brainuad.device import choose
from brainuad.files import atomic
from brainuad.methods.base import build
from brainuad.methods.inpainting import Inpainting
from brainuad.methods.learner import Learner
from brainuad.networks.inpainting import folded
from brainuad.sliding_window import in_whole

SIZE, SHAPE = 256, (1, 256, 256)
BRAIN = (175, 140)
"""Rows and columns of the ellipse."""
REPEATS = 3
BATCHES = {"cpu": 1, "cuda": 20}
"""Batches of windows that are timed, where there are more."""


@dataclass(frozen=True)
class Way:
    """A way to a heatmap."""

    method: str
    settings: dict[str, object] = field(default_factory=dict)
    everywhere: bool = False
    """Windows without brain too."""
    passes: Literal["own", "plain", "folded"] = "own"
    """As the method does them; of whole slices, as the papers' own code would; these folded, with channels last."""
    half: bool = False
    """Products in 16 bits (bfloat16)."""


WAYS = {
    "inpainting, one window at a time": Way("inpainting-16", {"together": 1}, everywhere=True, passes="plain"),
    "inpainting, batched": Way("inpainting-16", everywhere=True, passes="plain"),
    "inpainting, batched, folded, channels last": Way("inpainting-16", everywhere=True, passes="folded"),
    "the same on the brain": Way("inpainting-16", passes="folded"),
    "the same, work shared (inpainting-16)": Way("inpainting-16"),
    "the same in 16 bits": Way("inpainting-16", half=True),
    "shared passes (inpainting-16-apart)": Way("inpainting-16-apart"),
    "proposed windows (inpainting-16-guided)": Way("inpainting-16-guided"),
    "prediction, one window at a time": Way("loss-prediction", {"together": 1}, everywhere=True, passes="plain"),
    "prediction, batched": Way("loss-prediction", everywhere=True),
    "the same on the brain (loss-prediction)": Way("loss-prediction"),
    "prediction in one pass (loss-prediction-dense)": Way("loss-prediction-dense"),
}
REFERENCE, BATCHED = "inpainting, one window at a time", "inpainting, batched"


def built(way: Way, device: torch.device) -> Learner:
    """The method of a way, ready to score."""
    torch.manual_seed(0)
    method = build(way.method, way.settings)
    if hasattr(method, "take"):
        method.take(build("loss-prediction-window", {}))
    layout = torch.contiguous_format if way.passes == "plain" else torch.channels_last
    return method.eval().to(device).to(memory_format=layout)


def brain(device: torch.device) -> tuple[Tensor, Tensor]:
    """A slice (1, 1, H, W) and its brain mask."""
    y, x = torch.meshgrid(*(torch.arange(SIZE, device=device) - SIZE / 2 + 0.5,) * 2, indexing="ij")
    mask = ((2 * y / BRAIN[0]) ** 2 + (2 * x / BRAIN[1]) ** 2 < 1)[None, None]
    return torch.rand(mask.shape, device=device) * mask, mask


def heatmap(way: Way, method: Learner, x: Tensor, places: Tensor) -> Tensor:
    """The heatmap (1, H, W) of the windows at `places`."""
    if not isinstance(method, Inpainting):
        losses = method.losses(x, places)
    elif way.passes == "own":
        losses = method.slide(x, places).window
    else:
        generator = in_whole(method.generator if way.passes == "plain" else folded(method.generator))
        losses = sliding_window.inpaint(generator, x, places, method.window, method.together).window
    return method.window.spread(losses, places, x.shape[2:])


def some(places: Tensor, number: int) -> Tensor:
    """The first of the true ones among `places` (1, R, C)."""
    chosen = torch.zeros_like(places)
    chosen[tuple(places.nonzero()[:number].T)] = True
    return chosen


def measured(name: str, device: torch.device) -> dict[str, object]:
    """One row of the table."""
    way = WAYS[name]
    method, (x, mask) = built(way, device), brain(device)
    places = method.window.touching(torch.ones_like(mask) if way.everywhere else mask)
    # One pass knows no windows; passes that windows share have to be all there, to be shared by as many as in earnest.
    whole = way.method in ("loss-prediction-dense", "inpainting-16-apart")
    timed = places if whole else some(places, BATCHES[device.type] * method.together)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=way.half):
        with FlopCounterMode(display=False) as counter:  # the first call also sets up buffers and kernels
            heatmap(way, method, x, timed)
        taken = []
        while len(taken) < REPEATS and not (whole and sum(taken) > 60):
            taken.append(seconds(way, method, x, timed))
    memory = peak(device)
    share = float(timed.sum() / places.sum())
    work = method.work(places)
    return {
        "way": name,
        "passes": sum(number for _, number in work),
        "seconds_per_slice": median(taken) / share,
        "gigaflop_per_slice": counter.get_total_flops() / share / 1e9,
        "parameters": sum(weight.numel() for network, _ in work for weight in network.parameters()),
        "summary_mb": sum(summary_megabytes(network, SHAPE).total for network, _ in work),
        "peak_memory_mb": memory,
        "note": f"median of {len(taken)}" + (f", {share:.2%} of the windows timed" if share < 1 else ""),
    }


def seconds(way: Way, method: Learner, x: Tensor, places: Tensor) -> float:
    """What a heatmap takes, the GPU's work included."""
    if x.device.type == "cuda":
        torch.cuda.synchronize(x.device)
    start = time.perf_counter()
    heatmap(way, method, x, places)
    if x.device.type == "cuda":
        torch.cuda.synchronize(x.device)
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
    parser.add_argument("--device", nargs="+", choices=("cpu", "cuda"), help="cpu, and cuda where there is one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    devices = given.device or ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as process:
        jobs = [(name, device, given.threads) for device in devices for name in given.way]
        rows = [process.submit(alone, *job).result() for job in tqdm(jobs, unit="way")]
    table = pd.DataFrame(rows)
    for column, base in (("times_as_fast", REFERENCE), ("times_as_fast_as_batched", BATCHED)):
        reference = table[table["way"] == base].set_index("device")["seconds_per_slice"]
        table[column] = table["device"].map(reference) / table["seconds_per_slice"]
    with atomic(given.out) as temporary:
        table.to_csv(temporary, index=False)
    print(table.drop(columns="note").to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
