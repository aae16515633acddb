"""Synthetic anomalies: exact labels, the physics of each kind, donors, determinism, the command, the sheet."""

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from scipy import ndimage

from brainuad import code
from brainuad.anomalies import artificial, blobs, donors, kinds, shapes, sweep, transplant
from brainuad.datasets import mslub, volumes
from brainuad.datasets.reader import COLUMNS
from brainuad.datasets.volumes import Volume
from brainuad.errors import InputError
from brainuad.files import save_nifti
from brainuad.preprocessing import space, tissue
from brainuad.preprocessing.tissue import CSF, GM, WM
from brainuad.stages import anomaly_sheet, implant, split

SPACING = (2.0, 1.5, 3.0)
EXAMPLES = [
    ("shapes", {}),
    ("transplant", {"mode": "add"}),
    ("transplant", {"mode": "replace"}),
    *[("artificial", {"form": form, "effect": effect}) for form in artificial.FORMS for effect in artificial.EFFECTS],
    ("blobs", {}),
    ("blobs", {"intensity": "dark", "texture": "rough", "size": 9.0}),
    ("blobs", {"deformation": 3.0}),
]


def make_host(modality: str = "T1", spacing: tuple = SPACING, shape: tuple = (60, 72, 40)) -> kinds.Host:
    """A ball of tissue, brighter inside, in a noisy head."""
    rng = np.random.default_rng(7)
    axes = np.ogrid[tuple(slice(n) for n in shape)]
    distance = np.sqrt(sum(((a - n / 2) * s) ** 2 for a, n, s in zip(axes, shape, spacing, strict=True)))
    image = np.where(distance < 50, 900 - 4 * distance, 200) + 20 * rng.standard_normal(shape)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-60, -54, -60)
    return kinds.Host(image.astype(np.float32), distance < 50, affine, modality)


def make_donor(host: kinds.Host) -> kinds.Donor:
    """Two lesions, one of which reaches out of the host's brain, and a bright scan."""
    label = np.zeros(host.brain.shape, np.uint8)
    label[26:33, 30:40, 15:22] = 2
    label[:16, 30:40, 15:22] = 1
    image = np.random.default_rng(1).uniform(10, 3000, label.shape)
    return kinds.Donor(label, image.astype(np.float32))


def run(kind: str, host: kinds.Host, subject: str = "s", seed: int = 0, **settings: object) -> kinds.Implanted:
    return kinds.load(kind).implant(host, make_donor(host), kinds.stream(seed, kind, subject), **settings)


@pytest.mark.parametrize(("kind", "settings"), EXAMPLES)
def test_exactly_the_labelled_voxels_change(kind: str, settings: dict) -> None:
    host = make_host()
    untouched = host.image.copy()
    image, label = run(kind, host, **settings)
    assert image.dtype == np.float32 and label.dtype == np.uint8
    assert np.array_equal(host.image, untouched)
    assert label.any() and not label[~host.brain].any()
    if "deformation" not in settings:
        assert np.array_equal(image[label == 0], host.image[label == 0])
    still = 0.25 if settings.get("effect") == "mirrored" else 0.05  # the mirror itself, or what stays by chance
    assert (image == host.image)[label > 0].mean() < still
    assert np.isfinite(image).all()


@pytest.mark.parametrize(("kind", "settings"), [example for example in EXAMPLES if example[0] != "transplant"])
def test_draws_follow_seed_and_subject(kind: str, settings: dict) -> None:
    host = make_host()
    first, again, seed, subject = (
        run(kind, host, name, seed, **settings)[0] for name, seed in (("a", 0), ("a", 0), ("a", 1), ("b", 0))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, seed) and not np.array_equal(first, subject)


def test_shapes_leave_out_fluid_and_specks() -> None:
    spacing, brain = (2.0, 2.0, 2.0), np.zeros((30, 30, 10), bool)
    brain[5:25, 5:25] = True
    label = np.zeros(brain.shape, np.uint8)
    label[8:12, 8:12, 3:6] = 1  # a lesion
    label[20, 20, 5] = 1  # 8 mm3: too small
    label[2:7, 14:18, 5] = 1  # reaches out of the brain
    label[15:19, 8:12, 3:6] = 1  # in fluid
    image = np.where(brain, 900, 0).astype(np.float32)
    image[14:20, 7:13] = 200
    host = kinds.Host(image, brain, np.diag([*spacing, 1.0]), "T1")
    changed, truth = shapes.implant(host, kinds.Donor(label), kinds.stream(0, "shapes", "s"))
    assert ndimage.label(truth, np.ones((3, 3, 3)))[1] == 2
    assert truth.sum() == 4 * 4 * 3 + 2 * 4
    assert changed[truth > 0].max() < 0.95 * 900
    host = kinds.Host(np.where(brain, 600, 0).astype(np.float32) + 300 * (label == 0), brain, host.affine, "FLAIR")
    brighter, truth = shapes.implant(host, kinds.Donor(label), kinds.stream(0, "shapes", "s"))
    assert brighter[truth > 0].min() > 600


def test_transplant_is_equation_15() -> None:
    """Voxel by voxel, with the host in [0, 1]: A' = min(A + M, 1), M from 0 to 1 in the tumour."""
    host = make_host()
    donor = make_donor(host)
    added, label = run("transplant", host, mode="add")
    replaced, _ = run("transplant", host, mode="replace")
    low, high = host.image[host.brain].min(), host.image[host.brain].max()
    tumour = [donor.image[tuple(v)] for v in np.argwhere(donor.label > 0)]
    for voxel in map(tuple, np.argwhere((donor.label > 0) & host.brain)):
        a = (host.image[voxel] - low) / (high - low)
        m = (donor.image[voxel] - min(tumour)) / (max(tumour) - min(tumour))
        assert label[voxel] == 1
        assert (added[voxel] - low) / (high - low) == pytest.approx(min(a + m, 1), abs=1e-5)
        assert (replaced[voxel] - low) / (high - low) == pytest.approx(m, abs=1e-5)
    assert added[label > 0].max() == pytest.approx(high)  # clipped
    assert label.sum() == ((donor.label > 0) & host.brain).sum()


@pytest.mark.parametrize(
    ("modality", "signal"), [("T1", {CSF: 300, GM: 600, WM: 900}), ("T2", {CSF: 1000, GM: 700, WM: 450})]
)
def test_an_added_tumour_can_lie_below_its_tissue_in_t2_alone(modality: str, signal: dict[int, float]) -> None:
    """Addition brightens: in T1 towards white matter, the highest tissue of a map, in T2 towards fluid, the lowest."""
    host = make_host(modality)
    healthy = np.where(host.brain, np.random.default_rng(2).integers(CSF, WM + 1, host.brain.shape), 0)
    noise = np.random.default_rng(3).normal(0, 10, healthy.shape)
    image = (np.select([healthy == name for name in signal], list(signal.values())) + noise).astype(np.float32)
    host = kinds.Host(image, host.brain, host.affine, modality)
    means = sorted(signal.values())
    changed, label = run("transplant", host)
    classes = np.where(host.brain, 1 + np.digitize(changed, np.convolve(means, [0.5, 0.5], "valid")), 0)
    ill = tissue.canonical(classes, changed, host.brain, modality)
    below, above = ((sign * (healthy.astype(int) - ill))[label > 0] > 0 for sign in (1, -1))
    assert np.array_equal(healthy[label == 0], ill[label == 0])
    assert (below.mean(), above.mean()) == pytest.approx({"T1": (0, 0.5), "T2": (0.5, 0)}[modality], abs=0.15)


def test_tumour_outside_the_brain_is_no_anomaly() -> None:
    host = make_host()
    donor = make_donor(host)
    away = kinds.Donor(np.where(host.brain, 0, donor.label).astype(np.uint8), donor.image)
    for module in (shapes, transplant):
        _, label = module.implant(host, away, kinds.stream(0, "x", "s"))
        assert not label.any()


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.0, 1.5, 4.0)])
@pytest.mark.parametrize("form", artificial.FORMS)
def test_objects_measure_mm(form: str, spacing: tuple) -> None:
    shape = tuple(int(110 / step) for step in spacing)
    host = make_host(spacing=spacing, shape=shape)
    settings = {"form": form, "effect": "uniform", "smallest": 30.0, "largest": 30.0}
    for subject in "abc":
        _, label = run("artificial", host, subject, **settings)
        sides = np.array([s.stop - s.start for s in ndimage.find_objects(label)[0]]) * spacing
        least = 30 if form == "sphere" else 18
        assert (sides <= 30 + np.array(spacing)).all() and (sides >= least - 2 * np.array(spacing)).all()
        if form == "sphere":
            assert label.sum() * np.prod(spacing) == pytest.approx(np.pi / 6 * 30**3, rel=0.05)


def test_copied_tissue_comes_from_the_brain() -> None:
    """Moved tissue is made of the brain's own values; mirrored tissue is the same again when mirrored again."""
    host = make_host()
    for effect in ("shifted", "mirrored", "duplicated"):
        image, label = run("artificial", host, effect=effect)
        assert np.isin(image[label > 0], host.image[host.brain]).all()
        assert not np.array_equal(image, host.image)
    image, label = run("artificial", host, effect="mirrored", form="sphere")
    box = ndimage.find_objects(label)[0]
    assert any(
        np.array_equal(np.where(label, image, 0)[box], np.flip(np.where(label, host.image, 0)[box], axis))
        for axis in range(3)
    )


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.0, 1.5, 4.0)])
@pytest.mark.parametrize("size", [8.0, 16.0, 28.0])
def test_blobs_have_their_size_in_mm(size: float, spacing: tuple) -> None:
    host = make_host(spacing=spacing, shape=tuple(int(110 / step) for step in spacing))
    _, label = run("blobs", host, size=size, count=2)
    pieces, count = ndimage.label(label, np.ones((3, 3, 3)))
    assert count == 2
    volumes = np.bincount(pieces.ravel())[1:] * np.prod(spacing)
    assert volumes == pytest.approx(np.pi / 6 * size**3, abs=np.prod(spacing))
    reach = [(s.stop - s.start) * step for s, step in zip(ndimage.find_objects(pieces)[0], spacing, strict=True)]
    assert max(reach) < 2 * size + max(spacing)


@pytest.mark.parametrize("modality", ["T1", "T2"])
def test_blobs_are_dark_mid_or_bright_beside_tissue(modality: str) -> None:
    """One place, three intensities: below all tissue, amid it, above it."""
    host = make_host(modality)
    results = {name: run("blobs", host, intensity=name, size=24.0) for name in blobs.LEVELS}
    labels = [label for _, label in results.values()]
    assert all(np.array_equal(label, labels[0]) for label in labels)
    core = ndimage.binary_erosion(labels[0] > 0, iterations=2)
    dark, mid, bright = (np.median(image[core]) for image, _ in results.values())
    low, middle, high = np.percentile(host.image[host.brain], [1, 50, 99])
    assert dark < low < mid < high < bright
    assert mid == pytest.approx(middle, rel=0.02)
    rough, _ = run("blobs", host, texture="rough", size=24.0)
    smooth, _ = results["bright"]
    assert rough[core].std() > 5 * smooth[core].std() and rough[core].std() > 0.05 * high


def test_deformation_moves_tissue_outwards_and_labels_the_blobs_alone() -> None:
    """In an image that tells its own coordinate, what moved shows by how far: at most the setting, outwards."""
    shape = (64, 64, 64)
    away = np.linalg.norm(np.indices(shape) - 32, axis=0)
    blob, brain = away <= 8, away < 30
    brain[:, :, 40:] = False  # the brain ends within reach
    ramp = np.broadcast_to(np.arange(64, dtype=np.float32)[:, None, None], shape).copy()
    host = kinds.Host(ramp, brain, np.eye(4), "T1")
    moved, displaced = blobs.displace(host, blob, 4.0)
    assert not displaced[blob].any() and not displaced[~brain].any()
    assert np.array_equal(moved[~displaced], ramp[~displaced])
    shift = (ramp - moved) * np.sign(np.arange(64) - 32)[:, None, None]  # mm outwards
    assert shift[displaced].min() > -0.05
    assert 3.0 < shift[displaced].max() <= 4.0
    assert away[displaced].max() < 8 + 10 + 1
    assert (np.diff(moved[41:, 32, 32]) > 0).all()  # nothing is folded
    plain, _ = run("blobs", make_host())
    pushed, label = run("blobs", make_host(), deformation=3.0)
    assert np.array_equal(run("blobs", make_host())[1], label)
    assert not np.array_equal(plain[label == 0], pushed[label == 0])


def test_no_room_for_blobs() -> None:
    with pytest.raises(InputError, match="9 blobs of 60 mm: don't fit into the brain"):
        run("blobs", make_host(), size=60.0, count=9)


def test_sweep_changes_one_setting_at_a_time() -> None:
    axes = {"intensity": ["dark", "mid"], "size": [5, 7.5], "deformation": [2.0]}
    assert sweep.conditions(axes) == {
        "intensity-dark": {"intensity": "dark"},
        "intensity-mid": {"intensity": "mid"},
        "size-5": {"size": 5},
        "size-7.5": {"size": 7.5},
        "deformation-2.0": {"deformation": 2.0},
    }
    for settings in sweep.conditions(axes).values():
        kinds.check_settings("blobs", settings)


def test_wrong_settings() -> None:
    assert kinds.known() == ["artificial", "blobs", "shapes", "transplant"]
    with pytest.raises(InputError, match=r"lumps: is no kind of anomaly. Known kinds: artificial, blobs"):
        kinds.load("lumps")
    with pytest.raises(InputError, match=r"blobs anomalies: have no setting colour. Settings: intensity, size, "):
        kinds.check_settings("blobs", {"colour": "red"})
    with pytest.raises(InputError, match=r"have no setting mode. Settings: none"):
        kinds.check_settings("shapes", {"mode": "add"})
    for kind, settings in (
        ("blobs", {"intensity": "red"}),
        ("transplant", {"mode": "x"}),
        ("artificial", {"form": "x"}),
    ):
        with pytest.raises(InputError, match=r"is unknown to the anomalies. Choose one of: "):
            run(kind, make_host(), **settings)


def test_nothing_that_trains_knows_the_test_anomalies() -> None:
    package = Path(code.SOURCE)
    modules = [
        f"brainuad.{path.relative_to(package).with_suffix('').as_posix().replace('/', '.')}"
        for folder in ("methods", "networks", "scoring")
        for path in package.joinpath(folder).glob("*.py")
        if path.stem != "__init__"
    ]
    reached = code.closure(*modules, "brainuad.training", "brainuad.stages.fit", "brainuad.stages.score")
    assert "brainuad.seeds" in reached
    assert not [module for module in reached if module.startswith("brainuad.anomalies")]
    others = [path for path in package.rglob("*.py") if path.parent.name != "anomalies"]
    assert not [path for path in others if kinds.STREAM in path.read_text()]


def write_table(path: Path, rows: list[dict[str, object]]) -> Path:
    pd.DataFrame(rows, columns=list(COLUMNS), dtype=str).fillna("").to_csv(path, sep="\t", index=False)
    return path


def test_tested_hosts_share_no_donor_as_long_as_there_are_enough(tmp_path: Path) -> None:
    """A subject's donor depends on the tables and the seed; donors that lack what is needed take no part."""
    path = write_table(tmp_path / "hosts.tsv", [{"subject": f"h{i:02}", "T2": "x" if i else ""} for i in range(25)])
    rows = [{"subject": f"d{i}", "T2": "x", "label": "y", "anomalous": "1"} for i in range(8)]
    rows += [{"subject": "unlabelled", "T2": "x"}, {"subject": "unscanned", "label": "y"}]
    rows += [{"subject": "well", "T2": "x", "label": "y", "anomalous": "0"}]
    patients = write_table(tmp_path / "donors.tsv", rows)

    def order(subject: str, seed: int = 0, needs: tuple = ("label", "image")) -> list[str]:
        hosts = donors.in_split_order(f"made={path}", subject, "T2", seed)
        return [row["subject"] for row in donors.ranked(patients, needs, subject, "T2", hosts, seed)]

    for train, test in ((0, 8), (5, 8), (14, 7)):
        cohort = {"dataset": "made", "modality": "T2", "train": train, "test": test}
        split.main(cohorts=json.dumps([cohort]), subjects=[f"made={path}"], out=tmp_path / "splits.csv")
        drawn = pd.read_csv(tmp_path / "splits.csv")
        orders = {name: order(name) for name in drawn.loc[drawn["split"] == "test", "subject"]}
        assert len({tried[0] for tried in orders.values()}) == test
        assert all(sorted(tried) == [f"d{i}" for i in range(8)] for tried in orders.values())
    assert order("h05") != order("h05", seed=1)
    assert set(order("h01", needs=("label",))) == {*order("h01"), "unscanned"}
    with pytest.raises(InputError, match=r"hosts.tsv: has no T2 of subject h00"):
        order("h00")
    patients = write_table(tmp_path / "nobody.tsv", rows[8:9])
    with pytest.raises(InputError, match=r"nobody.tsv: lists no patient with label and T2"):
        order("h01")


@pytest.fixture(scope="module")
def template() -> Volume:
    """The template at 4 mm, brain above 0."""
    grid = sitk.Image(49, 58, 47, sitk.sitkFloat32)
    grid.SetSpacing((4.0, 4.0, 4.0))
    grid.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    grid.SetOrigin((96.5, 132.5, -70.5))
    data, affine = space.to_ras(sitk.Resample(space.template(), grid))
    return Volume(1000 * data, affine)


def moved(volume: Volume, turn: float, shift: tuple[float, float, float]) -> Volume:
    """The same voxels in a world that is turned by `turn` radians and shifted by mm."""
    motion = np.eye(4)
    motion[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    motion[:3, 3] = shift
    return Volume(volume.data, motion @ volume.affine)


@pytest.fixture
def files(template: Volume, tmp_path: Path) -> dict[str, Path]:
    """A host, two donors in other poses (one label without scan in the template's space), and their tables."""
    host = moved(template, 0.1, (8, -6, 5))
    noise = np.random.default_rng(0).standard_normal(host.data.shape)
    brain = (host.data > 100).astype(np.uint8)
    save_nifti(tmp_path / "host.nii.gz", np.where(brain, host.data + 30 * noise, 0).astype(np.float32), host.affine)
    save_nifti(tmp_path / "brain.nii.gz", brain, host.affine)
    donor = moved(template, -0.12, (-10, 12, -7))
    label = np.zeros(brain.shape, np.uint8)
    label[30:35, 20:26, 20:25] = 3
    scan = np.where(label, 1800 + 100 * noise, donor.data)
    save_nifti(tmp_path / "scan.nii.gz", scan.astype(np.float32), donor.affine)
    save_nifti(tmp_path / "label.nii.gz", label, donor.affine)
    save_nifti(tmp_path / "alone.nii.gz", (label > 0).astype(np.uint8), template.affine)
    write_table(tmp_path / "hosts.tsv", [{"subject": "h", "T1": "host"}])
    row = {"subject": "d", "T1": tmp_path / "scan.nii.gz", "label": tmp_path / "label.nii.gz", "anomalous": "1"}
    write_table(tmp_path / "scanned.tsv", [row])
    write_table(tmp_path / "alone.tsv", [{"subject": "d", "label": tmp_path / "alone.nii.gz", "anomalous": "1"}])
    return {path.name.split(".")[0] + path.suffix: path for path in tmp_path.iterdir()}


def call(files: dict[str, Path], kind: str, modality: str = "T1", **more: object) -> tuple[np.ndarray, np.ndarray]:
    folder = files["host.gz"].parent
    out = {"out_image": folder / "out" / "image.nii.gz", "out_label": folder / "out" / "label.nii.gz"}
    given = {"image": files["host.gz"], "brain": files["brain.gz"]}
    implant.main(kind=kind, **given, modality=modality, subject="h", **out, **more)
    made = [nib.load(path) for path in out.values()]
    assert all(np.allclose(image.affine, nib.load(files["host.gz"]).affine, atol=1e-4) for image in made)
    return tuple(np.asarray(image.dataobj) for image in made)


@pytest.mark.parametrize(
    ("kind", "table", "reader"),
    [("transplant", "scanned.tsv", "brats"), ("shapes", "scanned.tsv", "brats"), ("shapes", "alone.tsv", "mslub")],
)
def test_lesions_come_to_the_same_place_in_another_head(
    files: dict[str, Path], kind: str, table: str, reader: str
) -> None:
    """Donor and host are one template in different poses, so the lesion must land on the same voxels."""
    more = {"donors": files[table], "donor_reader": reader, "hosts": f"made={files['hosts.tsv']}"}
    image, label = call(files, kind, **more)
    expected = np.asarray(nib.load(files["label.gz"]).dataobj) > 0
    found = label > 0
    if kind == "transplant":
        assert 2 * (found & expected).sum() / (found.sum() + expected.sum()) > 0.75
    else:  # without the fluid among it
        assert (found & ndimage.binary_dilation(expected)).sum() == found.sum() > 0.3 * expected.sum()
    before = nib.load(files["host.gz"]).get_fdata(dtype=np.float32)
    assert np.array_equal(image[~found], before[~found])
    assert np.array_equal(image, call(files, kind, **more)[0])


def test_command_draws_by_subject(files: dict[str, Path]) -> None:
    settings = json.dumps({"size": 20.0, "count": 2})
    first, label = call(files, "blobs", settings=settings)
    again, _ = call(files, "blobs", settings=settings)
    other, _ = call(files, "blobs", settings=settings, seed=1)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert set(np.unique(label)) == {0, 1}


def test_command_refuses(files: dict[str, Path]) -> None:
    given = {"donors": files["alone.tsv"], "donor_reader": "mslub", "hosts": f"made={files['hosts.tsv']}"}
    with pytest.raises(InputError, match="T9: is no modality"):
        call(files, "blobs", modality="T9")
    with pytest.raises(InputError, match=r"shapes anomalies: come from patients. Give --donors"):
        call(files, "shapes")
    with pytest.raises(InputError, match=r"alone.tsv: lists no patient with label and T1"):
        call(files, "transplant", **given)


@pytest.mark.parametrize(
    ("mm", "rolled", "told"), [(40, 0, "40 mm off, 100% in the brain"), (0, 25, ", 2% in the brain")]
)
def test_label_without_scan_must_lie_in_template_space(files: dict, mm: float, rolled: int, told: str) -> None:
    label = nib.load(files["alone.gz"])
    affine = label.affine.copy()
    affine[2, 3] += mm
    save_nifti(files["alone.gz"], np.roll(np.asarray(label.dataobj), rolled, 2), affine)
    given = {"donors": files["alone.tsv"], "donor_reader": "mslub", "hosts": f"made={files['hosts.tsv']}"}
    with pytest.raises(InputError, match=rf"alone.nii.gz: comes without .* doesn't lie in MNI space \(.*{told}"):
        call(files, "shapes", **given)


@pytest.mark.skipif("BRAINUAD_REALDATA" not in os.environ, reason="real scans are not here")
def test_real_masks_lie_in_template_space() -> None:
    table = mslub.index([Path(os.environ["BRAINUAD_REALDATA"], "mslub")])
    alone = table.loc[(table[["T1", "FLAIR"]] == "").all(axis=1), "label"]
    assert len(alone) > 20
    for cell in alone[::6]:
        label = volumes.load_label(cell, volumes.grid(cell), mslub.LABELS)
        donors.check_in_template(cell, label)
        with pytest.raises(InputError, match="doesn't lie in MNI space"):
            donors.check_in_template(cell, moved(label, 0, (0, 0, 30)))


def test_sheet_shows_every_kind(tmp_path: Path) -> None:
    from matplotlib.image import imread

    from brainuad.figures.anomalies import AXES, PAIRS

    assert {kind for kind, _ in PAIRS} | {"blobs"} == set(kinds.known())
    for settings in sweep.conditions(AXES).values():
        kinds.check_settings("blobs", settings)
    anomaly_sheet.main(out=tmp_path / "sheet.png", spacing=4.0)
    picture = imread(tmp_path / "sheet.png")
    orange = (np.abs(picture[..., :3] - np.array([0xE6, 0x9F, 0x00]) / 255) < 0.15).all(-1)
    rows = np.array_split(orange, len(PAIRS) + len(AXES))
    assert all(row.any() for row in rows)
