"""Tumours cut from patients' scans and laid over healthy ones (StRegA: Chatterjee et al. 2022, eq. 15).

The tumour M is the donor's image times its mask, brought from its least to its greatest value onto [0, 1]; the host A
is brought onto [0, 1] likewise, over its brain. Where the paper pairs slices of equal index, here donor and host meet
in the template's space.
"""

import numpy as np

from brainuad.anomalies.kinds import Donor, Host, Implanted, check_choice

NEEDS = ("label", "image")
MODES = ("add", "replace")


def implant(host: Host, donor: Donor, rng: np.random.Generator, *, mode: str = "add") -> Implanted:
    """The host with the donor's tumour, in the host's own units; label 1 on the tumour's mask within the brain.

    `add`: min(A + M, 1), the paper's; `replace`: M. Nothing is drawn.
    """
    check_choice("mode", mode, MODES)
    label = (donor.label > 0) & host.brain
    if not label.any():
        return host.image, label.astype(np.uint8)
    tumour = unit(donor.image[label], donor.image[donor.label > 0])
    brain = host.image[host.brain]
    if mode == "add":
        tumour = np.minimum(unit(host.image[label], brain) + tumour, 1)
    changed = host.image.copy()
    changed[label] = brain.min() + tumour * np.ptp(brain)
    return changed, label.astype(np.uint8)


def unit(values: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Values in units where `whole`, which they are part of, goes from 0 to 1; all 1 where it is constant."""
    return (values - whole.min()) / np.ptp(whole) if np.ptp(whole) else np.ones_like(values)
