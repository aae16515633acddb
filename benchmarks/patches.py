"""How fast patches are compared by their embeddings: `python benchmarks/patches.py --out FILE.csv [--device cuda]`.

One slice of 256 x 256 pixels and another in place of its reconstruction, the discriminative network of Kobayashi et al.
2021 at full width, untrained, since speed doesn't depend on the weights. A place is a pixel whose patch is compared
with the same patch of the reconstruction. The body is an ellipse of 160 x 200 pixels; a volume has 150 slices of it.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pandas as pd
import torch
from torch import Tensor

from brainuad.device import choose
from brainuad.files import atomic
from brainuad.networks.embedding import SIDE, STEP, Embedding, around

SIZE, SLICES, REPEATS = 256, 150, 3
BODY = (200, 160)
"""Rows and columns of the ellipse."""
TIMED = {"cpu": 64, "cuda": 8192}
"""Patches that are timed, where not all have to be."""
ONE_BY_ONE, BATCHED, WHOLE = "one patch at a time", "batched", "whole slices, network without padding"


def slices(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Two slices (1, 1, H, W), and the body (1, H, W)."""
    torch.manual_seed(0)
    y, x = torch.meshgrid(*(torch.arange(SIZE, device=device) - SIZE / 2 + 0.5,) * 2, indexing="ij")
    body = ((2 * y / BODY[0]) ** 2 + (2 * x / BODY[1]) ** 2 < 1)[None]
    return *(torch.rand(1, 1, SIZE, SIZE, device=device) for _ in range(2)), body


def one_by_one(f: Embedding, x: Tensor, y: Tensor, places: Tensor) -> Tensor:
    """The distances at the true ones among `places` (1, H, W), in a loop."""
    wide = around(x), around(y)
    return torch.stack(
        [
            torch.dist(*(f(each[..., row : row + SIDE, column : column + SIDE]) for each in wide))
            for _, row, column in places.nonzero().tolist()
        ]
    )


def seconds(work: Callable[[], Tensor], device: torch.device) -> float:
    """What a call takes, the GPU's work included."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


@torch.inference_mode()
def measured(device: torch.device) -> pd.DataFrame:
    """A row for each way."""
    x, y, body = slices(device)
    some = torch.zeros_like(body)
    some[tuple(body.nonzero()[: TIMED[device.type]].T)] = True
    plain, padded, unpadded = (Embedding(padded=padded).eval().to(device) for padded in (True, True, False))
    for network in (padded, unpadded):  # as `brainuad score` has them
        network.to(memory_format=torch.channels_last)
    everywhere = torch.ones_like(body)
    # One pass answers for each eighth pixel; as many more, each of the same work, answer for those in between.
    eighth = everywhere[:, ::STEP, ::STEP]
    ways = {
        ONE_BY_ONE: (lambda: one_by_one(plain, x, y, some), some),
        BATCHED: (lambda: padded.distances(x, y, some), some),
        WHOLE: (lambda: unpadded.distances(x, y, eighth, STEP), eighth),
    }
    # In turn, so that all bear alike what else the machine does; the first round sets up buffers and kernels.
    rounds = [{way: seconds(work, device) for way, (work, _) in ways.items()} for _ in range(REPEATS + 1)][1:]
    rows = []
    for way, (_, places) in ways.items():
        speed = int(places.sum()) / median(taken[way] for taken in rounds)
        needed = int((everywhere if way == WHOLE else body).sum())
        times = median(taken[ONE_BY_ONE] / int(some.sum()) / taken[way] * int(places.sum()) for taken in rounds)
        volume = SLICES * needed / speed
        rows.append({"way": way, "patches_per_second": speed, "seconds_per_volume": volume, "times_as_fast": times})
    machine = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return pd.DataFrame(rows).assign(device=machine, threads=torch.get_num_threads())


def main() -> None:
    """Measure all ways, print a table, write it as CSV."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", nargs="+", choices=("cpu", "cuda"), help="cpu, and cuda where there is one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    devices = given.device or ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    table = pd.concat([measured(choose(device, given.threads)) for device in devices])
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with atomic(given.out) as temporary:
        table.to_csv(temporary, index=False)
    print(table.to_string(index=False, float_format="{:.4g}".format))


if __name__ == "__main__":
    main()
