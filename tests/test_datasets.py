"""Readers and canonical volumes on made scans in the native layouts, and on real ones where they are."""

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from brainuad.datasets import volumes
from brainuad.datasets.reader import COLUMNS, known, read_subjects
from brainuad.preprocessing import brain_mask, space
from brainuad.stages import index, volume

SHAPE = (20, 24, 28)
SOURCES = Path(__file__).parents[1] / "workflow" / "data" / "sources.csv"


def ras_scan(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Positive noise with one bright voxel at the right, anterior, superior end."""
    scan = np.random.default_rng(0).uniform(10, 20, shape).astype(np.float32)
    scan[-3, -4, -5] = 1000
    return scan


def save(path: Path, data: np.ndarray, axes: str = "RAS", spacing: tuple = (2, 2, 2)) -> Path:
    """Write data given in RAS order as a NIfTI file whose voxels are stored along `axes`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-18, -30, -12)
    ras = nib.Nifti1Image(data, affine)
    stored = ras.as_reoriented(
        nib.orientations.ornt_transform(nib.io_orientation(ras.affine), nib.orientations.axcodes2ornt(tuple(axes)))
    )
    assert "".join(nib.aff2axcodes(stored.affine)) == axes
    nib.save(stored, path)
    return path


def stripped(scan: np.ndarray) -> np.ndarray:
    """The scan with exact zeros around a ball."""
    distance = np.linalg.norm(np.indices(scan.shape).T - (np.array(scan.shape) - 1) / 2, axis=-1).T
    return np.where(distance < 9, scan, 0).astype(np.float32)


def make_subjects(folder: Path, **cells: Path | str) -> Path:
    """A subjects.tsv with the one subject `a`."""
    row = {column: str(cells.get(column, "")) for column in COLUMNS} | {"subject": "a"}
    path = folder / "subjects.tsv"
    pd.DataFrame([row]).to_csv(path, sep="\t", index=False)
    return path


def make_volume(folder: Path, modality: str, reader: str = "ixi", labelled: bool = False, **cells: Path | str) -> dict:
    """Run the stage on one subject; the images it wrote by name."""
    out = {name: folder / "out" / f"{name}.nii.gz" for name in ("image", "brain", "label")}
    volume.main(
        subjects=make_subjects(folder, **cells),
        subject="a",
        modality=modality,
        reader=reader,
        out_image=out["image"],
        out_brain=out["brain"],
        out_label=out["label"] if labelled else None,
    )
    return {name: nib.load(path) for name, path in out.items() if path.exists()}


def run_index(folder: Path, name: str, *roots: Path) -> pd.DataFrame:
    """The index stage's table, by subject."""
    index.main(reader=name, root=list(roots), dataset="made", out=folder / "subjects.tsv")
    return read_subjects(folder / "subjects.tsv").set_index("subject")


def touch(root: Path, *names: str) -> Path:
    """Empty files below a folder."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.mark.parametrize("axes", ["RAS", "LAS", "LPS", "PSR", "SLP"])
def test_right_stays_right_whatever_the_order_of_storage(tmp_path: Path, axes: str):
    label = np.zeros(SHAPE, np.uint8)
    label[-3, -4, -5] = 3
    made = make_volume(
        tmp_path,
        "T1",
        reader="brats",
        labelled=True,
        T1=save(tmp_path / "t1.nii.gz", ras_scan(), axes, (2, 1.5, 1)),
        label=save(tmp_path / "label.nii.gz", label, axes, (2, 1.5, 1)),
        brain=save(tmp_path / "brain.nii.gz", np.ones(SHAPE, np.uint8), "RAS", (2, 1.5, 1)),
    )
    assert nib.aff2axcodes(made["image"].affine) == ("R", "A", "S")
    np.testing.assert_array_equal(made["image"].get_fdata(dtype=np.float32), ras_scan())
    np.testing.assert_array_equal(np.asarray(made["label"].dataobj), label)
    np.testing.assert_allclose(made["image"].affine @ [17, 20, 23, 1], (16, 0, 11, 1), atol=1e-5)
    assert [made[name].get_data_dtype() for name in made] == [np.float32, np.uint8, np.uint8]
    for image in made.values():
        np.testing.assert_allclose(image.affine, made["image"].affine)
        np.testing.assert_allclose(image.get_qform(), image.get_sform(), atol=1e-5)


def test_header_with_qform_only(tmp_path: Path):
    path = save(tmp_path / "t1.nii.gz", stripped(ras_scan()), "LPS")
    image = nib.load(path)
    bare = nib.Nifti1Image(np.asarray(image.dataobj), None)
    bare.set_qform(image.affine, 1)
    bare.set_sform(None, 0)
    nib.save(bare, path)
    assert nib.load(path).header["sform_code"] == 0
    made = make_volume(tmp_path, "T1", T1=path)
    np.testing.assert_array_equal(made["image"].get_fdata(dtype=np.float32), stripped(ras_scan()))


def test_channels_are_told_apart(tmp_path: Path):
    channels = np.stack([stripped(ras_scan()) * (k + 1) for k in range(4)], axis=-1)
    task = tmp_path / "Task01_BrainTumour"
    save(task / "imagesTr" / "BRATS_001.nii.gz", channels)
    save(task / "labelsTr" / "BRATS_001.nii.gz", np.ones(SHAPE, np.uint8))
    touch(task, "imagesTr/._BRATS_001.nii.gz", "imagesTs/BRATS_485.nii.gz")
    row = run_index(tmp_path, "brats", tmp_path).loc["BRATS_001"]
    for modality, factor in {"FLAIR": 1, "T1": 2, "T1ce": 3, "T2": 4}.items():
        made = make_volume(tmp_path, modality, **{modality: row[modality]})
        np.testing.assert_array_equal(made["image"].get_fdata(), channels[..., factor - 1])
    assert len(read_subjects(tmp_path / "subjects.tsv")) == 1


def test_trailing_axis_of_one_is_dropped(tmp_path: Path):
    made = make_volume(tmp_path, "T1", T1=save(tmp_path / "t1.nii", stripped(ras_scan())[..., None]))
    assert made["image"].shape == SHAPE


def test_stripped_scan_gives_its_own_solid_mask(tmp_path: Path):
    scan = stripped(ras_scan())
    brain = scan != 0
    scan[10, 12, 14] = 0  # a hole
    scan[9:11, 12, 12] = -5  # interpolation undershoots
    scan[2, 2, 2] = 7  # a speck
    made = make_volume(tmp_path, "T1", T1=save(tmp_path / "t1.nii.gz", scan))
    np.testing.assert_array_equal(np.asarray(made["brain"].dataobj) > 0, brain)
    assert b"non-zero" in made["brain"].header["descrip"].item()


def test_own_brain_mask_is_cut_at_one_half(tmp_path: Path):
    mask = np.random.default_rng(1).uniform(0, 1, SHAPE).astype(np.float32)
    cells = {"T1": save(tmp_path / "t1.nii.gz", ras_scan()), "brain": save(tmp_path / "b.nii.gz", mask)}
    made = make_volume(tmp_path, "T1", **cells)
    np.testing.assert_array_equal(np.asarray(made["brain"].dataobj), mask > 0.5)
    assert b"own" in made["brain"].header["descrip"].item()


def test_brain_mask_serves_only_the_scan_it_lies_on(tmp_path: Path):
    cells = {
        "T1": save(tmp_path / "t1.nii.gz", ras_scan()),
        "FLAIR": save(tmp_path / "flair.nii.gz", ras_scan()),
        "T2": save(tmp_path / "t2.nii.gz", stripped(ras_scan()), spacing=(1, 2, 2)),
        "brain": save(tmp_path / "b.nii.gz", np.ones(SHAPE, np.uint8)),
    }
    assert b"own" in make_volume(tmp_path, "T1", **cells)["brain"].header["descrip"].item()
    assert b"non-zero" in make_volume(tmp_path, "T2", **cells)["brain"].header["descrip"].item()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path):
    cell = save(tmp_path / "t1.nii.gz", stripped(ras_scan()))
    written = []
    for _ in range(2):
        make_volume(tmp_path, "T1", T1=cell)
        written.append([(tmp_path / "out" / f"{name}.nii.gz").read_bytes() for name in ("image", "brain")])
    assert written[0] == written[1]


def test_ixi_layout(tmp_path: Path):
    root = touch(
        tmp_path / "ixi",
        "IXI-T1/IXI002-Guys-0828-T1.nii.gz",
        "IXI-T2/IXI002-Guys-0828-T2.nii.gz",
        "masks/IXI002-Guys-0828-DLMUSE.nii.gz",
        "masks/IXI999-Guys-0001-DLMUSE.nii.gz",
        "IXI-T1/IXI014-HH-1236-T1.nii.gz",
        "IXI-T2/IXI014-HH-1236-T2.nii.gz",
        "IXI-T2/IXI580-IOP-1157-T2.nii.gz",
        "IXI-MRA/IXI002-Guys-0828-MRA.nii.gz",
        "IXI-T1/._IXI003-Guys-0001-T1.nii.gz",
        "__MACOSX/IXI004-Guys-0001-T1.nii.gz",
    )
    (root / "participants.tsv").write_text("participant_id\tage\tsex\nIXI002-Guys-0828\t35.8\tF\nIXI003-X-1\t1\tM\n")
    table = run_index(tmp_path, "ixi", root, root / "IXI-T1")
    assert list(table.index) == ["IXI002-Guys-0828", "IXI014-HH-1236", "IXI580-IOP-1157"]
    assert list(table["site"]) == ["Guys", "HH", "IOP"]
    assert table.loc["IXI002-Guys-0828", ["age", "sex"]].tolist() == ["35.8", "F"]
    assert table.loc["IXI002-Guys-0828", "T1"] == str(root / "IXI-T1" / "IXI002-Guys-0828-T1.nii.gz")
    assert (table["brain"] != "").tolist() == [True, False, False]
    assert (table["T2"] != "").tolist() == [True, False, True], "the broken-off T2 of IXI014 is left out"


def test_mslub_layouts(tmp_path: Path):
    github = touch(
        tmp_path / "open_ms_data-657" / "cross_sectional",
        *(f"coregistered/patient01/{n}.nii.gz" for n in ("FLAIR", "T1W", "T1WKS", "T2W", "consensus_gt", "brainmask")),
        "raw/patient01/FLAIR.nii.gz",
        "coregistered_resampled/patient01/consensus_gt.nii.gz",
        "../longitudinal/coregistered/patient01/study1_FLAIR.nii.gz",
        "../longitudinal/coregistered/patient02/FLAIR.nii.gz",
    )
    mni = touch(
        tmp_path / "mni",
        "MNI/patient02/T1_N4_noneck_reduced_winsor_regtoFLAIR_brain_N4_regtoMNI.nii.gz",
        "MNI/patient02/T1POST_N4_noneck_reduced_winsor_regtoFLAIR_brain_N4_regtoMNI.nii.gz",
        "MNI/patient02/GOLD_STANDARD_N4_noneck_reduced_winsor_regtoFLAIR_regtoMNI.nii.gz",
        "MNI/patient10/GOLD_STANDARD_N4_noneck_reduced_winsor_regtoFLAIR_regtoMNI.nii.gz",
    )
    (mni / "patient_info.csv").write_text("patient_id,age,sex,edss\n2,33,M,N/A\n10,N/A,F,1\n")
    zips = touch(
        tmp_path / "zips",
        *(f"patient07/patient07_{n}.nii.gz" for n in ("FLAIR", "T1W", "T1WKS", "T2W", "consensus_gt", "brainmask")),
        "patient07/raw/patient07_FLAIR.nii.gz",
    )
    first = run_index(tmp_path, "mslub", tmp_path / "open_ms_data-657", mni)
    assert list(first.index) == ["patient01"]
    first = first.drop(columns="anomalous")
    names = {column: Path(cell).name for column, cell in first.loc["patient01"].items() if cell}
    assert names == {
        "T1": "T1W.nii.gz", "T1ce": "T1WKS.nii.gz", "T2": "T2W.nii.gz", "FLAIR": "FLAIR.nii.gz",
        "label": "consensus_gt.nii.gz", "brain": "brainmask.nii.gz",
    }  # fmt: skip
    assert {Path(cell).parents[1] for cell in first.loc["patient01"] if cell} == {github / "coregistered"}

    second = run_index(tmp_path, "mslub", mni)
    assert list(second.index) == ["patient02", "patient10"]
    assert second.loc["patient02", ["age", "sex"]].tolist() == ["33", "M"]
    assert second.loc["patient10", ["age", "sex"]].tolist() == ["", "F"]
    assert (second["label"] != "").all()
    assert (second["T1ce"] != "").tolist() == [True, False], "a patient with nothing but a label is listed"

    third = run_index(tmp_path, "mslub", zips)
    assert sum(cell != "" for cell in third.loc["patient07", "T1":]) == 6


@pytest.fixture(scope="module")
def head() -> tuple[np.ndarray, np.ndarray]:
    """The template's T1 in a dark skull and a bright scalp with a neck, 2.5 mm, and its true brain mask."""
    t1 = nib.as_closest_canonical(nib.Nifti1Image(brain_mask.to_array(space.template()), np.eye(4))).get_fdata()
    t1 = ndimage.zoom(np.pad(t1, ((20, 20), (20, 20), (60, 20))), 0.4, order=1)
    brain = t1 > 0.05
    distance = 2.5 * ndimage.distance_transform_edt(~brain)
    x, y = np.indices(brain.shape)[:2]
    centre = ndimage.center_of_mass(brain)
    neck = (x - centre[0]) ** 2 + (y - centre[1] + 8) ** 2 < 18**2
    neck[:, :, int(centre[2]) - 10 :] = False
    scan = np.where(brain, t1, np.where(distance < 7, 0.1, np.where(distance < 13, 0.9, np.where(neck, 0.6, 0))))
    noise = np.random.default_rng(0).normal(0, 0.02, (2, *brain.shape))
    return np.hypot(scan + noise[0], noise[1]).astype(np.float32), brain


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """2 |A and B| / (|A| + |B|)."""
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def test_brain_is_found_in_a_head_of_either_contrast(head: tuple[np.ndarray, np.ndarray]):
    scan, brain = head
    framed = volumes.Volume(np.pad(scan, 8), np.diag([2.5, 2.5, 2.5, 1]))
    assert not volumes.is_stripped(volumes.Volume(scan, framed.affine))
    assert not volumes.is_stripped(framed), "zeros around a head make no brain of it"
    assert volumes.is_stripped(volumes.Volume(np.pad(scan * brain, 8), framed.affine))
    found = brain_mask.estimate(scan, (2.5, 2.5, 2.5))
    assert dice(found, brain) > 0.93
    np.testing.assert_array_equal(found, brain_mask.estimate(scan, (2.5, 2.5, 2.5)))
    inverted = np.where(brain, 1.1 - scan, scan)
    assert dice(brain_mask.estimate(inverted, (2.5, 2.5, 2.5)), brain) > 0.9


def test_every_source_has_a_reader():
    assert set(pd.read_csv(SOURCES)["dataset"]) <= set(known())


REAL = os.environ.get("BRAINUAD_REALDATA")


@pytest.mark.skipif(not REAL, reason="BRAINUAD_REALDATA names no folder of real scans")
def test_real_scans(tmp_path: Path):
    ixi = run_index(tmp_path, "ixi", Path(REAL, "ixi"))
    assert len(ixi) == 100 and (ixi["T1"] != "").all() and (ixi["brain"] != "").all()
    cells = {"T1": ixi["T1"].iloc[0]}
    own = make_volume(tmp_path, "T1", brain=ixi["brain"].iloc[0], **cells)
    assert nib.aff2axcodes(own["image"].affine) == ("R", "A", "S") and b"own" in own["brain"].header["descrip"].item()
    truth = np.asarray(own["brain"].dataobj) > 0
    estimated = make_volume(tmp_path, "T1", **cells)["brain"]
    assert dice(np.asarray(estimated.dataobj) > 0, truth) > 0.93

    mslub = run_index(tmp_path, "mslub", Path(REAL, "mslub"))
    assert len(mslub) == 25 and set(mslub.index[mslub["T1"] != ""]) == {"patient07", "patient19"}
    patient = mslub.loc["patient19"]
    made = make_volume(tmp_path, "FLAIR", reader="mslub", labelled=True, FLAIR=patient["FLAIR"], label=patient["label"])
    assert np.count_nonzero(made["label"].dataobj) == 49769
    assert b"non-zero" in made["brain"].header["descrip"].item()

    bids = run_index(tmp_path, "bids", Path(REAL, "ds002748"))
    assert len(bids) == 14 and (bids["T1"] != "").all() and set(bids["sex"]) == {"F", "M"}
