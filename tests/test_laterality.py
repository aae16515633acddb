"""A mark on the right, in front and above, put into each source's own orientation and storage, stays there.

Its scan and label go the way of every scan, by the stages themselves: index, volume, preprocess, preprocess_label,
slices and label_slices.
"""

import json
from pathlib import Path
from typing import NamedTuple

import h5py
import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from brainuad.datasets import brainweb
from brainuad.datasets.reader import read_subjects, reader
from brainuad.stages import index, label_slices, preprocess, preprocess_label, slices, volume

SHAPE, SPACING, ORIGIN = (50, 56, 44), (3.0, 3.5, 4.0), (-73.5, -120.0, -80.0)
MIDDLE, MARK = (26, 25, 23), (31, 30, 26)
"""Voxels in the middle of the brain and of the mark, in RAS order."""
RIGHT, FRONT, ABOVE = 15.0, 17.5, 12.0
"""From the brain's middle to the mark's, in mm."""


class Recipe(NamedTuple):
    """A recipe whose pixels and slices are all of 4 mm."""

    name: str
    settings: dict
    middle: tuple[float, float, float]
    """Slice, row and column of the grid's middle, where recipes without registration put the brain's."""


INPAINTING = Recipe("inpainting", {"shape": [64, 48], "pixel": 4.0, "slice_spacing": 4.0}, (18.5, 31.5, 23.5))
KOBAYASHI = Recipe("kobayashi", {"size": 64, "slice_spacing": 4.0}, (22.0, 31.5, 31.5))


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


def anatomy(
    shape: tuple[int, ...],
    spacing: tuple[float, ...],
    middle: tuple[float, ...],
    mark: tuple[float, ...],
    values: tuple[int, int, int],
) -> np.ndarray:
    """An ellipsoid of a brain, with a brighter column upright through its middle and a cube for the mark, in RAS order.

    Volume (X, Y, Z) int16 of the three's values, 0 outside.
    """
    x, y, z = ((np.indices(shape).T - middle) * spacing).T
    brain, column, cube = values
    data = np.zeros(shape, np.int16)
    data[(x / 36) ** 2 + (y / 49) ** 2 + (z / 40) ** 2 < 1] = brain
    data[(data > 0) & (np.hypot(x, y) < 12)] = column
    a, b, c = ((np.indices(shape).T - mark) * spacing).T
    data[(abs(a) < 9) & (abs(b) < 9) & (abs(c) < 9)] = cube
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


def check(folder: Path, name: str, modality: str, recipe: Recipe) -> None:
    """Bring the one subject of `folder`/scans to slices and look for the mark in its scan and its label."""
    labelled = bool(reader(name).LABELS)
    subjects, images, labels = folder / "subjects.tsv", folder / "images.h5", folder / "labels.h5"
    scan, brain, label = (folder / "volume" / f"{kind}.nii.gz" for kind in ("image", "brain", "label"))
    done, inside, truth = (folder / "preprocessed" / f"{kind}.nii.gz" for kind in ("image", "brain", "label"))
    transform = folder / "transform.tfm"

    index.main(reader=name, root=[folder / "scans"], dataset="made", out=subjects)
    (subject,) = read_subjects(subjects)["subject"]
    volume.main(
        subjects=subjects,
        subject=subject,
        modality=modality,
        reader=name,
        out_image=scan,
        out_brain=brain,
        out_label=label if labelled else None,
    )
    preprocess.main(
        recipe=recipe.name,
        image=scan,
        brain=brain,
        modality=modality,
        settings=json.dumps(recipe.settings),
        out_image=done,
        out_brain=inside,
        out_transform=transform,
        out_picture=folder / "steps.png",
        out_quality=folder / "quality.json",
    )
    cohort = {"dataset": "made", "recipe": recipe.name, "modality": modality}
    slices.main(subject=[subject], image=[done], brain=[inside], out=images, **cohort)
    expected = np.add(recipe.middle, np.divide((ABOVE, -FRONT, RIGHT), 4.0))
    np.testing.assert_allclose(find_in_image(images, recipe), expected, atol=0.5)
    if labelled:
        preprocess_label.main(label=label, grid=inside, transform=transform, out=truth)
        label_slices.main(images=images, subject=[subject], label=[truth], out=labels)
        np.testing.assert_allclose(find_in_label(labels), expected, atol=0.5)


def find_in_image(images: Path, recipe: Recipe) -> np.ndarray:
    """Slice, row and column of the mark: where what is brightest in a slice isn't the column in the middle."""
    with h5py.File(images) as file:
        middles = [
            (number, *ndimage.center_of_mass(image > 0.5))
            for number, image in zip(file["slice"], file["image"], strict=True)
            if (image > 0.5).any()
        ]
    return np.mean([m for m in middles if np.abs(np.subtract(m, recipe.middle))[1:].max() > 2], axis=0)


def find_in_label(labels: Path) -> np.ndarray:
    """Slice, row and column of what the label marks."""
    with h5py.File(labels) as file:
        marked = np.argwhere(file["label"][:])
        return np.mean(np.column_stack([file["slice"][:][marked[:, 0]], marked[:, 1:]]), axis=0)


@pytest.mark.parametrize(
    ("source", "recipe"),
    [*((source, INPAINTING) for source in SOURCES), (SOURCES[-1], KOBAYASHI)],
    ids=lambda value: f"{value.reader}-{value.axes}" if isinstance(value, Source) else value.name,
)
def test_mark_stays_in_its_place(tmp_path: Path, source: Source, recipe: Recipe):
    place = (SHAPE, SPACING, MIDDLE, MARK)
    store(tmp_path / "scans" / source.scan, anatomy(*place, values=(100, 150, 300)), source)
    if source.label:
        store(tmp_path / "scans" / source.label, anatomy(*place, values=(0, 0, 1)), source)
    check(tmp_path, source.reader, source.modality, recipe)


@pytest.mark.parametrize(
    ("name", "scan", "tissues", "tissue"),
    [
        ("brainweb", "t1_icbm_normal_1mm_pn3_rf20.rawb", "phantom_1.0mm_normal_crisp.rawb", 3),
        ("brainweb_ms", "t1_ai_msles2_1mm_pn3_rf20.rawb", "phantom_1.0mm_msles2_crisp.rawb", 10),
    ],
)
def test_mark_stays_in_its_place_in_raw_bytes(tmp_path: Path, name: str, scan: str, tissues: str, tissue: int):
    place = (brainweb.SHAPE, (1.0, 1.0, 1.0), (95, 100, 85), (110, 117.5, 97))
    (tmp_path / "scans").mkdir()
    for file, values in ((scan, (80, 120, 240)), (tissues, (2, 3, tissue))):
        content = bytearray(181 * 217 * 181)
        data = anatomy(*place, values)
        for x, y, z in np.argwhere(data).tolist():
            content[x + 181 * y + 181 * 217 * z] = data[x, y, z]  # x varies fastest, then y
        (tmp_path / "scans" / file).write_bytes(content)
    reader(name).convert(tmp_path / "scans")
    check(tmp_path, name, "T1", INPAINTING)
