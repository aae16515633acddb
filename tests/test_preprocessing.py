"""Recipes `baur` and `strega`: common space, registration of a known transform, normalisation, labels; splits."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from brainuad import machine
from brainuad.errors import InputError
from brainuad.files import save_nifti
from brainuad.preprocessing import baur, space, strega
from brainuad.preprocessing.bias import correct_bias
from brainuad.preprocessing.steps import Steps
from brainuad.slices import check_same_order, open_checked, subjects
from brainuad.stages import label_slices, preprocess, preprocess_label, slices, split


@pytest.fixture(scope="module")
def moved() -> tuple[sitk.Image, sitk.Image, sitk.AffineTransform]:
    """The template at 3 mm, moved by a known affine, under a bias field; its mask; the transform that moved it."""
    transform = sitk.AffineTransform(3)
    transform.Rotate(0, 1, 0.12)
    transform.Scale((1.05, 0.95, 1.02))
    transform.SetTranslation((6.0, -9.0, 4.0))
    grid = sitk.Image(70, 84, 68, sitk.sitkFloat32)
    grid.SetSpacing((3.0, 3.0, 3.0))
    grid.SetOrigin((-105.0, -100.0, -95.0))
    image = sitk.Resample(space.template(), grid, transform.GetInverse(), sitk.sitkLinear, 0.0)
    ramp = 1 + 0.004 * (np.arange(70) - 35)[None, None, :]
    biased = sitk.GetImageFromArray((1000 * sitk.GetArrayFromImage(image) * ramp).astype(np.float32))
    biased.CopyInformation(image)
    return biased, image > 0.1, transform


@pytest.fixture(scope="module")
def done(moved: tuple) -> tuple[sitk.Image, sitk.Image, sitk.Transform]:
    return baur.preprocess(moved[0], moved[1], modality="T1", steps=Steps(), size=64, slice_spacing=5.0)


def test_grid_is_canonical_and_holds_the_brain() -> None:
    brain, affine = space.to_ras(sitk.Resample(space.template(), space.grid(64, 240.0, 5.0)) > 0.1)
    assert nib.aff2axcodes(affine) == ("R", "A", "S")
    assert brain.shape == (64, 64, 31)
    for axis in range(3):
        covered = np.flatnonzero(brain.any(tuple({0, 1, 2} - {axis})))
        if axis < 2:
            assert covered[0] > 5 and covered[-1] < 58
    template = brain.sum() * 3.75**2 * 5.0 / 1000
    assert template == pytest.approx(1883, rel=0.03)  # brain volume of the template in ml


def test_registration_finds_the_transform(moved: tuple, done: tuple) -> None:
    """Corners of the brain land within 3 mm of where the known transform puts them."""
    points = [(x, y, z) for x in (-50, 50) for y in (-40, 70) for z in (-30, 50)]
    errors = [np.subtract(done[2].TransformPoint(p), moved[2].TransformPoint(p)) for p in points]
    assert np.linalg.norm(errors, axis=1).max() < 3.0


def test_normalisation(done: tuple) -> None:
    image, brain = sitk.GetArrayFromImage(done[0]), sitk.GetArrayFromImage(done[1]) > 0
    assert np.percentile(image[brain], 98) == pytest.approx(1, abs=1e-3)
    assert image.max() > 1  # not clipped
    assert not image[~brain].any()


def test_bias_is_removed(moved: tuple) -> None:
    """White matter varies less from left to right after N4."""
    white = sitk.Resample(space.template("wm"), moved[0], moved[2].GetInverse()) > 0.9
    inside = sitk.GetArrayFromImage(white) > 0
    before, after = (sitk.GetArrayFromImage(i)[inside] for i in (moved[0], correct_bias(moved[0], moved[1])))
    assert after.std() / after.mean() < 0.6 * before.std() / before.mean()


def test_repeats_to_the_bit(moved: tuple, done: tuple) -> None:
    steps = Steps()
    again = baur.preprocess(moved[0], moved[1], modality="T1", steps=steps, size=64, slice_spacing=5.0)
    assert np.array_equal(sitk.GetArrayFromImage(done[0]), sitk.GetArrayFromImage(again[0]))
    assert list(steps.seconds) == ["bias field", "denoising", "registration", "normalisation"]


def test_centring_puts_the_box_of_the_brain_in_the_middle() -> None:
    """A box of 60 x 90 x 120 mm off the middle of an oblique volume."""
    brain = sitk.Image(40, 50, 60, sitk.sitkUInt8)
    brain.SetSpacing((3.0, 3.0, 3.0))
    brain.SetOrigin((-31.0, 12.0, 7.0))
    brain[3:23, 8:38, 15:55] = 1
    grid = space.grid(256, 256.0, 1.0)
    mask = sitk.GetArrayFromImage(space.resample_labels(brain, grid, space.centred(brain, grid)))
    for axis, extent in ((0, 120), (1, 90), (2, 60)):
        covered = np.flatnonzero(mask.any(tuple({0, 1, 2} - {axis})))
        assert len(covered) == pytest.approx(extent, abs=1)
        assert (covered[0] + covered[-1]) / 2 == pytest.approx((mask.shape[axis] - 1) / 2, abs=0.5)
    with pytest.raises(RuntimeError):
        space.centred(brain * 0, grid)


def test_world_of_arrays_and_images_agree() -> None:
    """An oblique affine survives; the same voxel lies at the same place, but for the sign of two axes."""
    affine = np.array([[1.9, -0.4, 0, 5], [0.4, 1.9, 0, -7], [0, 0, 3, 9], [0, 0, 0, 1.0]])
    array = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    image = space.from_ras(array, affine)
    assert np.allclose(
        np.multiply(image.TransformIndexToPhysicalPoint((1, 2, 3)), (-1, -1, 1)), (affine @ [1, 2, 3, 1])[:3]
    )
    back, world = space.to_ras(image)
    assert np.array_equal(back, array) and np.allclose(world, affine)


def test_strega_makes_tissue_maps_on_one_grid(moved: tuple) -> None:
    """Values, order, fractions; two heads that lie 30 mm apart in their worlds give the same slices."""
    image, brain, _ = moved
    steps = Steps()
    maps, mask, _ = strega.preprocess(image, brain, modality="T1", steps=steps, size=128, slice_spacing=5.0)
    values, inside = sitk.GetArrayFromImage(maps), sitk.GetArrayFromImage(mask) > 0
    assert values.dtype == np.float32 and values.shape == (31, 128, 128)
    assert np.array_equal(np.unique(values), np.array([0, 1 / 3, 2 / 3, 1], np.float32))
    assert np.array_equal(values > 0, inside)
    tool = "FAST" if machine.has_fast() else "dipy"
    assert list(steps.seconds) == ["bias field", f"tissue segmentation, {tool}", "centring"]
    fractions = [steps.measures[f"{name}_fraction"] for name in ("csf", "gm", "wm")]
    assert sum(fractions) == pytest.approx(1)
    assert fractions == pytest.approx([np.mean(values[inside] == np.float32(k / 3)) for k in (1, 2, 3)], abs=0.01)
    for volume in (image := sitk.Image(image), brain := sitk.Image(brain)):
        volume.SetOrigin(np.add(volume.GetOrigin(), (30, -30, 30)).tolist())
    again, _, _ = strega.preprocess(image, brain, modality="T1", steps=Steps(), size=128, slice_spacing=5.0)
    assert np.array_equal(values, sitk.GetArrayFromImage(again))


def test_strega_merges_fine_voxels(moved: tuple) -> None:
    """A scan with each voxel split into eight gives nearly the same maps, on as few voxels."""
    image, brain, _ = moved
    for volume in (image := sitk.Image(image), brain := sitk.Image(brain)):
        volume.SetSpacing((1.0, 1.0, 1.0))
    fine = sitk.Expand(image, (2, 2, 2), sitk.sitkNearestNeighbor)
    mask = sitk.Expand(brain, (2, 2, 2), sitk.sitkNearestNeighbor)
    options = {"modality": "T1", "size": 64, "field_of_view": 80.0, "slice_spacing": 4.0}
    maps, inside, _ = strega.preprocess(image, brain, steps=Steps(), **options)
    steps = Steps(mask)
    again, within, _ = strega.preprocess(fine, mask, steps=steps, **options)
    one, other = (sitk.GetArrayFromImage(volume) for volume in (maps, again))
    assert np.mean(sitk.GetArrayFromImage(inside) != sitk.GetArrayFromImage(within)) < 0.02
    assert np.mean((one == other)[one > 0]) > 0.9
    assert sitk.GetArrayFromImage(space.no_finer(fine, 1.0)).shape == sitk.GetArrayFromImage(image).shape
    np.testing.assert_allclose(space.no_finer(fine, 1.0).GetOrigin(), image.GetOrigin(), atol=1e-6)


def test_stages_from_volume_to_slices(moved: tuple, tmp_path: Path) -> None:
    """Image and label go separate ways and meet voxel by voxel; a landmark on the right stays on the right."""
    image, brain, transform = moved
    values, affine = space.to_ras(image)
    mask, _ = space.to_ras(brain)
    landmark = np.linalg.inv(affine) @ np.diag([-1, -1, 1, 1]) @ [*transform.TransformPoint((-30, 10, 20)), 1]
    x, y, z = np.round(landmark[:3]).astype(int)
    label = np.zeros(values.shape, np.uint8)
    label[x - 2 : x + 3, y - 2 : y + 3, z - 2 : z + 3] = 1
    values = values + 3000.0 * label
    for name, volume in (("image", values.astype(np.float32)), ("brain", mask.astype(np.uint8)), ("label", label)):
        save_nifti(tmp_path / f"{name}.nii.gz", volume, affine)
    out = {k: tmp_path / f"out_{k}.nii.gz" for k in ("image", "brain", "label")}
    tfm = tmp_path / "out.tfm"
    settings = json.dumps({"size": 64, "slice_spacing": 5.0})
    files = {"image": tmp_path / "image.nii.gz", "brain": tmp_path / "brain.nii.gz"}
    outs = {"out_image": out["image"], "out_brain": out["brain"], "out_transform": tfm}
    outs |= {"out_picture": tmp_path / "out.png", "out_quality": tmp_path / "out.json"}
    preprocess.main(recipe="baur", modality="T1", **files, **outs, settings=settings)
    preprocess_label.main(label=tmp_path / "label.nii.gz", grid=out["brain"], transform=tfm, out=out["label"])
    images, labels = tmp_path / "images.h5", tmp_path / "labels.h5"
    one = {"subject": ["s"], "image": [out["image"]], "brain": [out["brain"]]}
    slices.main(**one, dataset="made", recipe="baur", modality="T1", out=images)
    label_slices.main(images=images, subject=["s"], label=[out["label"]], out=labels)
    import h5py

    with h5py.File(images) as file, h5py.File(labels) as truth:
        x, y = file["image"][:], truth["label"][:] > 0
        assert y.any()
        assert x[y].min() > x[(x > 0) & ~y].mean()
        assert np.nonzero(y)[2].mean() > 32  # columns run from left to right, the landmark is at 30 mm right
        assert file["brain"][:].any((1, 2)).all()
        assert file.attrs["modality"] == "T1"


@pytest.fixture
def volumes(tmp_path: Path) -> dict[str, list]:
    """Three subjects whose voxels tell subject and slice; brain in slices 2 to 11, visible lesions in a few."""
    files = {"subject": [], "image": [], "brain": [], "label": []}
    for number, (name, sick) in enumerate({"a": [4, 5, 6], "b": [9], "c": []}.items()):
        image, brain, label = np.zeros((3, 8, 9, 14), np.float32)
        brain[2:6, 2:6, 2:12] = 1
        image[:] = 100 * number + np.arange(14)
        label[3, 3, sick] = 2
        label[7, 7, 2:12] = 1  # lost by brain extraction
        files["subject"].append(name)
        for kind, volume in (("image", image * brain), ("brain", brain), ("label", label)):
            files[kind].append(tmp_path / f"{name}_{kind}.nii.gz")
            save_nifti(files[kind][-1], volume, np.eye(4))
    return files


def cut(files: dict[str, list], out: Path, **given: object) -> list[tuple[str, int]]:
    """The subject and slice of each row, after a look at the rows' images and masks."""
    chosen = {kind: files[kind] for kind in ("subject", "image", "brain")}
    slices.main(**chosen, dataset="made", recipe="none", modality="T1", out=out, **given)
    with open_checked(out, "images") as file:
        rows = list(zip(file["subject"].asstr()[:], file["slice"][:].tolist(), strict=True))
        assert [s.name for s in subjects(file)] == sorted({name for name, _ in rows})
        assert file.attrs.get("drawn_slices") == (len(rows) if "draw" in given else None)
        for (name, k), image, brain in zip(rows, file["image"], file["brain"], strict=True):
            assert set(image[brain]) == {100 * "abc".index(name) + k} and brain.sum() == 16
    assert rows == sorted(rows)
    return rows


def test_slices_are_drawn_from_all_subjects(volumes: dict[str, list], tmp_path: Path) -> None:
    whole = cut(volumes, tmp_path / "images.h5")
    assert whole == [(name, k) for name in "abc" for k in range(2, 12)]
    draws = [cut(volumes, tmp_path / "drawn.h5", draw=7, seed=seed) for seed in (0, 0, *range(1, 30))]
    assert draws[0] == draws[1] != draws[2]
    assert all(len(set(rows)) == 7 and set(rows) < set(whole) for rows in draws)
    assert set().union(*draws) == set(whole)
    assert set(draws[0]) < set(cut(volumes, tmp_path / "more.h5", draw=12, seed=0))
    assert cut(volumes, tmp_path / "all.h5", draw=99) == whole


def test_drawn_slices_of_patients_show_a_lesion(volumes: dict[str, list], tmp_path: Path) -> None:
    sick = [("a", 4), ("a", 5), ("a", 6), ("b", 9)]
    images, labels = tmp_path / "images.h5", tmp_path / "labels.h5"
    assert cut(volumes, images, label=volumes["label"], draw=9) == sick
    rows = cut(volumes, images, label=volumes["label"], draw=2, seed=1)
    assert len(rows) == 2 and set(rows) < set(sick)
    label_slices.main(images=images, subject=volumes["subject"], label=volumes["label"], out=labels)
    with open_checked(images, "images") as file, open_checked(labels, "labels") as truth:
        check_same_order(file, truth)
        assert ((truth["label"][:] == 2) & file["brain"][:]).sum((1, 2)).tolist() == [1, 1]
    healthy = {kind: paths[2:] for kind, paths in volumes.items()}
    with pytest.raises(InputError, match="--draw: finds no slice to draw"):
        cut(healthy, images, label=healthy["label"], draw=2)


def table(path: Path, count: int, modality: str = "T2") -> Path:
    rows = [{"subject": f"s{i:03}", "T1": "", "T2": "", "label": "", modality: "file"} for i in range(count)]
    pd.DataFrame(rows).to_csv(path, sep="\t", index=False)
    return path


@pytest.mark.parametrize(
    ("study", "test", "expected"), [(["a", "made"], 3, 3), (["a", "made"], None, 5), (["made"], 4, 4)]
)
def test_derived_subjects_are_never_trained_on(
    tmp_path: Path, study: list[str], test: int | None, expected: int
) -> None:
    cohorts = {
        "a": {"dataset": "a", "modality": "T2", "train": 10, "validation": 4, "test": 5},
        "made": {"dataset": "made", "modality": "T2", "labelled": True, "same_as": "a", "test": test},
    }
    given = {
        "cohorts": json.dumps([cohorts[name] for name in study]),
        "subjects": [f"a={table(tmp_path / 'a.tsv', 20)}"],
    }
    split.main(**given, seed=1, out=tmp_path / "splits.csv")
    rows = pd.read_csv(tmp_path / "splits.csv").groupby(["dataset", "split"])["subject"].agg(set)
    assert len(rows["made", "test"]) == expected
    if "a" in study:
        assert rows["made", "test"] <= rows["a", "test"]


def test_more_derived_subjects_than_tested(tmp_path: Path) -> None:
    healthy = {"dataset": "a", "modality": "T2", "test": 5}
    derived = {"dataset": "made", "modality": "T2", "same_as": "a", "test": 6}
    given = {"cohorts": json.dumps([healthy, derived]), "subjects": [f"a={table(tmp_path / 'a.tsv', 20)}"]}
    with pytest.raises(InputError, match="dataset made: asks for 6 test subjects, a has 5"):
        split.main(**given, seed=1, out=tmp_path / "splits.csv")
    derived |= {"hosts": "validation", "test": None}
    given["cohorts"] = json.dumps([healthy, derived])
    with pytest.raises(InputError, match="dataset made: asks for some validation subjects, a has 0"):
        split.main(**given, seed=1, out=tmp_path / "splits.csv")


def test_splits(tmp_path: Path) -> None:
    a, b = table(tmp_path / "a.tsv", 20), table(tmp_path / "b.tsv", 7)
    cohorts = [
        {"dataset": "a", "modality": "T2", "train": 10, "validation": 4, "test": 5},
        {"dataset": "b", "modality": "T2", "validation": 2, "test": None},
        {"dataset": "c", "modality": "T2", "test": 5, "same_as": "a"},
        {"dataset": "d", "modality": "T2", "test": 3, "same_as": "a", "hosts": "validation"},
    ]
    given = {"cohorts": json.dumps(cohorts), "subjects": [f"a={a}", f"b={b}"]}
    results = []
    for seed in (0, 0, 1):
        split.main(**given, seed=seed, out=tmp_path / "splits.csv")
        results.append(pd.read_csv(tmp_path / "splits.csv"))
    first, again, other = results
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    own = first[first["dataset"] == "a"]
    assert own["split"].value_counts().to_dict() == {"train": 10, "validation": 4, "test": 5}
    assert own["subject"].is_unique
    assert (first["dataset"] == "b").sum() == 7
    tested = set(own[own["split"] == "test"]["subject"])
    assert set(first[first["dataset"] == "c"]["subject"]) == tested
    hosts = first[first["dataset"] == "d"]
    assert set(hosts["split"]) == {"test"} and len(hosts) == 3
    assert set(hosts["subject"]) <= set(own[own["split"] == "validation"]["subject"])


def test_too_few_subjects(tmp_path: Path) -> None:
    cohort = [{"dataset": "a", "modality": "T2", "train": 10, "test": 5}]
    with pytest.raises(InputError, match=r"a.tsv: dataset a has 3 subjects with T2, the study asks for"):
        split.main(cohorts=json.dumps(cohort), subjects=[f"a={table(tmp_path / 'a.tsv', 3)}"], out=tmp_path / "s.csv")
    with pytest.raises(InputError, match="has 0 subjects with T2"):
        table(tmp_path / "a.tsv", 30, "T1")
        split.main(cohorts=json.dumps(cohort), subjects=[f"a={tmp_path / 'a.tsv'}"], out=tmp_path / "s.csv")
