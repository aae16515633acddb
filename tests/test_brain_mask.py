"""Brain masks of heads with skull: the network on a T1, carried to the subject's other contrasts."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch

from brainuad.datasets.reader import COLUMNS
from brainuad.files import save_nifti
from brainuad.phantom import layouts
from brainuad.preprocessing import brain_network, registration, space
from brainuad.stages import volume


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def make_brain(folder: Path, modality: str, **cells: Path) -> nib.Nifti1Image:
    """The brain mask that the stage `volume` writes for a subject with these files."""
    row = dict.fromkeys(COLUMNS, "") | {"subject": "a"} | {name: str(path) for name, path in cells.items()}
    pd.DataFrame([row]).to_csv(folder / "subjects.tsv", sep="\t", index=False)
    out = {"out_image": folder / "image.nii.gz", "out_brain": folder / "found.nii.gz"}
    volume.main(subjects=folder / "subjects.tsv", subject="a", modality=modality, reader="ixi", **out)
    return nib.load(folder / "found.nii.gz")


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A head's T1 with its brain mask, and its T2 after a known motion on a grid of its own with the true mask."""
    folder = tmp_path_factory.mktemp("moved")
    motion = sitk.Euler3DTransform((0.0, 20.0, 10.0), 0.06, -0.05, 0.08, (5.0, -6.0, 4.0))
    brain = space.template() > 0
    scalp = 0.4 * sitk.Cast(sitk.BinaryDilate(brain, (12, 12, 12)) - brain, sitk.sitkFloat64)
    t1, t2 = space.template() + scalp, sitk.Mask(1.1 - space.template(), brain) + 0.5 * scalp
    places = {}
    for name, image, spacing, transform in (("T1", t1, (3, 3, 3), sitk.Transform()), ("T2", t2, (2, 2, 5), motion)):
        world = np.diag([*spacing, 1.0])
        world[:3, 3] = -120, -140, -100
        grid = space.from_ras(np.zeros([int(250 / step) for step in spacing], np.float32), world)
        values, affine = space.to_ras(sitk.Resample(image, grid, transform, sitk.sitkLinear, 0.0))
        noise = np.random.default_rng(0).normal(0, 0.02, (2, *values.shape))
        mask, _ = space.to_ras(space.resample_labels(brain, grid, transform))
        for key, array in ((name, np.hypot(values + noise[0], noise[1])), (f"brain_{name}", mask)):
            places[key] = folder / f"{key}.nii.gz"
            save_nifti(places[key], array.astype(np.float32 if key == name else np.uint8), affine)
    return places


def test_mask_is_carried_to_another_contrast(moved: dict[str, Path], tmp_path: Path) -> None:
    truth = nib.load(moved["brain_T2"])
    found = make_brain(tmp_path, "T2", T1=moved["T1"], T2=moved["T2"], brain=moved["brain_T1"])
    assert b"carried from T1" in found.header["descrip"].item()
    np.testing.assert_allclose(found.affine, truth.affine, atol=1e-5)
    found = np.asarray(found.dataobj) > 0
    assert dice(found, np.asarray(truth.dataobj) > 0) > 0.96
    again = make_brain(tmp_path, "T2", T1=moved["T1"], T2=moved["T2"], brain=moved["brain_T1"])
    assert np.array_equal(found, np.asarray(again.dataobj) > 0)


def test_without_registration_the_mask_misses(moved: dict[str, Path]) -> None:
    """The motion of the test above is one that matters."""
    brain, other = (sitk.ReadImage(moved[name]) for name in ("brain_T1", "brain_T2"))
    unmoved = sitk.GetArrayFromImage(space.resample_labels(brain, other, sitk.Transform())) > 0
    assert dice(unmoved, sitk.GetArrayFromImage(other) > 0) < 0.93


def test_scans_on_one_grid_share_the_mask(moved: dict[str, Path], tmp_path: Path) -> None:
    """A second file of the T1 stands for a contrast on its grid; the mask comes over voxel by voxel."""
    t1 = nib.load(moved["T1"])
    nib.save(nib.Nifti1Image(500 - t1.get_fdata(), t1.affine), tmp_path / "pd.nii.gz")
    alone = make_brain(tmp_path, "T1", T1=moved["T1"]).get_fdata()
    found = make_brain(tmp_path, "PD", T1=moved["T1"], PD=tmp_path / "pd.nii.gz")
    assert b"carried" in found.header["descrip"].item() and np.array_equal(found.get_fdata(), alone)


def test_carry_refuses_scans_far_apart() -> None:
    grids = [
        space.from_ras(np.ones((20, 20, 20), np.float32), np.diag([4.0, 4, 4, 1]) + s * np.eye(4, k=3))
        for s in (0, 900)
    ]
    with pytest.raises(RuntimeError):
        registration.carry(sitk.Cast(grids[0] > 0, sitk.sitkUInt8), *grids)


def test_network_finds_the_brain_of_a_t1(tmp_path: Path) -> None:
    layouts.write_subject("nfbs", layouts.subjects("nfbs", 1)[0], 1, 4.0, tmp_path)
    (mask,) = tmp_path.rglob("*brainmask.nii.gz")
    (scan,) = tmp_path.rglob("*T1w.nii.gz")
    found = make_brain(tmp_path, "T1", T1=scan)
    assert b"network" in found.header["descrip"].item()
    assert dice(found.get_fdata() > 0, nib.as_closest_canonical(nib.load(mask)).get_fdata() > 0.5) > 0.93


def test_network_says_that_there_is_no_brain() -> None:
    empty = np.zeros((40, 40, 40), np.float32)
    empty[0, 0, 3] = 1
    with pytest.raises(RuntimeError, match="no brain"):
        brain_network.extract(empty, np.eye(4))


def test_the_network_leaves_torch_its_threads(moved: dict[str, Path]) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        t1 = nib.load(moved["T1"])
        brain_network.extract(np.asarray(t1.dataobj, np.float32), t1.affine)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
