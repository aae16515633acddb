"""StRegA's way from a difference to a mask: Otsu and opening against brute force, and the whole chain on squares."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import area_opening

from brainuad import segmentation
from brainuad.errors import InputError
from brainuad.methods.cevae_strega_preprocessing import Method
from brainuad.metrics.overlap import Overlap
from brainuad.segmentation import strega

SIDE = 256
CSF, WM = np.float32(1 / 3), np.float32(1)


def disc(radius: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2 + 0.5
    return x**2 + y**2 < radius**2


BRAIN = disc(100)[np.newaxis]


def square(side: int) -> np.ndarray:
    mask = np.zeros(BRAIN.shape, bool)
    mask[0, 110 : 110 + side, 90 : 90 + side] = True
    return mask


def otsu(values: np.ndarray) -> float:
    """The value above which, of all, the two parts differ most: their sizes times the squared distance of means."""
    levels = np.unique(values)[:-1]
    parts = [(values[values <= level], values[values > level]) for level in levels]
    return levels[np.argmax([low.size * high.size * (high.mean() - low.mean()) ** 2 for low, high in parts])]


@pytest.mark.parametrize(("side", "dice"), [(20, 1.0), (15, 0.0)])
def test_a_square_of_csf_in_white_matter(side: int, dice: float) -> None:
    """The reconstruction fills white matter in: 400 pixels are found to the last, 225 are too few."""
    lesion = square(side)
    tissues = np.where(lesion, CSF, WM * BRAIN)
    with_default_sign = Method(size=16, latent=1).difference(tissues, WM * BRAIN)
    found = strega.segment(tissues, with_default_sign, BRAIN)
    assert Overlap.of(found, lesion).dice == dice
    assert found.any() == (dice > 0)


@pytest.mark.parametrize("scope", strega.SCOPES)
@pytest.mark.parametrize("step", [None, 0.2, 0.5])
def test_otsu_against_brute_force(scope: str, step: float | None) -> None:
    """Few levels, each below the middle of its bin of 256, where scikit-image's threshold may be."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(5), 6)
    score = np.stack([rng.choice([-0.3, 0.0, 0.11, 0.5, 0.9], (32, 32), p=share) for share in shares])
    positive = score.clip(min=0)
    if step:
        positive[positive > step] = 1
    groups = positive if scope == "slice" else [positive]
    expected = np.concatenate([np.atleast_3d(part > otsu(part)).reshape(-1, 32, 32) for part in groups])
    assert np.array_equal(strega.binary(score, step, scope), expected)


def test_the_scope_and_the_step_matter() -> None:
    score = np.zeros((2, 64, 64))
    score[0, :20, :20], score[1, :20, :20] = 0.9, 0.11
    assert strega.binary(score).any((1, 2)).tolist() == [True, True]
    assert strega.binary(score, otsu="volume").any((1, 2)).tolist() == [True, False]
    score[0, 40:60, :20] = 0.3
    assert strega.binary(score)[0, 40:60, :20].all()
    assert not strega.binary(score, step=None)[0, 40:60, :20].any()


@pytest.mark.parametrize("scope", strega.SCOPES)
@pytest.mark.parametrize("level", [-0.5, 0.0, 0.1, 0.7])
def test_nothing_is_found_without_contrast(scope: str, level: float) -> None:
    assert not strega.binary(np.full((3, 32, 32), level), otsu=scope).any()


def test_opening_against_scikit_image() -> None:
    rng = np.random.default_rng(0)
    mask = ndimage.gaussian_filter(rng.standard_normal((4, 96, 96)), (0, 2, 2)) > 0.05
    expected = np.stack([area_opening(slice_, 60) for slice_ in mask])
    assert 0 < expected.sum() < mask.sum()
    assert np.array_equal(strega.opened(mask, 60), expected)
    assert not strega.opened(np.zeros((2, 8, 8), bool)).any()


def test_256_pixels_stay_and_corners_do_not_join() -> None:
    assert strega.opened(square(16)).sum() == 256
    one_less = square(16)
    one_less[0, 110, 90] = False
    assert not strega.opened(one_less).any()
    apart = square(12)
    apart[0, 122:134, 102:114] = True
    assert apart.sum() == 288 and not strega.opened(apart).any()


def test_nothing_is_found_outside_the_brain_or_in_the_background() -> None:
    """After the opening, so that a lesion at the border isn't lost for the part that is cut off."""
    tissues, score = np.where(BRAIN, WM, 0), np.zeros(BRAIN.shape, np.float32)
    tissues[0, 100:120, 100:120] = 0
    score[0, 90:120, 90:120] = 1
    found = strega.segment(tissues, score, BRAIN)
    assert not found[0, 100:120, 100:120].any() and found.sum() == 30**2 - 20**2
    brain = BRAIN.copy()
    brain[0, :91] = False
    assert strega.segment(tissues, score, brain).sum() == 30**2 - 20**2 - 30


def test_it_is_known_and_other_scopes_are_told() -> None:
    assert segmentation.load("strega") is strega
    with pytest.raises(InputError, match=r"strega: knows no Otsu threshold of the 'brain'. Use slice or volume"):
        strega.binary(np.zeros((1, 8, 8)), otsu="brain")
