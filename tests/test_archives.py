"""Archives: checked against their row, unpacked whole or not at all, whatever they hold."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from brainuad.datasets.sources import COLUMNS
from brainuad.errors import InputError
from brainuad.stages import extract

PAYLOAD = np.random.default_rng(0).bytes(5000)


def make_tar(path: Path, *names: str, mode: str = "w") -> Path:
    """A tar of small files."""
    with tarfile.open(path, mode) as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(PAYLOAD)
            tar.addfile(member, io.BytesIO(PAYLOAD))
    return path


def make_zip(path: Path, *names: str) -> Path:
    """A zip of small files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, PAYLOAD)
    return path


def listed(archive: Path, **cells: str) -> dict[str, Path | str]:
    """Arguments that tell where an archive's row lies, which has these cells."""
    row = {"dataset": "ixi", "archive": archive.name, "version": "1", "access": "manual", "citation": "nobody", **cells}
    table = archive.parent / "sources.csv"
    pd.DataFrame([row], columns=list(COLUMNS)).to_csv(table, index=False)
    return {"sources": table, "dataset": row["dataset"]}


def extracted(archive: Path, out: Path, **cells: str) -> list[str]:
    """The files that an archive unpacks to."""
    extract.main(archive=archive, out=out, **listed(archive, **cells))
    return sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())


def refused(problem: str, archive: Path, **cells: str) -> None:
    """Extracting is refused in one line that names the archive and a mend, and no trace of it remains."""
    out = archive.parent / "out"
    with pytest.raises(InputError) as caught:
        extract.main(archive=archive, out=out, **listed(archive, **cells))
    message = str(caught.value)
    assert message.startswith(f"{archive}: ") and problem in message and "\n" not in message
    assert ". " in message.removeprefix(f"{archive}: "), "no mend"
    assert not out.exists() and not list(archive.parent.glob(".partial*"))


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_sound_archives_come_out_whole(tmp_path: Path, kind: str):
    names = ("top/top/a.nii.gz", "top/top/b.nii.gz", "top/top/._a.nii.gz", "__MACOSX/top/a.nii.gz", "._top")
    archive = tmp_path / f"a.{kind}"
    if kind == "zip":
        make_zip(archive, *names)
    else:
        make_tar(archive, *names, mode="w:gz" if kind == "tar.gz" else "w")
    content = archive.read_bytes()
    known = {"bytes": str(len(content)), "files": "2", "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    assert extracted(archive, tmp_path / "out", **known) == ["top/top/a.nii.gz", "top/top/b.nii.gz"]
    assert (tmp_path / "out/top/top/a.nii.gz").read_bytes() == PAYLOAD
    assert extracted(archive, tmp_path / "md5", checksum=f"md5:{hashlib.md5(content).hexdigest()}")
    assert extracted(archive, tmp_path / "nothing known")


def test_single_compressed_file(tmp_path: Path):
    (tmp_path / "a.rawb.gz").write_bytes(gzip.compress(PAYLOAD))
    assert extracted(tmp_path / "a.rawb.gz", tmp_path / "here", files="1") == ["a.rawb"]
    assert (tmp_path / "here/a.rawb").read_bytes() == PAYLOAD
    (tmp_path / "a.rawb.gz").write_bytes(gzip.compress(PAYLOAD)[:-500])
    refused("truncated", tmp_path / "a.rawb.gz")
    (tmp_path / "a.rawb.gz").write_text("<html>Please log in</html>")
    refused("damaged", tmp_path / "a.rawb.gz")
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(b"no tar"))
    refused("is no tar, tar.gz or zip archive", tmp_path / "a.tar.gz")


def test_sheet_is_no_archive(tmp_path: Path):
    (tmp_path / "people.xls").write_bytes(PAYLOAD)
    assert extracted(tmp_path / "people.xls", tmp_path / "here", files="1") == ["people.xls"]
    assert (tmp_path / "here/people.xls").read_bytes() == PAYLOAD
    refused("expected 7", tmp_path / "people.xls", bytes="7")


def test_brainweb_comes_out_as_nifti(tmp_path: Path):
    archive = tmp_path / "t1_icbm_normal_1mm_pn3_rf20.rawb.gz"
    voxels = np.zeros((181, 217, 181), np.uint8)
    voxels[100, 3, 50] = 7  # right of the middle, behind it, above it
    archive.write_bytes(gzip.compress(voxels.tobytes(order="F"), 1))
    files = extracted(archive, tmp_path / "here", dataset="brainweb", files="1")
    assert files == ["t1_icbm_normal_1mm_pn3_rf20.nii.gz", "t1_icbm_normal_1mm_pn3_rf20.rawb"]
    image = nib.load(tmp_path / "here" / files[0])
    assert np.array_equal(np.asarray(image.dataobj), voxels)


def test_conversion_that_fails_leaves_nothing(tmp_path: Path):
    archive = tmp_path / "t1_icbm_normal_1mm_pn3_rf20.rawb.gz"
    archive.write_bytes(gzip.compress(PAYLOAD))
    with pytest.raises(InputError, match="has 5000 bytes, expected 7109137"):
        extract.main(archive=archive, out=tmp_path / "out", **listed(archive, dataset="brainweb"))
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".partial*"))


def test_wrong_checksum_size_or_number_of_files(tmp_path: Path):
    archive = make_tar(tmp_path / "a.tar", "a", "._a")
    found = hashlib.md5(archive.read_bytes()).hexdigest()
    refused(f"has md5 {found}, expected {'0' * 32}", archive, checksum=f"md5:{'0' * 32}")
    refused(f"expected {'1' * 64}", archive, checksum=f"sha256:{'1' * 64}")
    refused(f"has {archive.stat().st_size} bytes, expected 7", archive, bytes="7")
    refused("holds 1 files, expected 2", archive, files="2")
    refused("is missing", tmp_path / "none.tar")
    with pytest.raises(InputError, match=r"lists no archive a\.tar of ixi"):
        extract.main(archive=archive, out=tmp_path / "out", **listed(tmp_path / "b.tar"))


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/evil"])
def test_climbing_members(tmp_path: Path, name: str):
    (tmp_path / "in").mkdir()
    for archive in (
        make_tar(tmp_path / "in/a.tar", "fine", name),
        make_zip(tmp_path / "in/a.zip", "fine", name),
    ):
        refused("points outside the folder", archive)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.tar", "a.zip", "in", "sources.csv"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices(tmp_path: Path, kind: bytes):
    archive = make_tar(tmp_path / "a.tar", "fine")
    with tarfile.open(archive, "a") as tar:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = kind, "fine"
        tar.addfile(member)
    refused("member 'link' is a link or device", archive)


def test_symlink_in_zip(tmp_path: Path):
    archive = make_zip(tmp_path / "a.zip", "fine")
    with zipfile.ZipFile(archive, "a") as file:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    refused("member 'link' is a link or device", archive)


def test_truncated_archives(tmp_path: Path):
    whole = make_tar(tmp_path / "whole.tar", "a", "b").read_bytes()
    member = 512 + 5120
    for length in (member + 700, 2 * member - 100, member, 2 * member):
        (tmp_path / "a.tar").write_bytes(whole[:length])
        refused("truncated", tmp_path / "a.tar")
    (tmp_path / "a.tar").write_bytes(whole[: 2 * member + 1024])
    assert extracted(tmp_path / "a.tar", tmp_path / "shortest") == ["a", "b"]

    packed = gzip.compress(whole)
    for length in (len(packed) // 2, len(packed) - 4):
        (tmp_path / "a.tar.gz").write_bytes(packed[:length])
        refused("truncated", tmp_path / "a.tar.gz")
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 0xFF
    (tmp_path / "a.tar.gz").write_bytes(flipped)
    refused("damaged", tmp_path / "a.tar.gz")

    zipped = make_zip(tmp_path / "a.zip", "a", "b").read_bytes()
    (tmp_path / "a.zip").write_bytes(zipped[: len(zipped) // 2])
    refused("truncated", tmp_path / "a.zip")
    flipped = bytearray(zipped)
    flipped[1000] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(flipped)
    refused("damaged", tmp_path / "a.zip")


def test_other_archives_without_use(tmp_path: Path):
    (tmp_path / "page.tar").write_text("<html>404</html>")
    refused("is no tar, tar.gz or zip archive", tmp_path / "page.tar")
    refused("holds no files", make_tar(tmp_path / "empty.tar", "._a"))
    refused("takes the place of an earlier one", make_tar(tmp_path / "twice.tar", "a", "a"))
    refused("takes the place of an earlier one", make_tar(tmp_path / "inside.tar", "a", "a/b"))
    archive = make_tar(tmp_path / "a.tar", "a")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(InputError, match="isn't empty"):
        extract.main(archive=archive, out=tmp_path / "full", **listed(archive))
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["mine"]
