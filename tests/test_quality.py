"""The quality table: planted outliers, clean cohorts, page, contact sheet."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from PIL import Image

from brainuad.errors import InputError
from brainuad.figures.preprocessing import draw_strip, result_of
from brainuad.figures.quality import CAPTION, CELL, COLUMNS, FLAGGED, FRAME, TITLE
from brainuad.preprocessing import quality
from brainuad.preprocessing.steps import PIXELS, Steps
from brainuad.stages import quality as stage


def cohort(count: int, **planted: float) -> dict[str, dict]:
    """Facts of a normal cohort; `planted` replaces measures of its last subject."""
    rng = np.random.default_rng(count)
    facts = {
        f"s{k:02}": {
            "recipe": "made",
            "modality": "T1",
            "seconds": {"scan": 0.1 + k, "bias field": 2.0},
            "peak_memory_mb": 500,
            "brain_ml": rng.normal(1400, 60),
            "atlas_dice": min(rng.normal(0.85, 0.02), 1),
            "slices": int(rng.normal(140, 4)),
        }
        for k in range(count)
    }
    facts[f"s{count - 1:02}"].update(planted)
    return facts


def flagged(facts: dict[str, dict]) -> dict[str, str]:
    table = quality.table(facts)
    assert (table["flagged"] == (table["reasons"] != "")).all()
    return table.loc[table["flagged"], "reasons"].to_dict()


@pytest.mark.parametrize("count", [1, 2, 9, 10, 12, 30, 100])
def test_nobody_is_flagged_in_a_normal_cohort(count):
    assert flagged(cohort(count)) == {}


@pytest.mark.parametrize(
    ("planted", "reason"),
    [
        ({"brain_ml": 1850.0}, "brain, ml: 1850 is far above the cohort's median 1"),
        ({"brain_ml": 950.0}, "brain, ml: 950 is far below the cohort's median"),
        ({"atlas_dice": 0.68}, "overlap with the atlas, Dice: 0.68 is far below the cohort's median 0.8"),
        ({"slices": 60}, "slices: 60 is far below the cohort's median 1"),
    ],
)
def test_a_planted_outlier_is_flagged_among_enough_subjects(planted, reason):
    found = flagged(cohort(30, **planted))
    assert list(found) == ["s29"]
    assert pd.Series([found["s29"]]).str.match(reason).all()
    assert flagged(cohort(9, **planted)) == {}


def test_a_better_overlap_is_no_reason():
    assert flagged(cohort(30, atlas_dice=0.999)) == {}


@pytest.mark.parametrize("measure", [{"brain_ml": 400.0}, {"brain_ml": 2600.0}, {"atlas_dice": 0.4}])
def test_implausible_values_are_flagged_in_any_cohort(measure):
    assert list(flagged(cohort(1, **measure))) == ["s00"]


def test_equal_values_have_no_outlier():
    facts = {f"s{k}": dict(cohort(1)["s00"], zero=0.0) for k in range(20)}
    assert flagged(facts) == {}
    facts["s3"]["slices"] += 1  # 1 of about 140, where the others don't differ at all
    assert flagged(facts) == {}


def test_reasons_add_up():
    both = flagged(cohort(30, brain_ml=300.0, slices=10))["s29"]
    assert both.startswith("brain, ml: 300 is not within 900 to 2000; slices: 10 is far below")


def test_durations_are_median_and_maximum():
    found = quality.durations(cohort(5))
    assert found.loc["scan"].tolist() == pytest.approx([2.1, 4.1])
    assert found.loc["all steps"].tolist() == pytest.approx([4.1, 6.1])


def test_the_typical_subject_has_the_median_brain():
    table = pd.DataFrame({"brain_ml": [1200.0, 1700.0, 1410.0]}, index=["a", "b", "c"])
    assert quality.typical(table) == "c"


def test_facts_of_another_cohort_or_damaged_ones_are_refused(tmp_path: Path):
    path = tmp_path / "q.json"
    path.write_text(json.dumps(cohort(1)["s00"]))
    assert quality.read({"s": path}, "made", "T1")["s"]["recipe"] == "made"
    with pytest.raises(InputError, match=r"q\.json: is of recipe made and modality T1, not other and T1"):
        quality.read({"s": path}, "other", "T1")
    path.write_text("{")
    with pytest.raises(InputError, match=r"q\.json: is missing or no JSON"):
        quality.read({"s": path}, "made", "T1")


@pytest.fixture
def files(tmp_path: Path) -> dict:
    """Quality files and strips of ten subjects, of which the last has a tiny brain."""
    facts = cohort(10, brain_ml=500.0)
    given = {"subject": list(facts), "quality": [], "picture": []}
    for k, (subject, fact) in enumerate(facts.items()):
        given["quality"].append(tmp_path / f"{subject}.json")
        given["quality"][-1].write_text(json.dumps(fact))
        given["picture"].append(tmp_path / f"{subject}.png")
        image = sitk.GetImageFromArray(np.random.default_rng(k).random((150, 150, 150), np.float32))
        mask = sitk.Image(150, 150, 150, sitk.sitkUInt8)
        mask[50:100, 50:100, 50:100] = 1
        steps = Steps()
        steps("scan", image)
        draw_strip(given["picture"][-1], steps, image, mask)
    return given


def test_stage_writes_table_page_sheet_and_steps(files, tmp_path: Path):
    outs = {"table": "t.tsv", "html": "t.html", "sheet": "sheet.png", "steps": "steps.png"}
    outs = {f"out_{name}": tmp_path / file for name, file in outs.items()}
    stage.main(recipe="made", dataset="phantoms", modality="T1", **files, **outs)

    table = pd.read_csv(outs["out_table"], sep="\t", index_col="subject", keep_default_na=False)
    assert table.index.tolist() == files["subject"]
    assert table.index[table["flagged"]].tolist() == ["s09"]
    page = outs["out_html"].read_text()
    assert "10 subjects, 1 flagged" in page
    assert page.index("s09") < page.index("s00")
    assert "brain, ml: 500 is not within 900 to 2000" in page
    middle = (table["brain_ml"] - table["brain_ml"].median()).abs().idxmin()
    assert outs["out_steps"].read_bytes() == (tmp_path / f"{middle}.png").read_bytes()

    sheet = np.asarray(Image.open(outs["out_sheet"]).convert("RGB"))
    assert sheet.shape == (TITLE + 2 * (CELL + CAPTION), COLUMNS * CELL, 3)
    for k, subject in enumerate(["s09", *files["subject"][:9]]):
        top, left = TITLE + k // COLUMNS * (CELL + CAPTION), k % COLUMNS * CELL
        side = PIXELS + 2 * FRAME
        cell = sheet[top : top + side, left : left + side]
        rim = np.concatenate([cell[:FRAME].reshape(-1, 3), cell[:, :FRAME].reshape(-1, 3)])
        assert (rim == (FLAGGED if subject == "s09" else (0, 0, 0))).all()
        shown = cell[FRAME:-FRAME, FRAME:-FRAME].astype(int)
        assert np.abs(shown - result_of(tmp_path / f"{subject}.png")).max() <= 2


def test_stage_wants_a_picture_for_each_subject(files, tmp_path: Path):
    files["picture"].pop()
    outs = {f"out_{name}": tmp_path / name for name in ("table", "html", "sheet", "steps")}
    with pytest.raises(InputError, match="stands for 10 subjects, 10 quality files and 9 pictures"):
        stage.main(recipe="made", dataset="phantoms", modality="T1", **files, **outs)
