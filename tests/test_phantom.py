"""The phantom cohort: anatomy, contrasts, lesions, scanners and native layouts."""

import hashlib
import itertools
import json
import tarfile
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, stats

from brainuad.errors import InputError
from brainuad.phantom import anatomy as anatomy_module
from brainuad.phantom import layouts
from brainuad.phantom.anatomy import BOX, FIELD_SPACING, Anatomy, fractions, grid, jacobian, person, warp
from brainuad.phantom.contrast import CONTRASTS, render
from brainuad.phantom.head import with_head
from brainuad.phantom.lesions import KINDS, lesion_volume, mass_effect
from brainuad.phantom.scanner import SCANNERS, Grid, acquire, bias_field, pose
from brainuad.seeds import generator

COARSE = 4.0
ILL = [kind for kind in KINDS if kind != "healthy"]


@lru_cache
def someone(name: str = "someone", spacing: float = COARSE, age: float = 50) -> Anatomy:
    return person(0, name, spacing, age)


@lru_cache
def ill(kind: str, seed: int = 0) -> tuple[Anatomy, np.ndarray]:
    return KINDS[kind](someone(), generator(seed, kind))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> dict[str, list[Path]]:
    """Two written subjects of each source, and a BraTS test subject."""
    root = tmp_path_factory.mktemp("cohort")
    folders = {}
    for source in layouts.SOURCES:
        names = layouts.subjects(source, 2) + (["BRATS_485"] if source == "brats" else [])
        folders[source] = [root / source / name for name in names]
        for folder in folders[source]:
            folder.mkdir(parents=True)
            layouts.write_subject(source, folder.name, 0, COARSE, folder)
    return folders


@pytest.fixture(scope="module")
def archives(cohort, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("archives")
    for source, folders in cohort.items():
        layouts.write_archives(source, folders, root / source)
    return root


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Anatomy


def test_a_person_is_fixed_by_seed_and_name():
    again, other = person(0, "someone", COARSE, 50), person(1, "someone", COARSE, 50)
    assert all(np.array_equal(again.tissues[name], part) for name, part in someone().tissues.items())
    assert not np.array_equal(other.tissues["gm"], someone().tissues["gm"])
    assert not np.array_equal(someone("else").tissues["gm"], someone().tissues["gm"])


def test_a_person_is_the_same_at_any_spacing():
    fine, coarse = someone(spacing=2.0), someone()
    shape = np.array(coarse.brain.shape)
    for tissue in ("csf", "wm"):
        blocks = fine.tissues[tissue][: 2 * shape[0], : 2 * shape[1], : 2 * shape[2]]
        means = blocks.reshape(shape[0], 2, shape[1], 2, -1, 2).mean((1, 3, 5))
        inside = coarse.brain[:, :, : means.shape[2]]
        assert np.corrcoef(means[inside], coarse.tissues[tissue][:, :, : means.shape[2]][inside])[0, 1] > 0.8


def test_fractions_fill_the_brain_and_nothing_else():
    total = sum(someone().tissues.values())
    np.testing.assert_allclose(total[someone().brain], 1, atol=1e-5)
    assert not total[~someone().brain].any()
    assert min(part.min() for part in someone().tissues.values()) >= 0


def test_partial_volume_is_kept():
    share = someone(spacing=2.0).tissues["wm"][someone(spacing=2.0).brain]
    assert 0.1 < np.mean((share > 0.05) & (share < 0.95)) < 0.8


def test_folding_keeps_the_templates_probabilities_on_average():
    rank = np.linspace(0, 1, 20001)
    for csf, gm in ((0.2, 0.5), (0.05, 0.9), (0.5, 0.5), (0.0, 1.0)):
        means = [part.mean() for part in fractions(np.full_like(rank, csf), np.full_like(rank, gm), rank, 0.01)]
        np.testing.assert_allclose(means, (csf, gm, 1 - csf - gm), atol=0.011)


@pytest.mark.parametrize("age", (22, 50, 85))
def test_the_warp_folds_nowhere_between_its_nodes_either(age):
    coordinates = warp(generator(3, "warp", age), age)
    steps = [np.arange(0, n - 1, 0.5) for n in coordinates.shape[1:]]
    points = np.stack(np.meshgrid(*steps, indexing="ij"))
    fine = np.stack([ndimage.map_coordinates(axis, points, order=1) for axis in coordinates])
    n = fine.shape[1:]
    edges = [np.diff(fine, axis=i + 1)[:, : n[0] - 1, : n[1] - 1, : n[2] - 1] for i in range(3)]
    volume = np.linalg.det(np.moveaxis(np.stack(edges), (0, 1), (-2, -1))) / (FIELD_SPACING / 2) ** 3
    assert volume.min() > 0
    assert volume.std() > 0.1


def test_jacobian_of_a_known_map():
    x, y, z = np.meshgrid(*[np.arange(6) * 2.0] * 3, indexing="ij")
    np.testing.assert_allclose(jacobian(np.stack([3 * x + y, 2 * y, z - x]), 2.0), 6)


def test_age_widens_ventricles_and_sulci():
    def volumes(age: float) -> tuple[float, float]:
        people = [person(0, f"p{k}", COARSE, age) for k in range(2)]
        fluid = [(p.tissues["csf"].sum() + p.tissues["vessel"].sum()) / p.brain.sum() for p in people]
        return np.mean([p.ventricles.sum() / p.brain.sum() for p in people]), np.mean(fluid)

    young, old = volumes(22), volumes(82)
    assert old[0] > 1.3 * young[0]
    assert old[1] > 1.2 * young[1]


def test_hemispheres_differ_where_the_template_does_not():
    maps = anatomy_module.template()
    assert np.abs(maps.wm[1:] - maps.wm[:0:-1]).mean() < 0.02
    white = someone(spacing=2.0).tissues["wm"]
    assert np.abs(white - white[::-1])[someone(spacing=2.0).brain].mean() > 0.1


def test_brain_size_is_human():
    litres = [someone(f"size{k}").brain.sum() * COARSE**3 / 1e6 for k in range(3)]
    assert min(litres) > 1.0
    assert max(litres) < 2.1


# Contrast, head and scanner


@pytest.mark.parametrize(
    ("contrast", "order"),
    [
        ("T1", ("csf", "gm", "wm")),
        ("T1ce", ("csf", "gm", "wm")),
        ("T2", ("wm", "gm", "csf")),
        ("FLAIR", ("csf", "wm", "gm")),
        ("PD", ("wm", "gm", "csf")),
    ],
)
def test_order_of_tissues(contrast, order):
    for seed in range(3):
        image = render(someone(), contrast, generator(seed, contrast))
        means = [image[someone().tissues[name] > 0.9].mean() for name in order]
        assert means[0] < means[1] < means[2] * (1.05 if contrast == "PD" else 1)


def test_subjects_differ_in_contrast_and_texture():
    first, second = (render(someone(), "T1", generator(seed, "render")) for seed in (0, 1))
    ratio = (second / np.maximum(first, 1e-3))[someone().tissues["wm"] > 0.95]
    assert abs(np.median(ratio) - 1) > 1e-3
    assert 0.005 < ratio.std() < 0.1


def test_head_leaves_the_brain_and_has_dark_bone():
    head = with_head(someone(), generator(0, "head"))
    for name, part in someone().tissues.items():
        np.testing.assert_array_equal(head.tissues[name][head.brain], part[head.brain])
    assert sum(head.tissues.values()).max() < 1.0001
    assert not head.tissues["bone"][head.brain].any()
    for contrast in CONTRASTS:
        image = render(head, contrast, generator(0, contrast))
        white = np.median(image[head.tissues["wm"] > 0.9])
        assert np.median(image[head.tissues["bone"] > 0.9]) < 0.2 * white
    around = ndimage.binary_dilation(head.brain, iterations=3) & ~head.brain
    upper = slice(head.brain.shape[2] * 6 // 10, None)
    assert sum(head.tissues.values())[..., upper][around[..., upper]].mean() > 0.8


@pytest.mark.parametrize("scanner", SCANNERS.values(), ids=lambda scanner: scanner.name)
def test_background_noise_is_rician_with_the_scanners_sigma(scanner):
    target = Grid((40, 40, 40), np.eye(4))
    air = acquire(np.zeros(target.shape, np.float32), np.eye(4), scanner, target, np.eye(4), generator(0, "air"))
    # Rician noise without signal is Rayleigh's distribution.
    result = stats.kstest(air.ravel()[::7] / (scanner.gain * scanner.noise), stats.rayleigh.cdf)
    assert result.pvalue > 0.001


def test_bias_field_is_smooth_and_of_the_given_strength():
    field = bias_field(generator(0, "bias"), Grid((48, 48, 48), np.eye(4) * 4), 0.1)
    assert abs(np.log(field).std() - 0.1) < 0.01
    assert max(np.abs(np.diff(field, axis=axis)).max() for axis in range(3)) < 0.05


def test_slice_thickness_blurs_along_one_axis_only():
    image = np.zeros((31, 31, 31), np.float32)
    image[15, 15, 15] = 100
    target = Grid(image.shape, np.eye(4))
    scan = acquire(image, np.eye(4), SCANNERS["HH"], target, np.eye(4), generator(0, "psf"), (0, 0, 5))
    assert scan[15, 15, 18] > 5 * scan[15, 18, 15]


def test_pose_is_rigid():
    moved = pose(generator(0, "pose"), 5, 5)
    np.testing.assert_allclose(moved[:3, :3] @ moved[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(moved[:3, :3]) == pytest.approx(1)


# Lesions


@pytest.mark.parametrize("kind", ILL)
def test_labels_lie_in_the_brain_and_repeat(kind):
    anatomy, label = ill(kind)
    again = KINDS[kind](someone(), generator(0, kind))[1]
    assert label.dtype == np.uint8 and label.any()
    assert not label[~anatomy.brain].any()
    np.testing.assert_array_equal(label, again)
    np.testing.assert_allclose(sum(anatomy.tissues.values())[anatomy.brain], 1, atol=1e-4)
    assert not np.array_equal(label, ill(kind, seed=1)[1])


@pytest.mark.parametrize("kind", ("tumour", "ms", "metastases", "cavity"))
def test_label_is_where_lesion_tissue_fills_half_a_voxel(kind):
    anatomy, label = ill(kind)
    foreign = set(anatomy.tissues) - set(someone().tissues)
    np.testing.assert_array_equal(label > 0, sum(anatomy.tissues[name] for name in foreign) >= 0.5)


def test_artificial_anomalies_change_nothing_outside_their_label():
    seen = set()
    for seed in range(8):
        anatomy, label = ill("artificial", seed)
        before = sum(someone().tissues.values())
        for name, part in anatomy.tissues.items():
            original = someone().tissues.get(name, 0 * before)
            np.testing.assert_array_equal(part[label == 0], original[label == 0])
        seen.add("foreign" in anatomy.tissues)
        assert set(np.unique(label)) == {0, 1}
    assert seen == {True, False}


def test_healthy_is_unchanged():
    anatomy, label = KINDS["healthy"](someone(), generator(0, "healthy"))
    assert anatomy is someone() and not label.any()


def test_tumours_have_oedema_core_and_usually_an_enhancing_rim():
    labels = [ill("tumour", seed)[1] for seed in range(6)]
    assert all({1, 2} <= set(np.unique(label)) <= {0, 1, 2, 3} for label in labels)
    assert sum((label == 3).any() for label in labels) >= 3
    anatomy = ill("tumour")[0]
    oedema = anatomy.tissues["oedema"] > 0.3
    healthy_part = anatomy.brain & ~oedema
    white, grey = (someone().tissues[name] for name in ("wm", "gm"))
    assert white[oedema].mean() / grey[oedema].mean() > white[healthy_part].mean() / grey[healthy_part].mean()


def test_lesions_look_as_they_should():
    anatomy, label = ill("ms")
    tumour = next(ill("tumour", seed) for seed in range(6) if (ill("tumour", seed)[1] == 3).sum() > 5)
    normal = (someone().tissues["wm"] > 0.9) & (label == 0)
    for contrast, sign in (("T1", -1), ("T2", 1), ("FLAIR", 1)):
        image = render(anatomy, contrast, generator(0, contrast))
        assert sign * (image[label > 0].mean() - image[normal].mean()) > 0.05
    before, after = (render(tumour[0], contrast, generator(0, "x")) for contrast in ("T1", "T1ce"))
    rim = tumour[1] == 3
    assert after[rim].mean() > 1.3 * before[rim].mean()


def test_plaque_volumes_are_log_normal():
    rng = generator(0, "plaques")
    logs = np.log([lesion_volume(rng) for _ in range(2000)])
    assert stats.kstest((logs - logs.mean()) / logs.std(), "norm").pvalue > 0.01
    assert 50 < np.exp(logs.mean()) < 100


def test_plaques_lie_in_white_matter_and_by_the_ventricles():
    anatomy, label = ill("ms", seed=2)
    white = someone().tissues["wm"]
    assert white[label > 0].mean() > 0.6
    near = ndimage.distance_transform_edt(~anatomy.ventricles, sampling=COARSE) < 12
    assert near[label > 0].mean() > 1.5 * near[white > 0.7].mean()


def test_mass_effect_pushes_tissue_outwards():
    shape, affine = grid(2.0)
    radius, push = 16.0, 6.0
    centre = np.array(shape) // 2
    r = np.sqrt(((np.indices(shape).T - centre).T ** 2).sum(0)) * 2.0
    brain = np.ones(shape, bool)
    ball = np.clip((10 - r) / 2 + 0.5, 0, 1).astype(np.float32)
    zeros = np.zeros(shape, np.float32)
    before = Anatomy({"gm": ball, "wm": 1 - ball}, brain, zeros, zeros > 0, affine, 50)
    after = mass_effect(before, centre, radius, push)
    # What was at r0 is now where r - push * r / radius = r0.
    expected = 10 / (1 - push / radius)
    found = (3 * after.tissues["gm"].sum() * 8 / (4 * np.pi)) ** (1 / 3)
    assert found == pytest.approx(expected, abs=0.6)
    np.testing.assert_allclose(sum(after.tissues.values())[after.brain], 1, atol=1e-5)


def test_tumour_moves_its_neighbours():
    moved = [(ill("tumour", seed)[0].ventricles ^ someone().ventricles).sum() for seed in range(4)]
    assert max(moved) > 0


# Native layouts


def test_names_are_native_and_stable():
    assert layouts.subjects("brats", 2) == ["BRATS_001", "BRATS_002"]
    assert layouts.subjects("mslub", 10)[-1] == "patient10"
    names = layouts.subjects("ixi", 60)
    assert names[:7] == layouts.subjects("ixi", 7)
    assert len(set(names)) == 60 and sorted(names) == names
    assert {name.split("-")[1] for name in names} == {"Guys", "HH", "IOP"}


def test_unknown_source_and_subject_are_refused():
    with pytest.raises(InputError, match="ixi, brats, mslub"):
        layouts.subjects("nowhere", 1)
    with pytest.raises(InputError, match="IXI002-Guys-0828"):
        layouts.case("ixi", "IXI002", 0)


def test_files_of_each_source(cohort):
    ixi = cohort["ixi"][0]
    name = ixi.name
    assert set(digests(ixi)) == {f"IXI-{c}/{name}-{c}.nii.gz" for c in ("T1", "T2", "PD")} | {"participants.tsv"}
    assert set(digests(cohort["brats"][0])) == {
        "Task01_BrainTumour/imagesTr/BRATS_001.nii.gz",
        "Task01_BrainTumour/labelsTr/BRATS_001.nii.gz",
    }
    assert set(digests(cohort["brats"][2])) == {"Task01_BrainTumour/imagesTs/BRATS_485.nii.gz"}
    stems = ("FLAIR", "T1W", "T1WKS", "T2W", "consensus_gt", "brainmask")
    assert set(digests(cohort["mslub"][0])) == {
        f"cross_sectional/coregistered/patient01/{stem}.nii.gz" for stem in stems
    } | {"cross_sectional/patient_info.csv"}


def test_a_written_subject_repeats_bit_for_bit(cohort, tmp_path):
    layouts.write_subject("mslub", "patient01", 0, COARSE, tmp_path)
    assert digests(tmp_path) == digests(cohort["mslub"][0])


def test_orientation_numbers_and_geometry(cohort):
    ixi, brats, mslub = (cohort[source][0] for source in layouts.SOURCES)
    images = {
        "T1": nib.load(next(ixi.glob("IXI-T1/*"))),
        "T2": nib.load(next(ixi.glob("IXI-T2/*"))),
        "PD": nib.load(next(ixi.glob("IXI-PD/*"))),
        "brats": nib.load(next(brats.glob("*/imagesTr/*"))),
        "label": nib.load(next(brats.glob("*/labelsTr/*"))),
        "FLAIR": nib.load(next(mslub.rglob("FLAIR*"))),
    }
    codes = {name: "".join(nib.aff2axcodes(image.affine)) for name, image in images.items()}
    assert codes == {"T1": "PSR", "T2": "LAS", "PD": "LAS", "brats": "LPS", "label": "LPS", "FLAIR": "LPS"}
    np.testing.assert_array_equal(images["T2"].affine, images["PD"].affine)
    np.testing.assert_array_equal(images["brats"].affine, images["label"].affine)
    assert images["T1"].get_data_dtype() == np.int16
    assert images["label"].get_data_dtype() == np.uint8
    assert images["brats"].shape == (60, 60, 39, 4)
    grids = {nib.load(path).shape + tuple(nib.load(path).affine.ravel()) for path in mslub.rglob("*.nii.gz")}
    assert len(grids) == 1


def test_native_grids_at_1_mm():
    def native(axes, matrix, voxel, edge):
        return layouts.field_of_view(axes, matrix, voxel, 1.0, edge)

    brats = native("LPS", (240, 240, 155), (1, 1, 1), (0.5, 239.5, -0.5))
    assert brats.shape == (240, 240, 155)
    # The affine of every BraTS file.
    np.testing.assert_array_equal(brats.affine, [[-1, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0], [0, 0, 0, 1]])
    sagittal = native("PSR", (256, 256, 150), (0.9375, 0.9375, 1.2), (-90, 108, -128))
    assert nib.aff2axcodes(sagittal.affine) == ("P", "S", "R")
    np.testing.assert_allclose(sagittal.voxel, (0.9375, 0.9375, 1.2))


def test_label_values_and_stripping(cohort):
    for folder in cohort["brats"][:2]:
        label = np.asarray(nib.load(next(folder.glob("*/labelsTr/*"))).dataobj)
        image = np.asarray(nib.load(next(folder.glob("*/imagesTr/*"))).dataobj)
        assert {0, 1, 2} <= set(np.unique(label)) <= {0, 1, 2, 3}
        assert np.mean(image == 0) > 0.5
        assert (image[label > 0] > 0).mean() > 0.99
    for folder in cohort["mslub"]:
        read = {path.name[:-7]: np.asarray(nib.load(path).dataobj) for path in folder.rglob("*.nii.gz")}
        assert set(np.unique(read["consensus_gt"])) == {0, 1} == set(np.unique(read["brainmask"]))
        assert not (read["consensus_gt"] > read["brainmask"]).any()
        outside = read["T1W"][read["brainmask"] == 0]
        assert np.mean(outside > 0.5 * np.median(read["T1W"][read["brainmask"] == 1])) > 0.02


def test_brats_channels_are_flair_t1_t1gd_t2(cohort):
    """White matter is bright in T1; beside it oedema is bright in FLAIR and T2, dark in T1 and T1gd."""
    for folder in cohort["brats"][:2]:
        image, label = (
            np.asarray(nib.load(next(folder.glob(f"*/{part}/*"))).dataobj, float) for part in ("imagesTr", "labelsTr")
        )
        rest = (image[..., 1] > 0) & (label == 0)
        low, high = np.percentile(image[..., 1][rest], (60, 95))
        white = rest & (image[..., 1] > low) & (image[..., 1] < high)
        flair, t1, t1gd, t2 = (image[..., c] / np.median(image[..., c][white]) for c in range(4))
        oedema, rim, fluid = (
            label == 1,
            label == 3,
            rest & (image[..., 1] < np.percentile(image[..., 1][rest], 5)),
        )
        assert min(flair[oedema].mean(), t2[oedema].mean()) > 1.2
        assert max(t1[oedema].mean(), t1gd[oedema].mean()) < 0.97
        assert t2[fluid].mean() > 1.3
        assert flair[fluid].mean() < 1
        if rim.sum() > 20:
            assert t1gd[rim].mean() > 1.2 * t1[rim].mean()


def test_sites_have_their_own_look(cohort):
    gains = {}
    for folder in cohort["ixi"]:
        site = folder.name.split("-")[1]
        values = np.asarray(nib.load(next(folder.glob("IXI-T1/*"))).dataobj)
        gains[site] = np.percentile(values, 97) / SCANNERS[site].gain
    assert len(gains) == 2
    assert all(0.5 < gain < 1.6 for gain in gains.values())


@pytest.mark.parametrize("source", layouts.SOURCES)
def test_left_stays_left_in_every_layout(source, tmp_path):
    """A block of bright tissue at the left, front and top of the head is there by each file's affine."""
    shape, affine = grid(COARSE)
    world = np.einsum("ij,jxyz->ixyz", affine[:3, :3], np.indices(shape)) + affine[:3, 3, None, None, None]
    x, y, z = world
    block = (np.abs(x + 35) < 13) & (np.abs(y - 20) < 13) & (np.abs(z - 35) < 13)
    empty = np.zeros(shape, np.float32)
    anatomy = Anatomy(
        {"gm": block.astype(np.float32), "wm": empty, "csf": empty}, block, empty, empty > 0, affine, 40.0
    )
    case = layouts.Case(40.0, "F", "healthy", SCANNERS["HH"])
    subject = layouts.subjects(source, 1)[0]
    study = layouts.Study(source, subject, 0, COARSE, case, anatomy, block.astype(np.uint8))
    tmp_path.joinpath("cross_sectional").mkdir()
    layouts.WRITERS[source](study, tmp_path)
    centre = {"brats": (-119.5, 137.5, 71.5)}.get(source, (0, 0, 0))
    volumes = list(itertools.chain(tmp_path.rglob("*.nii.gz")))
    assert volumes
    for path in volumes:
        image = nib.load(path)
        values = np.asarray(image.dataobj, float)
        values = values[..., 0] if values.ndim == 4 else values
        bright = np.array(np.nonzero(values > 0.5 * values.max())).mean(1)
        place = image.affine[:3, :3] @ bright + image.affine[:3, 3] - centre
        np.testing.assert_allclose(place, (-35, 20, 35), atol=18)


# Archives


def test_archives_hold_the_native_members(archives):
    listing = {}
    for path in archives.rglob("*.tar*"):
        with tarfile.open(path) as archive:
            listing[path.name] = archive.getnames()
    names = layouts.subjects("ixi", 2)
    assert listing["IXI-T1.tar"] == [f"{name}-T1.nii.gz" for name in names]
    brats = listing["Task01_BrainTumour.tar"]
    assert {"Task01_BrainTumour/dataset.json", "Task01_BrainTumour/imagesTr/._BRATS_001.nii.gz"} <= set(brats)
    assert "Task01_BrainTumour/imagesTs/BRATS_485.nii.gz" in brats
    mslub = listing["open_ms_data.tar.gz"]
    top = "open_ms_data-65704901f60650824565aa5a4818611aa89716f4/cross_sectional"
    assert f"{top}/coregistered/patient02/consensus_gt.nii.gz" in mslub
    assert f"{top}/patient_info.csv" in mslub


def test_tables_in_and_beside_the_archives(archives):
    people = pd.read_csv(archives / "ixi" / "participants.tsv", sep="\t")
    assert list(people) == ["participant_id", "age", "sex"]
    assert list(people.participant_id) == layouts.subjects("ixi", 2)
    assert people.age.between(20, 86).all()
    with tarfile.open(archives / "brats" / "Task01_BrainTumour.tar") as archive:
        description = json.load(archive.extractfile("Task01_BrainTumour/dataset.json"))
    assert list(description["modality"].values()) == ["FLAIR", "T1w", "t1gd", "T2w"]
    assert (description["numTraining"], description["numTest"]) == (2, 1)
    assert description["training"][0]["label"] == "./labelsTr/BRATS_001.nii.gz"
    with tarfile.open(archives / "mslub" / "open_ms_data.tar.gz") as archive:
        member = next(name for name in archive.getnames() if name.endswith("patient_info.csv"))
        patients = pd.read_csv(archive.extractfile(member))
    assert list(patients) == ["patient_id", "age", "sex", "ms_type", "edss", "criteria"]
    assert list(patients.patient_id) == [1, 2]


def test_archives_repeat_byte_for_byte_whatever_the_order_and_time(cohort, archives, tmp_path):
    for source, folders in cohort.items():
        for path in folders[0].rglob("*.nii.gz"):
            path.touch()
        layouts.write_archives(source, reversed(folders), tmp_path / source)
        assert digests(tmp_path / source) == digests(archives / source)


def test_checksums_are_right(archives):
    for source in layouts.SOURCES:
        lines = (archives / source / "SHA256SUMS").read_text().split("\n")[:-1]
        listed = dict(reversed(line.split("  ")) for line in lines)
        assert set(listed) == {path.name for path in (archives / source).glob("*.tar*")}
        for name, digest in listed.items():
            assert hashlib.sha256((archives / source / name).read_bytes()).hexdigest() == digest


def test_box_holds_the_brain():
    for k in range(3):
        brain = someone(f"size{k}").brain
        assert not any(brain.take(i, axis).any() for axis in range(3) for i in (0, -1))
    assert (BOX[:, 0] < -90).all()
