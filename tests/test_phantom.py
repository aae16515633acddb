"""The phantom cohort: anatomy, contrasts, lesions, scanners and native layouts."""

import hashlib
import json
import tarfile
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, stats

from brainuad.datasets import archives as archive_module
from brainuad.datasets.reader import reader
from brainuad.datasets.structures import CLASSES, load_structures
from brainuad.datasets.volumes import load_image
from brainuad.errors import InputError
from brainuad.phantom import anatomy as anatomy_module
from brainuad.phantom import layouts
from brainuad.phantom.anatomy import BOX, FIELD_SPACING, Anatomy, fractions, grid, jacobian, person, warp
from brainuad.phantom.bodies import mass_effect
from brainuad.phantom.contrast import CONTRASTS, render
from brainuad.phantom.head import with_head
from brainuad.phantom.layouts import isbi2015, kobayashi
from brainuad.phantom.lesions import KINDS, OUTSIDE, lesion_volume, multiple_sclerosis
from brainuad.phantom.scanner import SCANNERS, Grid, acquire, bias_field, pose
from brainuad.phantom.structures import structures
from brainuad.phantom.study import field_of_view
from brainuad.seeds import generator

COARSE = 4.0
ILL = [kind for kind in KINDS if kind != "healthy"]


@lru_cache
def someone(name: str = "someone", spacing: float = COARSE, age: float = 50) -> Anatomy:
    return person(0, name, spacing, age)


@lru_cache
def healthy(kind: str) -> Anatomy:
    """Someone as a kind of lesion wants them."""
    return with_head(someone(), generator(0, "head")) if kind in OUTSIDE else someone()


@lru_cache
def ill(kind: str, seed: int = 0) -> tuple[Anatomy, np.ndarray]:
    return KINDS[kind](healthy(kind), generator(seed, kind))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> dict[str, list[Path]]:
    """Two written subjects of each source (healthy and ill where it has both), and a BraTS test subject."""
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
def test_labels_lie_where_they_may_and_repeat(kind):
    anatomy, label = ill(kind)
    again = KINDS[kind](healthy(kind), generator(0, kind))[1]
    assert label.dtype == np.uint8 and label.any()
    assert not label[anatomy.brain if kind in OUTSIDE else ~anatomy.brain].any()
    np.testing.assert_array_equal(label, again)
    np.testing.assert_allclose(sum(anatomy.tissues.values())[anatomy.brain], 1, atol=1e-4)
    assert not np.array_equal(label, ill(kind, seed=1)[1])


@pytest.mark.parametrize("kind", ("tumour", "ms", "metastases", "cavity", "extracranial"))
def test_label_is_where_lesion_tissue_fills_half_a_voxel(kind):
    anatomy, label = ill(kind)
    foreign = set(anatomy.tissues) - set(healthy(kind).tissues)
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


def test_structural_changes_keep_to_their_label_and_to_normal_tissue():
    """Two ways to have more fluid and one to have less; outside the label no voxel changes by half."""
    more_fluid = set()
    for seed in range(8):
        anatomy, label = ill("structural", seed)
        assert set(anatomy.tissues) == set(someone().tissues)
        change = sum(np.abs(part - someone().tissues[name]) for name, part in anatomy.tissues.items()) / 2
        assert change[label == 0].max() < 0.5
        assert change[label == 1].mean() > 0.05
        fluid = anatomy.tissues["csf"] - someone().tissues["csf"]
        wider = (anatomy.ventricles & ~someone().ventricles)[label == 1].any()
        more_fluid.add((bool(fluid[label == 1].mean() > 0), bool(wider)))
    assert more_fluid == {(True, True), (True, False), (False, False)}


def test_extracranial_masses_enhance_in_bone_and_leave_the_brain():
    anatomy, label = ill("extracranial")
    before = healthy("extracranial")
    for name, part in before.tissues.items():
        np.testing.assert_array_equal(anatomy.tissues[name][before.brain], part[before.brain])
    assert sum(anatomy.tissues.values()).max() < 1.0001
    bone = before.tissues["bone"] + before.tissues["marrow"]
    assert bone[label > 0].mean() > 3 * bone[~before.brain].mean()
    plain, enhanced = (render(anatomy, contrast, generator(0, "x"))[label > 0].mean() for contrast in ("T1", "T1ce"))
    assert enhanced > 1.5 * plain


def test_plaques_grow():
    earlier, later = (multiple_sclerosis(someone(), generator(0, "ms"), extent)[1] for extent in (0.5, 1.0))
    assert not (earlier > later).any()
    assert 0 < earlier.sum() < later.sum()
    np.testing.assert_array_equal(later, ill("ms")[1])


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

FIRST = {
    "bids": ["sub-healthy001", "sub-healthy002"],
    "brats": ["BRATS_001", "BRATS_002"],
    "brats2021": ["BraTS2021_00000", "BraTS2021_00001"],
    "isbi2015": ["training01", "training02"],
    "kobayashi": ["sub-01", "sub-02"],
    "mood": ["00000", "00001"],
    "mood_toy": ["toy_0", "toy_1"],
    "mslub": ["patient01", "patient02"],
}
FILES = {
    "bids": [
        "{name}/anat/{name}_ce-gadolinium_T1w.nii.gz",
        "derivatives/structures/{name}/anat/{name}_desc-structures_dseg.nii.gz",
        "participants.tsv",
    ],
    "brats": ["Task01_BrainTumour/{part}Tr/{name}.nii.gz"],
    "brats2021": ["{name}/{name}_{kind}.nii.gz"],
    "isbi2015": [
        "training/{name}/preprocessed/{name}_0{visit}_{scan}_pp.nii",
        "training/{name}/masks/{name}_0{visit}_mask{rater}.nii",
    ],
    "ixi": ["IXI-{contrast}/{name}-{contrast}.nii.gz", "participants.tsv"],
    "kobayashi": [
        "{name}/anat/{name}_ce-gadolinium_T1w.nii.gz",
        "derivatives/labels/{name}/anat/{name}_dseg.nii.gz",
        "derivatives/brain/{name}/anat/{name}_desc-brain_mask.nii.gz",
        "participants.tsv",
    ],
    "mood": ["brain_train/{name}.nii.gz"],
    "mood_toy": ["toy/{name}.nii.gz", "toy_label/pixel/{name}.nii.gz", "toy_label/sample/{name}.nii.gz.txt"],
    "mslub": ["cross_sectional/coregistered/{name}/{stem}.nii.gz", "cross_sectional/patient_info.csv"],
    "nfbs": ["NFBS_Dataset/{name}/sub-{name}_ses-NFB3_T1w{suffix}.nii.gz"],
}
MIDDLE = dict.fromkeys(("brats", "brats2021"), (-119.5, 137.5, 71.5))
"""Where the middle of MNI space lies in a source's own."""
PARTS = {
    "part": ("images", "labels"),
    "kind": ("t1", "t1ce", "t2", "flair", "seg"),
    "scan": ("flair", "mprage", "pd", "t2"),
    "visit": ("1", "2"),
    "rater": ("1", "2"),
    "contrast": ("T1", "T2", "PD"),
    "stem": ("FLAIR", "T1W", "T1WKS", "T2W", "consensus_gt", "brainmask"),
    "suffix": ("", "_brain", "_brainmask"),
}


def expected_files(source: str, name: str) -> set[str]:
    """The paths of `FILES` with every combination of `PARTS`."""
    paths = {path.replace("{name}", name) for path in FILES[source]}
    for part, values in PARTS.items():
        paths = {path.replace(f"{{{part}}}", value) for path in paths for value in values}
    return paths


def niftis(folder: Path) -> dict[str, nib.Nifti1Image]:
    """A subject's NIfTI files by their relative path."""
    paths = [path for path in sorted(folder.rglob("*")) if path.name.endswith((".nii", ".nii.gz"))]
    return {path.relative_to(folder).as_posix(): nib.load(path) for path in paths}


def values(folder: Path, pattern: str) -> np.ndarray:
    """The voxels of the one file that matches."""
    (path,) = folder.rglob(pattern)
    return np.asarray(nib.load(path).dataobj)


def test_every_source_is_a_reader():
    for source in layouts.SOURCES:
        assert hasattr(reader(source), "index")


@pytest.mark.parametrize("source", FIRST)
def test_names_are_native(source):
    assert layouts.subjects(source, 2) == FIRST[source]


@pytest.mark.parametrize(("source", "pattern"), [("ixi", r"IXI\d{3}-(Guys|HH|IOP)-\d{4}"), ("nfbs", r"A000\d{5}")])
def test_drawn_names_are_native_and_stable(source, pattern):
    names = layouts.subjects(source, 60)
    assert names[:7] == layouts.subjects(source, 7)
    assert len(set(names)) == 60 and sorted(names) == names
    assert pd.Series(names).str.fullmatch(pattern).all()


def test_ixi_has_its_three_sites():
    assert {name.split("-")[1] for name in layouts.subjects("ixi", 60)} == {"Guys", "HH", "IOP"}


def test_unknown_source_and_subject_are_refused():
    with pytest.raises(
        InputError, match="bids, brats, brats2021, isbi2015, ixi, kobayashi, mood, mood_toy, mslub, nfbs"
    ):
        layouts.subjects("nowhere", 1)
    with pytest.raises(InputError, match="IXI002-Guys-0828"):
        layouts.case("ixi", "IXI002", 0)


@pytest.mark.parametrize("source", layouts.SOURCES)
def test_files_of_each_source(cohort, source):
    for folder in cohort[source][:2]:
        assert set(digests(folder)) == expected_files(source, folder.name)


def test_a_test_subject_of_brats_has_no_label(cohort):
    assert set(digests(cohort["brats"][2])) == {"Task01_BrainTumour/imagesTs/BRATS_485.nii.gz"}


@pytest.mark.parametrize(
    ("source", "subject"), [("mslub", "patient01"), ("kobayashi", "sub-02"), ("bids", "sub-healthy001")]
)
def test_a_written_subject_repeats_bit_for_bit(cohort, tmp_path, source, subject):
    layouts.write_subject(source, subject, 0, COARSE, tmp_path)
    folder = next(folder for folder in cohort[source] if folder.name == subject)
    assert digests(tmp_path) == digests(folder)


@pytest.mark.parametrize(
    ("source", "pattern", "codes", "shape", "dtype"),
    [
        ("ixi", "*-T1.nii.gz", "PSR", (64, 64, 38), np.int16),
        ("ixi", "*-T2.nii.gz", "LAS", (64, 64, 33), np.int16),
        ("brats", "labelsTr/*", "LPS", (60, 60, 39), np.uint8),
        ("brats", "imagesTr/*", "LPS", (60, 60, 39, 4), np.int16),
        ("brats2021", "*_t1ce.nii.gz", "LPS", (60, 60, 39), np.int16),
        ("isbi2015", "*_01_flair_pp.nii", "RAS", (46, 55, 46), np.float32),
        ("kobayashi", "*_T1w.nii.gz", "LPS", (56, 64, 56), np.int16),
        ("bids", "*_dseg.nii.gz", "LPS", (56, 64, 56), np.uint8),
        ("mood", "*.nii.gz", "SPR", (64, 64, 64), np.float32),
        ("mood_toy", "pixel/*", "SPR", (64, 64, 64), np.uint8),
        ("mslub", "FLAIR.nii.gz", "LPS", (48, 64, 64), np.int16),
        ("nfbs", "*_T1w.nii.gz", "PIR", (64, 64, 48), np.int16),
        ("nfbs", "*_brainmask.nii.gz", "PIR", (64, 64, 48), np.float32),
    ],
)
def test_orientation_numbers_and_geometry(cohort, source, pattern, codes, shape, dtype):
    image = nib.load(next(cohort[source][0].rglob(pattern)))
    assert "".join(nib.aff2axcodes(image.affine)) == codes
    assert image.shape == shape
    assert image.get_data_dtype() == dtype


@pytest.mark.parametrize("source", layouts.SOURCES)
def test_a_subjects_files_share_a_grid(cohort, source):
    """But IXI's T1, which is another scan than its T2 and PD."""
    images = [image for name, image in niftis(cohort[source][0]).items() if "IXI-T1" not in name]
    grids = {image.shape[:3] + tuple(image.affine.ravel()) for image in images}
    assert len(grids) == 1


@pytest.mark.parametrize(
    ("axes", "matrix", "voxel", "edge", "affine"),
    [
        # The affine of every BraTS file.
        ("LPS", (240, 240, 155), (1, 1, 1), (0.5, 239.5, -0.5), [[-1, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0]]),
        # The ICBM template's.
        ("RAS", (181, 217, 181), (1, 1, 1), (-90.5, -126.5, -72.5), [[1, 0, 0, -90], [0, 1, 0, -126], [0, 0, 1, -72]]),
        ("PSR", (256, 256, 150), (1, 1, 2), (-90, 108, -128), [[0, 0, 2, -89], [-1, 0, 0, 107.5], [0, 1, 0, -127.5]]),
    ],
)
def test_native_grids_at_1_mm(axes, matrix, voxel, edge, affine):
    native = field_of_view(axes, matrix, voxel, 1.0, edge)
    assert native.shape == matrix
    np.testing.assert_array_equal(native.affine, [*affine, [0, 0, 0, 1]])
    np.testing.assert_allclose(native.voxel, voxel)


def test_labels_of_brats(cohort):
    for folder in cohort["brats"][:2]:
        label, image = values(folder, "labelsTr/*"), values(folder, "imagesTr/*")
        assert {0, 1, 2} <= set(np.unique(label)) <= {0, 1, 2, 3}
        assert np.mean(image == 0) > 0.5
        assert (image[label > 0] > 0).mean() > 0.99


def test_labels_of_mslub(cohort):
    for folder in cohort["mslub"]:
        t1, label, brain = (values(folder, f"{stem}.nii.gz") for stem in ("T1W", "consensus_gt", "brainmask"))
        assert set(np.unique(label)) == {0, 1} == set(np.unique(brain))
        assert not (label > brain).any()
        assert has_skull(t1, brain)


def has_skull(head: np.ndarray, brain: np.ndarray) -> bool:
    return np.mean(head[brain == 0] > 0.5 * np.median(head[brain == 1])) > 0.02


def test_brats_channels_are_flair_t1_t1gd_t2_with_the_decathlons_labels(cohort):
    for folder in cohort["brats"][:2]:
        image, label = values(folder, "imagesTr/*"), values(folder, "labelsTr/*")
        check_glioma(*np.moveaxis(image, -1, 0), oedema=label == 1, core=label == 2, rim=label == 3)


def test_brats2021_files_with_the_challenges_labels(cohort):
    for folder in cohort["brats2021"]:
        label = values(folder, "*_seg.nii.gz")
        assert {0, 1, 2} <= set(np.unique(label)) <= {0, 1, 2, 4}
        images = [values(folder, f"*_{name}.nii.gz") for name in ("flair", "t1", "t1ce", "t2")]
        check_glioma(*images, oedema=label == 2, core=label == 1, rim=label == 4)


def check_glioma(flair, t1, t1ce, t2, oedema, core, rim):
    """White matter is bright in T1; beside it oedema is bright in FLAIR and T2, dark in T1, and a rim enhances."""
    rest = (t1 > 0) & ~(oedema | core | rim)
    low, high = np.percentile(t1[rest], (60, 95))
    white = rest & (t1 > low) & (t1 < high)
    fluid = rest & (t1 < np.percentile(t1[rest], 5))
    flair, t1, t1ce, t2 = (image / np.median(image[white]) for image in (flair, t1, t1ce, t2))
    assert min(flair[oedema].mean(), t2[oedema].mean()) > 1.2
    assert max(t1[oedema].mean(), t1ce[oedema].mean()) < 0.97
    assert t1[core].mean() < t1[oedema].mean()
    assert t2[fluid].mean() > 1.3
    assert flair[fluid].mean() < 1
    if rim.sum() > 20:
        assert t1ce[rim].mean() > 1.2 * t1[rim].mean()


def test_the_two_raters_of_isbi_differ_about_the_same_lesions(cohort):
    for folder in cohort["isbi2015"]:
        for visit in ("01", "02"):
            first, second = (values(folder, f"*_{visit}_mask{rater}.nii") > 0 for rater in (1, 2))
            assert 0.4 < 2 * (first & second).sum() / (first.sum() + second.sum()) < 0.95


def test_the_lesions_of_isbi_grow_between_visits(cohort):
    for folder in cohort["isbi2015"]:
        earlier, later = (values(folder, f"*_{visit}_mask1.nii") > 0 for visit in ("01", "02"))
        assert not (earlier & ~later).any()
        assert 0 < earlier.sum() < later.sum()


def test_the_second_rater_is_off_by_little():
    anatomy, label = ill("ms")
    second = isbi2015.second_rater(label, anatomy, generator(0, "rater"))
    assert ndimage.distance_transform_edt(label == 0)[second].max() <= 3
    assert not second[~anatomy.brain].any()


def test_isbi_is_stripped(cohort):
    for name, image in niftis(cohort["isbi2015"][0]).items():
        brain = np.asarray(image.dataobj) > 0
        assert "masks" in name or 0.1 < brain.mean() < 0.45


def test_nfbs_masks_are_shares_of_brain(cohort):
    for folder in cohort["nfbs"]:
        head, brain, mask = (values(folder, f"*_T1w{suffix}.nii.gz") for suffix in PARTS["suffix"])
        assert mask.min() == 0 and mask.max() == 1
        assert 0.02 < np.mean((mask > 0.01) & (mask < 0.99)) < 0.2
        np.testing.assert_array_equal(brain, np.where(mask > 0.5, head, 0))
        assert has_skull(head, mask)


@pytest.mark.parametrize(("source", "pattern"), [("mood", "brain_train/*"), ("mood_toy", "toy/*")])
def test_mood_intensities_lie_between_0_and_1(cohort, source, pattern):
    for folder in cohort[source]:
        image = values(folder, pattern)
        assert image.min() >= 0 and image.max() == 1
        assert np.median(image[image > 0.2]) > 0.3


def test_moods_texts_agree_with_its_masks(cohort):
    texts = []
    for folder in cohort["mood_toy"]:
        texts.append(next(folder.rglob("*.txt")).read_text())
        assert set(np.unique(values(folder, "pixel/*"))) == ({0, 1} if texts[-1] == "1" else {0})
    assert sorted(texts) == ["0", "1"]


def test_kobayashis_classes_lie_where_they_should():
    study = layouts.study("kobayashi", "sub-02", 0, COARSE)
    anatomy, label = kobayashi.patient(study, {1, 2, 3, 4})
    assert set(np.unique(label)) == {0, 1, 2, 3, 4}
    assert not label[~anatomy.brain & (label != 2)].any()
    assert not (label[anatomy.brain] == 2).any()
    image = render(anatomy, "T1ce", generator(0, "T1ce"))
    white = image[anatomy.tissues["wm"] > 0.95].mean()
    assert image[label == 2].mean() > 1.1 * white > 2 * image[label == 3].mean()
    assert anatomy.tissues["oedema"][label == 1].mean() < 0.5
    assert set().union(*map(kobayashi.findings, layouts.subjects("kobayashi", 4))) == {1, 2, 3, 4}


def test_kobayashis_subjects_have_the_classes_of_their_numbers(cohort):
    for folder in cohort["kobayashi"]:
        assert pd.read_csv(folder / "participants.tsv", sep="\t").anomalous.tolist() == [1]
        label, brain = values(folder, "*_dseg.nii.gz"), values(folder, "*_mask.nii.gz") > 0
        assert set(np.unique(label)) == {0, *kobayashi.findings(folder.name)}
        assert not (brain & (label == 2)).any() and not (~brain & (label != 2) & (label > 0)).any()


def test_structures_are_where_anatomy_has_them(cohort):
    """Volumes as in adults, both halves alike, the cerebellum behind and below the stem, the cortex around it all."""
    study = layouts.study("bids", "sub-healthy001", 0, COARSE)
    label, person = structures(study), study.person
    assert np.array_equal(label > 0, person.brain)
    ml = {name: (label == number).sum() * COARSE**3 / 1000 for number, name in CLASSES.items()}
    assert 300 < ml["cortex"] < 800 and 300 < ml["white matter"] < 800 and 80 < ml["cerebellum"] < 200
    assert 5 < ml["hippocampus and amygdala"] < 20 < ml["deep grey matter"] < 60 and 10 < ml["brain stem"] < 45
    assert (person.ventricles[label == 2]).all() and not person.ventricles[label != 2].any()
    middle = {number: np.argwhere(label == number).mean(0) for number in CLASSES}
    assert all(abs(place[0] - middle[7][0]) * COARSE < 8 for place in middle.values())
    assert middle[8][1] < middle[7][1] and max(middle[8][2], middle[7][2]) < middle[5][2] < middle[4][2] + 8


def test_a_map_of_structures_is_read_as_it_was_made(cohort):
    folder = cohort["bids"][0]
    row = reader("bids").index([folder]).iloc[0]
    found = load_structures(row["brain"], load_image(row["T1ce"]))
    voxels = np.bincount(values(folder, "*_dseg.nii.gz").ravel(), minlength=9)
    assert np.array_equal(np.bincount(found.data.ravel(), minlength=9), voxels) and (voxels > 0).all()


def test_sites_have_their_own_look(cohort):
    gains = {}
    for folder in cohort["ixi"]:
        site = folder.name.split("-")[1]
        gains[site] = np.percentile(values(folder, "*-T1.nii.gz"), 97) / SCANNERS[site].gain
    assert len(gains) == 2
    assert all(0.5 < gain < 1.6 for gain in gains.values())


@pytest.mark.parametrize("source", layouts.SOURCES)
def test_left_stays_left_in_every_layout(cohort, source, tmp_path):
    """What changes in the left, front and top of the brain changes there by each file's affine, and nowhere else."""
    study = layouts.study(source, layouts.subjects(source, 1)[0], 0, COARSE)
    world = study.person.affine[:3, :3] @ np.indices(study.person.brain.shape).reshape(3, -1)
    x, y, z = (world + study.person.affine[:3, 3:]).reshape(3, *study.person.brain.shape)
    block = (np.abs(x + 35) < 13) & (np.abs(y - 20) < 13) & (np.abs(z - 35) < 13)
    marked = replace(study, person=study.person.replaced(myelin=study.person.myelin - 0.5 * block))
    layouts.layout(source).write(marked, tmp_path)
    before, after = niftis(cohort[source][0]), niftis(tmp_path)
    assert set(after) == set(before)
    seen = 0
    for name, image in after.items():
        change = np.abs(np.asarray(image.dataobj, float) - np.asarray(before[name].dataobj, float))
        change = change[..., 0] if change.ndim == 4 else change
        if change.any():
            seen += 1
            voxel = np.array(np.nonzero(change > 0.5 * change.max())).mean(1)
            place = image.affine[:3, :3] @ voxel + image.affine[:3, 3] - MIDDLE.get(source, 0)
            np.testing.assert_allclose(place, (-35, 20, 35), atol=15)
    assert seen == {"ixi": 3, "brats2021": 4, "isbi2015": 8, "mslub": 4, "nfbs": 2}.get(source, 1)


# Archives

ARCHIVES = {
    "bids": {"bids.zip": "T1ce"},
    "brats": {"Task01_BrainTumour.tar": ""},
    "brats2021": {"RSNA_ASNR_MICCAI_BraTS2021_TrainingData_16July2021.tar": ""},
    "isbi2015": {"training_final_v4.zip": ""},
    "ixi": {"IXI-T1.tar": "T1", "IXI-T2.tar": "T2", "IXI-PD.tar": "PD"},
    "kobayashi": {"kobayashi.zip": "T1ce"},
    "mood": {"brain_train.zip": "T1"},
    "mood_toy": {"brain_toy.zip": "T1"},
    "mslub": {"open_ms_data.tar.gz": ""},
    "nfbs": {"NFBS_Dataset.tar.gz": "T1"},
}


def names_in(path: Path) -> list[str]:
    """The plain files of an archive."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return [member.filename for member in archive.infolist() if not member.is_dir()]
    with tarfile.open(path) as archive:
        return [member.name for member in archive if member.isreg()]


@pytest.mark.parametrize("source", layouts.SOURCES)
def test_archives_hold_the_native_members(cohort, archives, source):
    top = {"mslub": "open_ms_data-65704901f60650824565aa5a4818611aa89716f4/"}.get(source, "")
    wanted = {top + path for folder in cohort[source][:2] for path in expected_files(source, folder.name)}
    if source == "ixi":
        wanted = {Path(path).name for path in wanted} - {"participants.tsv"}
    found = {name for archive in ARCHIVES[source] for name in names_in(archives / source / archive)}
    beside = {"._", "dataset.json", "BRATS_485"} if source == "brats" else set()
    assert {name for name in found if not any(part in name for part in beside)} == wanted


def test_brats_has_apples_leftovers_and_a_description(archives):
    with tarfile.open(archives / "brats" / "Task01_BrainTumour.tar") as archive:
        names = archive.getnames()
        description = json.load(archive.extractfile("Task01_BrainTumour/dataset.json"))
    assert {"Task01_BrainTumour/imagesTr/._BRATS_001.nii.gz", "Task01_BrainTumour/imagesTs/BRATS_485.nii.gz"} <= set(
        names
    )
    assert list(description["modality"].values()) == ["FLAIR", "T1w", "t1gd", "T2w"]
    assert (description["numTraining"], description["numTest"]) == (2, 1)
    assert description["training"][0]["label"] == "./labelsTr/BRATS_001.nii.gz"


def test_tables_in_and_beside_the_archives(archives):
    people = pd.read_csv(archives / "ixi" / "participants.tsv", sep="\t")
    assert list(people) == ["participant_id", "age", "sex"]
    assert list(people.participant_id) == layouts.subjects("ixi", 2)
    assert people.age.between(20, 86).all()
    with tarfile.open(archives / "mslub" / "open_ms_data.tar.gz") as archive:
        member = next(name for name in archive.getnames() if name.endswith("patient_info.csv"))
        patients = pd.read_csv(archive.extractfile(member))
    assert list(patients) == ["patient_id", "age", "sex", "ms_type", "edss", "criteria"]
    assert list(patients.patient_id) == [1, 2]
    with zipfile.ZipFile(archives / "kobayashi" / "kobayashi.zip") as archive:
        people = pd.read_csv(archive.open("participants.tsv"), sep="\t")
    assert list(people) == ["participant_id", "age", "sex", "anomalous"]
    assert list(people.participant_id) == ["sub-01", "sub-02"]


def test_archives_repeat_byte_for_byte_whatever_the_order_and_time(cohort, archives, tmp_path):
    for source, folders in cohort.items():
        for path in folders[0].rglob("*.nii*"):
            path.touch()
        layouts.write_archives(source, reversed(folders), tmp_path / source)
        assert digests(tmp_path / source) == digests(archives / source)
    with zipfile.ZipFile(archives / "mood" / "brain_train.zip") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("source", layouts.SOURCES)
def test_sources_table_tells_what_a_reader_finds(archives, source, tmp_path):
    table = pd.read_csv(archives / source / "sources.csv", dtype=str, keep_default_na=False).set_index("archive")
    assert dict(table.modality) == layouts.archives(source) == ARCHIVES[source]
    assert set(table.dataset) == {source}
    assert set(table.access) == {"open"}
    for name, row in table.iterrows():
        path = archives / source / name
        assert row.bytes == str(path.stat().st_size)
        assert row.checksum == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        archive_module.unpack(path, tmp_path / name)
        assert row.files == str(sum(file.is_file() for file in (tmp_path / name).rglob("*")))
    subjects = reader(source).index([tmp_path])
    assert set(table.subjects) == {str(len(subjects))}
    assert list(subjects.subject) == layouts.subjects(source, 2)


def test_box_holds_the_brain():
    for k in range(3):
        brain = someone(f"size{k}").brain
        assert not any(brain.take(i, axis).any() for axis in range(3) for i in (0, -1))
    assert (BOX[:, 0] < -90).all()
