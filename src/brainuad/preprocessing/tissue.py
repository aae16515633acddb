"""Tissue classes in one order for every contrast: FSL's FAST where it is installed, else dipy's version of its model.

Both fit three normal distributions and a hidden Markov random field by expectation maximisation (Zhang, Brady and
Smith, IEEE TMI 2001) and number the classes by brightness. Which class is which tissue depends on the contrast.

dipy's part on 20 IXI scans at 2 mm against DLMUSE (`python benchmarks/segmentation.py FOLDER`), mean Dice: CSF 0.67,
grey matter 0.77, white matter 0.86; 98 % of the ventricles are found to be CSF. It takes about 0.4 GB of memory for a
million voxels of the brain's box.
"""

import os
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from skimage.filters import threshold_multiotsu

from brainuad import machine
from brainuad.preprocessing import space
from brainuad.seeds import generator

CSF, GM, WM = 1, 2, 3
FROM_DARK = {
    "T1": (CSF, GM, WM),
    "T1ce": (CSF, GM, WM),
    "T2": (WM, GM, CSF),
    "PD": (WM, GM, CSF),
    "FLAIR": (CSF, WM, GM),
}
"""Tissues from the darkest to the brightest, by contrast."""
FAST_TYPE = {"T1": 1, "T1ce": 1, "T2": 2, "PD": 3, "FLAIR": 1}
"""FAST's `--type`, by contrast; FLAIR has none of its own and is closest to T1, as its fluid is dark."""
BETA = 0.2
"""Weight of the neighbours in dipy's random field. With 0.1 more of the cortex is taken for CSF, with 0.3 more of it in
T2 for white matter."""
TOLERANCE = 1e-3
"""Relative change of the field's energy at which dipy stops."""
RANGE = (0.1, 99.9)
"""Percentiles beyond which the brain's intensities are clipped."""
BACKGROUND, NOISE = 1e-3, 1e-4
"""Mean and standard deviation of what stands around the brain."""
SCALE = (0.02, 0.25, 0.5, 0.75, 1.0)
"""Where the least intensity, the means of three classes and the greatest are put; dipy's fit starts from such means."""
FEWER = "the brain does not fall into three classes of brightness"


def segment(image: sitk.Image, brain: sitk.Image, modality: str) -> sitk.Image:
    """Label image (uint8) on the image's grid: 0 outside `brain`, inside 1 CSF, 2 grey matter, 3 white matter.

    `image` is float32, `brain` an integer mask. Raises RuntimeError where the brain falls into fewer than three
    classes or FAST fails.
    """
    inside = sitk.GetArrayFromImage(brain) > 0
    box = tuple(slice(int(where.min()), int(where.max()) + 1) for where in np.nonzero(inside))
    head, mask = image[box[::-1]], inside[box]
    classes = fast(head, mask, modality) if machine.has_fast() else markov(sitk.GetArrayFromImage(head), mask)
    labels = np.zeros(inside.shape, np.uint8)
    labels[box] = canonical(classes, sitk.GetArrayViewFromImage(head), mask, modality)
    return space.like(labels, image)


def fast(image: sitk.Image, brain: np.ndarray, modality: str) -> np.ndarray:
    """Classes (Z, Y, X) 0 to 3 by FAST with its defaults, its own bias correction among them."""
    mask = space.like(brain.astype(np.uint8), image)
    with tempfile.TemporaryDirectory() as folder:
        scan = Path(folder, "brain.nii.gz")
        sitk.WriteImage(sitk.Mask(image, mask), scan)
        command = ["fast", "--type", str(FAST_TYPE[modality]), "--out", str(Path(folder, "fast")), str(scan)]
        environment = os.environ | {"FSLOUTPUTTYPE": "NIFTI_GZ"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"FAST failed: {(done.stderr or done.stdout).strip()}")
        return sitk.GetArrayFromImage(sitk.ReadImage(Path(folder, "fast_seg.nii.gz"), sitk.sitkUInt8))


def markov(image: np.ndarray, brain: np.ndarray) -> np.ndarray:
    """Classes (Z, Y, X) 0 to 3 by dipy, repeatable to the bit.

    dipy takes exact zeros for background and adds noise of its own to them, from no seed; and where the background
    does not vary at all, every class comes out as NaN. So the background gets noise here.
    """
    from dipy.segment.tissue import TissueClassifierHMRF

    inside = np.clip(image[brain], *np.percentile(image[brain], RANGE))
    values = BACKGROUND + NOISE * generator(0, "tissue", "background").standard_normal(image.shape)
    values[brain] = np.interp(inside, [inside.min(), *means(inside), inside.max()], SCALE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of classes that empty; `canonical` finds those
        _, classes, _ = TissueClassifierHMRF(verbose=False).classify(values, 3, BETA, tolerance=TOLERANCE)
    return classes


def means(values: np.ndarray) -> list[float]:
    """Means of the three classes, from dark to bright, between which the variance is largest (Otsu)."""
    try:
        cuts = threshold_multiotsu(values, classes=3)
    except ValueError as error:
        raise RuntimeError(FEWER) from error
    return [values[np.digitize(values, cuts) == k].mean() for k in range(3)]


def canonical(classes: np.ndarray, image: np.ndarray, brain: np.ndarray, modality: str) -> np.ndarray:
    """Classes 1 to 3 in any order -> tissues, all (Z, Y, X); 0 outside the brain.

    A brain voxel that was taken for background (vessels and bone are dark in every contrast) counts as CSF.
    """
    found = [brain & (classes == k) for k in (1, 2, 3)]
    if not all(members.any() for members in found):
        raise RuntimeError(FEWER)
    brightness = [image[members].mean() for members in found]
    tissue = np.full(4, CSF, np.uint8)
    tissue[1 + np.argsort(brightness)] = FROM_DARK[modality]
    return np.where(brain, tissue[np.clip(classes, 0, 3)], 0).astype(np.uint8)
