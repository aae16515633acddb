"""What a recipe did to one subject: the seconds and a picture of each named step, and numbers for the quality table."""

from time import perf_counter

import numpy as np
import SimpleITK as sitk

from brainuad.preprocessing import space

PIXELS, PIXEL = 160, 1.5
"""Pixels a side of a picture, and their size in mm."""
PLANES = {
    "axial": ((-1, 0, 0), (0, 1, 0)),
    "coronal": ((-1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
}
"""Where, in ITK's world (LPS), columns and rows run: the patient's left is on the left, anterior or superior is up."""
LEVELS = 32
"""Grey levels of a picture: more can't be told apart beside each other and weigh twice as much."""


class Steps:
    """A recipe calls it after each step, `image = steps("bias field", image)`; the image comes back unchanged.

    `pictures` holds each step's sections (3, PIXELS, PIXELS) uint8: axial, coronal, sagittal. They go through the
    middle of `brain` where an image fills its box, else through the middle of the image's own grid, on which a
    recipe puts the brain's.
    """

    def __init__(self, brain: sitk.Image | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self.pictures: dict[str, np.ndarray] = {}
        self.measures: dict[str, float] = {}
        self._brain = brain
        self._since = perf_counter()

    def __call__(self, name: str, image: sitk.Image) -> sitk.Image:
        """Note that the step `name` has just made `image`; 8-bit images are taken for label maps."""
        self.seconds[name] = perf_counter() - self._since
        self.pictures[name] = grey(sections(image, self._middle(image)), is_labels(image))
        self._since = perf_counter()
        return image

    def measure(self, name: str, value: float) -> None:
        """Record a number that tells a good result from a bad one."""
        self.measures[name] = float(value)

    def _middle(self, image: sitk.Image) -> tuple[float, ...]:
        if self._brain is not None and np.allclose(middle(image), middle(self._brain)):
            return space.centred(self._brain, image).TransformPoint(middle(image))
        return middle(image)


def middle(image: sitk.Image) -> tuple[float, ...]:
    """The centre of an image's grid in ITK's world, in mm."""
    return image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])


def is_labels(image: sitk.Image) -> bool:
    """Whether an image holds labels rather than intensities."""
    return image.GetPixelID() == sitk.sitkUInt8


def sections(image: sitk.Image, through: tuple[float, ...]) -> np.ndarray:
    """Sections (3, PIXELS, PIXELS) in the order of PLANES; beyond the image they hold NaN, of labels 0."""
    interpolator, beyond = (sitk.sitkNearestNeighbor, 0) if is_labels(image) else (sitk.sitkLinear, np.nan)
    planes = [plane(through, *directions) for directions in PLANES.values()]
    cut = [sitk.Resample(image, plane, sitk.Transform(), interpolator, beyond) for plane in planes]
    return np.concatenate([sitk.GetArrayFromImage(section) for section in cut])


def plane(through: tuple[float, ...], columns: tuple[int, ...], rows: tuple[int, ...]) -> sitk.Image:
    """An empty image of one slice around a point, with its columns and rows in these directions."""
    directions = np.column_stack([columns, rows, np.cross(columns, rows)])
    image = sitk.Image(PIXELS, PIXELS, 1, sitk.sitkUInt8)
    image.SetSpacing((PIXEL, PIXEL, PIXEL))
    image.SetDirection(directions.ravel().astype(float).tolist())
    half = (PIXELS - 1) / 2 * PIXEL
    image.SetOrigin((through - half * directions[:, 0] - half * directions[:, 1]).tolist())
    return image


def grey(sections: np.ndarray, labels: bool) -> np.ndarray:
    """Sections as uint8: labels spread evenly from black to white, intensities by their central 99 %, NaN black."""
    low, high = (0, sections.max()) if labels else np.nanpercentile(sections, (0.5, 99.5))
    share = np.nan_to_num(np.clip((sections - low) / max(high - low, np.finfo(np.float32).tiny), 0, 1))
    return np.round(np.round(share * (LEVELS - 1)) * 255 / (LEVELS - 1)).astype(np.uint8)
