"""How fast methods score and train: `python benchmarks/speed.py scoring|training --out FILE.csv [--method NAME ...]`.

scoring    seconds per volume of every method with the paper's settings, all slices together and, for comparison, one
           slice at a time. Weights are untrained, since speed doesn't depend on them.
training   slices a second of the training loop, and what share of its time the network itself takes.

Both work on made slices. `ratio` and `network_share` compare loops that were timed in turn, so they bear a machine
that does other work beside them better than seconds do.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from brainuad.device import choose
from brainuad.files import atomic
from brainuad.methods.base import Method, Volume, build, known, load
from brainuad.methods.inpainting import Inpainting
from brainuad.methods.kobayashi_embedding import Method as Embedding
from brainuad.methods.kobayashi_vae import PatchDistance
from brainuad.methods.learner import Learner
from brainuad.methods.loss_prediction import Method as LossPrediction
from brainuad.slices import write
from brainuad.training import AtomicCheckpoints, Batches, Fit, Slices, train

REPEATS = 3
SLOW = 20.0
"""Seconds from which on a volume is scored just once."""
ITERATED = ("steps", "samples")
"""Attributes that say how often a method repeats its work on a volume."""
TIMED_ITERATIONS = 20
"""Iterations that are timed on a CPU, and scaled to the paper's number; two where one takes `LONG` or more."""
LONG = 2.0
"""Seconds."""
ALONE = 3
"""Slices of a volume that the comparison scores, one at a time, and scales to the whole volume."""
BATCHES = (32, 8)
PARTS = {
    "input": (Slices, "__getitem__"),
    "transfer": (Fit, "transfer_batch_to_device"),
    "logging": (Fit, "_log"),
    "checkpoints": (AtomicCheckpoints, "save_checkpoint"),
}
"""Where the training loop spends time that isn't the network's."""


def made(count: int, size: int) -> Volume:
    """A volume of discs of noise; its label serves the oracle."""
    y, x = np.mgrid[:size, :size] - size / 2
    brain = np.broadcast_to(x**2 + y**2 < (0.35 * size) ** 2, (count, size, size)).copy()
    image = np.random.default_rng(0).random(brain.shape, np.float32) * brain
    return Volume(image, brain, np.arange(count), (image > 0.99).astype(np.uint8))


def seconds(work: Callable[[], object]) -> float:
    """What a call takes; it has to wait for the GPU itself."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def scoring(names: list[str], device: torch.device, count: int, size: int) -> Iterator[dict[str, object]]:
    """A row for each method."""
    volume = made(count, size)
    for name in names:
        method = untrained(name, size, device, volume)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        together, alone, note = scored(method, volume, shortened=device.type == "cpu")
        peak = torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else np.nan
        yield {
            "method": name,
            "slices": count,
            "size": size,
            "seconds_per_volume": together,
            "seconds_per_volume_one_slice_at_a_time": alone,
            "ratio": alone / together,
            "peak_memory_mb": peak,
            "note": note,
        }


def untrained(name: str, size: int, device: torch.device, volume: Volume) -> Method:
    """A method as `brainuad score` would have it from a model."""
    if not issubclass(load(name), Learner):
        return build(name, {})
    method = build(name, sized(name, size)).to(device).eval().to(memory_format=torch.channels_last)
    if name == "atlas-z":  # can't score before it has seen a volume
        method.fit([volume], [], np.random.default_rng(0))
    return method


def reconstructing() -> list[str]:
    """All methods but those of windows and of patches, which heatmaps.py and patches.py measure."""
    elsewhere = Inpainting, LossPrediction, PatchDistance, Embedding
    return [name for name in known() if not issubclass(load(name), elsewhere)]


def sized(name: str, size: int) -> dict[str, int]:
    """The size of slices as a setting, for a method that is built for it."""
    return {"size": size} if load(name).fixed_size else {}


def scored(method: Method, volume: Volume, shortened: bool) -> tuple[float, float, str]:
    """Seconds for the volume at once, for its slices one at a time, and how they were come by."""
    rng = np.random.default_rng(0)
    slices = [row(volume, i) for i in range(min(ALONE, len(volume.image)))]
    iterated = next((name for name in ITERATED if hasattr(method, name)), None)
    wanted = timed = getattr(method, iterated) if iterated else 1

    def together(iterations: int) -> float:
        if iterated:
            setattr(method, iterated, iterations)
        return seconds(lambda: method.score(volume, rng))

    def alone() -> float:
        return seconds(lambda: [method.score(one, rng) for one in slices]) * len(volume.image) / len(slices)

    together(1)  # the first call sets up buffers and kernels
    if shortened and iterated:
        timed = min(wanted, TIMED_ITERATIONS if together(1) < LONG else 2)
    taken = []
    while len(taken) < REPEATS and (not taken or taken[0][0] < SLOW):
        taken.append((together(timed), alone()))
    scale = wanted / timed
    whole, single = (scale * median(column) for column in zip(*taken, strict=True))
    notes = [f"median of {len(taken)}", f"one at a time: {len(slices)} slices, scaled"]
    if timed < wanted:
        half = together(timed // 2) * scale / whole
        notes.append(f"{timed} of {wanted} {iterated}, scaled; {timed // 2} take {half:.0%} of the time")
    return whole, single, "; ".join(notes)


def row(volume: Volume, i: int) -> Volume:
    """One slice as a volume."""
    return Volume(*(getattr(volume, field.name)[i : i + 1] for field in fields(Volume)))


def training(names: list[str], device: torch.device, count: int, size: int) -> Iterator[dict[str, object]]:
    """A row for each method and batch size; an epoch is `count` slices and an eighth as many to validate on."""
    with TemporaryDirectory() as folder:
        images = [Path(folder, f"{part}.h5") for part in ("train", "validation")]
        for path, slices in zip(images, (count, count // 8), strict=True):
            save(path, made(slices, size))
        for name in names:
            for batch_size in BATCHES:
                yield {"method": name, "batch_size": batch_size, "slices": count, "size": size} | trained(
                    name, images, device, size, batch_size
                )


def save(path: Path, volume: Volume) -> None:
    """The volume as an images.h5."""
    order = {"subject": np.repeat("made", len(volume.slices)).astype(object), "slice": volume.slices}
    attributes = {"dataset": "made", "recipe": "none", "modality": "T1", "spacing": [1.0, 1.0, 1.0]}
    write(path, {"image": volume.image, "brain": volume.brain, **order}, attributes)


def trained(name: str, images: list[Path], device: torch.device, size: int, batch_size: int) -> dict[str, object]:
    """Slices a second of the loop and of the network alone, and shares of the loop's time."""
    epochs, parts = [], []
    bare = BareLoop(name, images, device, size, batch_size)
    for _ in range(REPEATS):
        taken, spent = real_epoch(name, images, device, size, batch_size)
        epochs.append((taken, bare.epoch()))
        parts.append({part: spent[part] / taken for part in PARTS})
    loop, network = (median(column) for column in zip(*epochs, strict=True))
    count = sum(len(image) for image, _ in bare.batches)
    return {
        "slices_per_second": count / loop,
        "slices_per_second_network": count / network,
        "network_share": median(network / loop for loop, network in epochs),
        **{f"{part}_share": median(shares[part] for shares in parts) for part in PARTS},
        "note": f"median of {REPEATS} epochs, each followed by one of the network alone",
    }


class Enough(Exception):
    """Ends a training that has been timed."""


def real_epoch(
    name: str, images: list[Path], device: torch.device, size: int, batch_size: int
) -> tuple[float, Counter[str]]:
    """Seconds of one epoch of `brainuad.training.train`, from its first step to that of the next; and of its parts."""
    spent, starts = Counter(), []
    model = build(name, sized(name, size)).to(device)
    step = model.train_on

    def train_on(*given: object) -> object:
        if given[-1] == len(starts):
            synchronise(device)
            starts.append(time.perf_counter())
            if len(starts) == 1:
                spent.clear()
            else:
                raise Enough
        return step(*given)

    model.train_on = train_on
    options = {"seed": 0, "device": device, "epochs": 2, "batch_size": batch_size, "precision": precision(device)}
    quiet = patch("brainuad.training.tqdm", partial(tqdm, disable=True))
    with TemporaryDirectory() as checkpoints, timing(spent), quiet, suppress(Enough):
        train(model, *images, checkpoints=Path(checkpoints), **options)
    return starts[1] - starts[0], spent


@contextmanager
def timing(spent: Counter[str]) -> Iterator[None]:
    """Add the seconds spent in each of PARTS to a counter; work that the GPU does meanwhile isn't seen."""

    def timed(part: str, original: Callable) -> Callable:
        def call(*given: object, **options: object) -> object:
            start = time.perf_counter()
            try:
                return original(*given, **options)
            finally:
                spent[part] += time.perf_counter() - start

        return call

    with ExitStack() as patches:
        for part, (owner, name) in PARTS.items():
            patches.enter_context(patch.object(owner, name, timed(part, getattr(owner, name))))
        yield


class BareLoop:
    """The network alone: its steps and its validation on batches that lie on the device."""

    def __init__(self, name: str, images: list[Path], device: torch.device, size: int, batch_size: int):
        self.device = device
        self.model = build(name, sized(name, size)).to(device, memory_format=torch.channels_last)
        self.optimisers = self.model.optimisers()
        self.batches, self.validation = (self.on_device(path, batch_size) for path in images)

    def on_device(self, path: Path, batch_size: int) -> list[list[torch.Tensor]]:
        """All batches of a file."""
        slices = Slices(path)
        return [[part.to(self.device) for part in slices[batch]] for batch in Batches(len(slices), batch_size)]

    def autocast(self) -> torch.autocast:
        """The precision of the training loop."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def minimise(self, loss: torch.Tensor, name: str) -> None:
        """One step of an optimiser."""
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()

    def epoch(self) -> float:
        """Seconds for every batch once."""
        synchronise(self.device)
        start = time.perf_counter()
        self.model.train()
        for batch in self.batches:
            with self.autocast():
                terms = self.model.loss(*batch)
            self.minimise(terms["loss"], "loss")
        self.model.eval()
        with torch.no_grad(), self.autocast():
            for batch in self.validation:
                self.model.loss(*batch)
        synchronise(self.device)
        return time.perf_counter() - start


def precision(device: torch.device) -> str:
    """Lightning's name for that of both loops."""
    return "bf16-mixed" if device.type == "cuda" else "32-true"


def synchronise(device: torch.device) -> None:
    """Wait for the GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Measure what the command line asks for, print a table, write it as CSV."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("scoring", "training"))
    parser.add_argument("--method", nargs="+", choices=known(), metavar="NAME", help="all, or ae-dense and vae")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--slices", type=int, help="of a volume (155), or of an epoch (1000)")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    device = choose(given.device, given.threads)
    if given.what == "scoring":
        rows = scoring(given.method or reconstructing(), device, given.slices or 155, given.size)
    else:
        rows = training(given.method or ["ae-dense", "vae"], device, given.slices or 1000, given.size)
    machine = {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": torch.get_num_threads(),
    }
    table = pd.DataFrame(machine | row for row in tqdm(rows, unit="row"))
    table.insert(0, "method", table.pop("method"))
    with atomic(given.out) as temporary:
        table.to_csv(temporary, index=False)
    print(table.drop(columns="note").to_string(index=False, float_format="{:.3g}".format, na_rep=""))


if __name__ == "__main__":
    main()
