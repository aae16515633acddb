"""Configuration: overlays, and errors that name the key and what is allowed there."""

from pathlib import Path

import pytest
import yaml

from brainuad import configuration
from brainuad.datasets import location, sources
from brainuad.errors import InputError

WORKFLOW = Path(__file__).parents[1] / "workflow"
SCHEMA = WORKFLOW / "schemas/config.schema.yaml"


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((WORKFLOW.parent / "config.yaml").read_text())


def studies(config: dict) -> dict:
    return configuration.resolve_studies(config, WORKFLOW)


def check(config: dict) -> None:
    configuration.check_preparation(config)
    configuration.check_datasets(config, studies(config))


@pytest.mark.parametrize("run", [path.stem for path in (WORKFLOW / "runs").glob("*.yaml")])
def test_all_runs_are_valid(config: dict, run: str) -> None:
    laid_over = configuration.lay_over(config, yaml.safe_load((WORKFLOW / "runs" / f"{run}.yaml").read_text()))
    configuration.validate(laid_over, SCHEMA, "configuration")
    check(laid_over)
    assert laid_over["run"] == run


def test_no_study_asks_for_more_people_than_are_scanned(config: dict) -> None:
    listed = sources.read(WORKFLOW / "data/sources.csv")
    asked = [cohort for study in studies(config).values() for cohort in study["cohorts"].values()]
    told = []
    for cohort in asked:
        fitting = listed["dataset"].eq(cohort["dataset"]) & listed["modality"].isin(["", cohort["modality"]])
        scanned = sources.subjects(listed[fitting].to_dict("records"))
        if scanned:
            told.append(cohort["dataset"])
            assert sum(cohort.get(split) or 0 for split in ("train", "validation", "test")) <= scanned, cohort["title"]
    assert {"ixi", "mood", "nfbs", "brats"} <= set(told)


def test_lay_over_is_deep_and_null_removes() -> None:
    base = {"a": {"b": 1, "c": 2}, "d": {"e": 3}}
    assert configuration.lay_over(base, {"a": {"b": 9}, "d": None}) == {"a": {"b": 9, "c": 2}}
    assert base == {"a": {"b": 1, "c": 2}, "d": {"e": 3}}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("device", "gpu", r"key 'device': 'gpu' is not one of \['auto', 'cpu', 'cuda'\]"),
        ("seeds", [], r"key 'seeds'"),
        ("colour", 1, r"'colour' was unexpected.*Known keys: data, datasets, device"),
    ],
)
def test_wrong_values_are_named(config: dict, key: str, value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        configuration.validate({**config, key: value}, SCHEMA, "configuration")


def test_unknown_names_are_told_with_the_known_ones(config: dict) -> None:
    config["studies"] = {"baur2021": {"methods": ["vea"]}}
    with pytest.raises(InputError, match=r"method 'vea' is unknown. Known methods: aae, ae-dense"):
        studies(config)
    config["studies"] = {"baur2021": {"cohorts": {"ms": {"dataset": "mslab"}}}}
    with pytest.raises(InputError, match=r"dataset 'mslab' is unknown. Known datasets: nfbs, ixi, brats"):
        studies(config)


def test_unknown_methods_of_figures_are_told(config: dict) -> None:
    group = {"title": "mine", "methods": ["vae", "vea"]}
    config["studies"] = {"baur2021": {"groups": {"mine": group}}}
    with pytest.raises(InputError, match=r"method 'vea' is unknown"):
        studies(config)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sweeps": {"erosion": {"setting": "postprocessing.erosoin"}}}, r"erosion-0: .*'erosoin' was unexpected"),
        ({"sweeps": {"median": {"levels": [[2, 2, 2]]}}}, r"median-2-x-2-x-2: key 'median.0'"),
        ({"sweeps": {"hyper-intensity": {"levels": [900]}}}, r"900 is greater than the maximum"),
        ({"sweeps": {"min-component": {"metric": "dyce"}}}, r"metric 'dyce' is unknown. Known metrics: auprc"),
        (
            {"examples": {"bottlenecks": {"slices": [{"cohort": "tumuor", "level": "dorsal"}]}}},
            "cohort 'tumuor' is unknown",
        ),
        ({"cohorts": {"healthy": {"optional": True}}}, "has an optional healthy cohort"),
        (
            {"against": [{"section": "1", "title": "a", "study": "baur", "cohort": "ms", "methods": ["vae"]}]},
            "study baur2021: is compared with 'baur', which is unknown. Known studies: baur2021",
        ),
    ],
)
def test_mistakes_in_what_a_report_shows_are_told_at_once(config: dict, changes: dict, problem: str) -> None:
    config["studies"] = {"baur2021": changes}
    with pytest.raises(InputError, match=problem):
        studies(config)


SUPERPIXELS = {"method": "superpixels", "scale": 75, "choose": "mean"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"segmentation": {"method": "watershed"}}, "segmentation 'watershed' is unknown. Known .*: .*superpixels"),
        ({"segmentation": {"scale": 75}}, "key 'segmentation': 'method' is a required property"),
        (
            {"segmentation": {**SUPERPIXELS, "scales": 3}},
            "study baur2021: segmentation superpixels has no option 'scales'. Its options: scale, sigma, min_size",
        ),
        ({"segmentation": {**SUPERPIXELS, "choose": "median"}}, "key 'segmentation.choose': 'median' is not one of"),
        (
            {"segmentation": SUPERPIXELS, "sweeps": {"erosion": {"setting": "segmentation.erosion"}}},
            "study baur2021-erosion-0: segmentation superpixels has no option 'erosion'",
        ),
        (
            {"segmentation": SUPERPIXELS, "sweeps": {"erosion": {"setting": "segmentation.scale"}}},
            "study baur2021-erosion-0: key 'scale': 0 is less than or equal to the minimum of 0",
        ),
        ({"sweeps": {"erosion": {"setting": "segmentation.scale"}}}, "varies a segmentation where there is none"),
        ({"cohorts": {"tumour": {"test_slices": 0}}}, "key 'cohorts.tumour.test_slices'"),
        ({"cohorts": {"tumour": {"test_slices": 9}}}, "draws slices, over which postprocessing.median reaches"),
    ],
)
def test_mistakes_in_segmentations_and_drawn_slices_are_told(config: dict, changes: dict, problem: str) -> None:
    config["studies"] = {"baur2021": changes}
    with pytest.raises(InputError, match=problem):
        studies(config)


def test_a_segmentation_is_taken_with_its_defaults() -> None:
    module, own = configuration.own_segmentation({"segmentation": {"method": "superpixels", "scale": 50}})
    assert module == "superpixels"
    assert own == {"scale": 50, "sigma": 0.8, "min_size": 20, "choose": "mean", "max_background": 0.5}
    stated = {"method": "strega", "min_area": 16, "thresholded": ["random"], "methods": {"csf-mask": {"min_area": 1}}}
    found = [configuration.own_segmentation({"segmentation": stated}, name)[1] for name in ("csf-mask", "strega", None)]
    assert found == [{"step": 0.2, "otsu": "slice", "min_area": area} for area in (1, 16, 16)]


def test_titles_tell_that_slices_are_drawn(config: dict) -> None:
    drawn = {"test_slices": 100}
    chain = {"median": [1, 5, 5], "min_component": 1}
    changes = {"cohorts": {"healthy": drawn, "tumour": drawn}, "postprocessing": chain, "sweeps": None}
    config["studies"] = {"baur2021": changes}
    titles = {role: cohort["title"] for role, cohort in studies(config)["baur2021"]["cohorts"].items()}
    assert titles["healthy"] == "IXI, healthy, up to 100 random slices"
    assert titles["tumour"].endswith(", up to 100 random slices with a lesion") and "slices" not in titles["ms"]
    drawn["test_slices"] = None
    assert "slices" not in studies(config)["baur2021"]["cohorts"]["tumour"]["title"]
    drawn["test_slices"], chain["min_component"] = 100, 8
    with pytest.raises(InputError, match=r"over which postprocessing\.min_component reaches"):
        studies(config)


def test_nguyen_is_valid(config: dict) -> None:
    config["studies"] = {"nguyen2021": {}}
    check(config)
    study = studies(config)["nguyen2021"]
    assert study["training"]["patience"] is None
    assert study["cohorts"]["healthy"]["test_slices"] == study["cohorts"]["tumour"]["test_slices"] == 100


def test_null_takes_lists_away_too(config: dict) -> None:
    config["studies"] = {"baur2021": {"contrasts": None, "groups": None, "sweeps": None}}
    study = studies(config)["baur2021"]
    assert study["contrasts"] == [] and study["groups"] == study["sweeps"] == {}


def test_a_study_with_fewer_methods_and_cohorts_asks_for_fewer_figures(config: dict) -> None:
    config["studies"] = {"baur2021": {"methods": ["random", "vae"], "cohorts": {"msseg": None}}}
    study = studies(config)["baur2021"]
    assert list(study["groups"]) == ["unified"]
    assert {tuple(entry["methods"]) for entry in study["sweeps"].values()} == {("vae",)}
    assert [contrast["pairs"] for contrast in study["contrasts"]] == [[["vae", "random"]]]
    assert [shift["cohorts"] for shift in study["shifts"]] == [["healthy", "ms"], ["ms", "tumour"]]


def test_sweep_becomes_one_dataset_and_one_cohort_for_each_condition(config: dict) -> None:
    config["datasets"]["ixi-blobs"] = {"healthy": "ixi", "anomalies": "blobs", "sweep": {"intensity": ["dark", "mid"]}}
    cohort = {"dataset": "ixi-blobs", "modality": "T2", "title": "blobs", "test": 5}
    config["studies"] = {"baur2021": {"cohorts": {"tumour": None, "ms": None, "msseg": None, "blobs": cohort}}}
    expanded = configuration.expand_sweeps(config)
    configuration.validate(expanded, SCHEMA, "configuration")
    assert expanded["datasets"]["ixi-blobs-intensity-mid"]["settings"] == {"intensity": "mid"}
    cohorts = studies(expanded)["baur2021"]["cohorts"]
    assert list(cohorts) == ["healthy", "blobs-intensity-dark", "blobs-intensity-mid"]
    assert cohorts["blobs-intensity-dark"]["dataset"] == "ixi-blobs-intensity-dark"
    assert cohorts["blobs-intensity-dark"]["title"] == "blobs, intensity-dark"


def test_the_same_people_never_meet_in_one_study(config: dict) -> None:
    config["studies"] = {"baur2021": {"cohorts": {"ms": {"dataset": "brats2021", "title": "BraTS"}}}}
    with pytest.raises(InputError, match="datasets 'brats' and 'brats2021' hold the same people"):
        check(config)


def test_donors_count_among_a_study_s_people(config: dict) -> None:
    transplanted = {"dataset": "ixi-transplant", "modality": "T2", "title": "transplanted", "test": 5}
    config["studies"] = {
        "baur2021": {"cohorts": {"tumour": {"dataset": "brats2023", "title": "BraTS"}, "made": transplanted}}
    }
    with pytest.raises(InputError, match="datasets 'brats' and 'brats2023' hold the same people"):
        check(config)


def test_patients_without_masks_are_no_cohort(config: dict) -> None:
    config["studies"] = {"baur2021": {"cohorts": {"tumour": {"dataset": "pernet", "title": "Pernet"}}}}
    with pytest.raises(InputError, match="dataset 'pernet' has no masks"):
        studies(config)


def test_t1_comes_along_where_brains_are_found_on_it(config: dict) -> None:
    """IXI has no brain masks: without its T1, those of T2 would be the worse estimate."""
    config["downloads"] = config["data"] = "nowhere"
    used = configuration.used_modalities(config, studies(config))["ixi"]
    found = location.archives(config, "ixi", used, WORKFLOW / "data/sources.csv")
    assert used == {"T1", "T2"} and [archive.name for archive in found] == ["IXI-T1.tar", "IXI-T2.tar", "IXI.xls"]


def test_modalities_are_wanted_of_the_datasets_behind(config: dict) -> None:
    config["studies"] = {"baur2021": {}}
    config["preparation"] = [{"recipe": "strega", "dataset": "ixi-transplant", "modality": "T1"}]
    used = configuration.used_modalities(config, studies(config))
    assert used == {"ixi": {"T1", "T2"}, "brats": {"T1", "T2"}, "mslub": {"T2"}, "isbi2015": {"T2"}}


@pytest.mark.parametrize(("key", "value"), [("dataset", "no-such"), ("recipe", "no-such")])
def test_unknown_names_in_preparation(config: dict, key: str, value: str) -> None:
    config["preparation"] = [{"recipe": "strega", "dataset": "ixi", "modality": "T1", key: value}]
    with pytest.raises(InputError, match=f"preparation: {key} 'no-such' is unknown. Known {key}s: "):
        configuration.check_preparation(config)


def test_nobody_trains_on_the_ill(config: dict) -> None:
    config["studies"] = {"baur2021": {"cohorts": {"healthy": {"dataset": "mood-toy", "title": "toy"}}}}
    with pytest.raises(InputError, match=r"trains on 'mood-toy', whose subjects aren't healthy"):
        studies(config)


def test_another_dataset_needs_another_title(config: dict) -> None:
    config["studies"] = {"baur2021": {"cohorts": {"tumour": {"dataset": "brats2021"}}}}
    with pytest.raises(InputError, match=r"cohorts.tumour is now of brats2021, but has the title of brats. State"):
        studies(config)


def test_titles_tell_how_a_dataset_was_read(config: dict) -> None:
    config["studies"] = {"baur2021": {"cohorts": {"ms": {"dataset": "isbi2015", "title": "ISBI 2015, MS"}}}}
    for options, rater in (({}, 1), ({"rater": 2}, 2)):
        config["datasets"]["isbi2015"]["options"] = options
        assert studies(config)["baur2021"]["cohorts"]["ms"]["title"] == f"ISBI 2015, MS, rater {rater}, visit 1"


def derived(**changes: object) -> dict:
    return {"healthy": "ixi", "anomalies": "blobs", **changes}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (derived(healthy="nowhere"), "is made from 'nowhere', which is no dataset of healthy .* Healthy .*: nfbs, ixi"),
        (derived(healthy="ixi-artificial"), "is made from 'ixi-artificial', which is no dataset of healthy subjects"),
        (derived(healthy="brats"), "is made from 'brats', which is no dataset of healthy subjects"),
        (derived(anomalies="lumps"), "lumps: is no kind of anomaly. Known kinds: artificial, blobs"),
        (derived(settings={"colour": 1}), "blobs anomalies: have no setting colour. Settings: intensity"),
        (derived(donors="brats"), "has donors, but blobs anomalies take none"),
        (derived(anomalies="shapes"), "shapes anomalies from nowhere. Name one as `donors`: brats, brats2021"),
        (derived(anomalies="shapes", donors="nowhere"), "from 'nowhere', which is no dataset with masks"),
        (derived(anomalies="shapes", donors="pernet"), "from 'pernet', which is no dataset with masks"),
        (derived(anomalies="shapes", donors="ixi-artificial"), "from 'ixi-artificial', which is no dataset with masks"),
    ],
)
@pytest.mark.parametrize("used_by", ["study", "preparation"])
def test_derived_datasets_must_be_possible(config: dict, entry: dict, problem: str, used_by: str) -> None:
    config["datasets"]["made"] = entry
    check(config)  # nothing uses it
    if used_by == "study":
        cohort = {"dataset": "made", "modality": "T2", "title": "made", "test": 5}
        config["studies"] = {"baur2021": {"cohorts": {"made": cohort}}}
    else:
        config["preparation"] = [{"recipe": "strega", "dataset": "made", "modality": "T2"}]
    with pytest.raises(InputError, match=f"^datasets.made: .*{problem}"):
        check(config)


def test_each_condition_of_a_sweep_is_checked(config: dict) -> None:
    config["datasets"]["made"] = derived(sweep={"size": [5.5], "colour": ["red"]})
    config["preparation"] = [{"recipe": "strega", "dataset": "made", "modality": "T2", "subjects": 2}]
    expanded = configuration.expand_sweeps(config)
    assert expanded["preparation"] == [
        {"recipe": "strega", "dataset": name, "modality": "T2", "subjects": 2}
        for name in ("made-size-5.5", "made-colour-red")
    ]
    assert configuration.expand_sweeps(expanded) == expanded
    with pytest.raises(InputError, match=r"^datasets.made-colour-red: blobs anomalies: have no setting colour"):
        check(expanded)


@pytest.mark.parametrize("value", ["a b", "$(date)", "a/b", [1, 2], ""])
def test_conditions_must_make_names(config: dict, value: object) -> None:
    config["datasets"]["made"] = derived(sweep={"intensity": [f"{value}/"], "size": [value]})
    with pytest.raises(InputError, match=r"^datasets.made.sweep: makes a dataset 'made-intensity-"):
        configuration.expand_sweeps(config)


@pytest.mark.parametrize("name", ["a b", "a/b", "..", "-a", "a;b", "", 2021])
def test_datasets_must_be_names(config: dict, name: object) -> None:
    config["datasets"][name] = {"reader": "ixi"}
    with pytest.raises(InputError, match="key 'datasets': "):
        configuration.validate(config, SCHEMA, "configuration")


@pytest.mark.parametrize(
    ("section", "name", "changes", "problem"),
    [
        ("datasets", "ixi", {"options": {"rater": 1}}, "reader ixi has no option 'rater'. It has none"),
        ("datasets", "brats", {"options": {"rater": 1}}, "reader brats has no option 'rater'. It has none"),
        ("recipes", "baur", {"sise": 1}, "recipe baur has no option 'sise'. Its options: size, field_of_view"),
        ("recipes", "inpainting-square", {"size": 1}, "recipe inpainting has no option 'size'. Its options: shape"),
    ],
)
def test_options_of_what_is_used_must_be_known(
    config: dict, section: str, name: str, changes: dict, problem: str
) -> None:
    config["preparation"] = [{"recipe": "inpainting-square", "dataset": "ixi-transplant", "modality": "T2"}]
    config[section][name] |= changes
    with pytest.raises(InputError, match=f"^{section}.{name}: {problem}"):
        check(config)


@pytest.mark.parametrize("key", ["data", "downloads", "datasets.ixi.path"])
@pytest.mark.parametrize("below", ["", "folder"])
def test_a_file_is_no_folder(config: dict, tmp_path: Path, key: str, below: str) -> None:
    (tmp_path / "file").touch()
    changed = config["datasets"]["ixi"] if key == "datasets.ixi.path" else config
    changed[key.rpartition(".")[2]] = str(tmp_path / "file" / below)
    with pytest.raises(InputError, match=f"file: is a file where there should be a folder. Mend {key} in"):
        check(config)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("strega", {"module": ["strega"]}),
        ("baur", {"size": "large"}),
        ("baur", {"size": 0}),
        ("inpainting", {"shape": [256, "192"]}),
        ("baur", {"slice_spacing": "thin"}),
        ("baur", {"slice_spacing": 0}),
        ("baur", {"slice_spacing": -1.0}),
        ("kobayashi", {"height": 0}),
    ],
)
def test_sizes_must_be_sizes(config: dict, name: str, changes: dict) -> None:
    config["recipes"][name] |= changes
    with pytest.raises(InputError, match=rf"key 'recipes\.{name}\.{next(iter(changes))}"):
        configuration.validate(config, SCHEMA, "configuration")


@pytest.mark.parametrize(("folder", "same"), [("a", True), ("b/../a", True), ("linked", True), ("b", False)])
def test_one_folder_holds_the_same_people(config: dict, tmp_path: Path, folder: str, same: bool) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    config["datasets"]["ours"] = {"reader": "bids", "path": str(tmp_path / "a")}
    config["datasets"]["again"] = {"reader": "bids", "path": str(tmp_path / folder)}
    cohorts = {
        "healthy": {"dataset": "ours", "title": "ours"},
        "again": {"dataset": "again", "modality": "T2", "title": "t", "test": 1},
    }
    config["studies"] = {"baur2021": {"cohorts": cohorts}}
    if same:
        with pytest.raises(InputError, match="datasets 'again' and 'ours' hold the same people"):
            check(config)
    else:
        check(config)


def test_null_takes_a_study_away_however_it_is_laid_over(config: dict) -> None:
    """Snakemake keeps the null of another configuration file, `lay_over` takes the key away."""
    config["studies"] = {"baur2021": None}
    configuration.validate(config, SCHEMA, "configuration")
    assert studies(config) == studies(configuration.lay_over(config, {"studies": {"baur2021": None}})) == {}
