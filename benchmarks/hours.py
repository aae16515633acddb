"""What every study costs at full size: `python benchmarks/hours.py --out FILE.csv [--targets STUDY ...]`.

Plans as planning.py does, and takes from the plan's commands every training of a network and every scoring by one. Of
those that are alike one is tried on made slices of full size: a batch of each stage of the training, or slices with a
small and a larger brain, for one step of an iteration and for two, since what methods add for each pixel and for each
step is the same. Counted are the operations of convolutions and matrix products, timed are the same passes; both are
then scaled to all slices, steps and pixels of the run. `hours` are those of the device at hand.

Windows count as whole passes, though those of an exact heatmap share about half of their work. Seconds of a few slices
at a time are more than their share of a whole batch's. Left out are the optimisers' own work, validation, what single
squares and examples of heatmaps cost, the judge of fidelity, preprocessing, tables and figures.
"""

import argparse
import json
import re
import shlex
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
import yaml
from planning import PROJECT, pretend, snakemake
from speed import synchronise
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.module_tracker import ModuleTracker
from tqdm import tqdm

from brainuad.configuration import lay_over
from brainuad.device import choose
from brainuad.disk import stack_shape
from brainuad.files import atomic
from brainuad.methods.base import Volume, build, load
from brainuad.methods.learner import Learner
from brainuad.methods.restoration import Restoration

BRAIN = 0.3
"""The share of a slice that the brain, or the body, takes, an assumption."""
TRIED = (8, 8), (8, 16)
"""Rows and columns of the brains that are tried."""
EPOCHS = 25
"""Epochs of a training that stops early, an assumption: how many it takes nobody knows before."""
WITHOUT_NETWORK = {"atlas-z"}
"""Methods that are fitted all the same."""
UNTOLD = dict.fromkeys(("_fw_pre_hook", "_fw_post_hook"), lambda *_: None)
"""What would tell the counter in which module an operation is, and fails where a gradient is taken of slices."""
TOGETHER = {"cpu": 2, "cuda": 32}
"""Slices that are tried at once."""
LONG = 2.0
"""Seconds beside which counting takes no time."""
GPU = {"training": 20e12, "scoring": 5e12}
"""Operations a second, an assumption: what a GPU may reach with such networks, in 16 bits and in 32, as scores are."""


@dataclass
class Cost:
    """Operations, and seconds on the device at hand."""

    operations: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.operations + other.operations, self.seconds + other.seconds)

    def __mul__(self, times: float) -> "Cost":
        return Cost(times * self.operations, times * self.seconds)


@dataclass
class Job:
    """A training or a scoring of the plan."""

    study: str
    method: str
    options: dict[str, object]
    """The method's settings, those it inherits too."""
    training: dict[str, object]
    slices: int
    """That it trains on or scores."""
    validation: int = 0
    shape: tuple[int, int] = (0, 0)
    further: list["Job"] = field(default_factory=list)
    """The trainings of the models that come after its own: which it learns from, or which it takes along."""

    @property
    def kind(self) -> str:
        """What is like it costs the same for each slice."""
        parts = [self.method, self.options, self.training, self.shape, [job.kind for job in self.further]]
        return json.dumps(parts, sort_keys=True)


def commands(plan: str, name: str) -> Iterator[dict[str, list[str]]]:
    """The options of all commands `brainuad NAME` of a plan."""
    for line in dict.fromkeys(re.findall(rf"brainuad {name} .*", plan)):
        words = shlex.split(re.split(r" 2> ", line)[0])
        options = defaultdict(list)
        for option, value in zip(words[2::2], words[3::2], strict=True):
            options[option.removeprefix("--")].append(value)
        yield options


def slice_files(plan: str, config: dict) -> dict[str, tuple[int, tuple[int, int]]]:
    """images.h5 -> how many slices it will hold, and their shape."""
    found = {}
    for command in commands(plan, "slices"):
        depth, *shape = stack_shape(config, command["recipe"][0])
        count = len(command["subject"]) * depth
        found[command["out"][0]] = min([count, *map(int, command["draw"])]), tuple(shape)
    for command in commands(plan, "join-slices"):
        parts = [found[path] for path in command["images"]]
        found[command["out"][0]] = sum(count for count, _ in parts), parts[0][1]
    return found


def jobs(plan: str, config: dict) -> tuple[list[Job], list[Job]]:
    """All trainings and scorings of networks, in the order of the plan."""
    images = slice_files(plan, config)
    fits = {command["out-model"][0]: command for command in commands(plan, "fit")}

    @cache
    def maker(path: str) -> Job:
        """The training that makes a model."""
        command = fits[path]
        method = command["method"][0]
        count, shape = images[command["train"][0]]
        options = {"size": shape[0]} if load(method).fixed_size else {}
        further = [maker(base) for base in command["base"]]
        if not hasattr(load(method), "learn_from"):
            options |= {key: value for base in further for key, value in base.options.items()}
            further = []
        options |= json.loads(command["settings"][0])
        loop = json.loads(command["training"][0])
        return Job(study(path), method, options, loop, count, images[command["validation"][0]][0], shape, further)

    scorings = []
    for command in commands(plan, "score"):
        if command["model"]:
            own, *further = map(maker, command["model"])
            count, shape = images[command["images"][0]]
            options = own.options | json.loads(command["settings"][0])
            scored = study(command["out"][0])
            scorings.append(Job(scored, command["method"][0], options, {}, count, 0, shape, further))
    found = list(map(maker, fits)), scorings
    return tuple([job for job in some if job.method not in WITHOUT_NETWORK] for some in found)


def study(path: str) -> str:
    """Which study a file of the run belongs to; the level of a sweep has its own name."""
    return Path(path).parts[2]


def untrained(job: Job, device: torch.device) -> Learner:
    """The method of a job with untrained networks."""
    model = build(job.method, job.options)
    for other in job.further:
        receive = model.learn_from if hasattr(model, "learn_from") else model.take
        receive(build(other.method, other.options).to(device))
    return model.to(device, memory_format=torch.channels_last)


def volume(count: int, shape: tuple[int, int], brain: tuple[int, int]) -> Volume:
    """Slices of noise, each with a rectangle of so many rows and columns in the middle as its brain."""
    inside = np.zeros((count, *shape), bool)
    rows, columns = (slice((whole - part) // 2, (whole + part) // 2) for whole, part in zip(shape, brain, strict=True))
    inside[:, rows, columns] = True
    image = np.random.default_rng(0).random(inside.shape, np.float32) * inside
    return Volume(image, inside, np.arange(count))


def usual(count: int, shape: tuple[int, int]) -> Volume:
    """Slices whose brain takes the share of them that it usually takes."""
    return volume(count, shape, tuple(round(BRAIN**0.5 * side) for side in shape))


def tried(work: Callable[[], object], device: torch.device) -> Cost:
    """What a call costs. It is made once more to be timed, without being counted, unless it takes long anyway."""
    with patch.multiple(ModuleTracker, **UNTOLD), FlopCounterMode(display=False) as counter:
        seconds = timed(work, device)
    return Cost(counter.get_total_flops(), seconds if seconds > LONG else timed(work, device))


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Seconds of a call."""
    synchronise(device)
    start = time.perf_counter()
    work()
    synchronise(device)
    return time.perf_counter() - start


def scoring(job: Job, device: torch.device) -> Cost:
    """Of a slice."""
    model = untrained(job, device).eval()
    if hasattr(model, "work"):
        return windows(model, job.shape)
    iterated = next((name for name in ("steps", "samples") if hasattr(model, name)), None)
    wanted = getattr(model, iterated) if iterated else 1
    count = TOGETHER[device.type]

    def cost(iterations: int, given: Volume) -> Cost:
        if iterated:
            setattr(model, iterated, iterations)
        return tried(lambda: model.score(given, np.random.default_rng(0)), device)

    narrow, wide = (volume(count, job.shape, brain) for brain in TRIED)
    first, wider = cost(1, narrow), cost(1, wide)
    times = (BRAIN - narrow.brain.mean()) / (wide.brain.mean() - narrow.brain.mean())
    operations = first.operations + times * (wider.operations - first.operations)
    if wanted != 1:
        operations += (wanted - 1) * (cost(2, narrow).operations - first.operations)
    return Cost(operations, wider.seconds * operations / max(wider.operations, 1)) * (1 / count)


@torch.no_grad()
def windows(model: Learner, shape: tuple[int, int]) -> Cost:
    """Of a slice that a window slides over."""
    count = TOGETHER[model.device.type]
    made = usual(count, shape)
    x, brain = map(model.tensor, (made.image, made.brain))
    total = Cost()
    for network, passes in model.work(model.window.touching(brain[:1])):
        total += tried(partial(network, x), model.device) * (passes / count)
    return total


def training(job: Job, device: torch.device) -> Cost:
    """Of all slices, in all epochs."""
    model = untrained(job, device)
    if isinstance(model, Restoration):  # lambda_TV is chosen by restoring a share of the validation slices
        times = len(model.tv_weights) * model.calibration_share
        return scoring(job, device) * (times * job.validation)
    if hasattr(model, "fit"):  # the scale of a score is chosen by scoring the validation slices
        return scoring(job, device) * job.validation
    loop = job.training
    batches = -(-job.slices // loop["batch_size"])
    if loop.get("iterations"):
        epochs = loop["iterations"] / batches
    else:
        epochs = min(loop["epochs"], EPOCHS) if loop.get("patience") else loop["epochs"]
    count = min(TOGETHER[device.type], loop["batch_size"])
    given = usual(count, job.shape)
    x, brain = model.tensor(given.image), model.tensor(given.brain)
    optimisers = model.optimisers()

    def minimise(loss: torch.Tensor, name: str) -> None:
        weights = [weight for group in optimisers[name].param_groups for weight in group["params"]]
        loss.backward(inputs=weights)
        optimisers[name].zero_grad()  # a step of it costs nothing beside that, but twice the memory of the weights

    def batch(epoch: int) -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            model.train_on(x, brain, minimise, epoch)

    first = model.first_epochs(batches)
    cost = tried(lambda: batch(0), device) * first if first else Cost()
    if hasattr(model, "gan_steps"):  # the stages of this one go by its batches
        model.gan_steps_done.fill_(model.gan_steps)
    cost += tried(lambda: batch(first), device) * epochs
    return cost * (job.slices / count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--configfile", type=lambda path: Path(path).absolute())
    parser.add_argument("--targets", nargs="+", default=[])
    given = parser.parse_args()
    out, device = given.out.absolute(), choose(given.device, given.threads)
    with tempfile.TemporaryDirectory() as folder:
        options = pretend(Path(folder), given.configfile) + given.targets
        plan, _, _ = snakemake(Path(folder), "--dry-run", "--printshellcmds", *options)
        config = yaml.safe_load((PROJECT / "config.yaml").read_text())
        if given.configfile:
            config = lay_over(config, yaml.safe_load(given.configfile.read_text()))
        trainings, scorings = jobs(plan, config)
        names = sorted(config["studies"], key=len, reverse=True)
    costs, rows = {}, []
    for what, each, work in (("training", trainings, training), ("scoring", scorings, scoring)):
        bar = tqdm(each, desc=what, unit="job")
        for job in bar:
            bar.set_postfix_str(f"{job.study} {job.method}")
            # A slice costs the same to score wherever it is; a training is all of its slices and epochs.
            kind = (what, job.kind, *((job.slices, job.validation) if what == "training" else ()))
            if kind not in costs:
                costs[kind] = work(job, device)
            cost = costs[kind] * (job.slices if what == "scoring" else 1)
            owner = next(name for name in names if f"{job.study}-".startswith(f"{name}-"))
            rows.append([owner, what, job.method, job.slices, cost.operations, cost.seconds / 3600])
    table = pd.DataFrame(rows, columns=["study", "what", "method", "slices", "operations", "hours"])
    keys = ["study", "what", "method"]
    table = (
        table.assign(jobs=1, gpu_hours=table["operations"] / table["what"].map(GPU) / 3600)
        .groupby(keys, sort=False)
        .sum()
    )
    with atomic(out) as temporary:
        table.to_csv(temporary)
    rates = " and ".join(f"{rate / 1e12:g} TFLOP/s in {what}" for what, rate in GPU.items())
    print(f"Hours on {device.type}, {torch.get_num_threads()} threads; gpu_hours at {rates}, assumed")
    print(table.groupby(keys[:2]).sum().to_string(float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
