"""Where a network runs, and how its process is set up."""

import ctypes

import torch

from brainuad import gpus
from brainuad.errors import InputError

# Parameters of glibc's mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def choose(device: str, threads: int = 0) -> torch.device:
    """The device for the configured `auto`, `cpu` or `cuda`; sets the process up for it.

    Of several GPUs it takes one that no other process has, if there is one.
    Sets the number of CPU threads if given. Convolutions on a GPU keep 32 bits where 32 bits are asked for: scores are
    never rounded to the 10 bits of TF32.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise InputError("device", f"is '{device}'", "Set it to auto, cpu or cuda")
    if device != "cpu":
        gpus.claim()
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("device", "is cuda, but no CUDA device can be used here", "Set it to auto or cpu")
    if threads:
        torch.set_num_threads(threads)
    chosen = torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
    if chosen.type == "cpu":
        keep_freed_memory()
    torch.backends.cudnn.allow_tf32 = False
    torch.utils.deterministic.fill_uninitialized_memory = False  # no method reads what it hasn't written
    return chosen


def keep_freed_memory() -> None:
    """Let glibc keep the memory of freed tensors.

    It returns blocks above 32 MB to the system at once, and getting them anew, page by page, takes as long as computing
    on them: with it, slices scored together were slower than one at a time (`make speed`). Elsewhere nothing happens.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    except (OSError, AttributeError, TypeError):  # not glibc
        return
