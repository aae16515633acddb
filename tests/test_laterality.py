"""A mark on the right, in front and above, put into each source's own orientation and storage, stays there.

It goes the way of every scan: index, canonical volume, slices, and slices of the common grid.
"""

from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from brainuad.datasets import brainweb, volumes
from brainuad.datasets.reader import read_subjects, reader
from brainuad.files import save_nifti
from brainuad.preprocessing import space
from brainuad.slices import to_slices
from brainuad.stages import index

SHAPE, SPACING, ORIGIN = (50, 56, 44), (3.0, 3.5, 4.0), (-73.5, -120.0, -80.0)
MARK = (38, 41, 31)
"""Voxel in the middle of the mark, in RAS order: 40.5 mm to the right, y = 23.5 mm, z = 44 mm."""


class Source(NamedTuple):
    """How a source stores a scan and, where it has any, a label."""

    reader: str
    axes: str
    modality: str
    scan: str
    label: str = ""
    code: str = "sform"


SOURCES = [
    Source("nfbs", "PSR", "T1", "A00028185/sub-A00028185_ses-NFB3_T1w.nii.gz"),
    Source("ixi", "PSR", "T1", "IXI002-Guys-0828-T1.nii.gz"),
    Source("ixi", "LAS", "T2", "IXI002-Guys-0828-T2.nii.gz"),
    Source("brats", "LPS", "T1", "imagesTr/BRATS_001.nii.gz", "labelsTr/BRATS_001.nii.gz"),
    Source("brats2021", "LPS", "FLAIR", "BraTS2021_00000_flair.nii.gz", "BraTS2021_00000_seg.nii.gz"),
    Source("brats2023", "LPS", "T1ce", "BraTS-GLI-00000-000-t1c.nii.gz", "BraTS-GLI-00000-000-seg.nii.gz"),
    Source("mood", "SPR", "T1", "brain_train/00000.nii.gz"),
    Source("mood_toy", "SPR", "T1", "toy/toy_0.nii.gz", "toy_label/pixel/toy_0.nii.gz"),
    Source(
        "mslub", "LPS", "FLAIR", "coregistered/patient01/FLAIR.nii.gz", "coregistered/patient01/consensus_gt.nii.gz"
    ),
    Source("mslub", "LAS", "T2", "MNI/patient01/T2_N4_.nii.gz", "MNI/patient01/GOLD_STANDARD_N4_.nii.gz", "qform"),
    Source("isbi2015", "RAS", "T1", "training01_01_mprage_pp.nii", "training01_01_mask1.nii"),
    Source("isbi2015", "LAS", "FLAIR", "training01_01_flair_pp.nii", "training01_01_mask1.nii"),
    Source("pernet", "LAS", "T1", "patient01/T1.nii.gz"),
    Source("bids", "LAS", "T1", "sub-01/anat/sub-01_T1w.nii.gz"),
    Source("kobayashi", "RSP", "T1ce", "sub-01/anat/sub-01_ce-gadolinium_T1w.nii.gz", "sub-01/anat/sub-01_dseg.nii.gz"),
]


def marked(shape: tuple[int, ...], mark: tuple[int, ...], value: int) -> np.ndarray:
    """Zeros with a cube of 3 x 3 x 3 voxels around the mark."""
    data = np.zeros(shape, np.int16)
    data[tuple(slice(place - 1, place + 2) for place in mark)] = value
    return data


def store(path: Path, data: np.ndarray, source: Source) -> None:
    """Write an array given in RAS order along the source's axes, its affine in the sform or in the qform alone."""
    affine = np.diag([*SPACING, 1.0])
    affine[:3, 3] = ORIGIN
    axes = nib.orientations.axcodes2ornt(tuple(source.axes))
    native = nib.Nifti1Image(data, affine).as_reoriented(
        nib.orientations.ornt_transform(nib.io_orientation(affine), axes)
    )
    voxels = np.asarray(native.dataobj)
    if source.reader == "brats" and path.match("imagesTr/*"):  # the second channel is T1
        voxels = np.stack([0 * voxels, voxels, 0 * voxels, 0 * voxels], -1)
    image = nib.Nifti1Image(voxels, None)
    image.set_sform(native.affine if source.code == "sform" else None, int(source.code == "sform"))
    image.set_qform(native.affine if source.code == "qform" else None, int(source.code == "qform"))
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    assert "".join(nib.aff2axcodes(nib.load(path).affine)) == source.axes


def check(folder: Path, name: str, modality: str, mark: tuple[int, ...], millimetres: tuple[float, ...]) -> None:
    """Index a folder and look for the mark in the slices of its one subject's scan and label."""
    index.main(reader=name, root=[folder / "scans"], dataset="made", out=folder / "subjects.tsv")
    (row,) = read_subjects(folder / "subjects.tsv").to_dict("records")
    image = volumes.load_image(row[modality])
    found = [image]
    if row["label"]:
        found.append(volumes.load_label(row["label"], image, reader(name).LABELS))
    assert len(found) == 1 + bool(reader(name).LABELS)
    x, y, z = millimetres
    for volume in found:
        rows = volume.data.shape[1]
        middle = ndimage.center_of_mass(to_slices(volume.data))
        np.testing.assert_allclose(middle, (mark[2], rows - 1 - mark[1], mark[0]), atol=1e-6)
        # 120 x 120 pixels of 2 mm around (0, -17) mm, slices from -72 mm on, the first row being the foremost
        middle = ndimage.center_of_mass(to_slices(on_common_grid(folder, volume)))
        np.testing.assert_allclose(middle, ((z + 72) / 2, 119 - (y + 17 + 119) / 2, (x + 119) / 2), atol=0.1)


def on_common_grid(folder: Path, volume: volumes.Volume) -> np.ndarray:
    """A volume resampled onto the grid that slices are cut from, in RAS order."""
    save_nifti(folder / "canonical.nii.gz", volume.data, volume.affine)
    scan = sitk.ReadImage(folder / "canonical.nii.gz", sitk.sitkFloat32)
    return space.to_ras(sitk.Resample(scan, space.grid(120, 240.0, 2.0), sitk.Transform(), sitk.sitkLinear))[0]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: f"{source.reader}-{source.axes}")
def test_mark_stays_in_its_place(tmp_path: Path, source: Source):
    store(tmp_path / "scans" / source.scan, marked(SHAPE, MARK, 100), source)
    if source.label:
        store(tmp_path / "scans" / source.label, marked(SHAPE, MARK, 1), source)
    check(tmp_path, source.reader, source.modality, MARK, (40.5, 23.5, 44.0))


@pytest.mark.parametrize(
    ("name", "scan", "tissues", "tissue"),
    [
        ("brainweb", "t1_icbm_normal_1mm_pn3_rf20.rawb", "phantom_1.0mm_normal_crisp.rawb", 3),
        ("brainweb_ms", "t1_ai_msles2_1mm_pn3_rf20.rawb", "phantom_1.0mm_msles2_crisp.rawb", 10),
    ],
)
def test_mark_stays_in_its_place_in_raw_bytes(tmp_path: Path, name: str, scan: str, tissues: str, tissue: int):
    mark = (131, 150, 116)
    (tmp_path / "scans").mkdir()
    for file, value in ((scan, 100), (tissues, tissue)):
        content = bytearray(181 * 217 * 181)
        for x, y, z in np.argwhere(marked(brainweb.SHAPE, mark, 1)).tolist():
            content[x + 181 * y + 181 * 217 * z] = value  # x varies fastest, then y
        (tmp_path / "scans" / file).write_bytes(content)
    reader(name).convert(tmp_path / "scans")
    check(tmp_path, name, "T1", mark, (41.0, 24.0, 44.0))
