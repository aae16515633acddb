"""What StRegA's studies ask of the workflow: recipes of methods, joined cohorts, studies like others, and figures."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import yaml
from made_results import DATASET, write_maps, write_scans, write_study
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from brainuad import configuration, doctor, slices
from brainuad.errors import InputError
from brainuad.figures import boxes, lesion_sizes, pipeline, samples
from brainuad.metrics import table
from brainuad.preprocessing import strega as recipe
from brainuad.preprocessing.steps import Steps
from brainuad.preprocessing.tissue import CSF, GM, WM
from brainuad.segmentation import strega
from brainuad.stages import figure_boxes, figure_lesion_sizes, figure_pipeline, figure_samples, join_slices
from brainuad.trimming import trim

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / "workflow"
STREGAS = ("strega2022-t1", "strega2022-t2", "strega2022-t2-on-t1", "strega2022-ixi", "strega2022-t1-on-t2")


@pytest.fixture
def config() -> dict:
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    return config | {"studies": {name: {} for name in STREGAS}}


def resolve(config: dict) -> dict:
    return configuration.resolve_studies(config, WORKFLOW)


def test_studies_are_like_the_first_but_for_their_contrast(config: dict) -> None:
    found = resolve(config)
    first, second, cross, alone, control = (found[name] for name in STREGAS)
    contrasts = {name: study["cohorts"]["tumour"]["modality"] for name, study in found.items()}
    assert list(contrasts.values()) == ["T1ce", "T2", "T1ce", "T2", "T2"]
    assert [study["cohorts"]["healthy"]["modality"] for study in found.values()] == ["T1", "T2", "T2", "T2", "T1"]
    assert first["training"] == second["training"] == alone["training"]
    assert second["cohorts"]["mood"]["modality"] == "T1" and "mood" not in alone["cohorts"]
    assert cross["models_of"] == STREGAS[1] and set(cross["methods"]) <= set(second["methods"])
    assert control["models_of"] == STREGAS[0] and control["methods"] == cross["methods"]
    for other, own in ((cross, second), (control, first)):  # so that nobody is tested whom the model was trained on
        assert other["cohorts"]["healthy"] == own["cohorts"]["healthy"]
    assert {c["dataset"] for c in first["cohorts"].values() if c.get("train")} == {"ixi", "mood"}
    assert [place["cohort"] for place in alone["examples"]["methods"]["slices"]] == ["tumour", "tumour", "healthy"]


def test_published_values_are_found_for_every_cohort_that_names_some(config: dict) -> None:
    published = pd.read_csv(WORKFLOW / "data/published.csv").query("doc == 'D1'")
    named = [c.get("published", []) for study in resolve(config).values() for c in study["cohorts"].values()]
    assert {name for names in named for name in names} == set(published["dataset_or_class"])
    assert set(published["metric"]) == {"dice_volume"} and len(published) == 34


def test_models_of_a_study_that_does_not_train_them_are_refused(config: dict) -> None:
    config["studies"][STREGAS[1]] = None
    with pytest.raises(
        InputError, match="takes models of strega2022-t2, which doesn't train cevae-strega-preprocessing, "
    ):
        resolve(config)


def test_nobody_ill_is_trained_on(config: dict) -> None:
    config["studies"][STREGAS[0]] = {"cohorts": {"tumour": {"train": 3}}}
    with pytest.raises(InputError, match="trains on 'brats', whose subjects aren't healthy"):
        resolve(config)


def test_unknown_recipes_of_methods_are_told(config: dict) -> None:
    config["studies"][STREGAS[0]] = {"recipes": {"stregas": ["strega"]}}
    with pytest.raises(InputError, match=r"recipe .stregas. is unknown\. Known recipes: "):
        resolve(config)


def test_recipes_without_a_method_go() -> None:
    study = {"methods": ["a"], "cohorts": {}, "recipes": {"one": ["a", "b"], "two": ["b"]}}
    assert trim(study)["recipes"] == {"one": ["a"]}


def test_without_mood_the_studies_run_and_say_so(config: dict, tmp_path: Path) -> None:
    config |= {"data": str(tmp_path / "data"), "downloads": str(tmp_path / "downloads")}
    study = doctor.without_missing(config, resolve(config), WORKFLOW / "data/sources.csv")[STREGAS[0]]
    assert [c["dataset"] for c in study["cohorts"].values() if c.get("train")] == ["ixi"]
    assert set(study["cohorts"]) == {"healthy", "synthetic-ixi", "signs", "tumour"}
    notes = " ".join(study["notes"])
    assert "Not trained or tested on MOOD, healthy: mood is missing." in notes
    assert "Not tested on MOOD toy cases: mood-toy is missing." in notes


def write_cohort(path: Path, dataset: str, count: int, size: int = 12, start: int = 0) -> Path:
    rng = np.random.default_rng(count)
    image = rng.random((count, size, size), dtype=np.float32)
    names = np.array(["s1"] * (count - 1) + ["s2"])
    arrays = {"image": image, "brain": image > 0.5, "subject": names, "slice": np.arange(start, start + count)}
    slices.write(path, arrays, {"dataset": dataset, "recipe": "strega", "spacing": np.array([5.0, 2.0, 2.0])})
    return path


def test_joined_slices_are_those_of_each_cohort(tmp_path: Path) -> None:
    parts = [write_cohort(tmp_path / f"{name}.h5", name, n) for name, n in (("ixi", 5), ("mood", 3))]
    join_slices.main(images=parts, out=tmp_path / "joined.h5")
    with slices.open_checked(tmp_path / "joined.h5", "images") as joined:
        assert [subject.name for subject in slices.subjects(joined)] == ["ixi/s1", "ixi/s2", "mood/s1", "mood/s2"]
        assert joined.attrs["dataset"] == "ixi + mood"
        for name in ("image", "brain", "slice"):
            expected = np.concatenate([h5py.File(part)[name][:] for part in parts])
            assert np.array_equal(joined[name][:], expected) and joined[name].dtype == expected.dtype


def test_slices_of_other_grids_are_not_joined(tmp_path: Path) -> None:
    parts = [write_cohort(tmp_path / "one.h5", "ixi", 4), write_cohort(tmp_path / "two.h5", "mood", 4, size=16)]
    with pytest.raises(InputError, match=r"two\.h5: lies on another grid than .*one\.h5"):
        join_slices.main(images=parts, out=tmp_path / "joined.h5")
    assert not (tmp_path / "joined.h5").exists()


def test_intensities_lie_on_the_grid_of_the_tissue_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Balls of fluid, grey and white matter: mask and translation are the same, values those of tissues or the scan."""
    image, brain = balls(monkeypatch)
    found = {
        kind: recipe.preprocess(image, brain, modality="T1", steps=Steps(), size=64, slice_spacing=5.0, tissues=kind)
        for kind in (True, False)
    }
    maps, masks = ({kind: sitk.GetArrayFromImage(found[kind][k]) for kind in found} for k in (0, 1))
    assert np.array_equal(masks[True], masks[False]) and masks[True].any()
    assert found[True][2].GetParameters() == found[False][2].GetParameters()
    assert set(np.unique(maps[True])) == set(np.float32([0, 1, 2, 3]) / np.float32(3))
    inside = masks[False] > 0
    assert not maps[False][~inside].any()
    assert np.corrcoef(maps[False][inside], maps[True][inside])[0, 1] > 0.9
    assert maps[False].max() == pytest.approx(1, abs=0.05)


def balls(monkeypatch: pytest.MonkeyPatch) -> tuple[sitk.Image, sitk.Image]:
    """A scan of white matter in grey matter in fluid and its brain mask, whose bias and tissues are known already."""
    z, y, x = np.indices((30, 36, 32))
    radius = np.sqrt((z - 14) ** 2 + (y - 20) ** 2 + (x - 15) ** 2)
    tissues = np.select([radius < 5, radius < 9, radius < 12], [WM, GM, CSF], 0)
    image = sitk.GetImageFromArray(np.array([0, 20, 50, 80], np.float32)[tissues])
    for part in (image, brain := sitk.GetImageFromArray((tissues > 0).astype(np.uint8))):
        part.SetSpacing((4.0, 4.0, 4.0))
    monkeypatch.setattr(recipe, "correct_bias", lambda image, brain, iterations: image)
    monkeypatch.setattr(recipe, "segment", lambda *_: copied(tissues, brain))
    return image, brain


def test_the_order_of_tissues_and_the_interpolation_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """From dark to bright T1 keeps its order and T2 turns around; lines make values between those of tissues."""
    image, brain = balls(monkeypatch)

    def made(modality: str = "T2", **settings: str) -> np.ndarray:
        given = {"modality": modality, "steps": Steps(), "size": 64, "slice_spacing": 5.0}
        return sitk.GetArrayFromImage(recipe.preprocess(image, brain, **given, **settings)[0])

    maps = made()
    assert np.array_equal(made("T1", tissue_order="brightness"), maps)
    turned = made(tissue_order="brightness")
    assert turned[maps > 0] == pytest.approx(4 / 3 - maps[maps > 0]) and not turned[maps == 0].any()
    lines = made(interpolation="linear")
    assert np.unique(lines).size > 10 and not lines[maps == 0].any()
    assert np.corrcoef(lines.ravel(), maps.ravel())[0, 1] > 0.95
    for settings in ({"tissue_order": "dark"}, {"interpolation": "cubic"}):
        with pytest.raises(InputError, match=r"'(dark|cubic)' is unknown. Use (canonical|nearest) or"):
            made(**settings)


def copied(tissues: np.ndarray, grid: sitk.Image) -> sitk.Image:
    labels = sitk.GetImageFromArray(tissues.astype(np.uint8))
    labels.CopyInformation(grid)
    return labels


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Scans with lesions, the maps of a VAE and its masks by StRegA's segmentation."""
    scans = write_scans(tmp_path)
    made = write_maps(tmp_path, scans, "vae")
    with h5py.File(scans["images"]) as images, h5py.File(made["processed"]) as maps:
        arrays = images["image"][:], maps["score"][:], images["brain"][:]
        subjects = list(slices.subjects(images))
    mask = np.concatenate([strega.segment(*(a[s.rows] for a in arrays), step=0.1, min_area=5) for s in subjects])
    slices.write(tmp_path / "masks.h5", {"mask": mask}, {})
    return {**scans, **made, "masks": tmp_path / "masks.h5", "study": write_study(tmp_path)}


def test_the_pipeline_ends_in_the_masks_that_are_evaluated(files: dict[str, Path], tmp_path: Path) -> None:
    given = {name: files[name] for name in ("labels", "maps", "processed", "masks")}
    images = {"scans": files["images"], "tissues": files["images"]}
    ways = pipeline.read(**images, **given, step=0.1, otsu="slice")
    assert len(ways) == 4 and len({way.choice.subject for way in ways}) == 4
    assert any(way.mask.any() for way in ways)
    for way in ways:
        with h5py.File(files["images"]) as file:
            brain = file["brain"][way.choice.row]
        assert way.scan.shape <= brain.shape and not (way.mask & ~way.above).any()
        assert np.array_equal(way.mask, strega.opened(way.above[np.newaxis], 5)[0] & (way.scan != 0))
    out = tmp_path / "pipeline.svg"
    settings = '{"step": 0.1, "min_area": 5}'
    figure_pipeline.main(
        study=files["study"], dataset=DATASET, method="vae", **images, **given, settings=settings, out=out
    )
    assert out.stat().st_size > 0
    control = write_maps(tmp_path, files, "random")["maps"]
    with pytest.raises(InputError, match=r"random-maps\.h5: holds no reconstruction"):
        pipeline.read(**images, **given | {"maps": control}, step=0.1, otsu="slice")


def test_boxes_are_drawn_around_truth_and_finds(files: dict[str, Path], tmp_path: Path) -> None:
    shown = boxes.read(files["images"], files["labels"], [files["masks"]] * 2)
    figure = Figure(boxes.size(shown))
    boxes.draw(figure, "title", ["one", "two"], shown)
    first = figure.axes[0], figure.axes[1]
    corners = [[patch.get_bbox().extents for patch in ax.patches if isinstance(patch, Rectangle)] for ax in first]
    rows, columns = np.nonzero(shown[0].label)
    around = (columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5)
    assert len(corners[0]) == 1 and corners[0][0] == pytest.approx(around)
    assert corners[1][-1] == pytest.approx(around) and len(corners[1]) >= 2
    out = tmp_path / "boxes.svg"
    given = {"study": files["study"], "dataset": DATASET, "images": files["images"], "labels": files["labels"]}
    figure_boxes.main(**given, method=["vae", "ae-dense"], masks=[files["masks"]] * 2, out=out)
    assert out.stat().st_size > 0
    with pytest.raises(InputError, match="--masks: is given 1 times, --method 2 times"):
        figure_boxes.main(**given, method=["vae", "ae-dense"], masks=[files["masks"]], out=out)


def test_samples_have_a_slice_with_most_of_the_anomaly_and_one_without(files: dict[str, Path], tmp_path: Path) -> None:
    shown = samples.read(files["images"], files["labels"])
    with h5py.File(files["labels"]) as file:
        area = (file["label"][:] > 0).sum((1, 2))
        names, numbers = file["subject"].asstr()[:], file["slice"][:]
    assert [sample.subject for sample in shown] == list(dict.fromkeys(names))
    for sample in shown:
        own = dict(zip(numbers[names == sample.subject], area[names == sample.subject], strict=True))
        with_one, without = sample.slices
        assert (sample.label > 0).sum() == own[with_one] == max(own.values()) > 0 == own[without]
        assert sample.free is not None and sample.free.shape == sample.image.shape
    given = {"study": files["study"], "dataset": DATASET, "images": files["images"], "labels": files["labels"]}
    figure_samples.main(**given, out=tmp_path / "samples.svg")
    assert (tmp_path / "samples.svg").stat().st_size > 0
    with h5py.File(files["labels"], "r+") as file:  # a person whose anomaly is in every slice has none without
        file["label"][:7, 20, 20] = 1
    first, *others = samples.read(files["images"], files["labels"])
    assert first.free is None and all(sample.free is not None for sample in others)
    figure_samples.main(**given, out=tmp_path / "samples.svg")
    with h5py.File(files["labels"], "r+") as file:
        file["label"][:] = 0
    with pytest.raises(InputError, match=r"labels\.h5: holds no anomaly"):
        figure_samples.main(**given, out=tmp_path / "samples.svg")


def write_dice(path: Path, dice: dict[str, list[float]]) -> Path:
    rows = [
        ("s", DATASET, method, seed, f"p{k}", metric, value)
        for method, values in dice.items()
        for seed in (0, 1)
        for k, value in enumerate(values)
        for metric, value in (("dice_volume", value + 0.1 * seed), ("lesion_ml", 2.0**k))
    ]
    table.write(pd.DataFrame(rows, columns=table.COLUMNS), path)
    return path


def test_dice_against_sizes_are_means_over_seeds(tmp_path: Path) -> None:
    opened = write_dice(tmp_path / "opened.csv", {"vae": [0.0, 0.4, 0.8], "ae-dense": [0.1, 0.2, 0.3]})
    unopened = write_dice(tmp_path / "unopened.csv", {"vae": [0.2, 0.3]})
    (points,) = lesion_sizes.points(table.read(opened), table.read(unopened), DATASET, ["vae", "ae-dense"])
    assert points.method == "vae" and points.volume.tolist() == [1, 2]
    assert points.opened == pytest.approx([0.05, 0.45]) and points.unopened == pytest.approx([0.25, 0.35])
    given = {"study": write_study(tmp_path), "metrics": opened, "unopened": unopened, "out": tmp_path / "sizes.svg"}
    figure_lesion_sizes.main(dataset=DATASET, method=["vae", "ae-dense"], **given)
    assert given["out"].stat().st_size > 0
    with pytest.raises(InputError, match="holds no Dice of scans of 'phantom-ixi'"):
        figure_lesion_sizes.main(dataset="phantom-ixi", method=["vae"], **given)
