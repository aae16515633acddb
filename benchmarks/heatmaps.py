"""What a heatmap of a slice costs: `python benchmarks/heatmaps.py --out FILE.csv [--device cuda] [--way NAME ...]`.

One slice of 256 x 256 pixels, a window of 16 pixels every 4, and the papers' networks, untrained, since speed doesn't
depend on the weights. The slice is an ellipse of 140 x 175 pixels, as large as a brain's widest sections. A heatmap is
timed from slice to map: once without any window, which is what a slice costs however many there are, and once with as
many as fill a few batches, 20 or more; what these add is scaled to all windows. Each way runs in a process of its own,
so that its peak memory can be told.

Ways that should change nothing say by how much their losses differ from those of the first way, as a share of the range
of these: at most, and on average. What the others lose is measured with trained networks, by the study.
"""

import argparse
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Literal

import pandas as pd
import torch
from torch import Tensor
from torch._dynamo.exc import BackendCompilerFailed
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
from brainuad.sliding_window import Passes, in_whole

BRAIN = (175 / 256, 140 / 256)
"""Rows and columns of the ellipse, as shares of the slice."""
REPEATS = 3
BATCHES, WINDOWS = {"cpu": 1, "cuda": 20}, 20
"""Batches of windows that are timed, where there are more, and the fewest windows."""
PUBLISHED = Path(__file__).parents[1] / "workflow/data/published.csv"


@dataclass(frozen=True)
class Scale:
    """How large slices and the generator are, by default as in the papers."""

    size: int = 256
    width: int = 64

    def settings(self, method: str) -> dict[str, object]:
        """Those of a method."""
        return {"size": self.size} if method.startswith("loss-prediction") else {"width": self.width}


@dataclass(frozen=True)
class Way:
    """A way to a heatmap."""

    method: str
    settings: dict[str, object] = field(default_factory=dict)
    everywhere: bool = False
    """Windows without brain too."""
    passes: Literal["own", "plain", "folded"] = "own"
    """As the method does them; of whole slices, as the papers' own code would; these folded, with channels last."""
    compiled: bool = False
    """The generator as a compiled graph."""

    @property
    def exact(self) -> bool:
        """Whether it should change nothing but the rounding."""
        return self.method == "inpainting-16"


WAYS = {
    "inpainting, one window at a time": Way("inpainting-16", {"together": 1}, everywhere=True, passes="plain"),
    "inpainting, batched": Way("inpainting-16", everywhere=True, passes="plain"),
    "inpainting, batched, folded, channels last": Way("inpainting-16", everywhere=True, passes="folded"),
    "the same as a compiled graph": Way("inpainting-16", everywhere=True, passes="folded", compiled=True),
    "the same on the brain": Way("inpainting-16", passes="folded"),
    "the same, work shared (inpainting-16)": Way("inpainting-16"),
    "the same in 16 bits (inpainting-16-half)": Way("inpainting-16-half"),
    "shared passes (inpainting-16-apart)": Way("inpainting-16-apart"),
    "proposed windows (inpainting-16-guided)": Way("inpainting-16-guided"),
    "prediction, one window at a time": Way("loss-prediction", {"together": 1}, everywhere=True, passes="plain"),
    "prediction, batched": Way("loss-prediction", everywhere=True),
    "the same on the brain (loss-prediction)": Way("loss-prediction"),
    "prediction in one pass (loss-prediction-dense)": Way("loss-prediction-dense"),
}
REFERENCE, BATCHED = "inpainting, one window at a time", "inpainting, batched"


PUBLISHED_OF = {
    REFERENCE: ("seconds_per_slice_original", "generator_size_MB"),
    "prediction, one window at a time": ("seconds_per_slice_R", "R_size_MB"),
}
"""What Mavropoulos 2021 says of a way: seconds for a slice and size in MB, by their names in published.csv."""


def built(way: Way, device: torch.device, scale: Scale) -> Learner:
    """The method of a way, ready to score."""
    torch.manual_seed(0)
    method = build(way.method, {**scale.settings(way.method), **way.settings})
    if hasattr(method, "take"):
        method.take(build("loss-prediction-window", scale.settings("loss-prediction-window")))
    layout = torch.contiguous_format if way.passes == "plain" else torch.channels_last
    return method.eval().to(device).to(memory_format=layout)


def filler(way: Way, method: Learner) -> Callable[[Passes], Tensor] | None:
    """What fills windows in where that isn't left to the method."""
    if not isinstance(method, Inpainting) or way.passes == "own":
        return None
    generator = method.generator if way.passes == "plain" else folded(method.generator)
    return in_whole(torch.compile(generator) if way.compiled else generator)


def brain(device: torch.device, scale: Scale) -> tuple[Tensor, Tensor]:
    """A slice (1, 1, H, W) and its brain mask."""
    torch.manual_seed(1)
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, scale.size),) * 2, indexing="ij")
    mask = ((y / BRAIN[0]) ** 2 + (x / BRAIN[1]) ** 2 < 1)[None, None]
    return (torch.rand(mask.shape) * mask).to(device), mask.to(device)


def window_losses(method: Learner, fill: Callable[[Passes], Tensor] | None, x: Tensor, places: Tensor) -> Tensor:
    """(1, R, C) the losses of the windows at `places`."""
    if not isinstance(method, Inpainting):
        return method.losses(x, places)
    if fill is None:
        return method.slide(x, places).window
    return sliding_window.inpaint(fill, x, places, method.window, method.together).window


def heatmap(method: Learner, fill: Callable[[Passes], Tensor] | None, x: Tensor, places: Tensor) -> Tensor:
    """The heatmap (1, H, W) of the windows at `places`."""
    return method.window.spread(window_losses(method, fill, x, places), places, x.shape[2:])


def some(places: Tensor, number: int) -> Tensor:
    """Evenly spread ones among those `places` (1, R, C) that are true; none for 0."""
    there, chosen = places.nonzero(), torch.zeros_like(places)
    chosen[tuple(there[torch.linspace(0, len(there) - 1, min(number, len(there))).round().long()].T)] = True
    return chosen


def operations(method: Learner, fill: Callable[[Passes], Tensor] | None, x: Tensor, places: Tensor) -> int:
    """Floating-point operations of a heatmap."""
    with FlopCounterMode(display=False) as counter:
        heatmap(method, fill, x, places)
    return counter.get_total_flops()


def measured(name: str, device: torch.device, scale: Scale = Scale()) -> dict[str, object]:
    """One row of the table."""
    way = WAYS[name]
    method, (x, mask) = built(way, device, scale), brain(device, scale)
    places = method.window.touching(torch.ones_like(mask) if way.everywhere else mask)
    # One pass knows no windows; passes that windows share have to be all there, to be shared by as many as in earnest.
    whole = way.method in ("loss-prediction-dense", "inpainting-16-apart")
    timed = places if whole else some(places, max(WINDOWS, BATCHES[device.type] * method.together))
    none = torch.zeros_like(places)
    share = float(timed.sum() / places.sum())
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with torch.inference_mode():
        # The first call also sets up buffers and kernels. Operations are those of the graph before it is compiled.
        plain = filler(replace(way, compiled=False), method)
        flop = [operations(method, plain, x, given) for given in (none, timed)]
        fill = filler(way, method)
        if way.compiled:
            heatmap(method, fill, x, timed)
        fixed = median(seconds(method, fill, x, none) for _ in range(REPEATS))
        taken = []
        while len(taken) < REPEATS and not (whole and sum(taken) > 60):
            taken.append(seconds(method, fill, x, timed))
        memory = peak(device)
        found = window_losses(method, fill, x, timed)[timed]
    work = method.work(places)
    return {
        "way": name,
        "passes": sum(number for _, number in work),
        "seconds_per_slice": scaled(fixed, median(taken), share),
        "gigaflop_per_slice": scaled(*flop, share) / 1e9,
        "parameters": sum(weight.numel() for network, _ in work for weight in network.parameters()),
        "summary_mb": sum(summary_megabytes(network, (1, scale.size, scale.size)).total for network, _ in work),
        "peak_memory_mb": memory,
        **(deviation(found, x, timed, scale) if way.exact else {}),
        "note": f"median of {len(taken)}" + (f", {int(timed.sum())} windows timed" if share < 1 else ""),
    }


def scaled(fixed: float, some: float, share: float) -> float:
    """What all windows cost: `fixed` is the cost without any, `some` that of this share of them."""
    return fixed + (some - fixed) / share


@torch.inference_mode()
def deviation(found: Tensor, x: Tensor, places: Tensor, scale: Scale) -> dict[str, float]:
    """How far losses (n) at `places` lie from those of the reference, as shares of the range of these."""
    way = WAYS[REFERENCE]
    method = built(way, x.device, scale)
    true = window_losses(method, filler(way, method), x, places)[places]
    shares = (found - true).abs() / (true.max() - true.min())
    return {"max_deviation": shares.max().item(), "mean_deviation": shares.mean().item()}


def seconds(method: Learner, fill: Callable[[Passes], Tensor] | None, x: Tensor, places: Tensor) -> float:
    """What a heatmap takes, the GPU's work included."""
    if x.device.type == "cuda":
        torch.cuda.synchronize(x.device)
    start = time.perf_counter()
    heatmap(method, fill, x, places)
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
    try:
        row = measured(name, chosen)
    except BackendCompilerFailed as error:  # no compiler, say
        row = {"way": name, "note": f"can't be compiled here: {str(error).splitlines()[0]}"}
    return {**row, "device": machine, "threads": torch.get_num_threads()}


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
    known = pd.read_csv(PUBLISHED).query("doc == 'D0'").set_index("metric")["value_or_mean"].astype(float)
    for k, column in enumerate(("published_seconds_per_slice", "published_summary_mb")):
        table[column] = table["way"].map({way: known[names[k]] for way, names in PUBLISHED_OF.items()})
    with atomic(given.out) as temporary:
        table.to_csv(temporary, index=False)
    print(table.drop(columns="note").to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
