"""The table of sources: one row for each archive of each dataset, where it comes from and what it must be.

    dataset    the reader's name
    archive    file name under which it lies in a drop folder
    modality   the one it holds, empty for all
    version    of the data; versions of one dataset and modality stand for one another
    address    https://..., or synapse:syn123 (the file, or a folder or project that holds it); of an archive that is
               fetched by hand: the page to fetch it from
    mirror     a second address
    bytes, checksum (md5:... or sha256:...), files (that it unpacks to), subjects (that the reader finds)
    licence, access (open, account, manual), terms (page where they are accepted)
    token      environment variable that holds the account's token
    citation

An empty cell is unknown.
"""

import re
from pathlib import Path

import pandas as pd

from brainuad.datasets.reader import MODALITIES, known, read_text_table
from brainuad.errors import InputError

# Plain http only from this machine, where nobody is in between.
HTTPS = r"https://\S+|http://(localhost|127\.0\.0\.1)[:/]\S*"
NUMBER = r"[1-9]\d*"
FORMS = {
    "dataset": r"\w+",
    "archive": r"[^/\s]+",
    "modality": "|".join(MODALITIES),
    "version": r".+",
    "address": rf"{HTTPS}|synapse:syn\d+",
    "mirror": HTTPS,
    "bytes": NUMBER,
    "checksum": r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}",
    "files": NUMBER,
    "subjects": NUMBER,
    "licence": r".+",
    "access": "open|account|manual",
    "terms": HTTPS,
    "token": r"[A-Z][A-Z0-9_]*",
    "citation": r".+",
}
"""Column -> what its cells match unless they are empty."""
REQUIRED = ("dataset", "archive", "version", "access", "citation")
COLUMNS = tuple(FORMS)
MEND = "Mend that row; the columns are told in brainuad.datasets.sources"


def read(path: Path) -> pd.DataFrame:
    """The table as text, empty cells as ''. Raises InputError naming the first row that isn't as it must be."""
    table = read_text_table(path, COLUMNS, f"Its columns are {', '.join(COLUMNS)}")
    readers, seen = known(), set()
    for number, row in enumerate(table.to_dict("records"), start=2):
        where = f"{path}, line {number} ({row['dataset']}, {row['archive']})"
        for column, form in FORMS.items():
            if not row[column] and column in REQUIRED:
                raise InputError(where, f"has no {column}", MEND)
            if row[column] and not re.fullmatch(form, row[column]):
                # Where a token's name belongs, somebody may have put the token.
                wrong = f"{column} '{row[column]}', which can't be one"
                hidden = "token that is no name of an environment variable"
                raise InputError(where, f"has the {wrong}" if column != "token" else f"has a {hidden}", MEND)
        if row["dataset"] not in readers:
            raise InputError(where, f"has no reader src/brainuad/datasets/{row['dataset']}.py", "Write it")
        if (row["access"] == "account") != row["address"].startswith("synapse:"):
            raise InputError(where, "has access by account without an address of Synapse, or the reverse", MEND)
        if row["access"] == "account" and not (row["terms"] and row["token"]):
            raise InputError(where, "needs an account, but doesn't tell the page of its terms and the token", MEND)
        if (row["dataset"], row["archive"]) in seen:
            raise InputError(where, "is listed twice", "Keep one of the rows")
        seen.add((row["dataset"], row["archive"]))
    return table


def row(path: Path, dataset: str, archive: str) -> dict[str, str]:
    """The row of one archive. Raises InputError where there is none."""
    table = read(path)
    of_dataset = table[table["dataset"] == dataset]
    found = of_dataset[of_dataset["archive"] == archive].to_dict("records")
    if not found:
        listed = ", ".join(of_dataset["archive"]) or "none"
        raise InputError(path, f"lists no archive {archive} of {dataset}", f"Add its row or choose one of: {listed}")
    return found[0]


def by_hand(row: dict[str, str]) -> str:
    """How to get an archive without this program's help."""
    page = row["terms"] or row["address"] or "its publisher"
    folder = f"data/{row['dataset']}/"
    return f"get {row['archive']} by hand ({page}) and drop it into {folder} (or the folder that config.yaml names)"


def subjects(rows: list[dict[str, str]]) -> int:
    """How many subjects the rows of one dataset hold, as far as they tell.

    Archives of one version and modality hold different people, other versions and modalities the same.
    """
    held: dict[tuple[str, str], int] = {}
    for row in rows:
        key = row["modality"], row["version"]
        held[key] = held.get(key, 0) + int(row["subjects"] or 0)
    return max(held.values(), default=0)
