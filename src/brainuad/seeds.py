"""Seeds: every random draw of a run derives from the one that is configured."""

import hashlib

import numpy as np


def derive(seed: int, *names: object) -> int:
    """A 32-bit seed for the thing called `names` (subject, stage, epoch, ...), fixed by the run's `seed`."""
    text = "/".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def generator(seed: int, *names: object) -> np.random.Generator:
    """A NumPy generator seeded with `derive(seed, *names)`."""
    return np.random.default_rng(derive(seed, *names))
