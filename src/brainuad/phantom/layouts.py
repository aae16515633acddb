"""Phantom subjects in the native layout, names, orientation and number formats of their sources.

`ixi`     flat IXI-T1.tar, IXI-T2.tar, IXI-PD.tar of heads with skull; T1 in sagittal slices (axes PSR), T2
          and PD on one axial grid (axes LAS); participants.tsv
`brats`   Task01_BrainTumour.tar of the Medical Segmentation Decathlon: stripped, 4-D, axes LPS
`mslub`   the open MS data's folder of coregistered scans with skull, as a GitHub tarball; axes LPS

`spacing` is the isotropic spacing in mm at which a subject is made; the files have the native field of view
and the native voxel times `spacing`, so 1 gives the native matrix (MSLUB: 256, not the interpolated 512).
"""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from brainuad.errors import InputError
from brainuad.files import sha256
from brainuad.phantom.anatomy import Anatomy, person
from brainuad.phantom.contrast import render
from brainuad.phantom.head import with_head
from brainuad.phantom.lesions import KINDS
from brainuad.phantom.scanner import SCANNERS, Grid, Scanner, acquire, pose, resample
from brainuad.seeds import generator

SOURCES = ("ixi", "brats", "mslub")
MSLUB_TOP = "open_ms_data-65704901f60650824565aa5a4818611aa89716f4"
MSLUB_FOLDER = "cross_sectional/coregistered"
BRATS_TOP = "Task01_BrainTumour"
BRATS_CHANNELS = {"FLAIR": "FLAIR", "T1w": "T1", "t1gd": "T1ce", "T2w": "T2"}
BRATS_TRAINING = 484
"""Subjects above this number are the source's test images, which come without label."""
PEOPLE = "participants.tsv"
PATIENTS = "patient_info.csv"


@dataclass(frozen=True)
class Case:
    """What is known of a subject before any voxel is made."""

    age: float
    sex: str
    kind: str
    """A key of `lesions.KINDS`."""
    scanner: Scanner


def subjects(source: str, count: int) -> list[str]:
    """The first `count` subject names of a source, in its own style; fewer are always the first of more."""
    check(source)
    if source == "brats":
        return [f"BRATS_{number:03d}" for number in range(1, count + 1)]
    if source == "mslub":
        return [f"patient{number:02d}" for number in range(1, count + 1)]
    rng = generator(0, "phantom", "ixi", "names")
    names, number = [], 0
    for _ in range(count):
        number += int(rng.integers(1, 3))
        site = rng.choice(("Guys", "HH", "IOP"), p=(0.5, 0.3, 0.2))
        scan = {"Guys": 690, "HH": 1200, "IOP": 860}[str(site)] + 2 * number + int(rng.integers(2))
        names.append(f"IXI{number:03d}-{site}-{scan:04d}")
    return names


def case(source: str, subject: str, seed: int) -> Case:
    """Age, sex, disease and scanner of a subject. IXI's scanner follows from the site in the name."""
    check(source)
    rng = generator(seed, "phantom", source, subject, "case")
    sex = str(rng.choice(("F", "M")))
    if source == "ixi":
        parts = subject.split("-")
        if len(parts) != 3 or parts[1] not in SCANNERS:
            raise InputError(subject, "isn't a subject of IXI", "Names are like IXI002-Guys-0828")
        return Case(round(float(rng.uniform(20, 86)), 2), sex, "healthy", SCANNERS[parts[1]])
    if source == "brats":
        machine = SCANNERS[str(rng.choice(sorted(SCANNERS)))]
        return Case(round(float(np.clip(rng.normal(58, 12), 22, 85))), sex, "tumour", machine)
    return Case(round(float(np.clip(rng.lognormal(np.log(38), 0.25), 19, 66))), sex, "ms", SCANNERS["HH"])


def check(source: str) -> None:
    """Raise InputError unless the phantom knows the source."""
    if source not in SOURCES:
        raise InputError(source, "is no source of the phantom", f"Choose one of {', '.join(SOURCES)}")


def write_subject(source: str, subject: str, seed: int, spacing: float, folder: Path) -> None:
    """Write one subject's files under `folder`, at their native relative paths."""
    known = case(source, subject, seed)
    anatomy = person(seed, f"{source}/{subject}", spacing, known.age)
    anatomy, label = KINDS[known.kind](anatomy, generator(seed, "phantom", source, subject, "lesions"))
    if source != "brats":
        anatomy = with_head(anatomy, generator(seed, "phantom", source, subject, "head"))
    WRITERS[source](Study(source, subject, seed, spacing, known, anatomy, label), Path(folder))


@dataclass(frozen=True)
class Study:
    """A subject on the way to its files."""

    source: str
    subject: str
    seed: int
    spacing: float
    case: Case
    anatomy: Anatomy
    label: np.ndarray

    def rng(self, *names: str) -> np.random.Generator:
        """The generator for one of the subject's steps."""
        return generator(self.seed, "phantom", self.source, self.subject, *names)

    def scan(self, contrast: str, target: Grid, moved: np.ndarray, thickness: tuple = (0, 0, 0)) -> np.ndarray:
        """One contrast as the subject's scanner stores it on the target grid."""
        image = render(self.anatomy, contrast, self.rng("contrast", contrast))
        rng = self.rng("noise", contrast)
        return acquire(image, self.anatomy.affine, self.case.scanner, target, moved, rng, thickness)

    def mask(self, volume: np.ndarray, target: Grid, moved: np.ndarray) -> np.ndarray:
        """A label or mask on the target grid, by nearest neighbour."""
        return resample(volume.astype(np.uint8), self.anatomy.affine, target, moved, order=0)


def field_of_view(axes: str, matrix: tuple, voxel: tuple, spacing: float, edge: tuple) -> Grid:
    """The grid with axes `axes` (nibabel's codes) over matrix x voxel mm, voxels `spacing` times larger.

    `edge` is the corner of the field of view (mm, RAS) at which the array begins.
    """
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    affine[:3, 3] = edge
    for j, code in enumerate(axes):
        i = next(i for i, pair in enumerate(("LR", "PA", "IS")) if code in pair)
        sign = 1 if code in "RAS" else -1
        affine[i, j] = sign * voxel[j] * spacing
        affine[i, 3] += affine[i, j] / 2
    shape = tuple(int(np.ceil(n / spacing - 1e-6)) for n in matrix)
    return Grid(shape, affine)


def write_ixi(study: Study, folder: Path) -> None:
    """T1 sagittal, T2 and PD axial and thicker, the head a little moved in between; int16."""
    position = pose(study.rng("pose"), degrees=4, mm=4)
    later = pose(study.rng("motion"), degrees=0.6, mm=0.6) @ position
    spacing = study.spacing
    sagittal = field_of_view("PSR", (256, 256, 150), (0.9375, 0.9375, 1.2), spacing, (-90.0, 108.0, -128.0))
    axial = field_of_view("LAS", (256, 256, 130), (0.9375, 0.9375, 1.25), spacing, (120.0, -132.0, -74.0))
    scans = {
        "T1": study.scan("T1", sagittal, position, thickness=(1.2 * spacing, 0, 0)),
        "T2": study.scan("T2", axial, later, thickness=(0, 0, 1.8 * spacing)),
        "PD": study.scan("PD", axial, later, thickness=(0, 0, 1.8 * spacing)),
    }
    for contrast, volume in scans.items():
        grid = sagittal if contrast == "T1" else axial
        save(folder / f"IXI-{contrast}" / f"{study.subject}-{contrast}.nii.gz", volume, grid.affine, np.int16)
    row = {"participant_id": study.subject, "age": study.case.age, "sex": study.case.sex}
    pd.DataFrame([row]).to_csv(folder / PEOPLE, sep="\t", index=False)


def write_brats(study: Study, folder: Path) -> None:
    """Four contrasts in one stripped 4-D file, and the label (training subjects only)."""
    target = field_of_view("LPS", (240, 240, 155), (1.0, 1.0, 1.0), study.spacing, (0.5, 239.5, -0.5))
    moved = np.eye(4)
    moved[:3, 3] = (-119.5, 137.5, 71.5)
    brain = study.mask(study.anatomy.brain, target, moved) > 0
    channels = [np.where(brain, study.scan(contrast, target, moved), 0) for contrast in BRATS_CHANNELS.values()]
    training = int(study.subject.rpartition("_")[2]) <= BRATS_TRAINING
    top = folder / BRATS_TOP
    images = top / ("imagesTr" if training else "imagesTs")
    save(images / f"{study.subject}.nii.gz", np.stack(channels, -1), target.affine, np.int16)
    if training:
        label = study.mask(study.label, target, moved)
        save(top / "labelsTr" / f"{study.subject}.nii.gz", label, target.affine, np.uint8)


def write_mslub(study: Study, folder: Path) -> None:
    """Four contrasts with skull, the lesion mask and the brain mask, all on the FLAIR's grid."""
    voxel, spacing = (0.8, 0.9375, 0.9375), study.spacing
    target = field_of_view("LPS", (192, 256, 256), voxel, spacing, (76.8, 104.0, -132.0))
    moved = pose(study.rng("pose"), degrees=3, mm=1.5)
    top = folder / MSLUB_FOLDER / study.subject
    for name, contrast in {"FLAIR": "FLAIR", "T1W": "T1", "T1WKS": "T1ce", "T2W": "T2"}.items():
        save(top / f"{name}.nii.gz", study.scan(contrast, target, moved), target.affine, np.int16)
    save(top / "consensus_gt.nii.gz", study.mask(study.label > 0, target, moved), target.affine, np.int16)
    save(top / "brainmask.nii.gz", study.mask(study.anatomy.brain, target, moved), target.affine, np.int16)
    rng = study.rng("clinic")
    course = str(rng.choice(("RR", "SP", "PR", "CIS"), p=(0.8, 0.08, 0.05, 0.07)))
    row = {
        "patient_id": int(study.subject.removeprefix("patient")),
        "age": int(study.case.age),
        "sex": study.case.sex,
        "ms_type": course,
        "edss": round(2 * float(np.clip(rng.gamma(2, 1.2), 0, 8))) / 2,
        "criteria": "McDonald 2010",
    }
    pd.DataFrame([row]).to_csv(folder / "cross_sectional" / PATIENTS, index=False)


WRITERS: dict[str, Callable[[Study, Path], None]] = {
    "ixi": write_ixi,
    "brats": write_brats,
    "mslub": write_mslub,
}


def save(path: Path, volume: np.ndarray, affine: np.ndarray, dtype: type) -> None:
    """Write a NIfTI file that holds the values as they are (no scaling), folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.round(volume) if np.issubdtype(dtype, np.integer) else volume
    image = nib.Nifti1Image(values.astype(dtype), affine)
    image.header.set_xyzt_units("mm")
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    nib.save(image, path)


def write_archives(source: str, folders: Iterable[Path], out: Path) -> None:
    """Pack subject folders as the source's archives in `out`, with `SHA256SUMS`; same input, same bytes."""
    check(source)
    folders = sorted((Path(folder) for folder in folders), key=lambda folder: folder.name)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    PACKERS[source](folders, out)
    archives = sorted(path for path in out.iterdir() if ".tar" in path.name)
    (out / "SHA256SUMS").write_text("".join(f"{sha256(path)}  {path.name}\n" for path in archives))


def members(folders: list[Path], pattern: str) -> Iterator[tuple[str, Path]]:
    """(path relative to its subject folder, file) for all files that match, in order of the relative path."""
    found = [(path.relative_to(folder).as_posix(), path) for folder in folders for path in folder.glob(pattern)]
    if not found:
        raise InputError(folders[0] if folders else pattern, f"holds no {pattern}", "Make the subjects first")
    yield from sorted(found)


def pack_ixi(folders: list[Path], out: Path) -> None:
    """IXI-T1.tar, IXI-T2.tar and IXI-PD.tar without folders inside, and the table of people beside them."""
    for contrast in ("T1", "T2", "PD"):
        files = [(Path(name).name, path.read_bytes()) for name, path in members(folders, f"IXI-{contrast}/*.nii.gz")]
        (out / f"IXI-{contrast}.tar").write_bytes(tarball(files))
    people = pd.concat([pd.read_csv(path, sep="\t") for _, path in members(folders, PEOPLE)])
    people.sort_values("participant_id").to_csv(out / PEOPLE, sep="\t", index=False)


def pack_brats(folders: list[Path], out: Path) -> None:
    """Task01_BrainTumour.tar with dataset.json and the AppleDouble members that the original carries."""
    files = [(name, path.read_bytes()) for name, path in members(folders, f"{BRATS_TOP}/*/*.nii.gz")]
    names = [name.removeprefix(BRATS_TOP) for name, _ in files]
    training = [name for name in names if name.startswith("/imagesTr/")]
    test = [name for name in names if name.startswith("/imagesTs/")]
    description = {
        "name": "BRATS",
        "description": "BrainUAD phantom in the layout of the Medical Segmentation Decathlon's Task01",
        "reference": "phantom",
        "licence": "Apache-2.0",
        "release": "1.0",
        "tensorImageSize": "4D",
        "modality": {str(number): name for number, name in enumerate(BRATS_CHANNELS)},
        "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
        "numTraining": len(training),
        "numTest": len(test),
        "training": [{"image": f".{name}", "label": f".{name.replace('imagesTr', 'labelsTr')}"} for name in training],
        "test": [f".{name}" for name in test],
    }
    files += [(f"{BRATS_TOP}/dataset.json", json.dumps(description, indent=1).encode())]
    doubles = [(f"{Path(name).parent}/._{Path(name).name}", APPLE_DOUBLE) for name, _ in files]
    folders_inside = [(f"{BRATS_TOP}/{name}/", b"") for name in ("imagesTr", "imagesTs", "labelsTr")]
    (out / f"{BRATS_TOP}.tar").write_bytes(tarball(sorted(files + doubles + folders_inside)))


APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(138)
"""Head of the resource-fork files that macOS adds to archives; not an image, whatever its name says."""


def pack_mslub(folders: list[Path], out: Path) -> None:
    """open_ms_data.tar.gz as GitHub packs a commit, patient_info.csv included."""
    files = [
        (f"{MSLUB_TOP}/{name}", path.read_bytes()) for name, path in members(folders, f"{MSLUB_FOLDER}/*/*.nii.gz")
    ]
    rows = [pd.read_csv(path, dtype=str) for _, path in members(folders, f"cross_sectional/{PATIENTS}")]
    table = pd.concat(rows).sort_values("patient_id", key=lambda column: column.astype(int))
    files += [(f"{MSLUB_TOP}/cross_sectional/{PATIENTS}", table.to_csv(index=False).encode())]
    (out / "open_ms_data.tar.gz").write_bytes(gzip.compress(tarball(sorted(files)), compresslevel=1, mtime=0))


PACKERS: dict[str, Callable[[list[Path], Path], None]] = {
    "ixi": pack_ixi,
    "brats": pack_brats,
    "mslub": pack_mslub,
}


def tarball(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A tar of (name, content), names that end in / being folders, without times or owners."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files:
            member = tarfile.TarInfo(name.rstrip("/"))
            if name.endswith("/"):
                member.type, member.mode = tarfile.DIRTYPE, 0o755
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
