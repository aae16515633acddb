"""Where a network runs."""

import torch

from brainuad.errors import InputError


def choose(device: str, threads: int = 0) -> torch.device:
    """The device for the configured `auto`, `cpu` or `cuda`; sets the number of CPU threads if given."""
    if device not in ("auto", "cpu", "cuda"):
        raise InputError("device", f"is '{device}'", "Set it to auto, cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("device", "is cuda, but no CUDA device can be used here", "Set it to auto or cpu")
    if threads:
        torch.set_num_threads(threads)
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
