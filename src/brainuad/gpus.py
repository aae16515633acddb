"""A GPU for each process of a node, by locks that the system takes off when their process ends, however it ends."""

import fcntl
import os
import tempfile
from itertools import count
from pathlib import Path
from typing import TextIO

from brainuad import machine

VISIBLE = "CUDA_VISIBLE_DEVICES"

_held: list[TextIO] = []  # a lock lasts as long as its file is open


def claim() -> None:
    """Of several GPUs, leave this process the one that the fewest processes have; to be called before CUDA is used.

    Where a scheduler gave the process a single GPU there is nothing to choose.
    """
    given = os.environ.get(VISIBLE)
    devices = machine.ask_driver("uuid") if given is None else [name for name in given.split(",") if name]
    if len(devices) > 1:
        os.environ[VISIBLE] = _lock(devices, Path(tempfile.gettempdir(), f"brainuad-gpus-{os.getuid()}"))


def _lock(devices: list[str], folder: Path) -> str:
    """The first device without a lock in `folder`; if there is none, the first with one, and so on."""
    folder.mkdir(exist_ok=True)
    places = ((device, f"{device.replace('/', '-')}.{turn}") for turn in count() for device in devices)
    return next(device for device, name in places if _locked(folder / name))


def _locked(path: Path) -> bool:
    """Whether this process could lock a file, which it does until it ends."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    _held.append(file)
    return True
