"""Maps of the brain's structures: regions grouped into classes, and what is refused."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainuad.datasets.structures import CLASSES, DLMUSE, load_structures
from brainuad.datasets.volumes import Volume
from brainuad.errors import InputError


def saved(path: Path, values: list[int]) -> tuple[str, Volume]:
    """A map of 20 x 20 x 20 voxels that begins with these values, and an image on its grid."""
    data = np.zeros(8000, np.uint8)
    data[: len(values)] = values
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    nib.save(nib.Nifti1Image(data.reshape(20, 20, 20), affine), path)
    return str(path), Volume(np.zeros((20, 20, 20), np.float32), affine)


def test_classes_exclude_each_other() -> None:
    regions = [number for members in DLMUSE.values() for number in members]
    assert len(regions) == len(set(regions)) and set(DLMUSE) == set(CLASSES) and len(CLASSES) >= 8


def test_regions_of_muse_become_classes(tmp_path: Path) -> None:
    """Left and right putamen, both hippocampi, cerebellum and vermis, ventricle, corpus callosum, frontal pole."""
    cell, image = saved(tmp_path / "IXI013-HH-1212-DLMUSE.nii.gz", [57, 58, 47, 48, 39, 71, 51, 95, 121, 35, 1])
    found = load_structures(cell, image).data.ravel()
    assert found[:12].tolist() == [5, 5, 6, 6, 8, 8, 2, 3, 4, 7, 1, 0] and not found[12:].any()


def test_other_maps_number_classes_as_they_are(tmp_path: Path) -> None:
    cell, image = saved(tmp_path / "sub-01_desc-structures_dseg.nii.gz", list(CLASSES))
    assert load_structures(cell, image).data.ravel()[:9].tolist() == [*CLASSES, 0]


@pytest.mark.parametrize(
    ("name", "values", "problem"),
    [
        ("brain.nii.gz", [1, 1], "is no map of structures but a mask"),
        ("dseg.nii.gz", [1, 2, 9], "holds region 9, which is unknown"),
        ("x-DLMUSE.nii.gz", [1, 4, 99], "holds region 99"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path: Path, name: str, values: list[int], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        load_structures(*saved(tmp_path / name, values))


def test_a_map_on_another_grid_or_none_is_refused(tmp_path: Path) -> None:
    cell, image = saved(tmp_path / "dseg.nii.gz", [1, 2])
    with pytest.raises(InputError, match="lies on another grid"):
        load_structures(cell, Volume(image.data[1:], image.affine))
    with pytest.raises(InputError, match="has no map of its brain's structures"):
        load_structures("", image)
