"""The augmentation against TorchIO's transforms, written out here in NumPy and SimpleITK for one slice at a time.

They do what `RandomBiasField`, `RandomNoise`, `RandomGamma`, `RandomGhosting`, `RandomFlip` and `RandomAffine` of
TorchIO 0.x do to a 2D image. With parameters given, results are equal; with parameters drawn, the distributions of each
slice's mean, standard deviation and some pixels must pass a Kolmogorov-Smirnov test (p above 0.001, fixed seeds).
"""

from collections.abc import Callable

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from scipy.stats import ks_2samp, kstest

from brainuad import augmentation
from brainuad.augmentation import Augmentation

ROWS, COLUMNS = 20, 26
DRAWN = 1200
NEVER = {f"{name}_probability": 0.0 for name in ("flip", "affine", "rotation", "intensity")}


def slice_() -> np.ndarray:
    """Tissue values in patches of 4 x 4 pixels, a background around them."""
    tissues = np.random.default_rng(0).integers(0, 4, (ROWS // 4 + 1, COLUMNS // 4 + 1)) / 3
    image = np.kron(tissues, np.ones((4, 4)))[:ROWS, :COLUMNS]
    image[:2], image[-2:], image[:, :2], image[:, -2:] = 0, 0, 0, 0
    return image


SLICE = slice_()


def bias_field(shape: tuple[int, int], coefficients: np.ndarray) -> np.ndarray:
    ranges = [np.arange(-length / 2, length / 2) + 0.5 for length in shape]
    x, y = (values / values.max() for values in ranges)
    field, number = np.zeros(shape), 0
    for i in range(4):
        for j in range(4 - i):
            field += coefficients[number] * np.outer(x**i, y**j)
            number += 1
    return np.exp(field)


def ghosts(image: np.ndarray, number: int, axis: int, intensity: float) -> np.ndarray:
    spectrum = np.fft.fftshift(np.fft.fftn(image))
    planes = [slice(None), slice(None)]
    planes[axis] = slice(None, None, number)
    centre = [slice(None), slice(None)]
    centre[axis] = slice(image.shape[axis] // 2, image.shape[axis] // 2 + 1)
    kept = spectrum[tuple(centre)].copy()
    spectrum[tuple(planes)] *= 1 - intensity
    spectrum[tuple(centre)] = kept
    return np.fft.ifftn(np.fft.ifftshift(spectrum)).real


def affine(image: np.ndarray, degrees: float, scales: tuple[float, float]) -> np.ndarray:
    """Axis 0 of the image is SimpleITK's x, as in TorchIO."""
    itk = sitk.GetImageFromArray(image.T.astype(np.float32))
    centre = [(length - 1) / 2 for length in image.shape]
    scaling = sitk.ScaleTransform(2, scales)
    scaling.SetCenter(centre)
    turning = sitk.Euler2DTransform(centre, np.radians(degrees), (0.0, 0.0))
    way = sitk.CompositeTransform([scaling, turning]).GetInverse()
    moved = sitk.Resample(itk, itk, way, sitk.sitkNearestNeighbor, float(image.min()), sitk.sitkFloat32)
    return sitk.GetArrayFromImage(moved).T


def batch(count: int, image: np.ndarray = SLICE) -> torch.Tensor:
    return torch.from_numpy(image).float().expand(count, 1, -1, -1).clone()


def numbers(count: int, low: float, high: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, count)


@pytest.mark.parametrize("shape", [(20, 26), (21, 16), (32, 32)])
def test_bias_field_with_given_coefficients(shape: tuple[int, int]) -> None:
    order = [(i, j) for i in range(4) for j in range(4 - i)]
    given = np.random.default_rng(1).uniform(-0.5, 0.5, (5, len(order)))
    coefficients = torch.full((5, 4, 4), 99.0)  # what is of a higher order doesn't count
    for number, (i, j) in enumerate(order):
        coefficients[:, i, j] = torch.from_numpy(given[:, number])
    made = augmentation.bias_field(shape, coefficients)[:, 0].numpy()
    np.testing.assert_allclose(made, [bias_field(shape, row) for row in given], rtol=1e-5)


@pytest.mark.parametrize("shape", [(20, 26), (21, 16), (33, 33)])
def test_ghosts_of_given_number_axis_and_strength(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(2).random(shape)
    number = np.array([4, 5, 6, 7, 8, 9, 10, 4])
    by_row, strength = number % 2 == 0, numbers(8, 0.5, 1)
    given = (torch.from_numpy(values) for values in (number, strength.astype(np.float32), by_row))
    made = augmentation.ghosting(batch(8, image), *given)[:, 0].numpy()
    each = zip(number, np.where(by_row, 0, 1), strength, strict=True)
    np.testing.assert_allclose(made, [ghosts(image, *parameters) for parameters in each], atol=1e-6)


@pytest.mark.parametrize("shape", [(64, 64), (48, 65)])
def test_turned_and_scaled_as_given(shape: tuple[int, int]) -> None:
    """But for pixels that lie just between two, of which there is one in a thousand at most."""
    image = np.random.default_rng(3).random(shape) - 0.5
    angles, scales = numbers(12, -90, 90), numbers(24, 0.7, 1.4, 1).reshape(12, 2)
    angles[0], scales[0] = 0, 1
    given = (torch.from_numpy(values).float() for values in (angles, scales))
    where, inside = augmentation.sources(shape, *given)
    made = augmentation.take(batch(12, image), where, inside, float(image.min()))[:, 0].numpy()
    expected = np.stack([affine(image, *parameters) for parameters in zip(angles, scales.tolist(), strict=True)])
    assert np.array_equal(made[0], image.astype(np.float32))
    assert (np.abs(made - expected) > 1e-6).mean((1, 2)).max() <= 1e-3
    assert not inside[1:].all()


def test_gamma_keeps_the_sign() -> None:
    image = np.random.default_rng(4).standard_normal((8, 8))
    gamma = np.exp(numbers(6, -0.3, 0.3))
    made = augmentation.power(batch(6, image), torch.from_numpy(gamma).float())[:, 0].numpy()
    np.testing.assert_allclose(made, [np.sign(image) * np.abs(image) ** g for g in gamma], rtol=1e-5)


def flipped(rng: np.random.Generator) -> np.ndarray:
    image = SLICE
    for axis in (0, 1):
        image = np.flip(image, axis) if rng.random() < 0.5 else image
    return image


def turned(degrees: float, scaling: float) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: affine(SLICE, rng.uniform(-degrees, degrees), rng.uniform(1 - scaling, 1 + scaling, 2).tolist())


def powered(rng: np.random.Generator) -> np.ndarray:
    return SLICE ** np.exp(rng.uniform(-0.3, 0.3))


ALONE = {
    "flips": ({"flip_probability": 0.5}, flipped),
    "affine": ({"affine_probability": 1.0}, turned(35, 0.1)),
    "rotation": ({"rotation_probability": 1.0}, turned(15, 0.0)),
}
INTENSITY = {
    "with_bias_field": lambda rng: SLICE * bias_field(SLICE.shape, rng.uniform(-0.5, 0.5, 10)),
    "with_noise": lambda rng: SLICE + rng.uniform(0, 0.25) * rng.standard_normal(SLICE.shape),
    "with_gamma": powered,
    "with_ghosts": lambda rng: ghosts(SLICE, rng.integers(4, 11), rng.integers(2), rng.uniform(0.5, 1)),
}


def same_distribution(made: np.ndarray, expected: np.ndarray) -> bool:
    """Of each slice's mean, standard deviation and values at nine places, cut to 0.0001 so that precision is no matter.

    Cut points are odd ones, beside which none of the slice's own values lie.
    """
    places = [(row, column) for row in (3, 9, 15) for column in (4, 12, 21)]

    def summaries(slices: np.ndarray) -> list[np.ndarray]:
        each = [slices.mean((1, 2)), slices.std((1, 2)), *(slices[:, row, column] for row, column in places)]
        return [np.floor((values.astype(float) + 0.000037) * 1e4) for values in each]

    pairs = zip(summaries(made), summaries(expected), strict=True)
    return min(ks_2samp(a, b, method="asymp").pvalue for a, b in pairs) > 1e-3


@pytest.mark.parametrize("name", ALONE)
def test_distribution_in_space(name: str) -> None:
    settings, one = ALONE[name]
    torch.manual_seed(0)
    made = Augmentation(**{**NEVER, **settings})(batch(DRAWN), batch(DRAWN) > 0)[0][:, 0].numpy()
    rng = np.random.default_rng(0)
    assert same_distribution(made, np.stack([one(rng) for _ in range(DRAWN)]))


@pytest.mark.parametrize("name", INTENSITY)
def test_distribution_of_intensities(name: str) -> None:
    torch.manual_seed(0)
    made = getattr(Augmentation(), name)(batch(DRAWN))[:, 0].numpy()
    rng = np.random.default_rng(0)
    assert same_distribution(made, np.stack([INTENSITY[name](rng) for _ in range(DRAWN)]))


def test_what_is_drawn_is_uniform() -> None:
    """Recovered from a constant slice: gamma's logarithm, the noise's deviation and the field's coefficients."""
    torch.manual_seed(0)
    half = batch(DRAWN, np.full((48, 48), 0.5))
    powered = Augmentation().with_gamma(half)[:, 0, 0, 0].double()
    deviations = (Augmentation().with_noise(half) - half).std((1, 2, 3))
    fields = (Augmentation().with_bias_field(half) / half).log()[:, 0].double()
    place = np.linspace(-1, 1, 48)
    basis = np.stack([np.outer(place**i, place**j).ravel() for i in range(4) for j in range(4 - i)], 1)
    coefficients = np.linalg.lstsq(basis, fields.flatten(1).T.numpy())[0]
    assert np.abs(basis @ coefficients - fields.flatten(1).T.numpy()).max() < 1e-4
    log_gamma = (powered.log() / np.log(0.5)).log().numpy()
    for drawn, low, high in ((log_gamma, -0.3, 0.3), (deviations.numpy(), 0, 0.25), (coefficients.ravel(), -0.5, 0.5)):
        assert kstest(drawn, "uniform", (low, high - low)).pvalue > 1e-3


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("affine", {"affine_probability": 1.0, "affine_degrees": 30.0}),
        ("affine", {"affine_probability": 1.0, "affine_scaling": 0.05}),
        ("rotation", {"rotation_probability": 1.0, "rotation_degrees": 12.0}),
    ],
)
def test_other_ranges_in_space_would_be_noticed(name: str, settings: dict) -> None:
    torch.manual_seed(0)
    made = Augmentation(**{**NEVER, **settings})(batch(DRAWN), batch(DRAWN) > 0)[0][:, 0].numpy()
    rng = np.random.default_rng(0)
    assert not same_distribution(made, np.stack([ALONE[name][1](rng) for _ in range(DRAWN)]))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("with_bias_field", {"bias_coefficient": 0.4}),
        ("with_noise", {"noise_sd": 0.22}),
        ("with_gamma", {"log_gamma": 0.24}),
        ("with_ghosts", {"ghosts": (4, 8)}),
        ("with_ghosts", {"ghost_intensity": (0.2, 1.0)}),
    ],
)
def test_other_ranges_of_intensities_would_be_noticed(name: str, settings: dict) -> None:
    torch.manual_seed(0)
    made = getattr(Augmentation(**settings), name)(batch(DRAWN))[:, 0].numpy()
    rng = np.random.default_rng(0)
    assert not same_distribution(made, np.stack([INTENSITY[name](rng) for _ in range(DRAWN)]))


@pytest.mark.parametrize(
    ("setting", "probability", "share"),
    [
        ("flip_probability", 0.5, 0.75),  # along either axis or both
        ("affine_probability", 0.3, 0.3),
        ("rotation_probability", 0.3, 0.3),
        ("intensity_probability", 0.25, 1 - 0.75**4),
    ],
)
def test_how_many_slices_change(setting: str, probability: float, share: float) -> None:
    torch.manual_seed(0)
    x = batch(DRAWN)
    wide = {"affine_degrees": 180.0, "rotation_degrees": 180.0}  # turns of a few degrees may move no pixel
    changed = (Augmentation(**{**NEVER, **wide, setting: probability})(x, x > 0)[0] != x).any((1, 2, 3))
    spread = (share * (1 - share) / DRAWN) ** 0.5
    assert abs(float(changed.float().mean()) - share) < 4 * spread


def test_nothing_changes_with_probability_0_and_never_what_was_given() -> None:
    x, brain = batch(8), batch(8) > 0
    kept, kept_brain = x.clone(), brain.clone()
    same, same_brain = Augmentation(**NEVER)(x, brain)
    assert torch.equal(same, x) and torch.equal(same_brain, brain)
    Augmentation()(x, brain)
    assert torch.equal(x, kept) and torch.equal(brain, kept_brain)


def test_the_brain_follows_and_tissues_keep_their_values() -> None:
    """What lies beyond a border is background, for the brain even where it fills the slice."""
    torch.manual_seed(0)
    x = batch(64)
    moved, brain = Augmentation(intensity_probability=0.0)(x, x > 0)
    assert not torch.equal(moved, x) and torch.equal(moved > 0, brain)
    assert set(moved.unique().tolist()) == set(x.unique().tolist())
    _, full = Augmentation(**{**NEVER, "affine_probability": 1.0})(x, torch.ones_like(x, dtype=torch.bool))
    assert full.any((1, 2, 3)).all() and not full.all((1, 2, 3)).any()


def test_the_seed_decides_and_mixed_precision_does_not() -> None:
    x = batch(32)

    def made(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return Augmentation()(x, x > 0)[0]

    first = made(0)
    assert torch.equal(first, made(0)) and not torch.equal(first, made(1))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(first, made(0))
