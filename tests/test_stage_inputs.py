"""What stages refuse in one line: settings that are none, names that can't be files', damaged tables and masks."""

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainuad import settings
from brainuad.anomalies import blobs, kinds
from brainuad.datasets import reader
from brainuad.errors import InputError
from brainuad.files import save_nifti
from brainuad.seeds import generator
from brainuad.stages import implant, index, preprocess


@pytest.fixture
def scan(tmp_path: Path) -> dict[str, Path]:
    """A ball that fills half of its field of view, and its mask."""
    ball = np.linalg.norm(np.indices((20, 20, 20)) - 9.5, axis=0) < 8
    files = {"image": tmp_path / "image.nii.gz", "brain": tmp_path / "brain.nii.gz"}
    for path in files.values():
        save_nifti(path, ball.astype("uint8"), np.diag([4.0, 4.0, 4.0, 1.0]))
    return files


def run_implant(files: dict[str, Path], **given: str) -> None:
    outs = {f"out_{name}": files["image"].with_name(f"out-{name}.nii.gz") for name in ("image", "label")}
    implant.main(kind="blobs", subject="s", modality="T1", **files, **outs, **given)


def run_preprocess(files: dict[str, Path], **given: str) -> None:
    names = {"image": "nii.gz", "brain": "nii.gz", "transform": "tfm", "picture": "png", "quality": "json"}
    outs = {f"out_{name}": files["image"].with_name(f"out-{name}.{ending}") for name, ending in names.items()}
    preprocess.main(recipe="kobayashi", modality="T1", **files, **outs, **given)


@pytest.mark.parametrize("text", ["", "size=3", "3", "[]", '[["size", 3]]', "null", '"size"', '{"size": 3'])
@pytest.mark.parametrize("run", [run_implant, run_preprocess])
def test_settings_are_a_mapping(scan: dict[str, Path], text: str, run: Callable) -> None:
    with pytest.raises(InputError, match=r"^--settings: .* is no mapping in JSON"):
        run(scan, settings=text)


def test_settings_are_the_arguments_with_a_default() -> None:
    def function(image: str, *, modality: str, size: int = 3, shape: tuple[int, int] = (4, 5)) -> None: ...

    assert settings.parse('{"size": 4}', "--settings") == {"size": 4}
    assert settings.defaults(function) == {"size": 3, "shape": (4, 5)}
    settings.check("here", "recipe", function, {"size": 4})
    for name in ("modality", "image", "sise"):
        with pytest.raises(InputError, match=f"^here: recipe has no option '{name}'. Its options: size, shape"):
            settings.check("here", "recipe", function, {name: 4})


def test_a_recipe_is_given_no_setting_that_it_lacks(scan: dict[str, Path]) -> None:
    with pytest.raises(InputError, match=r"^--settings: recipe kobayashi has no option 'modality'. Its options: size"):
        run_preprocess(scan, settings='{"modality": "T2"}')


@pytest.mark.parametrize("content", [b"", b"no scan", b"\x1f\x8b\x08\x00", None])
@pytest.mark.parametrize("which", ["image", "brain"])
def test_a_damaged_file_is_not_preprocessed(scan: dict[str, Path], which: str, content: bytes | None) -> None:
    cut = scan[which].read_bytes()[:100]
    scan[which].write_bytes(cut if content is None else content)
    with pytest.raises(InputError, match="can't be preprocessed") as error:
        run_preprocess(scan)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("options", [{"count": 0}, {"count": -1}, {"size": 0.0}, {"size": -3.0}])
def test_no_blobs_are_refused(options: dict[str, float]) -> None:
    ones = np.ones((9, 9, 9), np.float32)
    with pytest.raises(InputError, match=r"blobs of .* mm: are none"):
        blobs.implant(kinds.Host(ones, ones > 0, np.eye(4), "T1"), None, generator(0, "made"), **options)


@pytest.mark.parametrize("name", ["a b", "a;b", "$(date)", "a'b", "-a", "ä", "a\nb"])
def test_subjects_must_be_names(tmp_path: Path, name: str) -> None:
    for folder in ("fine_1.a-b", name):
        path = tmp_path / "scans" / folder / "T1.nii.gz"
        path.parent.mkdir(parents=True)
        nib.save(nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)), path)
    with pytest.raises(InputError, match=r"T1.nii.gz: belongs to subject '.*Rename its folder or file") as error:
        index.main(reader="pernet", root=[tmp_path / "scans"], dataset="made", out=tmp_path / "subjects.tsv")
    assert "\n" not in str(error.value) and "fine_1" not in str(error.value)
    assert not (tmp_path / "subjects.tsv").exists()


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing or no table"):
        reader.read_text_table(tmp_path, ("subject",), "Mend it")


def test_fewer_subjects_than_the_table_of_sources_tells(tmp_path: Path) -> None:
    save_nifti(tmp_path / "sub-1/anat/sub-1_T1w.nii.gz", np.ones((20, 20, 20), np.uint8), np.eye(4))
    given = {"reader": "bids", "root": [tmp_path], "dataset": "made"}
    with pytest.raises(InputError, match=r"hold 1 subjects of dataset made, expected 2. Fetch the archive again"):
        index.main(**given, out=tmp_path / "refused.tsv", expected=2)
    assert not (tmp_path / "refused.tsv").exists()
    index.main(**given, out=tmp_path / "subjects.tsv", expected=1)
    assert len(reader.read_subjects(tmp_path / "subjects.tsv")) == 1
