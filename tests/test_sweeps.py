"""Sweeps: what the levels are, and what they share with the study they vary."""

import pytest

from brainuad import sweeps
from brainuad.errors import InputError
from brainuad.trimming import named_methods, named_metrics, trim

STUDY = {
    "cohorts": {"healthy": {"dataset": "a"}, "ms": {"dataset": "b"}},
    "methods": ["vae", "vae-restoration", "ae-dense"],
    "postprocessing": {"erosion": 3, "median": [5, 5, 5]},
    "segmentation": {"method": "superpixels", "scale": 75},
    "groups": {"all": {"title": "all", "methods": ["vae", "ae-dense"]}},
    "examples": {},
    "contrasts": [],
    "shifts": [],
    "sweeps": {
        "subjects": {"setting": "train_share", "levels": [0.1, "own"], "methods": ["vae"]},
        "steps": {"setting": "methods.steps", "levels": [50, "own"], "methods": ["vae-restoration"]},
        "median": {"setting": "postprocessing.median", "levels": [[1, 1, 1], "own"], "methods": ["vae"]},
        "prior": {"setting": "postprocessing.hyper_intensity", "levels": ["own", 90], "methods": ["vae"]},
        "size": {"setting": "postprocessing.min_component", "levels": [1, "own"], "methods": ["vae"]},
        "scale": {"setting": "segmentation.scale", "levels": [25, "own"], "methods": ["vae"]},
    },
}
STUDIES = {"s": STUDY, **sweeps.expand("s", STUDY)}
RESTORATION = ["vae-restoration", "vae"]


def test_each_level_but_the_own_is_a_study_with_one_setting_changed() -> None:
    levels = ["s-subjects-0.1", "s-steps-50", "s-median-1-x-1-x-1", "s-prior-90", "s-size-1", "s-scale-25"]
    assert list(STUDIES) == ["s", *levels]
    changed = STUDIES["s-median-1-x-1-x-1"]
    assert changed["postprocessing"] == {"erosion": 3, "median": [1, 1, 1]}
    assert changed["methods"] == ["vae"]
    assert changed["cohorts"] == STUDY["cohorts"]
    assert STUDY["postprocessing"]["median"] == [5, 5, 5]
    assert STUDIES["s-subjects-0.1"]["train_share"] == 0.1
    assert STUDIES["s-steps-50"]["method_settings"] == {"vae-restoration": {"steps": 50}}
    assert STUDIES["s-scale-25"]["segmentation"] == {"method": "superpixels", "scale": 25}
    assert STUDY["segmentation"]["scale"] == 75


def test_levels_have_no_report_of_their_own() -> None:
    for name, level in STUDIES.items():
        assert name == "s" or not set(sweeps.REPORTED) & set(level)


@pytest.mark.parametrize(
    ("level", "model", "restored", "train", "test"),
    [
        ("s", "s", "s", "s", "s"),
        # Trained anew on fewer subjects, tested on the same slices.
        ("s-subjects-0.1", "s-subjects-0.1", "s-subjects-0.1", "s-subjects-0.1", "s"),
        # The restoration is fitted anew, on the network that is there.
        ("s-steps-50", "s", "s-steps-50", "s", "s"),
        ("s-median-1-x-1-x-1", "s", "s", "s", "s"),
        ("s-scale-25", "s", "s", "s", "s"),
    ],
)
def test_a_level_shares_what_its_setting_does_not_touch(
    level: str, model: str, restored: str, train: str, test: str
) -> None:
    assert sweeps.owner_of_model(STUDIES, level, ["vae"]) == model
    assert sweeps.owner_of_model(STUDIES, level, RESTORATION) == restored
    assert sweeps.owner_of_slices(STUDIES, level, "train") == train
    assert sweeps.owner_of_slices(STUDIES, level, "test") == test


@pytest.mark.parametrize(
    ("level", "owner"),
    [
        ("s-size-1", "s"),  # acts on masks
        ("s-scale-25", "s"),
        ("s-median-1-x-1-x-1", "s-median-1-x-1-x-1"),
        ("s-steps-50", "s-steps-50"),
        ("s-subjects-0.1", "s-subjects-0.1"),
    ],
)
def test_post_processed_maps_are_shared_where_maps_and_chain_are(level: str, owner: str) -> None:
    assert sweeps.owner_of_processed(STUDIES, level, RESTORATION) == owner
    assert sweeps.owner_of_masks(STUDIES, level, RESTORATION) == ("s-scale-25" if level == "s-scale-25" else owner)


@pytest.mark.parametrize(
    ("setting", "levels", "problem"),
    [
        ("methods.samples", [1, 10, 1], "has two levels named '1'"),
        ("methods.samples", [1, 1.0], "has two levels named '1'"),
        ("train_share", [0], "level 0 is no share"),
        ("train_share", [0.5, 10], "level 10 is no share"),
    ],
)
def test_wrong_levels_are_told(setting: str, levels: list, problem: str) -> None:
    study = {**STUDY, "sweeps": {"x": {"setting": setting, "levels": levels, "methods": ["vae"]}}}
    with pytest.raises(InputError, match=problem):
        sweeps.expand("s", study)


def test_a_segmentation_that_is_not_there_cannot_be_varied() -> None:
    study = {key: value for key, value in STUDY.items() if key != "segmentation"}
    with pytest.raises(InputError, match="study s, sweep scale: varies a segmentation where there is none"):
        sweeps.expand("s", study)


def test_a_segmentation_that_a_method_does_not_go_through_cannot_be_varied() -> None:
    study = {**STUDY, "segmentation": {**STUDY["segmentation"], "thresholded": ["vae", "ae-dense"]}}
    with pytest.raises(
        InputError, match="study s, sweep scale: varies a segmentation that maps of vae don't go through"
    ):
        sweeps.expand("s", study)


def test_a_network_changed_by_a_sweep_changes_all_that_score_by_it() -> None:
    study = {**STUDY, "sweeps": {"z": {"setting": "methods.latent", "levels": [8], "methods": ["vae"]}}}
    studies = {"s": study, **sweeps.expand("s", study)}
    assert sweeps.owner_of_model(studies, "s-z-8", RESTORATION) == "s-z-8"
    assert sweeps.owner_of_model(studies, "s-z-8", ["ae-dense"]) == "s"


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5"), (50, "50"), ([3, 3, 3], "3 x 3 x 3"), ([0.0], "0"), (None, "none"), (True, "on")]
)
def test_levels_are_named(value: object, text: str) -> None:
    assert sweeps.label(value) == text


def test_a_study_is_trimmed_to_its_methods_and_cohorts() -> None:
    study = {
        "cohorts": {"healthy": {}, "ms": {}},
        "methods": ["a", "b"],
        "groups": {
            "two": {"title": "", "methods": ["a", "gone"], "without": ["gone"]},
            "one": {"title": "", "methods": ["a"], "without": ["b"]},
            "none": {"title": "", "methods": ["gone"]},
        },
        "examples": {
            "both": {"methods": ["a"], "slices": [{"cohort": "ms"}, {"cohort": "tumour"}]},
            "elsewhere": {"methods": ["a"], "slices": [{"cohort": "tumour"}]},
        },
        "sweeps": {
            "x": {"methods": ["b", "gone"], "also": ["a"]},
            "y": {"methods": ["gone"]},
            "z": {"methods": ["a"], "cohorts": {"tumour": "psnr", "ms": "auprc"}},
            "elsewhere": {"methods": ["a"], "cohorts": {"tumour": "dice"}},
        },
        "inpainted": {
            "one": {"methods": ["a", "gone"], "cohort": "ms", "sweep": "x"},
            "unswept": {"methods": ["a"], "cohort": "ms", "sweep": "y"},
            "elsewhere": {"methods": ["a"], "cohort": "tumour"},
        },
        "heatmaps": {"cohort": "ms", "reference": "a", "methods": ["b", "gone"]},
        "settings": {"a": {}},
        "training": {"methods": {"b": {}}},
        "compared": ["ssim"],
        "contrasts": [{"pairs": [["a", "b"], ["a", "gone"]]}, {"pairs": [["gone", "a"]]}],
        "shifts": [{"cohorts": ["ms", "healthy"], "metrics": []}, {"cohorts": ["ms", "tumour"], "metrics": ["ssim"]}],
    }
    assert set(named_methods(study)) == {"a", "b", "gone"}
    assert set(named_metrics(study)) == {"psnr", "auprc", "dice", "ssim"}
    trimmed = trim(study)
    assert trimmed["groups"] == {key: {"title": "", "methods": ["a"], "without": []} for key in ("two", "one")}
    assert trimmed["examples"] == {"both": {"methods": ["a"], "slices": [{"cohort": "ms"}]}}
    assert trimmed["sweeps"] == {
        "x": {"methods": ["b"], "also": ["a"]},
        "z": {"methods": ["a"], "cohorts": {"ms": "auprc"}},
    }
    assert trimmed["inpainted"] == {"one": {"methods": ["a"], "cohort": "ms", "sweep": "x"}}
    assert trimmed["heatmaps"] == {"cohort": "ms", "reference": "a", "methods": ["b"]}
    assert "heatmaps" not in trim({**study, "heatmaps": {**study["heatmaps"], "reference": "gone"}})
    assert trimmed["contrasts"] == [{"pairs": [["a", "b"]]}]
    assert trimmed["shifts"] == [{"cohorts": ["ms", "healthy"], "metrics": []}]
    assert trim(trimmed) == trimmed


def test_a_study_that_asks_for_nothing_is_trimmed_too() -> None:
    trimmed = trim({"cohorts": {}, "methods": []})
    assert all(not trimmed[part] for part in ("groups", "examples", "inpainted", "sweeps", "contrasts", "shifts"))
