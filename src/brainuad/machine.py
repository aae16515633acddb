"""The device that a run will take, and optional tools and tokens, found in seconds."""

import os
import shutil
import subprocess
from importlib.util import find_spec


def device(wanted: str) -> tuple[str, str]:
    """What the configured `auto`, `cpu` or `cuda` will take here, and the problem where it can't be had or nothing."""
    cards = graphics_cards()
    # Importing torch takes a second, so it is asked only where it may find something.
    usable = wanted != "cpu" and bool(cards or wanted == "cuda") and torch_uses_cuda()
    found = f"GPU found: {', '.join(cards) or 'none'}"
    if wanted == "cuda" and not usable:
        return found, "device is cuda, but torch can use no CUDA device here. Set it to auto or cpu in config.yaml"
    hint = " that torch can't use (see envs/cuda.txt)" if cards and wanted == "auto" and not usable else ""
    return f"{found}{hint}; '{wanted}' takes the {'GPU' if usable else 'CPU'}", ""


def graphics_cards() -> list[str]:
    """Name and memory of each NVIDIA card that the driver tells of."""
    return ask_driver("name,memory.total")


def ask_driver(properties: str) -> list[str]:
    """These properties of each NVIDIA card, as the driver tells them; nothing where there is no driver."""
    command = ["nvidia-smi", f"--query-gpu={properties}", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.strip().splitlines()


def torch_uses_cuda() -> bool:
    """Whether the installed torch can use a GPU of this machine."""
    import torch

    return torch.cuda.is_available()


def has_fast() -> bool:
    """Whether FSL's FAST is set up; a program named `fast` alone may be another one."""
    return bool(os.environ.get("FSLDIR")) and shutil.which("fast") is not None


def optional_tools(tokens: list[str]) -> list[tuple[str, str]]:
    """Which optional tools are installed and which token variables are set, whose values are never shown."""
    fast = shutil.which("fast") if has_fast() else "not set up (FSLDIR, and fast on PATH): dipy segments tissues"
    client = "found" if find_spec("synapseclient") else "not found: pip install 'brainuad[synapse]'"
    return [
        ("FSL fast", fast),
        ("synapseclient", client),
        *((token, "set" if os.environ.get(token) else "not set") for token in tokens),
    ]
