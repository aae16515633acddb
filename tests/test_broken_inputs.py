"""Archives, folders and scans that can't be used: one line names file and mend; nothing is half-written."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from brainuad.datasets.reader import COLUMNS
from brainuad.errors import InputError
from brainuad.stages import index, volume

SHAPE = (20, 22, 24)


def refused(problem: str, where: Path | str, call: Callable, **arguments: object) -> None:
    """The call raises InputError in one line that starts with the file and tells the problem and a mend."""
    with pytest.raises(InputError) as caught:
        call(**arguments)
    message = str(caught.value)
    assert message.startswith(f"{where}: ") and problem in message and "\n" not in message
    assert ". " in message.removeprefix(f"{where}: "), "no mend"


def test_index_refuses(tmp_path: Path):
    def refused_index(problem: str, where: Path | str, reader: str = "ixi", root: Path = tmp_path) -> None:
        out = tmp_path / "subjects.tsv"
        refused(problem, where, index.main, reader=reader, root=[root], dataset="made", out=out)
        assert not out.exists()

    refused_index("is no known reader. Choose one of: bids, brainweb", "xyz", reader="xyz")
    refused_index("is no folder", tmp_path / "none", root=tmp_path / "none")
    refused_index("hold no subject of dataset made", tmp_path)
    (tmp_path / "IXI002-Guys-0828-T1.nii.gz").touch()
    (tmp_path / "participants.tsv").write_text("id\tage\n1\t2\n")
    refused_index("has no column participant_id, sex", tmp_path / "participants.tsv")
    (tmp_path / "IXI002-Guys-0828-T1.nii").touch()
    twin = tmp_path / "IXI002-Guys-0828-T1.nii.gz"
    refused_index(f"and {twin} are both the T1 of subject IXI002-Guys-0828", tmp_path / "IXI002-Guys-0828-T1.nii")


def scan() -> np.ndarray:
    """A stripped ball of noise."""
    distance = np.linalg.norm(np.indices(SHAPE).T - (np.array(SHAPE) - 1) / 2, axis=-1).T
    return np.where(distance < 9, np.random.default_rng(0).uniform(1, 2, SHAPE), 0).astype(np.float32)


def save(path: Path, data: np.ndarray, spacing: tuple = (2, 2, 2), origin: float = 0) -> Path:
    """A NIfTI file in RAS order."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    nib.save(nib.Nifti1Image(data, affine), path)
    return path


def with_voxel(value: float, dtype: type = np.float32) -> np.ndarray:
    """The scan, or for whole numbers an empty label, with one voxel set."""
    data = scan().astype(dtype) if dtype is np.float32 else np.zeros(SHAPE, dtype)
    data[10, 11, 12] = value
    return data


def refused_volume(
    problem: str,
    where: Path | str,
    folder: Path,
    modality: str = "T1",
    labelled: bool = False,
    **cells: Path | str,
) -> None:
    """The volume stage refuses one made subject and writes nothing."""
    table = folder / "subjects.tsv"
    row = {column: str(cells.get(column, "")) for column in COLUMNS} | {"subject": "a"}
    pd.DataFrame([row]).to_csv(table, sep="\t", index=False)
    out = folder / "out"
    arguments = {"out_image": out / "image.nii.gz", "out_brain": out / "brain.nii.gz"}
    arguments |= {"out_label": out / "label.nii.gz"} if labelled else {}
    arguments |= {"subjects": table, "subject": "a", "modality": modality, "reader": "brats"}
    refused(problem, where, volume.main, **arguments)
    assert not out.exists()


def test_unusable_scans(tmp_path: Path):
    def refused_scan(problem: str, path: Path, channel: str = "") -> None:
        refused_volume(problem, path, tmp_path, T1=f"{path}{channel}")

    whole = save(tmp_path / "whole.nii.gz", scan()).read_bytes()
    for name, content in {
        "cut.nii.gz": whole[: len(whole) // 2],
        "header.nii.gz": whole[:20],
        "page.nii.gz": b"<html>404</html>",
        "empty.nii.gz": b"",
        "cut.nii": gzip.decompress(whole)[:9000],
        "flipped.nii.gz": whole[:9000] + bytes([whole[9000] ^ 0xFF]) + whole[9001:],
    }.items():
        (tmp_path / name).write_bytes(content)
        refused_scan("is truncated or damaged", tmp_path / name)
    refused_scan("is missing", tmp_path / "none.nii.gz")
    refused_scan("holds 1 NaN or infinite", save(tmp_path / "nan.nii.gz", with_voxel(np.nan)))
    refused_scan("holds 1 NaN or infinite", save(tmp_path / "inf.nii.gz", with_voxel(np.inf)))
    refused_scan("is 3 everywhere", save(tmp_path / "constant.nii.gz", np.full(SHAPE, 3.0, np.float32)))
    refused_scan("less than 16 a side", save(tmp_path / "thin.nii.gz", scan()[:, :, 10:20]))
    refused_scan("has voxels of 0.01 x 2 x 2 mm", save(tmp_path / "small.nii.gz", scan(), (0.01, 2, 2)))
    refused_scan("has voxels of 2 x 2 x 200 mm", save(tmp_path / "large.nii.gz", scan(), (2, 2, 200)))
    four = save(tmp_path / "four.nii.gz", np.stack([scan()] * 4, -1))
    refused_scan("is 4-D (20, 22, 24, 4), not 3-D", four)
    refused_scan("has 4 channels, so none of number 4", four, "#4")
    refused_scan("is 3-D (20, 22, 24), not 4-D", tmp_path / "whole.nii.gz", "#0")

    lost = nib.Nifti1Image(scan(), None)
    lost.header["sform_code"] = lost.header["qform_code"] = 0
    nib.save(lost, tmp_path / "lost.nii.gz")
    refused_scan("tells no orientation", tmp_path / "lost.nii.gz")
    flat = nib.load(tmp_path / "whole.nii.gz")
    flat.header["srow_x"] = flat.header["srow_y"]
    nib.Nifti1Image(scan(), None, flat.header).to_filename(tmp_path / "flat.nii.gz")
    refused_scan("can't be inverted", tmp_path / "flat.nii.gz")


def test_unusable_labels(tmp_path: Path):
    t1 = save(tmp_path / "t1.nii.gz", scan())

    def refused_label(problem: str, path: Path) -> None:
        refused_volume(problem, path, tmp_path, labelled=True, T1=t1, label=path)

    refused_label("holds label 4, allowed are 0, 1, 2, 3", save(tmp_path / "four.nii.gz", with_voxel(4, np.uint8)))
    half = np.zeros(SHAPE, np.float32)
    half[9:12] = 0.5
    refused_label("holds label 0.5", save(tmp_path / "half.nii.gz", half))
    refused_label("is 0 everywhere", save(tmp_path / "empty.nii.gz", np.zeros(SHAPE, np.uint8)))
    label = with_voxel(1, np.uint8)
    refused_label("lies on another grid", save(tmp_path / "spacing.nii.gz", label, (2, 2, 2.1)))
    refused_label("the affines differ", save(tmp_path / "origin.nii.gz", label, origin=0.01))
    refused_label("another grid (20, 22, 23)", save(tmp_path / "shape.nii.gz", label[:, :, 1:]))
    refused_volume("has no label for subject a", tmp_path / "subjects.tsv", tmp_path, labelled=True, T1=t1)


def test_unusable_brain_masks(tmp_path: Path):
    t1 = save(tmp_path / "t1.nii.gz", scan())
    empty = save(tmp_path / "empty.nii.gz", np.zeros(SHAPE, np.uint8))
    refused_volume("is an empty brain mask", empty, tmp_path, T1=t1, brain=empty)
    moved = save(tmp_path / "moved.nii.gz", np.ones(SHAPE, np.uint8), origin=1)
    refused_volume("lies on another grid", moved, tmp_path, T1=t1, brain=moved)


def test_missing_modality_and_subject(tmp_path: Path):
    t1 = save(tmp_path / "t1.nii.gz", scan())
    table = tmp_path / "subjects.tsv"
    refused_volume("has no T2 of subject a. There is T1, FLAIR", table, tmp_path, modality="T2", T1=t1, FLAIR=t1)
    refused_volume("is no modality. Choose one of: T1,", "T3", tmp_path, modality="T3", T1=t1)
    outputs = {"out_image": tmp_path / "i.nii.gz", "out_brain": tmp_path / "b.nii.gz"}
    choice = {"modality": "T1", "reader": "ixi", **outputs}
    refused("has no subject b", table, volume.main, subjects=table, subject="b", **choice)
    refused("is missing or no table", t1, volume.main, subjects=t1, subject="a", **choice)


def test_command_line_says_it_in_one_line(tmp_path: Path):
    whole = save(tmp_path / "t1.nii.gz", scan()).read_bytes()
    (tmp_path / "t1.nii.gz").write_bytes(whole[: len(whole) // 2])
    row = dict.fromkeys(COLUMNS, "") | {"subject": "a", "T1": str(tmp_path / "t1.nii.gz")}
    pd.DataFrame([row]).to_csv(tmp_path / "s.tsv", sep="\t", index=False)
    options = ["--subjects", "s.tsv", "--subject", "a", "--modality", "T1", "--reader", "ixi"]
    options += ["--out-image", "i.nii.gz", "--out-brain", "b.nii.gz"]
    command = [sys.executable, "-m", "brainuad", "volume", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"brainuad volume: {tmp_path}/t1.nii.gz: is truncated")
    assert done.stderr.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.tsv", "t1.nii.gz"]
