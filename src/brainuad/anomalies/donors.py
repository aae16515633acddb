"""Donors: which patient's lesions a host gets, and how they get to the same place in the host's brain.

Donor and host meet in the template's space, by an affine registration each. A patient with nothing but a label can't
be registered, so that label must lie in the template's space already.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from brainuad.anomalies.kinds import Donor, Host, stream
from brainuad.datasets import brains, volumes
from brainuad.datasets import reader as readers
from brainuad.datasets.volumes import Volume
from brainuad.errors import InputError
from brainuad.preprocessing import space
from brainuad.preprocessing.registration import register
from brainuad.seeds import generator

BORDER = 12.0
"""Largest difference in mm between the edges of two fields of view of the template's space; FSL's of 182 x 218 x 182 mm
and ICBM's of 197 x 233 x 189 mm differ by 8."""
INSIDE = 0.9
"""Least share of a label's voxels within the template's brain."""
Row = dict[str, str]


def ranked(donors: Path, needs: tuple[str, ...], host: str, modality: str, hosts: list[str], seed: int) -> list[Row]:
    """Rows of the table DONORS that have what a kind needs, in the order in which the subject `host` tries them.

    It begins at its own place among `hosts`, all subjects of its dataset in the order of the splits. There the test
    subjects of a study stand side by side, so no two of them begin at one donor as long as there are enough, and a
    subject's donor doesn't depend on who else is tested. `seed` shuffles the donors.
    """
    wanted = ("label", modality) if "image" in needs else ("label",)
    rows = [
        row
        for row in readers.read_subjects(donors).to_dict("records")
        if all(row[name] for name in wanted) and row["anomalous"] != "0"
    ]
    if not rows:
        raise InputError(donors, f"lists no patient with {' and '.join(wanted)}", "Name donors that have them")
    order = stream(seed, "donors").permutation(len(rows))
    return [rows[index] for index in np.roll(order, -hosts.index(host))]


def in_split_order(hosts: str, subject: str, modality: str, seed: int) -> list[str]:
    """Subjects with the modality of `dataset=subjects.tsv` in the order from which `brainuad split` cuts its splits."""
    dataset, _, path = hosts.partition("=")
    names = sorted(row["subject"] for row in readers.read_subjects(Path(path)).to_dict("records") if row[modality])
    if subject not in names:
        raise InputError(path, f"has no {modality} of subject {subject}", "Name the dataset that the subject is of")
    return generator(seed, "split", dataset).permutation(names).tolist()


def bring(rows: list[Row], values: dict[int, str], needs: tuple[str, ...], host: Host, where: Path) -> Iterator[Donor]:
    """The patients of the rows one by one, each on the grid of the host, whose file is `where`.

    `values` are the labels' values. Labels are resampled by nearest neighbour, images linearly.
    """
    scan = Volume(host.image, host.affine)
    grid, to_template = space.from_ras(scan.data, scan.affine), from_template(where, scan, host.brain).GetInverse()
    for row in rows:
        scanned = [name for name in (host.modality, *readers.MODALITIES) if row[name]]
        if scanned:
            cell = row[scanned[0]]
            image = volumes.load_image(cell)
            label = volumes.load_label(row["label"], image, values)
            brain, _ = brains.find(row, scanned[0], image)
            transform = sitk.CompositeTransform([from_template(cell, image, brain.data > 0), to_template])
        else:
            label = volumes.load_label(row["label"], volumes.grid(row["label"]), values)
            check_in_template(row["label"], label)
            transform = to_template
        there = space.to_ras(space.resample_labels(space.from_ras(label.data, label.affine), grid, transform))[0]
        shown = None
        if "image" in needs:
            shown = space.to_ras(
                sitk.Resample(space.from_ras(image.data, image.affine), grid, transform, sitk.sitkLinear, 0.0)
            )[0]
        yield Donor(there, shown)


def from_template(where: Path | str, scan: Volume, brain: np.ndarray) -> sitk.Transform:
    """The transform from the template to a scan, whose file is `where`. Raises InputError where none is found."""
    try:
        return register(space.from_ras(np.where(brain, scan.data, 0), scan.affine))
    except RuntimeError as error:
        raise InputError(where, "can't be registered to the template", "Look at the scan and its brain mask") from error


def check_in_template(cell: str, label: Volume) -> None:
    """Raise InputError unless a label's field of view and its voxels say that it lies in the template's space."""
    template = space.template()
    brain, affine = space.to_ras(template > 0.1)
    off = np.abs(edges(label.data.shape, label.affine) - edges(brain.shape, affine)).max()
    on_label = space.resample_labels(template > 0.1, space.from_ras(label.data, label.affine), sitk.Transform())
    inside = space.to_ras(on_label)[0][label.data > 0].mean()
    if off > BORDER or inside < INSIDE:
        problem = f"comes without a scan and doesn't lie in MNI space ({off:.0f} mm off, {inside:.0%} in the brain)"
        raise InputError(cell, problem, "Add the patient's scan, so that the two can be registered")


def edges(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """(2, 3) least and greatest mm along each axis of the world that a canonical grid covers."""
    corners = np.stack(np.meshgrid(*([-0.5, n - 0.5] for n in shape), indexing="ij"), -1).reshape(-1, 3)
    world = corners @ affine[:3, :3].T + affine[:3, 3]
    return np.stack([world.min(0), world.max(0)])
