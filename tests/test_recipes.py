"""Recipes `inpainting` and `kobayashi` on a made head of known intensities, and the pictures of their steps."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from brainuad.errors import InputError
from brainuad.figures.preprocessing import OUTLINE, draw_strip, result_of
from brainuad.files import save_nifti
from brainuad.preprocessing import inpainting, kobayashi, space
from brainuad.preprocessing.steps import PIXEL, PIXELS, Steps
from brainuad.stages import preprocess

LAYERS = {82: 1400.0, 75: 60.0, 68: 300.0, 62: 700.0, 45: 1000.0}
"""Radius in mm and intensity of scalp, skull, fluid, grey and white matter, each a ball over those before it."""
BODY, BRAIN, WHITE = 82, 68, 45
SMALL = {
    "inpainting": {"shape": (64, 48), "pixel": 4.0, "slice_spacing": 5.0},
    "kobayashi": {"size": 64, "field_of_view": 256.0, "slice_spacing": 5.0},
}
CHAINS = {"inpainting": inpainting.preprocess, "kobayashi": kobayashi.preprocess}


def balls(middle: tuple[float, ...], spacing: tuple[float, ...]) -> tuple[sitk.Image, sitk.Image]:
    """A noisy head around `middle` (mm, LPS) and its brain mask, on a RAS grid of 240 mm."""
    size = [round(240 / step) for step in spacing]
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    image.SetOrigin((middle[0] + 110, middle[1] + 125, middle[2] - 120))
    radius = distance(image, middle)
    values = np.zeros(radius.shape)
    for edge, intensity in LAYERS.items():
        values[radius < edge] = intensity
    values += np.random.default_rng(0).normal(0, 10, radius.shape)
    head, brain = (sitk.GetImageFromArray(a) for a in (values.astype(np.float32), (radius < BRAIN).astype(np.uint8)))
    head.CopyInformation(image)
    brain.CopyInformation(image)
    return head, brain


def distance(image: sitk.Image, point: tuple[float, ...]) -> np.ndarray:
    """(Z, Y, X) mm from a point to each voxel."""
    index = np.indices(image.GetSize()[::-1])[::-1].reshape(3, -1)
    scaled = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    points = np.array(image.GetOrigin())[:, None] + scaled @ index
    return np.linalg.norm(points - np.array(point)[:, None], axis=0).reshape(image.GetSize()[::-1])


@pytest.fixture(scope="module")
def head() -> tuple[sitk.Image, sitk.Image]:
    return balls((7.0, -12.0, 30.0), (4.0, 3.0, 3.0))


def run(recipe: str, image: sitk.Image, brain: sitk.Image, **settings) -> tuple[sitk.Image, sitk.Image, sitk.Transform]:
    return CHAINS[recipe](image, brain, modality="T1", steps=Steps(), **{**SMALL[recipe], **settings})


@pytest.mark.parametrize("recipe", CHAINS)
def test_all_subjects_lie_on_one_grid_with_the_brain_amid_it(recipe, head):
    one, other = run(recipe, *head), run(recipe, *balls((-20.0, 5.0, -8.0), (3.0, 3.0, 5.0)))
    assert one[0].IsSameImageGeometryAs(other[0])
    for (image, mask, transform), middle in ((one, (7.0, -12.0, 30.0)), (other, (-20.0, 5.0, -8.0))):
        assert mask.IsSameImageGeometryAs(image)
        centre = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
        assert np.abs(np.subtract(transform.TransformPoint(centre), middle)).max() < 2.6  # half a voxel of the mask


def test_inpainting_slices_reach_from_0_to_1_and_empty_ones_are_dropped(head):
    stalk = sitk.GetImageFromArray((distance(head[1], (7.0, -12.0, -40.0)) < 10).astype(np.uint8))
    stalk.CopyInformation(head[1])
    image, mask, transform = run("inpainting", head[0], head[1] | stalk)
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0
    assert values.shape == (31, 64, 48)
    assert not values[~inside].any()
    kept = inside.any((1, 2))
    for section, brain in zip(values[kept], inside[kept], strict=True):
        assert (section[brain].min(), section[brain].max()) == (0, 1)
    brain = sitk.GetArrayFromImage(sitk.Resample(head[1] | stalk, mask, transform, sitk.sitkNearestNeighbor)) > 0
    pixels = brain.sum((1, 2))
    assert np.array_equal(kept, pixels >= 0.01 * 64 * 48)
    assert np.any((pixels > 0) & ~kept)  # those of the stalk
    assert np.array_equal(inside[kept], brain[kept])


def test_a_slice_of_one_value_is_empty():
    values = np.ones((2, 4, 4), np.float32)
    values[1, 0, 0] = 3
    image, mask = inpainting.normalise(*map(sitk.GetImageFromArray, (values, np.ones((2, 4, 4), np.uint8))))
    assert np.array_equal(sitk.GetArrayFromImage(mask).any((1, 2)), [False, True])
    assert np.array_equal(sitk.GetArrayFromImage(image), (values == 3).astype(np.float32))


def test_no_slice_with_brain_is_refused(head):
    speck = sitk.Image(head[1].GetSize(), sitk.sitkUInt8)
    speck.CopyInformation(head[1])
    speck[30:33, 40:43, 40:43] = 1
    with pytest.raises(RuntimeError, match="no slice has 1% brain"):
        run("inpainting", head[0], speck)


@pytest.mark.parametrize("shape", [(256, 192), (256, 256), (100, 140)])
def test_rectangles_share_the_middle_of_the_square_grid(shape):
    cut, square = inpainting.rectangle(*shape, 1.0, 5.0), space.grid(256, 256.0, 5.0)
    assert cut.GetSize()[:2] == shape[::-1]
    middles = [g.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in g.GetSize()]) for g in (cut, square)]
    assert np.allclose(*middles)


def test_kobayashi_puts_white_matter_at_0_and_keeps_the_head(head):
    image, body, transform = run("kobayashi", *head)
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(body) > 0
    radius = distance(image, transform.GetInverse().TransformPoint((7.0, -12.0, 30.0)))
    assert (values.min(), values.max()) == (-1, 1)
    assert np.all(values[~inside] == -1)
    assert np.median(values[radius < WHITE - 5]) == pytest.approx(0, abs=0.03)
    assert np.median(values[(radius > 48) & (radius < 59)]) < -0.2  # grey matter is darker
    assert np.median(values[(radius > 76) & (radius < 81)]) > 0.5  # the scalp is still there
    truth = radius < BODY
    assert 2 * (inside & truth).sum() / (inside.sum() + truth.sum()) > 0.97
    assert inside[(radius > 69) & (radius < 74)].all()  # the skull, dark as air, is filled


def test_kobayashi_does_not_depend_on_the_scanners_scale(head):
    first, second = (sitk.GetArrayFromImage(run("kobayashi", scale * head[0], head[1])[0]) for scale in (1.0, 0.037))
    assert np.allclose(first, second, atol=2e-3)


def test_kobayashi_fills_what_is_closed_in_one_plane():
    """A disc of tissue around a hole that opens to the side: the known disc comes back."""
    y, x = np.mgrid[:60, :60] - 29.5
    disc = np.broadcast_to(np.hypot(x, y) < 24, (40, 60, 60)).copy()
    values = np.where(disc, 100.0, 0.0)
    values[18:22, 28:32, 30:] = 0  # a passage in from the side, as of an ear
    disc[:4] = disc[-4:] = values[:4] = values[-4:] = 0
    body = kobayashi.find_body(values, (2.0, 2.0, 2.0))
    assert 2 * (body & disc).sum() / (body.sum() + disc.sum()) > 0.95
    assert body[20, 30, 35:50].all()


def test_kobayashi_counts_dim_tissue_as_body():
    y, x = np.mgrid[:60, :60] - 29.5
    radius = np.broadcast_to(np.hypot(x, y), (20, 60, 60))
    body = kobayashi.find_body(np.select([radius < 14, radius < 24], [100.0, 35.0]), (2.0, 2.0, 2.0))
    truth = radius < 24
    assert 2 * (body & truth).sum() / (body.sum() + truth.sum()) > 0.96


def test_kobayashi_refuses_contrasts_whose_peak_is_unknown(head):
    with pytest.raises(InputError, match="T2: white matter's peak is not known in this contrast"):
        kobayashi.preprocess(*head, modality="T2", steps=Steps())


def test_pictures_keep_the_patients_left_on_the_left_and_the_shape_of_voxels():
    """A ball right of, in front of and above the middle, on voxels of three sizes in LPS order."""
    image = sitk.Image(60, 80, 40, sitk.sitkFloat32)
    image.SetSpacing((4.0, 2.0, 6.0))
    middle = (118.0, 79.0, 117.0)
    spots = {"axial": (118.0 - 40, 79.0 - 30, 117.0), "coronal": (78.0, 79.0, 157.0), "sagittal": (118.0, 49.0, 157.0)}
    expected = {"axial": (-30, 40), "coronal": (-40, 40), "sagittal": (-40, -30)}  # mm down and right from the middle
    for row, (name, spot) in enumerate(spots.items()):
        ball = sitk.GetImageFromArray((distance(image, spot) < 18).astype(np.float32))
        ball.CopyInformation(image)
        steps = Steps()
        assert steps("ball", ball) is ball
        picture = steps.pictures["ball"][row] > 127
        found = (np.argwhere(picture).mean(0) - (PIXELS - 1) / 2) * PIXEL
        assert found == pytest.approx(expected[name], abs=2)
        height, width = np.ptp(np.argwhere(picture), axis=0) * PIXEL
        assert height == pytest.approx(36, abs=7)
        assert width == pytest.approx(36, abs=7)
    assert np.allclose(middle, image.TransformContinuousIndexToPhysicalPoint((29.5, 39.5, 19.5)))


def test_pictures_go_through_the_brain_on_its_own_grid(head):
    steps = Steps(head[1])
    steps("scan", head[0])
    white = steps.pictures["scan"] > 0.6 * 255
    rows = np.flatnonzero(white[0][:, PIXELS // 2])
    assert (rows[0] + rows[-1]) / 2 == pytest.approx((PIXELS - 1) / 2, abs=1.5)


def test_labels_are_shown_as_evenly_spaced_greys():
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[:, 10:20], labels[:, 20:] = 1, 2
    steps = Steps()
    steps("tissue", sitk.GetImageFromArray(labels))
    found = np.unique(steps.pictures["tissue"])
    assert (found[0], found[-1], len(found)) == (0, 255, 3)
    assert int(found[1]) == pytest.approx(127, abs=8)


def test_strip_shows_each_step_and_the_outlined_result(head, tmp_path: Path):
    steps = Steps(head[1])
    image, mask, _ = inpainting.preprocess(*head, modality="T1", steps=steps, **SMALL["inpainting"])
    draw_strip(tmp_path / "strip.png", steps, image, mask)
    assert Image.open(tmp_path / "strip.png").width == (len(steps.seconds) + 1) * (PIXELS + 2)
    result = result_of(tmp_path / "strip.png")
    assert result.shape == (PIXELS, PIXELS, 3)
    rim = np.argwhere((result == OUTLINE).all(-1))
    radii = np.hypot(*((rim - (PIXELS - 1) / 2) * PIXEL).T)
    assert len(rim) > 2 * BRAIN / PIXEL
    assert np.abs(radii - BRAIN).max() < 6  # the mask's voxels are 4 mm


def test_stage_writes_what_happened(head, tmp_path: Path):
    values, affine = space.to_ras(head[0])
    save_nifti(tmp_path / "image.nii.gz", values, affine)
    save_nifti(tmp_path / "brain.nii.gz", space.to_ras(head[1])[0], affine)
    outs = {f"out_{k}": tmp_path / f"out_{k}" for k in ("transform", "quality")}
    outs |= {"out_image": tmp_path / "i.nii.gz", "out_brain": tmp_path / "b.nii.gz", "out_picture": tmp_path / "p.png"}
    outs["out_transform"] = tmp_path / "t.tfm"
    given = {"image": tmp_path / "image.nii.gz", "brain": tmp_path / "brain.nii.gz", "modality": "T1"}
    settings = json.dumps(SMALL["kobayashi"])
    preprocess.main(recipe="kobayashi", **given, **outs, settings=settings)
    facts = json.loads(outs["out_quality"].read_text())
    assert (facts["recipe"], facts["modality"]) == ("kobayashi", "T1")
    assert list(facts["seconds"]) == ["scan", "resampling", "body mask", "normalisation"]
    assert facts["brain_ml"] == pytest.approx(4 / 3 * np.pi * BRAIN**3 / 1000, rel=0.01)
    assert 0.6 < facts["atlas_dice"] < 0.95  # a ball is no brain
    assert facts["body_ml"] == pytest.approx(4 / 3 * np.pi * BODY**3 / 1000, rel=0.05)
    assert all(path.is_file() for path in outs.values())
    with pytest.raises(InputError, match=r"--settings: recipe kobayashi has no option 'sise'. Its options: size"):
        preprocess.main(recipe="kobayashi", **given, **outs, settings='{"sise": 3}')


def test_atlas_dice_of_the_atlas_itself_is_1():
    grid = space.grid(64, 240.0, 5.0)
    brain = space.resample_labels(space.template() > 0, grid, sitk.Transform())
    assert preprocess.atlas_dice(brain) == 1
    aside = space.resample_labels(space.template() > 0, grid, sitk.TranslationTransform(3, (30.0, 0.0, 0.0)))
    assert preprocess.atlas_dice(aside) < 0.85
