"""Files are whole or absent, whatever happens; the HDF5 contract is checked; digests see code, not remarks."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from brainuad import code
from brainuad.errors import InputError
from brainuad.files import atomic, save_nifti, sha256
from brainuad.seeds import derive
from brainuad.slices import check_same_order, open_checked, subjects, to_slices, to_volume, write


def test_an_exception_leaves_neither_file_nor_partial(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("old")
    with pytest.raises(ValueError, match="stop"), atomic(tmp_path / "kept.txt") as temporary:
        temporary.write_text("new")
        raise ValueError("stop")
    assert (tmp_path / "kept.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("stage", ["score", "preprocess"])
def test_full_disk_is_one_line_and_leaves_nothing(cohorts: dict[str, Path], tmp_path: Path, stage: str) -> None:
    """A limit on the size of a file stands for the full disk: the same failure of write(2)."""
    noise = np.random.default_rng(0).random((48, 48, 48), dtype=np.float32)
    save_nifti(tmp_path / "image.nii.gz", noise, np.eye(4))
    save_nifti(tmp_path / "brain.nii.gz", np.ones((48, 48, 48), np.uint8), np.eye(4))
    out = tmp_path / "out"
    options = {
        "score": ["--method=random", f"--images={cohorts['test'] / 'images.h5'}", f"--out={out / 'maps.h5'}"],
        "preprocess": [
            *("--recipe=baur", f"--image={tmp_path / 'image.nii.gz'}", f"--brain={tmp_path / 'brain.nii.gz'}"),
            *(f"--out-image={out / 'i.nii.gz'}", f"--out-brain={out / 'b.nii.gz'}", f"--out-transform={out / 't.tfm'}"),
            *("--modality=T1", f"--out-picture={out / 's.png'}", f"--out-quality={out / 'q.json'}"),
        ],
    }[stage]

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))

    command = [sys.executable, "-m", "brainuad", stage, *options]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=small_files, check=False)
    assert done.returncode == 1
    assert "the disk is full. Free some space and run again" in done.stderr.splitlines()[-1]
    assert not list(out.glob("*.h5")) and not list(out.glob("i.nii.gz")) and not list(out.glob(".partial*"))


def test_sha256_of_the_standard_example(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_slices_keep_sides_and_go_back() -> None:
    volume = np.zeros((5, 7, 3))
    volume[4, 6, 2] = 1  # right, anterior, superior
    slices = to_slices(volume)
    assert slices.shape == (3, 7, 5)
    assert slices[2, 0, 4] == 1  # top row is anterior, last column is right
    assert np.array_equal(to_volume(slices), volume)


def test_subjects_lie_together(cohorts: dict[str, Path]) -> None:
    with open_checked(cohorts["test"] / "images.h5", "images") as file:
        found = list(subjects(file))
        assert [subject.name for subject in found] == ["patient1", "patient2"]
        assert found[1].rows == slice(6, 12)
        assert list(found[0].slices) == [3, 4, 5, 6, 7, 8]


def write_images(path: Path, **changes: object) -> None:
    arrays = {
        "image": np.zeros((2, 4, 4), np.float32),
        "brain": np.ones((2, 4, 4), bool),
        "subject": np.array(["a", "b"], object),
        "slice": np.array([0, 0]),
    }
    arrays = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
    write(path, arrays, {"spacing": [1.0, 1.0, 1.0]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"brain": None}, "holds no dataset 'brain'"),
        ({"image": np.zeros((2, 4, 4), np.float16)}, "dataset 'image' is float16, not float32"),
        ({"image": np.full((2, 4, 4), np.nan, np.float32)}, "holds NaN or infinite values"),
        ({"brain": np.ones((2, 4, 5), bool)}, "which doesn't fit 'image'"),
        ({"slice": np.array([0])}, "which doesn't fit 'image'"),
    ],
)
def test_broken_images_are_told(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    write_images(tmp_path / "images.h5", **changes)
    with pytest.raises(InputError, match=message):
        open_checked(tmp_path / "images.h5", "images")


def test_truncated_hdf5_is_told(cohorts: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "images.h5"
    path.write_bytes((cohorts["test"] / "images.h5").read_bytes()[:5000])
    with pytest.raises(InputError, match="is truncated or not an HDF5 file"):
        open_checked(path, "images")
    with pytest.raises(InputError, match="is missing"):
        open_checked(tmp_path / "none.h5", "images")


def test_half_precision_never_holds_a_score(cohorts: dict[str, Path], tmp_path: Path) -> None:
    with h5py.File(tmp_path / "maps.h5", "w") as file:
        file["score"] = np.zeros((12, 32, 32), np.float16)
    with pytest.raises(InputError, match="dataset 'score' is float16"):
        open_checked(tmp_path / "maps.h5", "maps")


def test_other_order_is_told(cohorts: dict[str, Path], tmp_path: Path) -> None:
    write_images(tmp_path / "a.h5")
    write_images(tmp_path / "b.h5", subject=np.array(["b", "a"], object))
    order = {"subject": np.array(["b", "a"], object), "slice": np.array([0, 0])}
    write(tmp_path / "labels.h5", {"label": np.zeros((2, 4, 4), np.uint8), **order}, {})
    with (
        h5py.File(tmp_path / "a.h5") as images,
        h5py.File(tmp_path / "labels.h5") as labels,
        pytest.raises(InputError, match="'subject' differs"),
    ):
        check_same_order(images, labels)


def test_seeds_are_fixed_forever() -> None:
    """Were this to change, every split of every run would."""
    assert derive(2021, "split", "ixi") != derive(2021, "split", "mslub")
    assert derive(0) == int.from_bytes(bytes.fromhex("5feceb66"), "little")


def test_what_needs_no_torch_imports_none() -> None:
    """A workflow pays the start-up of these stages hundreds of times."""
    light = ["brainuad.cli", "brainuad.scoring.scoring", "brainuad.methods.random"]
    data = "doctor download extract implant index label_slices preprocess quality slices split volume"
    stages = "check collect compare evaluate new_method postprocess"
    figures = "table thresholds figure_curves figure_panels figure_pareto figure_training figure_violins"
    modules = [*light, *(f"brainuad.stages.{stage}" for stage in f"{data} {stages} {figures}".split())]
    heavy = "sorted({'torch', 'lightning'} & set(sys.modules))"
    command = f"import sys, {', '.join(modules)}; print({heavy})"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_closure_follows_imports_and_digest_ignores_remarks() -> None:
    closure = code.closure("brainuad.methods.vae_restoration")
    assert {"brainuad.methods.vae", "brainuad.methods.learner", "brainuad.networks.unified"} <= set(closure)
    assert "brainuad.methods.ae_dense" not in closure
    assert "brainuad.training" not in code.closure("brainuad.stages.evaluate")
    assert not any("methods." in module for module in code.closure("brainuad.stages.evaluate"))
