"""Each source's published layout, and every trap in it, on made trees of tiny scans."""

import hashlib
import json
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from brainuad.datasets import brains, brainweb, ixi, volumes
from brainuad.datasets.reader import MODALITIES, known, read_subjects, reader
from brainuad.errors import InputError
from brainuad.stages import index

SHAPE = (16, 17, 18)


def ball(value: float = 1) -> np.ndarray:
    """A ball in exact zeros, as in a stripped scan."""
    distance = np.linalg.norm(np.indices(SHAPE).T - (np.array(SHAPE) - 1) / 2, axis=-1).T
    return np.where(distance < 6, value, 0).astype(np.float32)


def save(path: Path, data: np.ndarray | None = None) -> Path:
    """A scan of 2 mm voxels, by default a stripped one, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(ball() if data is None else data, np.diag((-2, -2, 2, 1))), path)
    return path


def tree(root: Path, *names: str, **texts: str) -> Path:
    """A folder of scans, and of text files given as name=content."""
    for name in names:
        save(root / name)
    for name, content in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def indexed(name: str, *roots: Path, **options: object) -> pd.DataFrame:
    """The index stage's table of a reader, by subject."""
    out = roots[0].parent / "subjects.tsv"
    index.main(reader=name, root=list(roots), dataset="made", out=out, options=json.dumps(options))
    return read_subjects(out).set_index("subject")


def cells(table: pd.DataFrame, subject: str) -> dict[str, str]:
    """The files of a subject, without folders, by column."""
    return {c: Path(table.loc[subject, c]).name for c in (*MODALITIES, "label", "brain") if table.loc[subject, c]}


def refused(name: str, problem: str, *roots: Path, **options: object) -> None:
    """Indexing is refused in one line that tells the problem."""
    with pytest.raises(InputError, match=problem) as caught:
        indexed(name, *roots, **options)
    assert "\n" not in str(caught.value)


def four(case: str, kinds: tuple[str, ...], ending: str = ".nii.gz", between: str = "_") -> list[str]:
    """`case/case_kind.nii.gz` of each kind."""
    return [f"{case}/{case.rpartition('/')[2]}{between}{kind}{ending}" for kind in kinds]


BRATS = ("t1", "t1ce", "t2", "flair", "seg")
GLI = ("t1n", "t1c", "t2w", "t2f", "seg")
LAYOUTS = {
    "nfbs": [f"NFBS_Dataset/A00028185/sub-A00028185_ses-NFB3_T1w{end}.nii.gz" for end in ("", "_brain", "_brainmask")],
    "ixi": ["IXI-T1/IXI002-Guys-0828-T1.nii.gz", "IXI-T2/IXI002-Guys-0828-T2.nii.gz"],
    "brats": ["Task01_BrainTumour/imagesTr/BRATS_001.nii.gz", "Task01_BrainTumour/labelsTr/BRATS_001.nii.gz"],
    "brats2021": four("BraTS2021_00000", BRATS),
    "brats2023": four("BraTS-GLI-00000-000", GLI, between="-"),
    "mood": ["brain_train/00000.nii.gz"],
    "mood_toy": ["toy/toy_0.nii.gz", "toy_label/pixel/toy_0.nii.gz"],
    "mslub": [f"patient07/patient07_{n}.nii.gz" for n in ("FLAIR", "T1W", "T1WKS", "T2W", "consensus_gt", "brainmask")],
    "isbi2015": [
        *(f"training/training01/preprocessed/training01_01_{kind}_pp.nii" for kind in ("flair", "mprage", "pd", "t2")),
        *(f"training/training01/masks/training01_01_mask{rater}.nii" for rater in (1, 2)),
    ],
    "pernet": ["sub-01/anat/sub-01_T1w.nii.gz", "sub-01/anat/sub-01_T2w.nii.gz"],
    "brainweb": ["t1_icbm_normal_1mm_pn3_rf20.nii.gz", "phantom_1.0mm_normal_crisp_brain.nii.gz"],
    "brainweb_ms": ["t2_ai_msles2_1mm_pn3_rf20.nii.gz", "phantom_1.0mm_msles2_crisp_label.nii.gz"],
    "bids": ["sub-01/anat/sub-01_T1w.nii.gz", "derivatives/tool/sub-01/anat/sub-01_desc-brain_mask.nii.gz"],
    "kobayashi": [
        "sub-01/anat/sub-01_ce-gadolinium_T1w.nii.gz",
        "derivatives/labels/sub-01/anat/sub-01_dseg.nii.gz",
        "derivatives/brain/sub-01/anat/sub-01_desc-brain_mask.nii.gz",
    ],
}
"""The files of one subject of each reader."""
COLUMNS = {
    "nfbs": {"T1", "brain"},
    "ixi": {"T1", "T2"},
    "brats": {"T1", "T1ce", "T2", "FLAIR", "label"},
    "brats2021": {"T1", "T1ce", "T2", "FLAIR", "label"},
    "brats2023": {"T1", "T1ce", "T2", "FLAIR", "label"},
    "mood": {"T1"},
    "mood_toy": {"T1", "label"},
    "mslub": {"T1", "T1ce", "T2", "FLAIR", "label", "brain"},
    "isbi2015": {"T1", "T2", "PD", "FLAIR", "label"},
    "pernet": {"T1", "T2"},
    "brainweb": {"T1", "brain"},
    "brainweb_ms": {"T2", "label"},
    "bids": {"T1", "brain"},
    "kobayashi": {"T1ce", "label", "brain"},
}


@pytest.mark.parametrize("name", known())
def test_reader_finds_its_layout_at_any_depth_and_only_its_own(tmp_path: Path, name: str):
    module = reader(name)
    assert isinstance(module.HEALTHY, bool) and isinstance(module.PATIENTS, str)
    assert all(isinstance(value, int) and value > 0 and text for value, text in module.LABELS.items())
    assert "Licence" in module.__doc__ or name == "kobayashi"
    root = tree(tmp_path / "scans", *(f"a/b/{file}" for file in LAYOUTS[name]))
    for file in LAYOUTS[name]:  # what macOS leaves in archives
        (root / "a/b" / file).with_name(f"._{Path(file).name}").write_bytes(b"\x00\x05\x16\x07")
        tree(root / "__MACOSX", file)
    table = indexed(name, root)
    assert len(table) == 1 and set(cells(table, table.index[0])) == COLUMNS[name]
    assert table["anomalous"].tolist() == [{"mood_toy": ""}.get(name, "0" if module.HEALTHY else "1")]
    if name not in ("pernet", "bids"):  # the two that take any source's files of their form
        others = (file for other, files in LAYOUTS.items() if other != name for file in files)
        refused(name, "hold no subject", tree(tmp_path / "others", *others))


@pytest.mark.parametrize("name", known())
def test_nii_beside_nii_gz_is_refused(tmp_path: Path, name: str):
    root = tree(tmp_path / "scans", *LAYOUTS[name])
    first = root / LAYOUTS[name][0]
    save(first.with_suffix("") if first.suffix == ".gz" else first.with_suffix(".nii.gz"))
    refused(name, "are both the .* of subject .* Keep one of them", root)


def test_readers_of_the_same_people_say_so():
    people = {name: reader(name).PATIENTS for name in known() if reader(name).PATIENTS}
    groups = {frozenset(n for n in people if people[n] == people[name]) for name in people}
    assert {group for group in groups if len(group) > 1} == {
        frozenset({"brats", "brats2021", "brats2023"}),
        frozenset({"brainweb", "brainweb_ms"}),
    }


@pytest.mark.parametrize(
    ("name", "allowed", "oedema"),
    [("brats", {1, 2, 3}, 1), ("brats2021", {1, 2, 4}, 2), ("brats2023", {1, 2, 3}, 2)],
)
def test_label_values_of_brats_editions(tmp_path: Path, name: str, allowed: set[int], oedema: int):
    values = reader(name).LABELS
    image = volumes.load_image(str(save(tmp_path / "t1.nii.gz")))
    assert set(values) == allowed and values[oedema] == "oedema"
    for value in range(1, 5):
        cell = str(save(tmp_path / f"{value}.nii.gz", ball(value)))
        if value in allowed:
            assert set(np.unique(volumes.load_label(cell, image, values).data)) == {0, value}
        else:
            with pytest.raises(InputError, match=f"holds label {value}, allowed are 0"):
                volumes.load_label(cell, image, values)


@pytest.mark.parametrize(
    ("files", "subject", "site"),
    [
        (four("MICCAI_BraTS17/HGG/Brats17_CBICA_AAB_1", BRATS), "Brats17_CBICA_AAB_1", "CBICA"),
        (four("MICCAI_BraTS_2018_Data_Training/LGG/Brats18_TCIA13_623_1", BRATS), "Brats18_TCIA13_623_1", "TCIA13"),
        (four("MICCAI_BraTS_2019_Data_Training/HGG/BraTS19_2013_2_1", BRATS), "BraTS19_2013_2_1", "2013"),
        (four("MICCAI_BraTS2020_TrainingData/BraTS20_Training_001", BRATS, ".nii"), "BraTS20_Training_001", ""),
        (four("RSNA/BraTS2021_TrainingSet/UPENN-GBM/BraTS2021_00000", BRATS), "BraTS2021_00000", "UPENN-GBM"),
        (four("RSNA_ASNR_MICCAI_BraTS2021_TrainingData_16July2021/BraTS2021_01666", BRATS), "BraTS2021_01666", ""),
    ],
)
def test_brats_of_each_year(tmp_path: Path, files: list[str], subject: str, site: str):
    table = indexed("brats2021", tree(tmp_path / "scans", *files))
    assert list(table.index) == [subject] and table["site"].tolist() == [site]
    found = cells(table, subject)
    assert [found[column].split(".")[0].rpartition("_")[2] for column in ("T1", "T1ce", "T2", "FLAIR", "label")] == [
        *BRATS
    ]


def test_brats_2020_with_its_misnamed_mask_and_tables_of_people(tmp_path: Path):
    folder = "MICCAI_BraTS2020_TrainingData"
    names = [*four(f"{folder}/BraTS20_Training_355", BRATS[:4], ".nii"), *four(f"{folder}/BraTS20_Training_001", BRATS)]
    root = tree(
        tmp_path / "scans",
        *names,
        f"{folder}/BraTS20_Training_355/W39_1998.09.19_Segm.nii",
        **{
            f"{folder}/survival_info.csv": "Brats20ID,Age,Survival_days\nBraTS20_Training_355,60.463,289\nother,1,1\n",
            f"{folder}/name_mapping.csv": "Grade,BraTS_2019_subject_ID,BraTS_2020_subject_ID\n"
            "HGG,BraTS19_TMC_11964_1,BraTS20_Training_355\nHGG,NA,BraTS20_Training_001\n",
        },
    )
    table = indexed("brats2021", root)
    assert cells(table, "BraTS20_Training_355")["label"] == "W39_1998.09.19_Segm.nii"
    assert table[["site", "age", "sex"]].to_numpy().tolist() == [["", "", ""], ["TMC", "60.463", ""]]


@pytest.mark.parametrize(
    ("name", "case", "kinds", "between"),
    [("brats2021", "BraTS20_Validation_001", BRATS, "_"), ("brats2023", "BraTS-GLI-00001-000", GLI, "-")],
)
def test_validation_cases_come_without_label(tmp_path: Path, name: str, case: str, kinds: tuple, between: str):
    root = tree(tmp_path / "scans", *four(f"double/double/{case}", kinds[:4], between=between))
    table = indexed(name, root)
    assert set(cells(table, case)) == {"T1", "T1ce", "T2", "FLAIR"} and table.loc[case, "anomalous"] == "1"


def test_editions_of_brats_are_not_mixed(tmp_path: Path):
    older = tree(tmp_path / "2019", *four("HGG/BraTS19_CBICA_AAB_1", BRATS))
    newer = tree(tmp_path / "2021", *four("BraTS2021_00000", BRATS))
    refused(
        "brats2021", r"\(BraTS 2019\) and .* \(BraTS 2021\) are of editions that hold the same people", older, newer
    )


def test_decathlon_leaves_out_test_images_and_reads_channels_in_their_order(tmp_path: Path):
    channels = np.stack([ball(k + 1) for k in range(4)], -1)
    for folder, name in (("imagesTr", "BRATS_001"), ("imagesTs", "BRATS_485")):
        save(tmp_path / "Task01_BrainTumour" / folder / f"{name}.nii.gz", channels)
    table = indexed("brats", tmp_path / "Task01_BrainTumour")
    read = {m: volumes.load_image(table.loc["BRATS_001", m]).data.max() for m in ("FLAIR", "T1", "T1ce", "T2")}
    assert list(table.index) == ["BRATS_001"] and read == {"FLAIR": 1, "T1": 2, "T1ce": 3, "T2": 4}


def test_ixi_lists_people_by_their_files(tmp_path: Path):
    root = tree(
        tmp_path / "scans",
        "IXI-MRA/IXI300-Guys-0001-MRA.nii.gz",
        *(f"IXI-T1/IXI{name}-T1.nii.gz" for name in ("116-Guys-0739", "014-HH-1236", "002-Guys-0828")),
        *(f"IXI-{m}/IXI{n}-{m}.nii.gz" for m in ("T2", "PD") for n in ("580-IOP-1157", "014-HH-1236", "002-Guys-0828")),
    )
    table = indexed("ixi", root)
    modalities = {subject: set(cells(table, subject)) for subject in table.index}
    assert modalities == {
        "IXI002-Guys-0828": {"T1", "T2", "PD"},
        "IXI014-HH-1236": {"T1"},  # its T2 and PD break off
        "IXI116-Guys-0739": {"T1"},
        "IXI580-IOP-1157": {"T2", "PD"},
    }
    assert table["site"].tolist() == ["Guys", "HH", "Guys", "IOP"]
    assert set(table["age"]) | set(table["sex"]) == {""}


def write_sheet(path: Path, rows: list[tuple]) -> Path:
    """A spreadsheet of numbers, texts and empty cells (''), as OpenDocument, which is told by its content."""

    def cell(value: float | str) -> str:
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    uri = "urn:oasis:names:tc:opendocument:xmlns"
    names = " ".join(f'xmlns:{name}="{uri}:{name}:1.0"' for name in ("office", "table", "text"))
    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    table = f'<table:table table:name="Table">{lines}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{uri}:manifest:1.0"/>')
        file.writestr("content.xml", f"<office:document-content {names}>{body}</office:document-content>")
    return path


def test_ixi_sheet_tells_ages_and_sexes_but_not_who_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    numbers = (2, 12, 13, 14, 15, 16, 17)
    root = tree(tmp_path / "scans", *(f"IXI-T1/IXI{number:03d}-Guys-0828-T1.nii.gz" for number in numbers))
    rows = [
        ("IXI_ID", "SEX_ID (1=m, 2=f)", "HEIGHT", "AGE"),
        (1, 1, 180, 40),  # has no scan
        (2, 2, 164, 35.800136),
        (12, 1, 175, ""),
        (13, 1, 190, 46.5),
        (13, 0, 0, ""),  # 0 is unknown
        (14, 2, 160, 30.25),
        (14, 2, 160, 31.25),
        (15, 1, 160, 20),
        (15, 2, 160, 20),
        (16, 2, 170, 55.1),
        (16, 2, 170, 55.1),
    ]
    sheet = write_sheet(root / "IXI.xls", rows)
    refused("ixi", r"IXI\.xls: has md5 \w+, expected 066002afe250e4375d132266fcfceac5", root)
    monkeypatch.setattr(ixi, "SHEET", f"md5:{hashlib.md5(sheet.read_bytes()).hexdigest()}")
    table = indexed("ixi", root)
    assert [int(subject[3:6]) for subject in table.index] == list(numbers)
    assert table["age"].tolist() == ["35.8", "", "46.5", "", "20.0", "55.1", ""]
    assert table["sex"].tolist() == ["F", "M", "M", "F", "", "F", ""]


def test_nfbs_masks_are_fractional_and_stripped_copies_are_no_scans(tmp_path: Path):
    root = tree(tmp_path / "scans", *LAYOUTS["nfbs"])
    fractions = np.random.default_rng(0).uniform(0, 1, SHAPE).astype(np.float32)
    save(root / LAYOUTS["nfbs"][2], fractions)
    row = indexed("nfbs", root).loc["A00028185"]
    assert row["T1"].endswith("_T1w.nii.gz")
    brain = volumes.load_brain(row["brain"], volumes.load_image(row["T1"]))
    np.testing.assert_array_equal(brain.data, volumes.load(row["brain"]).data > 0.5)
    assert set(np.unique(brain.data)) == {0, 1}


def test_mood_tolerates_double_nesting_but_no_doubles(tmp_path: Path):
    root = tree(tmp_path / "scans", *(f"brain_train/brain_train/{k:05d}.nii.gz" for k in range(3)), "toy/toy_0.nii.gz")
    assert list(indexed("mood", root).index) == ["00000", "00001", "00002"]
    refused("mood", "are both the T1 of subject 00001", tree(root, "brain_train/00001.nii.gz"))


def toy(root: Path, **cases: tuple[np.ndarray, str]) -> Path:
    """Toy cases with their masks and texts."""
    for name, (mask, text) in cases.items():
        save(root / "toy" / f"{name}.nii.gz")
        save(root / "toy_label/pixel" / f"{name}.nii.gz", mask)
        tree(root, **{f"toy_label/sample/{name}.nii.gz.txt": text})
    return root


def test_mood_toy_tells_the_healthy_case_from_the_others(tmp_path: Path):
    nothing = np.zeros(SHAPE, np.float32)
    table = indexed("mood_toy", toy(tmp_path / "toys", toy_0=(nothing, "0"), toy_1=(ball(), "1\n")))
    assert table["anomalous"].tolist() == ["0", "1"]
    for name, row in table.iterrows():
        image, healthy = volumes.load_image(row["T1"]), row["anomalous"] == "0"
        label = volumes.load_label(row["label"], image, reader("mood_toy").LABELS, may_be_empty=healthy)
        assert label.data.any() == (name == "toy_1")
    with pytest.raises(InputError, match="is 0 everywhere"):
        volumes.load_label(table.loc["toy_0", "label"], image, reader("mood_toy").LABELS)
    full = save(tmp_path / "full.nii.gz", np.ones(SHAPE, np.float32))
    with pytest.raises(InputError, match="is 1 everywhere"):
        volumes.load_label(str(full), image, reader("mood_toy").LABELS, may_be_empty=True)


@pytest.mark.parametrize(
    ("mask", "text", "problem"),
    [(0, "1", "says 1, but nothing is marked"), (1, "0", "says 0, but something is marked"), (1, "yes", "holds 'yes'")],
)
def test_mood_toy_refuses_contradictions(tmp_path: Path, mask: int, text: str, problem: str):
    refused("mood_toy", problem, toy(tmp_path / "toys", toy_0=(mask * ball(), text)))


def test_mslub_reads_both_layouts_and_no_longitudinal_scan(tmp_path: Path):
    end = "_N4_noneck_reduced_winsor_regtoFLAIR"
    github = tree(
        tmp_path / "github",
        *(f"cross_sectional/MNI/patient01/{n}{end}_brain_N4_regtoMNI.nii.gz" for n in ("FLAIR", "T1", "T1POST", "T2")),
        f"cross_sectional/MNI/patient01/GOLD_STANDARD{end}_regtoMNI.nii.gz",
        "longitudinal/coregistered/patient01/gt.nii.gz",
        "longitudinal/raw/patient02/study1_FLAIR.nii.gz",
        "longitiudinal/coregistered/patient03/brainmask.nii.gz",
        **{
            "cross_sectional/patient_info.csv": "patient_id,age,sex\n1,31,F\n",
            "longitiudinal/patient_info.csv": "patient_id,age,sex\n1,20,M\n",
        },
    )
    table = indexed("mslub", github)
    assert list(table.index) == ["patient01"] and table[["age", "sex"]].to_numpy().tolist() == [["31", "F"]]
    assert {column: name.split("_N4")[0] for column, name in cells(table, "patient01").items()} == {
        "T1": "T1", "T1ce": "T1POST", "T2": "T2", "FLAIR": "FLAIR", "label": "GOLD_STANDARD",
    }  # fmt: skip
    zips = tree(tmp_path / "zips", *LAYOUTS["mslub"], "patient07/raw/patient07_FLAIR.nii.gz")
    assert len(cells(indexed("mslub", zips), "patient07")) == 6


def test_mslub_scans_dip_below_zero_under_headers_with_a_qform_alone(tmp_path: Path):
    scan = ball(5)
    scan[7:9, 8, 8] = -20
    paths = []
    for kind, data in (("FLAIR_N4_brain_regtoMNI", scan), ("GOLD_STANDARD_N4_regtoMNI", ball())):
        path = tmp_path / "scans/MNI/patient01" / f"{kind}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = nib.Nifti1Image(data, None)
        image.set_qform(np.array([[-1, 0, 0, 90], [0, 1, 0, -126], [0, 0, 1, -72], [0, 0, 0, 1.0]]), 1)
        image.set_sform(None, 0)
        nib.save(image, path)
        paths.append(path)
    row = indexed("mslub", tmp_path / "scans").loc["patient01"]
    image = volumes.load_image(row["FLAIR"])
    np.testing.assert_array_equal(image.data, scan[::-1])
    np.testing.assert_array_equal(image.affine[:3, 3], (90 - 15, -126, -72))
    np.testing.assert_array_equal(volumes.load_label(row["label"], image, {1: "lesion"}).data, ball()[::-1])
    found, origin = brains.find({**row, "brain": ""}, "FLAIR", image)
    assert origin == brains.NONZERO and found.data.sum() == np.count_nonzero(ball())


def isbi(root: Path) -> Path:
    """Two training patients of three and one time points, one test patient."""
    for patient, visits in (("training/training01", 3), ("training/training02", 1), ("testdata_website/test01", 2)):
        name = patient.rpartition("/")[2]
        for visit in range(1, visits + 1):
            stem = f"{name}_{visit:02d}"
            ending = ".nii.gz" if visit == 2 else ".nii"
            tree(root, *(f"{patient}/preprocessed/{stem}_{k}_pp{ending}" for k in ("flair", "mprage", "pd", "t2")))
            tree(root, f"{patient}/orig/{stem}_flair.nii.gz", f"{patient}/preprocessed/{stem}_skullmap.nii.gz")
            if "training" in patient:
                tree(root, *(f"{patient}/masks/{stem}_mask{rater}{ending}" for rater in (1, 2)))
    return root


def test_isbi_gives_one_time_point_of_a_patient_and_one_rater(tmp_path: Path):
    root = isbi(tmp_path / "scans")
    first = indexed("isbi2015", root)
    assert list(first.index) == ["test01", "training01", "training02"]
    assert (first["label"] != "").tolist() == [False, True, True]
    assert cells(first, "training01")["label"] == "training01_01_mask1.nii"
    assert {Path(first.loc[s, "FLAIR"]).name for s in first.index} == {f"{s}_01_flair_pp.nii" for s in first.index}
    second = indexed("isbi2015", root, rater=2, visit=2)
    assert list(second.index) == ["test01", "training01"]
    assert cells(second, "training01")["label"] == "training01_02_mask2.nii.gz"
    refused("isbi2015", "there are two raters. Choose 1 or 2", root, rater=3)
    refused("isbi2015", "hold no subject", root, visit=9)


def test_isbi_scans_must_be_stripped(tmp_path: Path):
    root = isbi(tmp_path / "scans")
    save(root / "training/training02/preprocessed/training02_01_mprage_pp.nii", ball() + 1)
    refused("isbi2015", "training02_01_mprage_pp.nii: shows a head with skull", root)


def test_pernet_takes_plain_folders_and_knows_every_patient_is_ill(tmp_path: Path):
    root = tree(
        tmp_path / "scans",
        *("patient-01/T1.nii.gz", "patient-01/p01_t2_axial.nii", "patient-01/DWI.nii", "patient-01/fmri_words.nii.gz"),
        *("sub-02/ses-1/anat/sub-02_ses-1_T1w.nii.gz", "sub-02/ses-1/func/sub-02_ses-1_bold.nii.gz"),
    )
    table = indexed("pernet", root)
    assert {subject: set(cells(table, subject)) for subject in table.index} == {
        "patient-01": {"T1", "T2"},
        "sub-02": {"T1"},
    }
    assert table["anomalous"].tolist() == ["1", "1"] and (table["label"] == "").all()
    assert not reader("pernet").LABELS and not reader("pernet").HEALTHY


def raw(root: Path, name: str, voxels: dict[tuple[int, int, int], int], itemsize: int = 1) -> Path:
    """A raw file of BrainWeb: zeros but for some voxels (x, y, z), byte by byte as the format is published."""
    content = bytearray(7_109_137 * itemsize)
    for (x, y, z), value in voxels.items():
        start = itemsize * (x + 181 * (y + 217 * z))
        content[start : start + itemsize] = value.to_bytes(itemsize, "little")
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(content)
    return root / name


def test_brainweb_tissues_become_masks(tmp_path: Path):
    root = tmp_path / "scans"
    tissues = {(20 + value, 30, 40): value for value in range(11)}
    raw(root, "t1_ai_msles2_1mm_pn3_rf20.rawb", {(60, 50, 40): 200})
    raw(root, "t2_ai_msles2_1mm_pn3_rf20.raws", {(60, 50, 40): 0x0FA0}, itemsize=2)
    raw(root, "phantom_1.0mm_msles2_crisp.rawb", tissues)
    raw(root, "phantom_1.0mm_msles3_crisp.rawb", {(90, 90, 90): 10})
    reader("brainweb_ms").convert(root)
    table = indexed("brainweb_ms", root)
    assert list(table.index) == ["msles2"] and set(cells(table, "msles2")) == {"T1", "T2", "label", "brain"}
    row = table.loc["msles2"]
    image = volumes.load_image(row["T1"])
    assert image.data.shape == (181, 217, 181) and image.data[60, 50, 40] == image.data.sum() == 200
    np.testing.assert_array_equal(image.affine[:3], [[1, 0, 0, -90], [0, 1, 0, -126], [0, 0, 1, -72]])
    assert volumes.load_image(row["T2"]).data.max() == 4000, "shorts are little-endian"
    label = volumes.load_label(row["label"], image, reader("brainweb_ms").LABELS)
    assert np.argwhere(label.data).tolist() == [[30, 30, 40]], "the lesions of msles2, not of msles3"
    brain = volumes.load_brain(row["brain"], image)
    assert (np.argwhere(brain.data)[:, 0] - 20).tolist() == [1, 2, 3, 8, 10]
    refused("brainweb", "hold no subject", root)


@pytest.mark.parametrize("size", [7_109_136, 2 * 7_109_137, 0])
def test_brainweb_of_another_size_is_refused(tmp_path: Path, size: int):
    path = tmp_path / "t1_icbm_normal_1mm_pn3_rf20.rawb"
    path.write_bytes(bytes(size))
    with pytest.raises(InputError, match=f"has {size} bytes, expected 7109137"):
        brainweb.convert(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_brainweb_is_one_person_whose_images_do_not_add_up(tmp_path: Path):
    names = [f"{m}_icbm_normal_1mm_pn3_rf20.nii.gz" for m in ("t1", "t2", "pd")]
    root = tree(tmp_path / "scans", *names, "t2_ai_msles2_1mm_pn3_rf20.nii.gz")
    table = indexed("brainweb", root)
    assert list(table.index) == ["normal"] and set(cells(table, "normal")) == {"T1", "T2", "PD"}
    refused("brainweb", "are both the T1", tree(root, "t1_icbm_normal_1mm_pn9_rf0.nii.gz"))


def test_bids_takes_the_first_session_and_run_and_no_derived_scan(tmp_path: Path):
    root = tree(
        tmp_path / "scans",
        *(f"sub-01/ses-{s}/anat/sub-01_ses-{s}_run-{r}_T1w.nii.gz" for s in "ba" for r in "21"),
        *("sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz", "sub-01/ses-b/anat/sub-01_ses-b_T2w.nii.gz"),
        "sub-01/ses-a/anat/sub-01_ses-a_ce-gadolinium_T1w.nii.gz",
        "sub-01/ses-a/func/sub-01_ses-a_task-rest_bold.nii.gz",
        *("sub-02/anat/sub-02_T1w.nii", "sub-02/anat/sub-02_PDw.nii", "sub-02/anat/sub-02_inplaneT2.nii"),
        *(
            f"derivatives/tool/sub-02/anat/sub-02_{e}.nii.gz"
            for e in ("desc-brain_mask", "space-MNI_desc-brain_mask", "desc-preproc_T1w", "desc-lesion_dseg", "dseg")
        ),
        "derivatives/tool/sub-03/anat/sub-03_desc-brain_mask.nii.gz",
        **{
            "participants.tsv": "participant_id\tage\tgender\tgroup\nsub-01\t32\tf\tcontrol\nsub-02\tn/a\tmale\tx\n",
        },
    )
    table = indexed("bids", root)
    assert list(table.index) == ["sub-01", "sub-02"]
    assert cells(table, "sub-01") == {
        "T1": "sub-01_ses-a_run-1_T1w.nii.gz",
        "T1ce": "sub-01_ses-a_ce-gadolinium_T1w.nii.gz",
        "FLAIR": "sub-01_ses-a_FLAIR.nii.gz",
    }
    assert cells(table, "sub-02") == {
        "T1": "sub-02_T1w.nii", "PD": "sub-02_PDw.nii", "brain": "sub-02_desc-brain_mask.nii.gz",
    }  # fmt: skip
    assert table[["age", "sex"]].to_numpy().tolist() == [["32", "F"], ["", "M"]]


def test_kobayashi_classes_and_people(tmp_path: Path):
    people = {"participants.tsv": "participant_id\tage\tsex\nsub-01\t61\tM\n"}
    without_mask = LAYOUTS["kobayashi"][:2]
    root = tree(tmp_path / "scans", *without_mask, **people)
    row = indexed("kobayashi", root).loc["sub-01"]
    assert row[["age", "sex", "brain"]].tolist() == ["61", "M", ""]
    classes = ball(4)
    classes[8, 8, 7:10] = (1, 2, 3)
    save(Path(row["label"]), classes)
    label = volumes.load_label(row["label"], volumes.load_image(row["T1ce"]), reader("kobayashi").LABELS)
    assert set(np.unique(label.data)) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("isbi2015", '{"observer": 1}', "isbi2015 has no option 'observer'. Its options: rater, visit"),
        ("ixi", '{"rater": 1}', "ixi has no option 'rater'. It has none"),
        ("isbi2015", "rater=1", "rater=1 is no mapping in JSON"),
        ("isbi2015", "3", "3 is no mapping in JSON"),
    ],
)
def test_unknown_options_are_refused(tmp_path: Path, name: str, options: str, problem: str):
    with pytest.raises(InputError, match=f"^--options: .*{problem}"):
        index.main(reader=name, root=[tmp_path], dataset="made", out=tmp_path / "s.tsv", options=options)
    assert not list(tmp_path.iterdir())
