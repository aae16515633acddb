"""BrainWeb, the simulated normal brain: one head, T1, T2 and PD.

Archives: raw voxels as its site packs them, `t1_icbm_normal_1mm_pn3_rf20.rawb` (pn: noise, rf: inhomogeneity) and
the tissue map `phantom_1.0mm_normal_crisp.rawb`. 181 x 217 x 181 at 1 mm, x varying fastest in the file, the first
voxel at (-90, -126, -72) mm and the axes RAS. Both outer sides are 181, so a wrong order of axes changes no shape.
`convert` writes NIfTI files; the tissue map becomes a brain mask and, where it holds any, a lesion mask.

One anatomy, whatever the noise, also that of `brainweb_ms`: it never counts as several people.

Licence: free to use with citation. Cite: Cocosco et al. 1997; Collins et al. 1998, doi:10.1109/42.712135;
Kwan et al. 1999, doi:10.1109/42.816072.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from nibabel.affines import from_matvec

from brainuad.datasets.reader import Rows, files, place, scans, table
from brainuad.errors import InputError
from brainuad.files import save_nifti

LABELS: dict[int, str] = {}
HEALTHY = True
PATIENTS = "BrainWeb"

SHAPE = (181, 217, 181)
AFFINE = from_matvec(np.eye(3), (-90, -126, -72))
TYPES = {".rawb": "u1", ".raws": "<u2"}
"""Bytes, and shorts of 12 bits, which are little-endian although the site says otherwise."""
BRAIN = (1, 2, 3, 8, 10)
"""Tissues of the brain: CSF, grey and white matter, glial matter, MS lesion."""
LESION = 10


def index(roots: list[Path]) -> pd.DataFrame:
    """One row, the simulated person."""
    return table(find(roots, "normal"), HEALTHY)


def find(roots: list[Path], anatomy: str) -> Rows:
    """Scans and masks of one of BrainWeb's anatomies (`normal`, `msles2`), which is the subject."""
    pattern = re.compile(
        rf"(?P<modality>t1|t2|pd)_[a-z]+_{anatomy}_1mm_pn\d_rf\d+|phantom_1\.0mm_{anatomy}_crisp_(?P<mask>brain|label)"
    )
    rows: Rows = {}
    for path, name in scans(roots):
        if match := pattern.fullmatch(name):
            place(rows, anatomy, match["mask"] or match["modality"].upper(), path)
    return rows


def convert(folder: Path) -> None:
    """Write NIfTI files beside the raw ones below a folder."""
    for path in files([folder], r"\.raw[bs]"):
        voxels = read_raw(path)
        if path.stem.endswith("_crisp"):
            save_nifti(path.with_name(f"{path.stem}_brain.nii.gz"), np.isin(voxels, BRAIN).astype(np.uint8), AFFINE)
            if (lesion := voxels == LESION).any():
                save_nifti(path.with_name(f"{path.stem}_label.nii.gz"), lesion.astype(np.uint8), AFFINE)
        else:
            save_nifti(path.with_name(f"{path.stem}.nii.gz"), voxels, AFFINE)


def read_raw(path: Path) -> np.ndarray:
    """The voxels (x, y, z) of a raw file. Raises InputError unless it has the size of the whole volume."""
    dtype = np.dtype(TYPES[path.suffix])
    expected, found = int(np.prod(SHAPE)) * dtype.itemsize, path.stat().st_size
    if found != expected:
        raise InputError(path, f"has {found} bytes, expected {expected}", "Delete it and fetch it again")
    return np.fromfile(path, dtype).reshape(SHAPE, order="F")
