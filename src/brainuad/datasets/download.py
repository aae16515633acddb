"""Downloads: an archive arrives under its name whole and checked, or not at all.

pooch checks and places the files; below it lies a transfer that goes on where an earlier one broke off, in this
process or one before: what has come so far waits in `<name>.part` beside the file.
"""

import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests
import urllib3
from tqdm import tqdm

from brainuad.datasets import synapse
from brainuad.datasets.archives import verify
from brainuad.datasets.sources import by_hand
from brainuad.errors import InputError
from brainuad.files import DISK_FULL, sha256

WAITS = (1.0, 5.0, 30.0, 120.0)
"""Seconds before each further attempt; one that brings new bytes starts them again."""
TIMEOUT = (30.0, 60.0)
"""Seconds to wait for a connection, and for the next bytes."""
PIECE = 1 << 16
BUSY = (408, 429)
"""Answers below 500 that another time may differ."""


class Refused(Exception):
    """What is wrong with an address, where asking again is of no use."""


class BrokenOff(Exception):
    """What went wrong with a transfer that may go on."""


@dataclass(frozen=True)
class Offer:
    """A file at one address, and what it must be (None and '' where unknown)."""

    address: str
    link: Callable[[], str]
    """Where the bytes are now; it may be signed, so it is never printed."""
    size: int | None
    checksum: str


def fetch(
    row: dict[str, str], out: Path, waits: Sequence[float] = WAITS, timeout: tuple[float, float] = TIMEOUT
) -> None:
    """Fetch the archive of a row of the table of sources to `out`, from its address, else from its mirror.

    A file that is there already is only checked. Raises InputError where the archive is fetched by hand, needs an
    account that isn't given, or where no address gives the bytes that are expected; and for a full disk.
    """
    if out.exists():
        verify(out, row["checksum"], int(row["bytes"]) if row["bytes"] else None)
        return
    if row["access"] == "manual" or not row["address"]:
        raise InputError(row["dataset"], f"{row['archive']} isn't for automatic download", f"Please {by_hand(row)}")
    out.parent.mkdir(parents=True, exist_ok=True)
    pooch.get_logger().setLevel("WARNING")  # its advice on checksums is for programmers
    answers = []
    for address in filter(None, (row["address"], row["mirror"])):
        try:
            retrieve(offer(address, row), out, waits, timeout)
            return
        except Refused as error:
            answers.append(f"{address} {error}")
            tell(answers[-1])
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            problem = "can't be written, the disk is full"
            raise InputError(out, problem, "Free some space and run again; what has come so far is kept") from error
    problem = f"{row['archive']} can't be downloaded: {'; '.join(answers)}"
    raise InputError(row["dataset"], problem, f"Try again later, or {by_hand(row)}")


def offer(address: str, row: dict[str, str]) -> Offer:
    """What an address of a row offers."""
    size = int(row["bytes"]) if row["bytes"] else None
    if not address.startswith("synapse:"):
        return Offer(address, lambda: address, size, row["checksum"])
    file = synapse.find(row)
    return Offer(address, file.link, size or file.size, row["checksum"] or file.checksum)


def retrieve(offered: Offer, out: Path, waits: Sequence[float], timeout: tuple[float, float]) -> None:
    """Fetch one offer to `out`; wrong bytes are fetched anew once. Raises Refused."""
    part = out.with_name(f"{out.name}.part")
    check_space(part, offered.size)

    def download(address: str, target: str, _: pooch.Pooch | None) -> None:
        Path(target).unlink()  # pooch's empty file, which a killed process would leave behind
        transfer(offered, part, waits, timeout)
        part.replace(target)

    for last in (False, True):
        try:
            pooch.retrieve(offered.address, offered.checksum or None, out.name, out.parent, downloader=download)
            break
        except ValueError as error:
            algorithm = offered.checksum.partition(":")[0]
            if last:
                raise Refused(f"sends a file whose {algorithm} isn't the one expected") from error
            tell(f"{out.name}: the {algorithm} isn't the one expected, fetching it anew")
    if not offered.checksum:
        tell(f"{out.name}: fetched, but nobody published a checksum to compare with; its sha256 is {sha256(out)}")


def transfer(offered: Offer, part: Path, waits: Sequence[float], timeout: tuple[float, float]) -> None:
    """Fill `part` up to the whole file, in as many attempts as bring it further. Raises Refused."""
    furthest, failures = length(part), 0
    while True:
        try:
            attempt(offered, part, timeout)
            return
        except BrokenOff as error:
            failures = 1 if length(part) > furthest else failures + 1
            furthest = max(furthest, length(part))
            if failures > len(waits):
                raise Refused(f"{error} ({failures} times on end)") from error
            tell(f"{offered.address} {error} after {length(part)} bytes, again in {waits[failures - 1]:g} s")
            time.sleep(waits[failures - 1])


def attempt(offered: Offer, part: Path, timeout: tuple[float, float]) -> None:
    """Ask once for the bytes that `part` lacks. Raises BrokenOff and Refused."""
    if offered.size is not None and length(part) > offered.size:
        part.unlink()  # of another file
    done = length(part)
    if done and done == offered.size:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    try:
        with requests.get(offered.link(), headers=headers, stream=True, timeout=timeout) as response:
            start, total = begin(response, part)
            if total is not None and offered.size is not None and total != offered.size:
                raise Refused(f"offers {total} bytes, expected {offered.size}")
            append(response, part, start, offered.size or total)
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise BrokenOff("gives no answer in time") from None  # errors of requests name the whole link
    except (requests.ConnectionError, ConnectionError):
        raise BrokenOff("can't be reached or hangs up") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError):
        raise BrokenOff("breaks off") from None


def begin(response: requests.Response, part: Path) -> tuple[int, int | None]:
    """Where an answer begins in the file, and the whole file's size if it is told. Raises BrokenOff and Refused."""
    status, done = response.status_code, length(part)
    if status == 416:
        part.unlink()
        raise BrokenOff("has no bytes that follow the ones here")
    if status in BUSY or status >= 500:
        raise BrokenOff(f"answers {status}")
    if status == 200:
        size = response.headers.get("Content-Length", "")
        return 0, int(size) if size.isdigit() else None
    if status != 206:
        raise Refused(f"answers {status} {response.reason}")
    told = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if told is None or int(told[1]) != done:
        part.unlink()
        raise BrokenOff("sends other bytes than asked for")
    return done, None if told[2] == "*" else int(told[2])


def append(response: requests.Response, part: Path, start: int, size: int | None) -> None:
    """Write an answer's bytes to `part` from `start` on. Raises BrokenOff where `size` isn't reached, else Refused."""
    name = part.name.removesuffix(".part")
    with (
        part.open("ab" if start else "wb") as file,
        tqdm(desc=f"fetching {name}", total=size, initial=start, unit="B", unit_scale=True, mininterval=1) as bar,
    ):
        # The bytes as they are sent: a host may call an archive's own compression an encoding.
        for piece in response.raw.stream(PIECE, decode_content=False):
            file.write(piece)
            bar.update(len(piece))
    if size is not None and length(part) < size:
        raise BrokenOff("breaks off")
    if size is not None and length(part) > size:
        part.unlink()
        raise Refused(f"sends more than the {size} bytes expected")


def check_space(part: Path, size: int | None) -> None:
    """Raise InputError where the disk can't hold what is still to come."""
    free, needed = shutil.disk_usage(part.parent).free, (size or 0) - length(part)
    if needed > free:
        raise InputError(part.parent, f"has {free} bytes free, {needed} are needed", "Free some space and run again")


def length(part: Path) -> int:
    """Bytes that have come so far."""
    return part.stat().st_size if part.exists() else 0


def tell(text: str) -> None:
    """A line of the log."""
    print(text, file=sys.stderr, flush=True)
