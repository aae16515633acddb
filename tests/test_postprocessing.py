"""The steps of the post-processing chain and its stage, against SciPy and the facts that the papers imply."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import zscore

from brainuad import slices
from brainuad.errors import InputError
from brainuad.metrics.counts import Counts, Histogram
from brainuad.postprocessing import operating_points
from brainuad.postprocessing.baur import Settings, drop_small_components, erode, median_filter, postprocess
from brainuad.postprocessing.standardise import standardise
from brainuad.stages.check import main as check
from brainuad.stages.postprocess import main as postprocess_stage
from brainuad.stages.thresholds import main as thresholds_stage

OFF = Settings(erosion=0, residual="absolute", median=(1, 1, 1))


def brain_volume(seed: int, shape=(9, 20, 24)) -> tuple[np.ndarray, np.ndarray]:
    """A noise map (D, H, W) and a box-shaped brain."""
    brain = np.zeros(shape, bool)
    brain[:, 4:-4, 4:-4] = True
    return np.random.default_rng(seed).random(shape, dtype=np.float32), brain


@pytest.mark.parametrize("size", [(5, 5, 5), (1, 3, 3), (3, 1, 5), (1, 1, 1)])
@pytest.mark.parametrize("depth", [1, 2, 9])
def test_median_filter_equals_scipy(size, depth):
    volume, brain = brain_volume(1, (depth, 20, 24))
    volume[~brain] = 0
    volume[:, 5:9, 6:12] = 0
    np.testing.assert_array_equal(median_filter(volume, size, 0), ndimage.median_filter(volume, size))


def test_median_filter_equals_scipy_where_the_data_touch_the_border_and_the_background_is_negative():
    volume, _ = brain_volume(2)
    volume[:, :, 10:] = -3
    np.testing.assert_array_equal(median_filter(volume, (5, 5, 5), -3), ndimage.median_filter(volume, (5, 5, 5)))


def test_median_filter_of_an_empty_map_is_empty():
    assert not median_filter(np.zeros((3, 4, 5), np.float32), (5, 5, 5), 0).any()


def test_isolated_block_of_eight_vanishes_under_the_median_but_not_under_the_component_filter():
    volume = np.zeros((9, 9, 9), np.float32)
    volume[4:6, 4:6, 4:6] = 1
    assert not median_filter(volume, (5, 5, 5), 0).any()
    assert drop_small_components(volume > 0, 8).sum() == 8


def test_component_of_seven_voxels_is_dropped_and_corners_connect():
    seven = np.zeros((6, 6, 6), bool)
    seven[1:3, 1:3, 1:3] = True
    seven[2, 2, 2] = False
    assert not drop_small_components(seven, 8).any()
    diagonal = np.eye(8, dtype=bool)[np.newaxis] & np.ones((1, 8, 8), bool)
    assert drop_small_components(diagonal, 8).sum() == 8
    assert not drop_small_components(diagonal, 9).any()


def test_erosion_is_a_cross_in_each_slice():
    brain = np.zeros((1, 9, 9), bool)
    brain[0, 1:8, 1:8] = True
    twice = erode(brain, 2)
    assert twice.sum() == 9 and twice[0, 3:6, 3:6].all()
    np.testing.assert_array_equal(erode(brain, 0), brain)
    diamond = np.abs(np.indices((9, 9)) - 4).sum(0)[np.newaxis] <= 4
    np.testing.assert_array_equal(erode(diamond, 2), np.abs(np.indices((9, 9)) - 4).sum(0)[np.newaxis] <= 2)


def test_sign_of_the_residual():
    score, brain = brain_volume(3)
    image = np.full(score.shape, 0.5, np.float32)
    rebuilt = np.full(score.shape, 0.4, np.float32)
    rebuilt[:, :, 12:] = 0.7
    kept = {
        sign: postprocess(score, image, rebuilt, brain, Settings(0, sign, (1, 1, 1), 8)) > 0
        for sign in ("absolute", "positive", "negative")
    }
    bright = np.zeros(score.shape, bool)
    bright[:, :, :12] = True
    np.testing.assert_array_equal(kept["positive"], kept["absolute"] & bright)
    np.testing.assert_array_equal(kept["negative"], kept["absolute"] & ~bright)
    without = postprocess(score, image, None, brain, Settings(0, "positive", (1, 1, 1), 8))
    np.testing.assert_array_equal(without > 0, kept["absolute"])


@pytest.mark.parametrize(
    "change",
    [
        {"residual": "signed"},
        {"median": [4, 5, 5]},
        {"median": [5, 5]},
        {"erosion": -1},
        {"medain": [5, 5, 5]},
        {"standardise": "patient"},
    ],
)
def test_wrong_settings_are_refused_in_one_line(change):
    text = json.dumps({"erosion": 3, "residual": "absolute", "median": [5, 5, 5]} | change)
    with pytest.raises(InputError):
        Settings.parse(text)


def healthy_counts(scores: np.ndarray) -> Counts:
    return Counts.of(scores.astype(np.float32), np.zeros(len(scores), bool))


def test_operating_points_have_their_false_positive_rate():
    scores = np.random.default_rng(4).gamma(2, size=50_000).astype(np.float32)
    points = operating_points.label_free(healthy_counts(scores))
    for name, rate in {"fpr_1": 0.01, "fpr_5": 0.05, "fpr_10": 0.1, "p98": 0.02}.items():
        assert np.mean(scores > points[name]) == pytest.approx(rate, abs=2 / len(scores))
    assert points["p98"] == pytest.approx(np.percentile(scores, 98), rel=1e-3)


def test_operating_points_from_a_stream_keep_their_false_positive_rate():
    scores = np.random.default_rng(5).normal(size=50_000).astype(np.float32)
    histogram = Histogram()
    histogram.add(scores, np.zeros(len(scores), bool))
    points = operating_points.label_free(histogram.counts())
    rate = np.mean(scores > np.float32(points["fpr_5"]))
    assert 0.0495 < rate <= 0.05


@pytest.mark.parametrize("value", [0.0, 0.5, -2.0])
def test_no_voxel_of_a_constant_map_is_marked(value):
    scores = np.full(1000, value, np.float32)
    histogram = Histogram()
    histogram.add(scores, np.zeros(1000, bool))
    for counts in (healthy_counts(scores), histogram.counts()):
        for threshold in operating_points.label_free(counts).values():
            assert not (scores > threshold).any()


def test_validated_threshold_is_the_best_of_all_thresholds():
    generator = np.random.default_rng(6)
    truth = generator.random(4000) < 0.1
    scores = (generator.random(4000) + 0.5 * truth).astype(np.float32)
    threshold = operating_points.validated(Counts.of(scores, truth))["val_threshold"]

    def dice(t: float) -> float:
        return 2 * np.sum((scores > t) & truth) / (np.sum(scores > t) + truth.sum())

    assert dice(threshold) >= max(dice(t) for t in np.unique(scores)) - 0.005


@pytest.fixture
def cohort(tmp_path):
    """Paths of images and maps of two subjects, the second with a gap between its slices."""
    score, brain = brain_volume(7, (6, 20, 24))
    names, indices = np.array(["a"] * 4 + ["b"] * 2), np.array([3, 4, 5, 6, 2, 9])
    image = np.full(score.shape, 0.5, np.float32)
    slices.write(
        tmp_path / "images.h5",
        {"image": image, "brain": brain, "subject": names, "slice": indices},
        {"spacing": [1.0, 1.0, 1.0]},
    )
    slices.write(tmp_path / "maps.h5", {"score": score}, {"method": "noise", "seed": 3})
    return tmp_path


SETTINGS = '{"erosion": 1, "residual": "absolute", "median": [3, 3, 3]}'


def test_stage_treats_each_subject_alone_and_keeps_attributes(cohort):
    out = cohort / "processed.h5"
    postprocess_stage(images=cohort / "images.h5", maps=cohort / "maps.h5", settings=SETTINGS, out=out)
    check(kind="maps", path=out, images=cohort / "images.h5")
    with (
        h5py.File(out) as processed,
        h5py.File(cohort / "maps.h5") as maps,
        h5py.File(cohort / "images.h5") as images,
    ):
        assert processed.attrs["method"] == "noise" and processed.attrs["seed"] == 3
        assert processed["score"].dtype == np.float32
        masked = maps["score"][:] * erode(images["brain"][:], 1)
        for rows in (slice(0, 4), slice(4, 6)):
            expected = ndimage.median_filter(masked[rows], (3, 3, 3))
            np.testing.assert_array_equal(processed["score"][rows], expected)


def test_stage_never_ranks_masked_voxels_above_negative_scores(cohort):
    score, brain = brain_volume(7, (6, 20, 24))
    slices.write(cohort / "maps.h5", {"score": score - 5}, {})
    out = cohort / "processed.h5"
    postprocess_stage(images=cohort / "images.h5", maps=cohort / "maps.h5", settings=SETTINGS, out=out)
    with h5py.File(out) as processed:
        assert processed["score"][:][~brain].max() <= processed["score"][:][brain].min()


def test_thresholds_stage_with_and_without_labels(cohort):
    score, brain = brain_volume(7, (6, 20, 24))
    label = (brain & (score > 0.8)).astype(np.uint8)
    with h5py.File(cohort / "images.h5") as images:
        order = {"subject": images["subject"].asstr()[:], "slice": images["slice"][:]}
    slices.write(cohort / "labels.h5", {"label": label, **order}, {})
    files = {"images": cohort / "images.h5", "processed": cohort / "maps.h5"}
    thresholds_stage(**files, out=cohort / "free.json")
    free = operating_points.read(cohort / "free.json")
    assert set(free) == {"fpr_1", "fpr_5", "fpr_10", "p98"}
    assert np.mean(score[brain] > free["fpr_10"]) == pytest.approx(0.1, abs=0.002)
    labelled = {"labelled_images": cohort / "images.h5", "labelled_processed": cohort / "maps.h5"}
    thresholds_stage(**files, **labelled, labels=cohort / "labels.h5", out=cohort / "all.json")
    assert operating_points.read(cohort / "all.json")["val_threshold"] == pytest.approx(0.8, abs=0.002)
    with pytest.raises(InputError, match="part of a labelled cohort"):
        thresholds_stage(**files, **labelled, out=cohort / "part.json")
    assert not (cohort / "part.json").exists()


def test_check_names_the_file_and_the_fault(cohort, capsys):
    check(kind="images", path=cohort / "images.h5")
    assert capsys.readouterr().out.strip().endswith("images.h5: ok, 6 x 20 x 24, 2 subjects")
    slices.write(cohort / "short.h5", {"score": np.zeros((5, 20, 24), np.float32)}, {})
    with pytest.raises(InputError, match=r"short\.h5: has shape"):
        check(kind="maps", path=cohort / "short.h5", images=cohort / "images.h5")
    slices.write(cohort / "nan.h5", {"score": np.full((6, 20, 24), np.nan, np.float32)}, {})
    with pytest.raises(InputError, match=r"nan\.h5: .*NaN"):
        check(kind="maps", path=cohort / "nan.h5")
    (cohort / "cut.h5").write_bytes((cohort / "images.h5").read_bytes()[:900])
    with pytest.raises(InputError, match=r"cut\.h5: is truncated"):
        check(kind="images", path=cohort / "cut.h5")


def test_the_prior_that_anomalies_are_bright_drops_voxels_below_a_percentile_of_the_brain() -> None:
    image = np.arange(1.0, 101.0, dtype=np.float32).reshape(1, 10, 10)
    brain = np.ones((1, 10, 10), bool)
    brain[0, 5:] = False  # its 50 voxels are 1 to 50
    settings = replace(OFF, hyper_intensity=90)
    kept = postprocess(np.ones_like(image), image, None, brain, settings)
    assert set(image[kept > 0]) == {46, 47, 48, 49, 50}


def test_a_prior_that_is_no_percentile_is_refused() -> None:
    with pytest.raises(InputError, match="hyper_intensity 101 is no percentile"):
        Settings.parse('{"erosion": 0, "residual": "absolute", "median": [1, 1, 1], "hyper_intensity": 101}')


@pytest.mark.parametrize("over", ["slice", "volume"])
def test_z_scores_of_the_body(over: str) -> None:
    """Against SciPy inside the body; outside all have the lowest value; slices without a body or without contrast."""
    scores, body = np.random.default_rng(0).gamma(2.0, size=(4, 12, 10)), np.zeros((4, 12, 10), bool)
    body[:3, 2:9, 3:8] = True
    scores[1] *= 5
    scores[2] = 0.7 if over == "slice" else scores[2]
    found = standardise(scores, body, over)
    assert np.isfinite(found).all() and found.dtype == np.float32
    assert (found[~body] == found[body].min()).all()
    each = np.concatenate([*(zscore(scores[k][body[k]]) for k in (0, 1)), np.zeros(35)])
    np.testing.assert_allclose(found[body], each if over == "slice" else zscore(scores[body]), atol=1e-6)


def test_maps_are_standardised_before_they_are_masked(tmp_path: Path) -> None:
    """What lies outside the body ranks below all that lies inside, whatever its score was."""
    rng, body = np.random.default_rng(0), np.zeros((3, 8, 8), bool)
    body[:, 2:6, 2:7] = True
    score = np.where(body, rng.random(body.shape), 9).astype(np.float32)
    names = {"subject": np.array(["a"] * 3), "slice": np.arange(3)}
    attributes = {"spacing": [1.0, 1.0, 1.0]}
    slices.write(tmp_path / "images.h5", {"image": score, "brain": body, **names}, attributes)
    slices.write(tmp_path / "maps.h5", {"score": score}, {})
    chain = {"erosion": 0, "residual": "absolute", "median": [1, 1, 1], "standardise": "slice"}
    files = {"images": tmp_path / "images.h5", "maps": tmp_path / "maps.h5", "out": tmp_path / "processed.h5"}
    postprocess_stage(**files, settings=json.dumps(chain))
    with slices.open_checked(files["out"], "maps") as file:
        found = file["score"][:]
    expected = np.stack([zscore(score[k][body[k]]) for k in range(3)])
    np.testing.assert_allclose(found[body].reshape(3, -1), expected, atol=1e-5)
    assert found[~body].max() <= found[body].min()
