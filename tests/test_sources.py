"""The table of sources: the real one is sound, and a broken one is refused in a line that names row and column."""

import re
from pathlib import Path

import pandas as pd
import pytest

from brainuad.datasets import ixi
from brainuad.datasets.reader import known
from brainuad.datasets.sources import COLUMNS, by_hand, read, row
from brainuad.errors import InputError

SOURCES = Path(__file__).parents[1] / "workflow" / "data" / "sources.csv"
ROW = {
    "dataset": "ixi",
    "archive": "IXI-T1.tar",
    "modality": "T1",
    "version": "1",
    "address": "https://host/IXI-T1.tar?a=b+c",
    "bytes": "12",
    "checksum": f"md5:{'0' * 32}",
    "access": "open",
    "citation": "them",
}
GATED = {"address": "synapse:syn1", "access": "account"}


def write_table(path: Path, *rows: dict[str, str]) -> Path:
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    return read(SOURCES)


def test_every_dataset_has_its_rows_and_every_row_its_reader(real: pd.DataFrame):
    expected = "brainweb brainweb_ms brats brats2021 brats2023 isbi2015 ixi mood mood_toy mslub nfbs pernet"
    assert sorted(real["dataset"].unique()) == expected.split()
    assert set(real["dataset"]) <= set(known())


def test_real_addresses(real: pd.DataFrame):
    assert real["address"].str.match(r"https://|synapse:syn").all()
    assert real["mirror"].str.match(r"https://|$").all()
    assert real["checksum"].replace("", pd.NA).dropna().is_unique
    addresses = real["address"][real["access"] == "open"]
    assert addresses.is_unique


def test_what_is_downloaded_unasked_is_licensed_and_what_is_big_is_checked(real: pd.DataFrame):
    unasked = real[real["access"] == "open"]
    assert (unasked["licence"] != "").all()
    big = unasked[unasked["bytes"].replace("", "0").astype(int) > 1e9]
    assert len(big) == 5 and (big["checksum"] != "").all()


def test_gated_sets_name_page_and_token(real: pd.DataFrame):
    gated = real[real["access"] == "account"]
    assert set(gated["dataset"]) == {"brats2023", "mood", "mood_toy"}
    assert (gated["token"] == "SYNAPSE_AUTH_TOKEN").all() and (gated["terms"] != "").all()
    assert (real[real["access"] == "manual"]["terms"] != "").all()


def test_brainweb_pairs_images_with_the_tissue_map_of_the_same_lesions(real: pd.DataFrame):
    for dataset, anatomy, endpoint in (("brainweb", "normal", "brainweb1"), ("brainweb_ms", "msles2", "brainweb2")):
        rows = real[real["dataset"] == dataset]
        assert list(rows["modality"]) == ["T1", "T2", "PD", ""]
        assert rows["archive"].str.contains(f"_{anatomy}_").all()
        assert rows["address"].str.contains(rf"{endpoint}\?.*[+_]{anatomy}[+_]").all()


def test_published_layouts_of_mslub_are_two_versions_of_which_one_comes_by_itself(real: pd.DataFrame):
    rows = real[real["dataset"] == "mslub"]
    assert list(rows.groupby("version", sort=False).size()) == [1, 6]
    assert list(rows["access"]) == ["open"] + ["manual"] * 6
    assert all(rows.groupby("version")["subjects"].apply(lambda cells: cells.astype(int).sum()) == 30)


def test_sheet_of_ixi_is_the_one_that_its_reader_reads(real: pd.DataFrame):
    (row,) = real[real["archive"] == "IXI.xls"].to_dict("records")
    assert (row["dataset"], row["modality"], row["access"], row["checksum"]) == ("ixi", "", "open", ixi.SHEET)


def test_row_is_found_by_dataset_and_archive(tmp_path: Path):
    table = write_table(
        tmp_path / "sources.csv", ROW, {**ROW, "archive": "IXI-T2.tar", "mirror": "http://localhost:80/x"}
    )
    assert row(table, "ixi", "IXI-T2.tar") == dict.fromkeys(COLUMNS, "") | {
        **ROW,
        "archive": "IXI-T2.tar",
        "mirror": "http://localhost:80/x",
    }
    with pytest.raises(InputError, match=r"sources\.csv: lists no archive x of ixi\. .*IXI-T1\.tar, IXI-T2\.tar"):
        row(table, "ixi", "x")
    with pytest.raises(InputError, match=r"lists no archive IXI-T1\.tar of nfbs\. .*none"):
        row(table, "nfbs", "IXI-T1.tar")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"archive": "a/b"}, "archive 'a/b'"),
        ({"modality": "T9"}, "modality 'T9'"),
        ({"version": ""}, "has no version"),
        ({"address": "ftp://host/x"}, "address 'ftp://host/x'"),
        ({"address": "http://host/x"}, "address 'http://host/x'"),
        ({"address": "synapse:123"}, "address 'synapse:123'"),
        ({"mirror": "synapse:syn1"}, "mirror 'synapse:syn1'"),
        ({"bytes": "1.5"}, "bytes '1.5'"),
        ({"files": "-1"}, "files '-1'"),
        ({"subjects": "0"}, "subjects '0'"),
        ({"checksum": "0" * 32}, "checksum '000"),
        ({"checksum": f"md5:{'0' * 64}"}, "checksum 'md5:000"),
        ({"checksum": f"sha1:{'0' * 40}"}, "checksum 'sha1:000"),
        ({"access": "free"}, "access 'free'"),
        ({"access": ""}, "has no access"),
        ({"access": "account", "terms": "https://page", "token": "TOKEN"}, "access by account without an address"),
        ({"address": "synapse:syn1"}, "access by account without an address of Synapse, or the reverse"),
        ({**GATED, "terms": "https://page"}, "needs an account, but doesn't tell"),
        ({**GATED, "token": "TOKEN"}, "needs an account, but doesn't tell"),
        ({"token": "a secret"}, "has a token that is no name of an environment variable"),
        ({"dataset": "xyz"}, "has no reader src/brainuad/datasets/xyz.py"),
        ({"archive": "IXI-T1.tar"}, "is listed twice"),
    ],
)
def test_broken_rows_are_told(tmp_path: Path, changes: dict[str, str], problem: str):
    table = write_table(tmp_path / "sources.csv", ROW, {**ROW, "archive": "second", **changes})
    with pytest.raises(InputError) as caught:
        read(table)
    assert re.match(rf"{re.escape(str(table))}, line 3 \(", str(caught.value)) and problem in str(caught.value)
    assert "secret" not in str(caught.value)


def test_no_table_and_missing_columns_are_told(tmp_path: Path):
    with pytest.raises(InputError, match="is missing or no table"):
        read(tmp_path / "none.csv")
    pd.DataFrame([ROW]).to_csv(tmp_path / "sources.csv", index=False)
    with pytest.raises(InputError, match="has no column mirror, files, subjects, licence, terms, token"):
        read(tmp_path / "sources.csv")


def test_by_hand_names_page_and_folder():
    told = by_hand({**ROW, "terms": "https://page"})
    assert "IXI-T1.tar by hand (https://page)" in told and "data/ixi/" in told
