"""Preflight: where data lie, what is missing or damaged, what can start."""

import csv
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from brainuad import disk, doctor, machine
from brainuad.datasets import location
from brainuad.errors import InputError
from brainuad.stages import doctor as stage

ROOT = Path(__file__).parents[1]
COLUMNS = [
    *("dataset", "archive", "modality", "version", "address", "mirror", "bytes", "checksum", "files", "subjects"),
    *("licence", "access", "terms", "token", "citation"),
]
SYNAPSE = {
    "address": "synapse:syn123",
    "access": "account",
    "terms": "https://terms.example/mood",
    "token": "SYNAPSE_AUTH_TOKEN",
}
ROWS = [
    {"dataset": "ixi", "archive": "IXI-T1.tar", "modality": "T1", "bytes": "10240", "subjects": "581"},
    {"dataset": "ixi", "archive": "IXI-T2.tar", "modality": "T2", "bytes": "3000000000", "subjects": "578"},
    {"dataset": "mslub", "archive": "all.tar.gz", "version": "tarball", "subjects": "30"},
    {"dataset": "mslub", "archive": "first.zip", "version": "zips", "subjects": "15"},
    {"dataset": "mslub", "archive": "second.zip", "version": "zips", "subjects": "15"},
    {"dataset": "mood", "archive": "brain_train.zip", "bytes": "23000000000", **SYNAPSE},
]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A table of sources with each kind of access and a dataset of two versions."""
    path = tmp_path / "sources.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for row in ROWS:
            usual = {"address": f"https://host.example/{row['archive']}", "access": "open", "version": "1"}
            writer.writerow({**usual, "licence": "CC0", "citation": "none", **row})
    return path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNAPSE_AUTH_TOKEN", raising=False)
    return {
        "run": "made",
        "seeds": [0, 1],
        "device": "cpu",
        "data": "data",
        "downloads": "fetched",
        "datasets": {name: {"reader": name} for name in ("ixi", "mslub", "mood")},
        "recipes": {"baur": {"size": 100, "slice_spacing": 2.0}},
        "preparation": [],
    }


def study(dataset: str = "ixi", test: int | None = 20, modality: str = "T1") -> dict:
    cohort = {"dataset": dataset, "modality": modality, "train": 4, "validation": 1, "test": test}
    return {"recipe": "baur", "methods": ["random", "vae", "oracle"], "sweeps": {}, "cohorts": {"healthy": cohort}}


def put(path: Path | str, content: bytes = b"x") -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content)
    return Path(path)


def put_tar(path: Path | str) -> Path:
    """A tar of the size that IXI-T1.tar is said to have."""
    scan = put("scan.nii.gz")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        tar.add(scan)
    return Path(path)


def states(config: dict, dataset: str, sources: Path, modalities: str = "T1") -> list[tuple[str, str, str]]:
    found = location.archives(config, dataset, set(modalities.split()), sources)
    return [(archive.name, str(archive.path), archive.state) for archive in found]


def test_each_place_goes_before_the_next(config: dict, sources: Path) -> None:
    downloaded = "fetched/ixi/IXI-T1.tar"
    assert states(config, "ixi", sources) == [("IXI-T1.tar", downloaded, "to download")]
    put(downloaded)
    assert states(config, "ixi", sources) == [("IXI-T1.tar", downloaded, "downloaded")]
    put("data/ixi/tree/IXI002-Guys-0828-T1.nii.gz")
    assert states(config, "ixi", sources) == []
    put("data/ixi/IXI-T1.tar")
    assert states(config, "ixi", sources) == [("IXI-T1.tar", "data/ixi/IXI-T1.tar", "dropped")]
    config["datasets"]["ixi"]["local_archive"] = {"IXI-T1.tar": str(put("elsewhere/t1.tar"))}
    assert states(config, "ixi", sources) == [("IXI-T1.tar", "elsewhere/t1.tar", "named")]
    config["datasets"]["ixi"] = {"reader": "ixi", "path": "empty"}
    assert states(config, "ixi", sources) == [("IXI-T1.tar", downloaded, "downloaded")]


def test_a_sheet_of_people_comes_along_but_is_never_waited_for(config: dict, sources: Path) -> None:
    row = dict.fromkeys(COLUMNS, "") | {"dataset": "ixi", "archive": "IXI.xls", "version": "1", "access": "open"}
    with sources.open("a", newline="") as file:
        csv.DictWriter(file, COLUMNS).writerow({**row, "address": "https://host.example/IXI.xls", "citation": "none"})

    def found(modalities: str = "T1") -> dict[str, str]:
        return {name: state for name, _, state in states(config, "ixi", sources, modalities)}

    assert found() == {"IXI-T1.tar": "to download", "IXI.xls": "to download"}
    assert found("FLAIR") == {}
    put(Path(config["downloads"], "ixi", "IXI-T1.tar"))
    assert found() == {"IXI-T1.tar": "downloaded", "IXI.xls": "to download"}, "broken off in between"
    put("data/ixi/IXI-T1.tar")
    assert found() == {"IXI-T1.tar": "dropped"}
    put("data/ixi/IXI.xls")
    assert found() == {"IXI-T1.tar": "dropped", "IXI.xls": "dropped"}
    Path("data/ixi/IXI-T1.tar").unlink()
    put("data/ixi/tree/IXI002-Guys-0828-T1.nii.gz")
    assert found() == {}, "the sheet lies in the tree and is read there"


def test_only_modalities_in_use_are_fetched(config: dict, sources: Path) -> None:
    assert [name for name, _, _ in states(config, "ixi", sources, "T2 FLAIR")] == ["IXI-T2.tar"]
    assert [name for name, _, _ in states(config, "ixi", sources, "T1 T2")] == ["IXI-T1.tar", "IXI-T2.tar"]
    assert [name for name, _, _ in states(config, "mslub", sources, "FLAIR")] == ["all.tar.gz"]


def test_leftovers_are_no_tree(config: dict, sources: Path) -> None:
    put("data/ixi/._IXI002-Guys-0828-T1.nii.gz")
    put("data/ixi/__MACOSX/IXI002-Guys-0828-T1.nii.gz")
    put("data/ixi/readme.txt")
    assert [state for _, _, state in states(config, "ixi", sources)] == ["to download"]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([], {"all.tar.gz": "to download"}),
        (["all.tar.gz", "first.zip", "second.zip"], {"all.tar.gz": "dropped"}),
        (["first.zip", "second.zip"], {"first.zip": "dropped", "second.zip": "dropped"}),
        (["second.zip"], {"first.zip": "to download", "second.zip": "dropped"}),
    ],
)
def test_one_version_suffices(config: dict, sources: Path, there: list[str], expected: dict[str, str]) -> None:
    for name in there:
        put(f"data/mslub/{name}")
    assert {name: state for name, _, state in states(config, "mslub", sources)} == expected


@pytest.mark.parametrize(
    ("token", "client", "state"), [("", True, "missing"), ("abc", False, "missing"), ("abc", True, "to download")]
)
def test_gated_archives_need_token_and_client(
    config: dict, sources: Path, monkeypatch: pytest.MonkeyPatch, token: str, client: bool, state: str
) -> None:
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", token)
    monkeypatch.setattr(location, "find_spec", lambda _: SimpleNamespace() if client else None)
    assert [found for _, _, found in states(config, "mood", sources)] == [state]


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ({"IXI-T9.tar": "scan.tar"}, "unknown archive 'IXI-T9.tar'. Known archives: IXI-T1.tar, IXI-T2.tar"),
        ({"IXI-T1.tar": "nowhere.tar"}, "nowhere.tar: is no file"),
    ],
)
def test_wrong_local_archive_is_told(config: dict, sources: Path, named: dict[str, str], problem: str) -> None:
    config["datasets"]["ixi"]["local_archive"] = named
    with pytest.raises(InputError, match=problem):
        states(config, "ixi", sources)
    report = doctor.examine(config, {"a": study("ixi"), "b": study("mslub")}, sources)
    assert problem in report.page() and not report.can_start
    assert dict(report.verdicts()) == {
        "a": "can't start: ixi is unusable",
        "b": "can start, downloads mslub (unknown size)",
    }


def test_page_of_a_run_that_can_start(config: dict, sources: Path) -> None:
    put_tar("data/ixi/IXI-T1.tar")
    report = doctor.examine(config, {"one": study(modality="T2"), "two": study()}, sources)
    lines = report.page().splitlines()
    assert report.can_start
    assert any(line.split()[:2] == ["ixi", "dropped"] and "IXI-T1.tar" in line for line in lines)
    assert any("IXI-T2.tar" in line and "3.0 GB" in line and "from host.example" in line for line in lines)
    unneeded = lines[lines.index("Configured, but no study needs them, so none is fetched") :]
    assert any(line.split()[:1] == ["mood"] for line in unneeded) and "ixi" not in " ".join(unneeded[:4])
    assert ("one", "can start, downloads ixi (3.0 GB)") in report.verdicts()


def test_an_optional_cohort_is_left_out_where_its_data_are_missing(config: dict, sources: Path) -> None:
    put_tar("data/ixi/IXI-T1.tar")
    optional = {"dataset": "mood", "modality": "T1", "title": "MOOD", "test": 3, "optional": True}
    one = {**study(), "notes": ["A note."]}
    one["cohorts"]["more"] = optional
    one["shifts"] = [{"cohorts": ["healthy", "more"], "metrics": ["auprc"]}]
    one["against"] = [{"study": "two", "cohort": "more", "methods": list(one["methods"])}]
    left = doctor.without_missing(config, {"one": one}, sources)
    assert list(left["one"]["cohorts"]) == ["healthy"] and left["one"]["shifts"] == [] == left["one"]["against"]
    assert left["one"]["notes"] == ["A note.", "Not tested on MOOD: mood is missing."]
    report = doctor.examine(config, left, sources)
    assert report.can_start
    assert report.verdicts() == [("one", "can start, without more (mood is missing)")]
    assert "How to get mood" in report.page()

    Path("data/mood").mkdir(parents=True)
    Path("data/mood/scan.nii.gz").write_bytes(b"here")
    there = doctor.without_missing(config, {"one": one}, sources)
    assert list(there["one"]["cohorts"]) == ["healthy", "more"] and there["one"]["notes"] == ["A note."]


def test_fidelity_is_left_out_without_maps_of_structures(config: dict, sources: Path) -> None:
    one = {**study(), "notes": [], "fidelity": {"methods": ["vae"]}, "methods": ["vae"]}
    folder = Path("data", one["cohorts"]["healthy"]["dataset"])
    left = doctor.without_missing(config, {"one": one}, sources)["one"]
    assert "fidelity" not in left and "maps of the structures of healthy brains are missing" in left["notes"][0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "IXI002-Guys-0828-DLMUSE.nii.gz").write_bytes(b"here")
    there = doctor.without_missing(config, {"one": one}, sources)["one"]
    assert there["fidelity"] == one["fidelity"] and there["notes"] == []


def test_levels_of_sweeps_take_room_too(config: dict, sources: Path) -> None:
    one = {**study("ixi", 30, "T2"), "postprocessing": {"erosion": 3}}
    chain = {"setting": "postprocessing.erosion", "levels": [0, 1], "methods": ["vae"]}
    share = {"setting": "train_share", "levels": [0.1, 0.5, "own"], "methods": ["vae"]}
    one["sweeps"] = {"chain": chain, "share": share}
    pairs = dict(doctor.examine(config, {"one": one}, sources).disk)
    assert "30 test subjects x 5 methods, sweeps included" in pairs["one, maps"]


def test_page_tells_how_to_get_what_is_missing(config: dict, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", "secret")
    monkeypatch.setattr(location, "find_spec", lambda _: None)
    report = doctor.examine(config, {"one": study("mood"), "two": study("mslub", None)}, sources)
    page = report.page()
    assert not report.can_start
    for told in (
        "brain_train.zip  synapse:syn123  (1, account, CC0, 23.0 GB)",
        "terms on https://terms.example/mood",
        "token in SYNAPSE_AUTH_TOKEN (now set)",
        "into data/mood/,",
        "datasets.mood.path",
        "datasets.mood.local_archive",
        "one  can't start: mood is missing",
        "Studies that can run without what is missing: two",
    ):
        assert told in page
    assert "How to get mslub" not in page and "secret" not in page


def cut_zip() -> bytes:
    with zipfile.ZipFile("whole.zip", "w") as file:
        file.writestr("scan.nii.gz", bytes(2000))
    return Path("whole.zip").read_bytes()[:-30]


@pytest.mark.parametrize(
    ("dataset", "path", "content", "problem"),
    [
        ("ixi", "data/ixi/IXI-T1.tar", lambda: b"", "is empty"),
        ("ixi", "data/ixi/IXI-T1.tar", lambda: bytes(99), "has 99 bytes, expected 10240"),
        ("ixi", "data/ixi/IXI-T1.tar", lambda: b"<html>".ljust(10240), "is no archive"),
        ("mslub", "fetched/mslub/all.tar.gz", lambda: b"<html>", "is no archive"),
        ("mslub", "fetched/mslub/all.tar.gz", lambda: b"\x1f\x8b\x08", "is no archive, or is truncated"),
        ("mslub", "data/mslub/first.zip", cut_zip, "is no archive, or is truncated"),
        ("ixi", "data/ixi/a/IXI002-Guys-0828-T1.nii.gz", lambda: b"", "1 of 1 scans are empty files"),
    ],
)
def test_damage_is_seen(
    config: dict, sources: Path, dataset: str, path: str, content: Callable[[], bytes], problem: str
) -> None:
    put(path, content())
    report = doctor.examine(config, {"one": study(dataset)}, sources)
    assert not report.can_start
    assert any(path in line and problem in line and "damaged" in line for line in report.page().splitlines())


def test_archives_that_are_not_used_are_pointed_out(config: dict, sources: Path) -> None:
    put("data/mood/brain_train (1).zip")
    for name in ("all.tar.gz", "first.zip", "second.zip"):
        put(f"data/mslub/{name}")
    lines = doctor.examine(config, {"one": study("mood")}, sources).page().splitlines()
    assert any("brain_train (1).zip" in line and "no archive of this name" in line for line in lines)
    assert sum("another version or modality" in line for line in lines) == 2


def test_a_broken_off_download_is_told(config: dict, sources: Path) -> None:
    put("fetched/ixi/IXI-T1.tar.part", bytes(4096))
    report = doctor.examine(config, {"one": study()}, sources)
    assert "from host.example; broken off at 40%, goes on by itself" in report.page()
    assert report.can_start


def test_nothing_listed_is_said(config: dict, sources: Path) -> None:
    config["datasets"]["nfbs"] = {"reader": "nfbs"}
    page = doctor.examine(config, {"one": study("nfbs", modality="FLAIR")}, sources).page()
    assert "no scans in data/nfbs/, and no archive with FLAIR is listed" in page
    report = doctor.examine(config, {"one": study(modality="FLAIR")}, sources)
    assert "no archive with FLAIR is listed" in report.page() and not report.can_start


def test_phantoms_and_preparation_count(config: dict, sources: Path) -> None:
    config["datasets"]["phantom-ixi"] = {"reader": "ixi"}
    config["phantom"] = {"spacing": 4.0, "subjects": {"phantom-ixi": 3}}
    assert doctor.examine(config, {"one": study("phantom-ixi")}, sources).can_start
    config["preparation"] = [{"recipe": "baur", "dataset": "mood", "modality": "T1"}]
    report = doctor.examine(config, {"one": study("phantom-ixi")}, sources)
    assert dict(report.verdicts()) == {"one": "can start", "preparation": "can't start: mood is missing"}
    assert not report.can_start


def test_disk_is_reckoned(config: dict, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 slices of 100 x 100 floats, twice, for 30 + 5 subjects and for 30 maps of 3 methods and 2 seeds."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=6.1e9))
    studies = {"one": study("ixi", 30, "T2")}
    pairs = dict(doctor.examine(config, studies, sources).disk)
    assert pairs["to download"] == "3.0 GB"
    assert pairs["one, scans"].startswith("1.1 GB = 35 subjects")  # 35 (25 + 6.4) MB
    assert pairs["one, maps"].startswith(
        "1.2 GB = 30 test subjects x 3 methods, sweeps included, x 2 seeds"
    )  # 180 x 6.4 MB
    assert pairs["free in fetched/ and results/"] == "6.1 GB, needed about 8.3 GB: TOO LITTLE"
    Path("results/made/raw/ixi/IXI-T2.tar").mkdir(parents=True)
    assert doctor.examine(config, studies, sources).disk[-1][1] == "6.1 GB, needed about 5.3 GB: enough"


def test_disk_that_cannot_hold_the_archives_keeps_a_run_from_starting(
    config: dict, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 GB are to be fetched and unpacked: that is known, unlike what results take."""
    studies = {"one": study("ixi", 30, "T2")}
    for free, starts in ((6.1e9, True), (5.9e9, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        report = doctor.examine(config, studies, sources)
        assert report.can_start == starts
    problem = "fetched/ and results/ has 5.9 GB free, the archives alone need 6.0 GB"
    assert dict(report.verdicts()) == {"one": f"can't start: {problem}"}
    part = Path("fetched/ixi/IXI-T2.tar.part")
    part.parent.mkdir(parents=True)
    with part.open("wb") as file:
        file.truncate(200_000_000)
    assert doctor.examine(config, studies, sources).can_start, "what has come so far needn't come again"


@pytest.mark.parametrize(
    ("recipe", "settings", "shape"),
    [
        ("baur", {}, (160, 128, 128)),
        ("baur", {"size": 64, "slice_spacing": 5.0}, (32, 64, 64)),
        ("square", {"module": "inpainting", "shape": [256, 200], "slice_spacing": 2.0}, (80, 256, 200)),
        ("kobayashi", {}, (180, 256, 256)),
    ],
)
def test_slices_are_counted_as_the_recipe_cuts_them(recipe: str, settings: dict, shape: tuple[int, int, int]) -> None:
    assert disk.stack_shape({"recipes": {recipe: settings}}, recipe) == shape


def test_all_that_are_left_are_counted_from_the_sources(config: dict, sources: Path) -> None:
    report = doctor.examine(config, {"one": study("mslub", None)}, sources)
    mslub = next(data for data in report.datasets if data.dataset == "mslub")
    assert disk.tested_subjects(study("mslub", None)["cohorts"]["healthy"], mslub) == 30 - 4 - 1


@pytest.mark.parametrize(
    ("wanted", "card", "usable", "told", "refused"),
    [
        ("auto", False, False, "GPU found: none; 'auto' takes the CPU", False),
        ("auto", True, True, "GPU found: NVIDIA H100, 81559 MiB; 'auto' takes the GPU", False),
        ("auto", True, False, "81559 MiB that torch can't use (see envs/cuda.txt); 'auto' takes the CPU", False),
        ("cpu", True, True, "'cpu' takes the CPU", False),
        ("cuda", False, True, "'cuda' takes the GPU", False),
        ("cuda", True, False, "81559 MiB", True),
    ],
)
def test_device(
    config: dict,
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    card: bool,
    usable: bool,
    told: str,
    refused: bool,
) -> None:
    driver = put("bin/nvidia-smi", f"#!/bin/sh\n{'echo NVIDIA H100, 81559 MiB' if card else 'exit 9'}\n".encode())
    driver.chmod(driver.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{driver.parent.absolute()}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(machine, "torch_uses_cuda", lambda: usable)
    report = doctor.examine({**config, "device": wanted}, {"one": study()}, sources)
    assert told in dict(report.machine)["device"]
    assert report.can_start != refused
    assert ("torch can use no CUDA device" in report.page()) == refused


@pytest.mark.parametrize(
    ("folder", "path", "found"),
    [("fsl", "fsl/bin", True), ("fsl", "", False), ("", "fsl/bin", False), (None, "fsl/bin", False)],
)
def test_fast_needs_its_folder_and_its_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str | None, path: str, found: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    put("fsl/bin/fast", b"#!/bin/sh\n").chmod(0o755)
    monkeypatch.setenv("PATH", path)
    monkeypatch.delenv("FSLDIR", raising=False)
    if folder is not None:
        monkeypatch.setenv("FSLDIR", folder)
    assert machine.has_fast() == found
    assert (dict(machine.optional_tools([]))["FSL fast"] == "fsl/bin/fast") == found


def test_tokens_are_told_of_but_not_shown(config: dict, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", "secret")
    report = doctor.examine(config, {"one": study()}, sources)
    assert ("SYNAPSE_AUTH_TOKEN", "set") in report.machine
    assert "secret" not in report.page()


def test_command_examines_a_run_without_torch(tmp_path: Path) -> None:
    command = (
        "import sys; from pathlib import Path; from brainuad.stages import doctor;"
        f"doctor.main(configfile=Path('workflow/runs/tiny.yaml'), data=Path({str(tmp_path)!r}));"
        "print(sorted({'torch', 'lightning'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "baur2021" in done.stdout and done.stdout.endswith("[]\n")


def test_command_fails_where_a_study_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(machine, "torch_uses_cuda", lambda: False)
    changes = put(tmp_path / "changes.yaml", b"device: cuda")
    with pytest.raises(SystemExit, match="1"):
        stage.main(config=ROOT / "config.yaml", configfile=changes, data=tmp_path)
    assert "Set it to auto or cpu" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "missing or no YAML"),
        (b"", "holds no settings"),
        (b"- run\n- seed\n", "holds no settings"),
        (b"run: \xff\xfe\n", "missing or no YAML"),
        (b"run: [1\n", "missing or no YAML"),
        (b"run: 2021-13-45\n", "missing or no YAML"),
    ],
)
@pytest.mark.parametrize("which", ["config", "configfile"])
def test_files_that_are_no_configuration(tmp_path: Path, which: str, content: bytes | None, problem: str) -> None:
    path = tmp_path / "bad.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"bad.yaml: .*{problem}") as error:
        stage.main(**{"config": ROOT / "config.yaml", which: path})
    assert "\n" not in str(error.value)


def test_command_checks_what_is_used(tmp_path: Path) -> None:
    changes = put(tmp_path / "changes.yaml", b"datasets: {ixi: {options: {rater: 1}}}")
    with pytest.raises(InputError, match=r"^datasets\.ixi: reader ixi has no option 'rater'"):
        stage.main(config=ROOT / "config.yaml", configfile=changes)


def test_command_looks_for_downloads_in_their_own_place(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Also where the scans lie in a folder of the user's."""
    others = [path.stem for path in (ROOT / "workflow/studies").glob("*.yaml") if path.stem != "baur2021"]
    # They need more than the start of an archive.
    without = "studies: {" + ", ".join(f"{study}: null" for study in others) + "}"
    changes = put(tmp_path / "changes.yaml", f"downloads: {tmp_path}/fetched\n{without}".encode())
    put(tmp_path / "fetched/nfbs/NFBS_Dataset.tar.gz")
    stage.main(config=ROOT / "config.yaml", configfile=changes, data=tmp_path / "scans")
    page = capsys.readouterr().out
    assert f"{tmp_path}/fetched/nfbs/NFBS_Dataset.tar.gz" in page and f"free in {tmp_path}/fetched/" in page
