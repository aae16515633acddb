"""Downloads from a real server that cuts, lies, stalls and refuses; Synapse with its client imitated.

The archives are tiny, their layouts those of the sources.
"""

import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import pandas as pd
import pytest
import requests

from brainuad.datasets import download
from brainuad.datasets.sources import COLUMNS
from brainuad.errors import InputError
from brainuad.stages import download as stage
from brainuad.stages import extract

NOISE = [bytes(hashlib.shake_128(bytes([k])).digest(60_000)) for k in range(4)]
"""Contents of members, which don't compress."""
WAITS = (0.0, 0.0, 0.0)
TIMEOUT = (5.0, 0.3)
LAYOUTS = {
    ("ixi", "IXI-T1.tar"): ["IXI002-Guys-0828-T1.nii.gz", "IXI012-HH-1211-T1.nii.gz"],
    ("nfbs", "NFBS_Dataset.tar.gz"): [
        f"NFBS_Dataset/A00028185/sub-A00028185_ses-NFB3_{kind}.nii.gz" for kind in ("T1w", "T1w_brain", "T1w_brainmask")
    ],
    ("brats", "Task01_BrainTumour.tar"): [
        f"Task01_BrainTumour/{name}"
        for name in ("imagesTr/BRATS_001.nii.gz", "imagesTr/._BRATS_001.nii.gz", "labelsTr/BRATS_001.nii.gz")
    ],
    ("mood", "brain_train.zip"): ["brain_train/00000.nii.gz", "brain_train/00001.nii.gz"],
    ("mood_toy", "brain_toy.zip"): [
        "toy/toy_0.nii.gz",
        "toy_label/pixel/toy_0.nii.gz",
        "toy_label/sample/toy_0.nii.gz.txt",
    ],
    ("mslub", "open_ms_data.tar.gz"): [
        f"open_ms_data-6570490/cross_sectional/coregistered/patient01/{kind}.nii.gz"
        for kind in ("FLAIR", "consensus_gt", "brainmask")
    ],
    ("isbi2015", "training_final_v4.zip"): [
        "training/training01/preprocessed/training01_01_flair_pp.nii",
        "training/training01/masks/training01_01_mask1.nii",
    ],
}


def packed(name: str, members: list[str]) -> bytes:
    """An archive of the kind that its name tells."""
    buffer = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(buffer, "w") as archive:
            for member, content in zip(members, NOISE, strict=False):
                archive.writestr(member, content)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz" if name.endswith(".gz") else "w") as archive:
            for member, content in zip(members, NOISE, strict=False):
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVES = {key: packed(key[1], members) for key, members in LAYOUTS.items()}
WHOLE = ARCHIVES["ixi", "IXI-T1.tar"]
SIZE = len(WHOLE)


class Host:
    """A file's server on the loopback. Each fault in turn serves one request, then all goes well.

    A fault is the first word of `answer`'s cases, with its numbers; one that is `always` there serves all requests.
    """

    def __init__(self, content: bytes = WHOLE):
        self.content = content
        self.faults: list[tuple] = []
        self.always: tuple = ()
        self.asked: list[str] = []
        self.sent: list[int] = []
        self.queries: list[str] = []
        self.patience = threading.Event()
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/file?alias=T1+ICBM&who="

    def close(self) -> None:
        self.patience.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.headers.get("Range", ""))
        self.queries.append(request.path)
        fault, *numbers = self.always or (self.faults.pop(0) if self.faults else ("none",))
        start = int(self.asked[-1].removeprefix("bytes=").removesuffix("-") or 0)
        content, length = self.content, None
        if fault == "wrong bytes":
            content = bytes(byte ^ 1 for byte in content)
        if fault == "no range":
            start, numbers = 0, numbers or [len(content)]
        if fault == "status" or start > len(content) or (start and start == len(content)):
            self.sent.append(0)
            request.send_error(numbers[0] if fault == "status" else 416)
            return
        if fault == "redirect":
            self.sent.append(0)
            request.send_response(302)
            request.send_header("Location", "/elsewhere")
            request.end_headers()
            return
        if fault == "other range":
            start -= 1000
        body = content[start : start + (numbers[0] if numbers else len(content))]
        if fault == "says length":
            length, body = numbers[0], content
        if fault == "too much":
            body = content + b"more"
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if fault != "too much":
            request.send_header("Content-Length", str(length or len(content) - start))
        request.end_headers()
        self.sent.append(len(body))
        try:
            request.wfile.write(body)
            if fault == "stall":
                request.wfile.flush()
                self.patience.wait(60)
        except OSError:
            pass  # the client has hung up, as it may


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    """The first address and its mirror."""
    pair = Host(), Host()
    yield pair
    for host in pair:
        host.close()


@pytest.fixture
def host(hosts: tuple[Host, Host]) -> Host:
    return hosts[0]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "ixi" / "IXI-T1.tar"


def listed(address: str, content: bytes = WHOLE, **changes: str) -> dict[str, str]:
    """A row of the table of sources for a file's content."""
    known = {
        "dataset": "ixi",
        "archive": "IXI-T1.tar",
        "version": "made",
        "address": address,
        "bytes": str(len(content)),
        "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
        "access": "open",
        "citation": "nobody",
    }
    return dict.fromkeys(COLUMNS, "") | known | changes


def fetch(row: dict[str, str], out: Path) -> None:
    download.fetch(row, out, WAITS, TIMEOUT)


def refused(row: dict[str, str], out: Path, *told: str) -> str:
    """The download fails in one line that tells these things; nothing lies under the final name."""
    with pytest.raises(InputError) as caught:
        fetch(row, out)
    message = str(caught.value)
    assert "\n" not in message and message.startswith("ixi: ")
    for text in (*told, "IXI-T1.tar", "data/ixi/"):
        assert text in message
    assert not out.exists()
    return message


def nothing_else(out: Path, *names: str) -> None:
    """The folder holds just these files."""
    assert sorted(path.name for path in out.parent.iterdir()) == sorted(names)


@pytest.mark.parametrize("key", LAYOUTS, ids=lambda key: key[1])
def test_archives_of_all_layouts_arrive_and_unpack(host: Host, tmp_path: Path, key: tuple[str, str]):
    dataset, archive = key
    host.content = ARCHIVES[key]
    plain = [member for member in LAYOUTS[key] if "._" not in member]
    row = listed(host.address, host.content, dataset=dataset, archive=archive, files=str(len(plain)))
    sources, out = tmp_path / "sources.csv", tmp_path / "downloads" / archive
    pd.DataFrame([row]).to_csv(sources, index=False)
    stage.main(sources=sources, dataset=dataset, archive=archive, out=out)
    nothing_else(out, archive)
    assert out.stat().st_mode & 0o044, "others of the group can't read it"
    extract.main(archive=out, sources=sources, dataset=dataset, out=tmp_path / "raw")
    assert sorted(p.relative_to(tmp_path / "raw").as_posix() for p in (tmp_path / "raw").rglob("*.*")) == sorted(plain)


def test_query_string_arrives_whole(host: Host, out: Path):
    fetch(listed(host.address), out)
    assert host.queries == ["/file?alias=T1+ICBM&who="]


def test_cut_connection_goes_on_where_it_broke(host: Host, out: Path):
    host.faults = [("cut", 70_000), ("cut", 20_000)]
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE
    assert host.asked == ["", "bytes=70000-", "bytes=90000-"]
    assert host.sent == [70_000, 20_000, SIZE - 90_000]
    nothing_else(out, out.name)


def test_any_number_of_cuts_that_bring_something(host: Host, out: Path):
    host.faults = [("cut", 1_000)] * 20
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and sum(host.sent) == SIZE


def test_cuts_that_bring_nothing_end(host: Host, out: Path):
    host.faults = [("cut", 5_000)]
    host.faults += [("cut", 0)] * 20
    refused(listed(host.address), out, f"{host.address} breaks off (4 times on end)")
    assert len(host.asked) == 1 + len(WAITS)
    nothing_else(out, "IXI-T1.tar.part")
    host.faults = []
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.sent[-1] == SIZE - 5_000


def test_host_without_ranges_is_asked_anew(host: Host, out: Path):
    host.faults = [("cut", 70_000), ("no range",)]
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.sent == [70_000, SIZE]


def test_host_without_ranges_that_always_cuts_ends(host: Host, out: Path):
    host.always = ("no range", 70_000)
    refused(listed(host.address), out, "breaks off (4 times on end)")
    assert host.sent == [70_000] * 4


def test_other_bytes_than_asked_for_are_not_joined(host: Host, out: Path):
    host.faults = [("cut", 70_000), ("other range",)]
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.asked == ["", "bytes=70000-", ""]


@pytest.mark.parametrize("told", [SIZE - 1000, SIZE + 1000])
def test_wrong_length_is_refused_before_a_byte_is_kept(host: Host, out: Path, told: int):
    host.always = ("says length", told)
    refused(listed(host.address), out, f"{host.address} offers {told} bytes, expected {SIZE}")
    assert len(host.asked) == 1
    nothing_else(out)


def test_longer_body_than_promised_breaks_off_where_no_size_is_known(host: Host, out: Path):
    host.always = ("says length", SIZE + 1000)
    refused(listed(host.address, bytes=""), out, "times on end")


def test_more_bytes_than_expected_without_a_length(host: Host, out: Path):
    host.always = ("too much",)
    refused(listed(host.address), out, f"sends more than the {SIZE} bytes expected")
    nothing_else(out)


def test_wrong_bytes_are_fetched_anew_once(host: Host, out: Path, capsys: pytest.CaptureFixture):
    host.faults = [("wrong bytes",)]
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.sent == [SIZE, SIZE]
    assert "the md5 isn't the one expected, fetching it anew" in capsys.readouterr().err


def test_wrong_bytes_again_are_refused(host: Host, out: Path):
    host.always = ("wrong bytes",)
    refused(listed(host.address), out, f"{host.address} sends a file whose md5 isn't the one expected")
    assert host.sent == [SIZE, SIZE]
    nothing_else(out)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_refusals_are_not_repeated(host: Host, out: Path, status: int):
    host.always = ("status", status)
    refused(listed(host.address), out, f"{host.address} answers {status} ")
    assert len(host.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_hosts_are_asked_again(host: Host, out: Path, status: int):
    host.faults = [("status", status)] * 2
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and len(host.asked) == 3


def test_ever_busy_host_ends(host: Host, out: Path):
    host.always = ("status", 500)
    refused(listed(host.address), out, "answers 500 (4 times on end)")
    assert len(host.asked) == 4


def test_waits_grow_and_start_again_with_progress(host: Host, out: Path, monkeypatch: pytest.MonkeyPatch):
    waited = []
    monkeypatch.setattr(download.time, "sleep", waited.append)
    host.faults = [("status", 500), ("status", 500), ("cut", 10), ("status", 500)]
    download.fetch(listed(host.address), out, waits=(1, 2, 3), timeout=TIMEOUT)
    assert waited == [1, 2, 1, 2]


def test_stall_is_a_cut(host: Host, out: Path):
    host.faults = [("stall", 65_536)]
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.asked == ["", "bytes=65536-"]


def test_ever_stalling_host_ends(host: Host, out: Path):
    host.always = ("stall", 0)
    refused(listed(host.address), out, "gives no answer in time (4 times on end)")


def test_redirect_is_followed(host: Host, out: Path):
    host.faults = [("redirect",)]
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.queries[-1] == "/elsewhere"


def test_nobody_there(out: Path):
    gone = Host()
    gone.close()
    refused(listed(gone.address), out, "can't be reached or hangs up (4 times on end)")


@pytest.mark.parametrize("fault", [("status", 403), ("cut", 0), ("wrong bytes",), ("says length", 5), ("stall", 0)])
def test_mirror_serves_what_the_first_address_does_not(hosts: tuple[Host, Host], out: Path, fault: tuple):
    first, mirror = hosts
    first.always = fault
    fetch(listed(first.address, mirror=mirror.address), out)
    assert out.read_bytes() == WHOLE and mirror.sent == [SIZE]
    nothing_else(out, out.name)


def test_mirror_goes_on_where_the_first_address_broke_off(hosts: tuple[Host, Host], out: Path):
    first, mirror = hosts
    first.faults = [("cut", 90_000), *[("status", 503)] * 4]
    fetch(listed(first.address, mirror=mirror.address), out)
    assert out.read_bytes() == WHOLE and mirror.asked == ["bytes=90000-"]


def test_both_addresses_and_their_answers_are_named(hosts: tuple[Host, Host], out: Path):
    first, mirror = hosts
    first.always, mirror.always = ("status", 404), ("status", 403)
    row = listed(first.address, mirror=mirror.address, terms="https://page")
    refused(row, out, f"{first.address} answers 404", f"{mirror.address} answers 403", "by hand (https://page)")


def test_part_of_another_file_is_no_part_of_this(host: Host, out: Path):
    out.parent.mkdir(parents=True)
    part = out.with_name("IXI-T1.tar.part")
    part.write_bytes(bytes(SIZE + 5))
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.asked == [""]

    out.unlink()
    part.write_bytes(bytes(1000))
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.asked[1:] == ["bytes=1000-", ""]

    out.unlink()
    part.write_bytes(bytes(SIZE + 5))
    fetch(listed(host.address, bytes=""), out)
    assert out.read_bytes() == WHOLE and host.asked[3:] == [f"bytes={SIZE + 5}-", ""]
    nothing_else(out, out.name)


def test_part_that_is_whole_needs_no_host(host: Host, out: Path):
    out.parent.mkdir(parents=True)
    out.with_name("IXI-T1.tar.part").write_bytes(WHOLE)
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.asked == []


def test_unknown_checksum_is_told_with_the_one_found(host: Host, out: Path, capsys: pytest.CaptureFixture):
    fetch(listed(host.address, checksum="", bytes=""), out)
    assert out.read_bytes() == WHOLE
    assert hashlib.sha256(WHOLE).hexdigest() in capsys.readouterr().err


def test_what_a_user_put_there_stays(host: Host, out: Path):
    out.parent.mkdir(parents=True)
    out.write_bytes(WHOLE)
    fetch(listed(host.address), out)
    assert host.asked == []
    out.write_bytes(b"mine")
    with pytest.raises(InputError, match=f"has 4 bytes, expected {SIZE}"):
        fetch(listed(host.address), out)
    assert out.read_bytes() == b"mine"


def test_manual_archives_are_not_asked_for(host: Host, out: Path):
    refused(listed(host.address, access="manual", terms="https://page"), out, "isn't for automatic", "(https://page)")
    refused(listed(""), out, "isn't for automatic download")
    assert host.asked == [] and not out.parent.exists()


def test_too_little_space_is_told_before_anything_is_asked(host: Host, out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=SIZE - 1))
    with pytest.raises(InputError, match=rf"has {SIZE - 1} bytes free, {SIZE} are needed\. Free some space"):
        fetch(listed(host.address), out)
    assert host.asked == []


COMMAND = """
import resource, signal, sys
from pathlib import Path
from brainuad.cli import main
limit = int(sys.argv.pop(1))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
main()
"""


def command(tmp_path: Path, row: dict[str, str], out: Path, largest: int = 10**9) -> subprocess.Popen:
    """A process that downloads, unable to write files above a size."""
    pd.DataFrame([row]).to_csv(tmp_path / "sources.csv", index=False)
    options = [f"--sources={tmp_path / 'sources.csv'}", "--dataset=ixi", "--archive=IXI-T1.tar", f"--out={out}"]
    arguments = [sys.executable, "-c", COMMAND, str(largest), "download", *options]
    return subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)


def test_full_disk_is_one_line_and_keeps_what_came(host: Host, tmp_path: Path, out: Path):
    """A limit on the size of a file stands for the full disk: the same failure of write(2)."""
    process = command(tmp_path, listed(host.address), out, largest=80_000)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.splitlines()[-1].endswith(
        "can't be written, the disk is full. Free some space and run again; what has come so far is kept"
    )
    nothing_else(out, "IXI-T1.tar.part")
    fetch(listed(host.address), out)
    assert out.read_bytes() == WHOLE and host.asked[-1] == "bytes=80000-"


def test_killed_process_is_taken_up_by_the_next(host: Host, tmp_path: Path, out: Path):
    part = out.with_name("IXI-T1.tar.part")
    host.faults = [("stall", 65_536)]
    process = command(tmp_path, listed(host.address), out)
    while process.poll() is None and not (part.exists() and part.stat().st_size == 65_536):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    nothing_else(out, "IXI-T1.tar.part")

    process = command(tmp_path, listed(host.address), out)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.read_bytes() == WHOLE and host.asked == ["", "bytes=65536-"]
    nothing_else(out, out.name)


# Synapse. The stand-in has the modules, names and signatures of synapseclient 4.14 that are used.

TOKEN = "eyJ0eXAi.a-very-secret-token.c2lnbmF0dXJl"


class SynapseError(Exception):
    pass


class SynapseAuthenticationError(SynapseError):
    pass


class SynapseAuthorizationError(SynapseError):
    pass


class File:
    def __init__(self, id: str, name: str, content: bytes):
        self.id, self.name, self.data_file_handle_id = id, name, f"handle of {id}"
        self.file_handle = SimpleNamespace(content_size=len(content), content_md5=hashlib.md5(content).hexdigest())


class Folder:
    def __init__(self, files: list[File]):
        self.files = files

    def walk(self, follow_link=False, include_types=None, recursive=True, display_ascii_tree=False, *, synapse_client):
        assert synapse_client.token == TOKEN
        if "folder" not in include_types:  # the client's manual says that it looks into them all the same
            return
        yield ("Project", "syn1"), [SimpleNamespace(id="syn2", name="data")], []
        yield ("Project/data", "syn2"), [], [SimpleNamespace(id=file.id, name=file.name) for file in self.files]


class Synapse:
    """Synapse as an account sees it; what goes wrong in it is named by `fault`."""

    fault = ""
    entities: ClassVar[dict[str, object]] = {}
    link = ""

    def __init__(self, *, skip_checks: bool = False, silent: bool | None = None, cache_client: bool = True):
        assert not cache_client
        self.token = ""

    def login(self, email=None, silent=False, authToken=None, profile="default") -> None:
        if Synapse.fault == "token":
            raise SynapseAuthenticationError(f"the token {authToken} is wrong")
        self.token = authToken

    @staticmethod
    def get(synapse_id=None, *, file_options=None, synapse_client=None) -> object:
        assert file_options.download_file is False and synapse_client.token == TOKEN
        if Synapse.fault == "terms":
            raise SynapseAuthorizationError(f"not for {synapse_client.token}")
        return Synapse.entities[synapse_id]

    @staticmethod
    def get_file_handle_for_download(file_handle_id, synapse_id, entity_type=None, *, synapse_client=None) -> dict:
        if Synapse.fault == "file":
            raise SynapseAuthorizationError(f"not for {synapse_client.token}")
        if Synapse.fault == "network":
            Synapse.fault = ""
            raise requests.ConnectionError(f"no route for {synapse_client.token}")
        assert file_handle_id == f"handle of {synapse_id}"
        return {"fileHandleId": file_handle_id, "preSignedURL": Synapse.link}


@pytest.fixture
def synapse(host: Host, monkeypatch: pytest.MonkeyPatch) -> type[Synapse]:
    """Synapse with a project that holds the archive, in lower case, whose bytes lie at the host."""
    names = {
        "synapseclient": {"Synapse": Synapse},
        "synapseclient.models": {"File": File},
        "synapseclient.operations": {"FileOptions": SimpleNamespace, "get": Synapse.get},
        "synapseclient.api": {"get_file_handle_for_download": Synapse.get_file_handle_for_download},
    }
    for name, contents in names.items():
        module = ModuleType(name)
        vars(module).update(contents)
        monkeypatch.setitem(sys.modules, name, module)
    file = File("syn3", "ixi-t1.tar", WHOLE)
    monkeypatch.setattr(Synapse, "fault", "")
    monkeypatch.setattr(Synapse, "entities", {"syn1": Folder([File("syn9", "other.zip", b""), file]), "syn3": file})
    monkeypatch.setattr(Synapse, "link", f"{host.address}X-Amz-Signature=signed-secret")
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", TOKEN)
    return Synapse


def gated(address: str = "synapse:syn1", **changes: str) -> dict[str, str]:
    """The row of an archive that lies in Synapse, of which nothing but the name is known."""
    account = {"access": "account", "terms": "https://page", "token": "SYNAPSE_AUTH_TOKEN", "bytes": "", "checksum": ""}
    return listed(address, **(account | changes))


@pytest.mark.parametrize("address", ["synapse:syn1", "synapse:syn3"])
def test_synapse_file_by_its_project_or_itself(synapse: type[Synapse], host: Host, out: Path, address: str):
    host.faults = [("cut", 70_000), ("wrong bytes",)]
    fetch(gated(address), out)
    assert out.read_bytes() == WHOLE, "the md5 that Synapse tells finds the wrong bytes"
    assert host.asked == ["", "bytes=70000-", ""]
    nothing_else(out, out.name)


@pytest.mark.parametrize("fault", ["token", "terms", "file"])
def test_synapse_refusals_name_terms_variable_and_drop_folder(synapse: type[Synapse], out: Path, fault: str):
    synapse.fault = fault
    told = refused(gated(), out, "https://page", "SYNAPSE_AUTH_TOKEN", "doesn't give out IXI-T1.tar")
    assert ("SynapseAuthenticationError" in told) == (fault == "token")


def test_synapse_that_is_out_of_reach_for_a_moment_is_asked_again(synapse: type[Synapse], out: Path):
    synapse.fault = "network"
    fetch(gated(), out)
    assert out.read_bytes() == WHOLE


def test_synapse_out_of_reach_from_the_start(synapse: type[Synapse], out: Path, monkeypatch: pytest.MonkeyPatch):
    def hang(*_: object, **__: object) -> None:
        raise TimeoutError(TOKEN)

    monkeypatch.setattr(synapse, "login", hang)
    refused(gated(), out, "Synapse can't be reached for IXI-T1.tar (TimeoutError). Run again with a network")


def test_synapse_project_that_shows_no_such_file(synapse: type[Synapse], out: Path):
    synapse.entities["syn1"].files.pop()
    refused(gated(), out, "syn1 shows no IXI-T1.tar", "https://page", "SYNAPSE_AUTH_TOKEN")


def test_synapse_without_token(synapse: type[Synapse], out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SYNAPSE_AUTH_TOKEN")
    refused(gated(), out, "SYNAPSE_AUTH_TOKEN holds no token", "https://page")


def test_synapse_without_its_client(out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "synapseclient", None)
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", TOKEN)
    refused(gated(), out, "pip install 'brainuad[synapse]'")


@pytest.mark.parametrize("fault", ["", "token", "terms", "file", "bytes", "gone"])
def test_secrets_of_synapse_are_told_nowhere(
    synapse: type[Synapse], host: Host, tmp_path: Path, out: Path, fault: str,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture,
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")
    synapse.fault = fault
    host.always = {"bytes": ("wrong bytes",), "gone": ("cut", 0)}.get(fault, ())
    try:
        fetch(gated(), out)
        told = ""
    except InputError as error:
        told = f"{error} {error.__cause__!r}"
    assert bool(told) == bool(fault)
    printed = capfd.readouterr()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    everything = (told + printed.out + printed.err + caplog.text).encode() + written
    assert b"secret" not in everything and TOKEN.encode() not in everything
