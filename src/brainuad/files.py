"""Files that are whole or absent, and digests of them."""

import errno
import glob
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from brainuad.errors import InputError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` (same suffixes) that takes its place when the block succeeds.

    Works for files and folders. After an exception neither the temporary nor a partial `path` is left behind;
    where the disk was full the exception is an InputError that says so.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".partial-*-{glob.escape(path.name)}"):
        remove(left)  # by a job that was killed
    temporary = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    except Exception as error:
        # HDF5 tells a full disk in the text of several kinds of exception, the operating system by a number.
        if any(getattr(error, "errno", None) == code or os.strerror(code) in str(error) for code in DISK_FULL):
            raise InputError(path, "can't be written, the disk is full", "Free some space and run again") from error
        raise
    finally:
        remove(temporary)


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def save_nifti(path: Path | str, volume: np.ndarray, affine: np.ndarray, description: str = "") -> None:
    """Write a (X, Y, Z) volume in its own type with a 4 x 4 affine in mm; whole or not at all."""
    import nibabel as nib

    image = nib.Nifti1Image(volume, affine)
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = description[:79]
    with atomic(path) as temporary:
        nib.save(image, temporary)


def sha256(path: Path | str) -> str:
    """Hexadecimal SHA-256 digest of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
