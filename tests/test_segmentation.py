"""Superpixels: what scikit-image cuts, which segment is chosen, and the stage that writes the masks."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from brainuad import segmentation, slices
from brainuad.errors import InputError
from brainuad.metrics import table
from brainuad.metrics.overlap import Overlap
from brainuad.segmentation import superpixels
from brainuad.stages import best_segments
from brainuad.stages.check import main as check
from brainuad.stages.masks import main as masks

SIZE = 128
SCALES = (25, 50, 75, 100, 150, 200, 300)


def disk(radius: float, row: float = 64, column: float = 64) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    return (y - row) ** 2 + (x - column) ** 2 < radius**2


BRAIN, LESION = disk(50), disk(15, 50, 75)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """A bright lesion in a brain, with noise."""
    noise = np.random.default_rng(0).normal(0, 0.02, (SIZE, SIZE))
    return np.clip(0.5 * BRAIN + 0.4 * LESION + noise, 0, 1).astype(np.float32)


@pytest.mark.parametrize("scale", SCALES)
def test_a_superpixel_fits_the_lesion_at_every_scale_and_is_the_hottest(image: np.ndarray, scale: float) -> None:
    segments = superpixels.segments(image, scale)
    best = max(Overlap.of(segments == k, LESION).dice for k in np.unique(segments))
    assert best >= 0.9
    # As coarse as a heatmap of windows.
    chosen = superpixels.hottest(segments, gaussian_filter(LESION.astype(float), 8), BRAIN)
    assert Overlap.of(chosen, LESION).dice == best


def test_larger_scales_make_fewer_superpixels(image: np.ndarray) -> None:
    textured = np.clip(image + 0.2 * BRAIN * np.random.default_rng(1).normal(size=image.shape), 0, 1)
    numbers = [superpixels.segments(textured, scale).max() for scale in SCALES]
    assert numbers[0] > numbers[-1] and sorted(numbers, reverse=True) == numbers


@pytest.mark.parametrize("factor", [255, -1])
def test_other_ranges_are_refused(image: np.ndarray, factor: float) -> None:
    """Passed as they are, 0 to 255 would make far smaller superpixels."""
    with pytest.raises(InputError, match=r"superpixels: need slices in \[0, 1\], this one is in \["):
        superpixels.segments(factor * image)


# Columns 0 and 1 are segment 0 and so on; 3 is half background, 4 is mostly, 5 all.
SEGMENTS = np.repeat(np.arange(6)[None].repeat(2, 1), [4], axis=0)
IN_BRAIN = np.ones(SEGMENTS.shape, bool)
IN_BRAIN[2:, 6:8] = IN_BRAIN[1:, 8:10] = IN_BRAIN[:, 10:] = False


def chosen(heat: np.ndarray, **settings: object) -> int | None:
    mask = superpixels.hottest(SEGMENTS, heat, IN_BRAIN, **settings)
    assert mask.dtype == bool and not (mask & ~IN_BRAIN).any()
    numbers = np.unique(SEGMENTS[mask])
    assert len(numbers) <= 1
    if not len(numbers):
        return None
    number = int(numbers[0])
    assert (mask == (number == SEGMENTS) & IN_BRAIN).all()
    return number


def test_the_mean_is_that_of_the_brain_and_the_sum_favours_large_segments() -> None:
    heat = np.choose(SEGMENTS, [1.0, 5.0, 2.0, 6.0, 9.0, 99.0])
    assert chosen(heat) == 3
    assert chosen(heat, choose="sum") == 1  # 8 pixels of 5 against 4 of 6
    assert chosen(heat, max_background=0.4) == 1
    assert chosen(heat, max_background=0.8) == 4
    assert chosen(heat, max_background=1.0) == 4  # what has no brain can't be chosen
    heat[~IN_BRAIN] = 1e6
    assert chosen(heat) == 3
    assert chosen(-heat) == 0


@pytest.mark.parametrize("choose", superpixels.CHOICES)
def test_nothing_is_chosen_where_nothing_stands_out(choose: str) -> None:
    for level in (0.0, 0.7):
        heat = np.where(IN_BRAIN, level, 3.0)
        assert chosen(heat, choose=choose) is None
    rising = np.arange(SEGMENTS.size).reshape(SEGMENTS.shape)
    assert chosen(rising, choose=choose) is not None
    for brain in (np.zeros_like(IN_BRAIN), (SEGMENTS == 2) & (rising < 6)):
        assert not superpixels.hottest(SEGMENTS, rising, brain, choose).any()


def test_the_best_segment_is_found_among_those_that_can_be_chosen() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        lesion = rng.random(SEGMENTS.shape) < rng.random()
        dices = [Overlap.of((number == SEGMENTS) & IN_BRAIN, lesion).dice for number in range(4)]
        assert superpixels.best_dice(SEGMENTS, lesion, IN_BRAIN) == pytest.approx(max(dices, default=0))
    hidden = (SEGMENTS == 4) & IN_BRAIN
    assert superpixels.best_dice(SEGMENTS, hidden, IN_BRAIN) == 0
    assert superpixels.best_dice(SEGMENTS, hidden, IN_BRAIN, max_background=0.8) == 1


def test_other_choices_are_told() -> None:
    with pytest.raises(InputError, match=r"can't choose by 'median'\. Choose by mean or sum"):
        superpixels.hottest(SEGMENTS, SEGMENTS, IN_BRAIN, "median")


def test_segmentations_are_known_by_name() -> None:
    assert "superpixels" in segmentation.known()
    with pytest.raises(InputError, match=r"otsu-like: is not a segmentation. Known segmentations: .*superpixels"):
        segmentation.load("otsu-like")


@pytest.fixture
def cohort(tmp_path: Path, image: np.ndarray) -> Path:
    """A folder with images.h5 and processed.h5 of two subjects; the lesion is seen in every second slice."""
    heat = np.zeros((4, SIZE, SIZE), np.float32)
    heat[::2] = gaussian_filter(LESION.astype(np.float32), 8)
    order = {"subject": np.repeat(["a", "b"], 2), "slice": np.array([3, 9, 4, 5])}
    arrays = {"image": np.stack([image] * 4), "brain": np.stack([BRAIN] * 4)}
    slices.write(tmp_path / "images.h5", arrays | order, {"spacing": [1.0, 1.0, 1.0]})
    slices.write(tmp_path / "processed.h5", {"score": heat}, {"method": "made", "seed": 3})
    return tmp_path


def run(folder: Path, **given: str) -> np.ndarray:
    files = {"images": folder / "images.h5", "maps": folder / "processed.h5", "out": folder / "masks.h5"}
    masks(segmentation="superpixels", **files, **given)
    with slices.open_checked(folder / "masks.h5", "masks") as file:
        assert dict(file.attrs)["method"] == "made" and file.attrs["segmentation"] == "superpixels"
        return file["mask"][:]


def test_the_stage_segments_each_slice(cohort: Path, image: np.ndarray, capsys: pytest.CaptureFixture) -> None:
    found = run(cohort)
    assert [Overlap.of(mask, LESION).dice > 0.9 for mask in found] == [True, False, True, False]
    assert not found[1::2].any()
    check(kind="masks", path=cohort / "masks.h5", images=cohort / "images.h5")
    assert f"ok, 4 x {SIZE} x {SIZE}" in capsys.readouterr().out
    assert not run(cohort, settings='{"max_background": 0.0, "scale": 1e9}').any()


def test_the_stage_of_the_best_segments(cohort: Path, image: np.ndarray) -> None:
    """Subject a has the lesion in both slices, b in one, of which just a part is labelled."""
    part = LESION & (np.mgrid[:SIZE, :SIZE][0] < 50)
    labels = np.stack([LESION, LESION, part, np.zeros_like(LESION)]).astype(np.uint8)
    with slices.open_checked(cohort / "images.h5", "images") as file:
        order = {name: file[name][:] for name in ("slice",)} | {"subject": file["subject"].asstr()[:].astype(object)}
    slices.write(cohort / "labels.h5", {"label": labels} | order, {"spacing": [1.0, 1.0, 1.0]})
    files = {"images": cohort / "images.h5", "labels": cohort / "labels.h5", "out": cohort / "best.csv"}
    names = {"study": "s", "dataset": "d", "method": "oracle", "seed": 0}
    best_segments.main(settings='{"scale": 50, "choose": "sum"}', **files, **names)
    found = table.read(cohort / "best.csv").set_index("subject")["value"]
    segments = superpixels.segments(image, 50)
    whole, half = (
        max(Overlap.of(segments == k, lesion).dice for k in np.unique(segments)) for lesion in (LESION, part)
    )
    assert whole > 0.9 > half
    assert found.to_dict() == pytest.approx({"a": whole, "b": half, "pooled": (2 * whole + half) / 3})


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            '{"scales": 3}',
            "--settings: segmentation superpixels has no option 'scales'. Its options: scale, sigma, min",
        ),
        ("[3]", "--settings: .* is no mapping in JSON"),
    ],
)
def test_wrong_settings_are_told(cohort: Path, settings: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        run(cohort, settings=settings)
    assert not (cohort / "masks.h5").exists()


def test_maps_of_another_cohort_are_refused(cohort: Path) -> None:
    slices.write(cohort / "processed.h5", {"score": np.zeros((3, SIZE, SIZE), np.float32)}, {})
    with pytest.raises(InputError, match=r"processed\.h5: has shape"):
        run(cohort)


def test_a_masks_file_is_checked(cohort: Path) -> None:
    run(cohort)
    with h5py.File(cohort / "masks.h5", "r+") as file:
        whole = file["mask"][:]
        del file["mask"]
        file["mask"] = whole.astype(np.uint8)
    with pytest.raises(InputError, match="dataset 'mask' is uint8, not bool"):
        slices.open_checked(cohort / "masks.h5", "masks")
