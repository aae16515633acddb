"""Tissue classes: made brains and the template's maps, one order for every contrast, FAST's stand-in, bad brains."""

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from brainuad.preprocessing import space, tissue
from brainuad.preprocessing.tissue import CSF, GM, WM, segment

BRIGHTNESS = {"T1": (30, 62, 88), "T1ce": (30, 62, 88), "T2": (95, 52, 36), "PD": (96, 80, 60), "FLAIR": (12, 58, 45)}
"""CSF, grey and white matter in a scanner's units."""


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """Tissues (Z, Y, X) of a made brain: white matter with ventricles, a folded ribbon of grey matter, fluid around."""
    z, y, x = np.indices((36, 40, 34)) - np.array([18, 20, 17])[:, None, None, None]
    folds = 1.5 * np.sin(x) * np.cos(y / 1.5)
    radius = np.sqrt((z / 1.05) ** 2 + (y / 1.2) ** 2 + x**2)
    tissues = np.where(radius + folds < 10, WM, np.where(radius < 12.5, GM, CSF))
    tissues[(np.abs(x) < 3) & (np.abs(y) < 6) & (np.abs(z) < 3)] = CSF
    return np.where(radius < 14, tissues, 0)


def scan(truth: np.ndarray, modality: str) -> tuple[sitk.Image, sitk.Image]:
    """The made brain in a contrast, slightly blurred, with noise; and its mask."""
    clean = np.array([0, *BRIGHTNESS[modality]], float)[truth]
    image = gaussian_filter(clean, 0.4) + np.random.default_rng(0).normal(0, 2.5, truth.shape)
    return tuple(sitk.GetImageFromArray(a) for a in (image.astype(np.float32), (truth > 0).astype(np.uint8)))


@pytest.fixture
def no_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FSLDIR", raising=False)


@pytest.mark.usefixtures("no_fast")
@pytest.mark.parametrize("modality", BRIGHTNESS)
def test_one_order_for_every_contrast(truth: np.ndarray, modality: str) -> None:
    image, brain = scan(truth, modality)
    image.SetOrigin((3, 4, 5))
    found = segment(image, brain, modality)
    assert found.GetOrigin() == (3, 4, 5) and found.GetPixelID() == sitk.sitkUInt8
    labels = sitk.GetArrayFromImage(found)
    assert np.array_equal(labels > 0, truth > 0)
    for label in (CSF, GM, WM):
        assert dice(labels == label, truth == label) > 0.85
    assert np.array_equal(labels, sitk.GetArrayFromImage(segment(image, brain, modality)))


@pytest.mark.usefixtures("no_fast")
def test_template() -> None:
    """The template at 2 mm against its own probability maps, made by another method from 152 brains."""
    t1, grey, white = (sitk.GetArrayFromImage(space.template(name))[::2, ::2, ::2] for name in ("t1", "gm", "wm"))
    brain = t1 > 0
    likeliest = 1 + np.argmax([1 - grey - white, grey, white], axis=0)
    found = segment(sitk.GetImageFromArray(t1), sitk.GetImageFromArray(brain.astype(np.uint8)), "T1")
    labels = sitk.GetArrayFromImage(found)
    for label, least in ((CSF, 0.55), (GM, 0.85), (WM, 0.92)):
        assert dice(labels == label, brain & (likeliest == label)) > least


@pytest.mark.usefixtures("no_fast")
def test_a_brain_without_three_classes_is_refused() -> None:
    brain = np.zeros((20, 20, 20), np.uint8)
    brain[4:16, 4:16, 4:16] = 1
    flat = (brain * 100).astype(np.float32)
    flat[4] *= 2
    with pytest.raises(RuntimeError, match="three classes"):
        segment(sitk.GetImageFromArray(flat), sitk.GetImageFromArray(brain), "T1")


STAND_IN = """#!{python}
import sys, numpy as np, SimpleITK as sitk
from pathlib import Path
assert sys.argv[1] == "--type" and sys.argv[3] == "--out"
Path("{told}").write_text(sys.argv[2])
image = sitk.ReadImage(sys.argv[5])
values = sitk.GetArrayFromImage(image)
labels = np.where(values == 0, 0, 1 + np.digitize(values, {cuts}))
result = sitk.GetImageFromArray(labels.astype(np.int16))
result.CopyInformation(image)
sitk.WriteImage(result, sys.argv[4] + "_seg.nii.gz")
"""


def install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an executable named `fast` on the PATH."""
    (folder / "fast").write_text(script)
    (folder / "fast").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.parametrize(("modality", "kind"), [("T1ce", "1"), ("T2", "2"), ("PD", "3"), ("FLAIR", "1")])
def test_fast_is_used_where_fsl_is_installed(
    truth: np.ndarray, modality: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in cuts where the made brain's classes meet, numbers from dark to bright and notes the type."""
    levels = sorted(BRIGHTNESS[modality])
    cuts = [sum(levels[:2]) / 2, sum(levels[1:]) / 2]
    told = tmp_path / "type"
    install(tmp_path, STAND_IN.format(python=sys.executable, told=told, cuts=cuts), monkeypatch)
    image, brain = scan(truth, modality)
    monkeypatch.delenv("FSLDIR", raising=False)
    segment(image, brain, modality)
    assert not told.exists()  # some other program that is called `fast`
    monkeypatch.setenv("FSLDIR", str(tmp_path))
    labels = sitk.GetArrayFromImage(segment(image, brain, modality))
    assert told.read_text() == kind
    values = sitk.GetArrayFromImage(image)
    middle = (truth > 0) & (values > cuts[0]) & (values < cuts[1])
    assert (labels[middle] == tissue.FROM_DARK[modality][1]).all()
    assert dice(labels == CSF, truth == CSF) > 0.85


def test_fast_that_fails(truth: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "#!/bin/sh\necho cannot open image >&2\nexit 1\n", monkeypatch)
    monkeypatch.setenv("FSLDIR", str(tmp_path))
    with pytest.raises(RuntimeError, match="FAST failed: cannot open image"):
        segment(*scan(truth, "T1"), "T1")


def test_dark_voxels_of_the_brain_are_fluid_in_every_contrast() -> None:
    classes, image = np.arange(4), np.array([1.0, 30, 50, 90])
    brain = np.ones(4, bool)
    assert tissue.canonical(classes, image, brain, "T2").tolist() == [CSF, WM, GM, CSF]
    assert tissue.canonical(classes, image, brain, "FLAIR").tolist() == [CSF, CSF, WM, GM]
    assert tissue.canonical(classes[::-1], image[::-1], brain, "T1").tolist() == [WM, GM, CSF, CSF]
