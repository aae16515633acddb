"""One scan through a trained method of a study: as in the workflow, from the scan to a mask on the scan's own grid."""

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk
import yaml
from scipy import ndimage

from brainuad import segmentation
from brainuad.datasets import brains, volumes
from brainuad.datasets.reader import MODALITIES
from brainuad.errors import InputError
from brainuad.methods.base import Maps, Volume
from brainuad.postprocessing import operating_points
from brainuad.postprocessing.baur import NEIGHBOURS_26, Settings, drop_small_components, postprocess
from brainuad.postprocessing.standardise import standardise
from brainuad.preprocessing import recipes, space
from brainuad.preprocessing.steps import Steps
from brainuad.slices import to_slices, to_volume

BORDER_MM = 4.0
BORDER = {"T1": (-np.inf, 0.9), "T1ce": (-np.inf, 1.0), "T2": (0.7, np.inf)}
"""What the border of the brain, so wide, may have of the whole brain's intensity, both as medians.

Real scans have 0.5 to 0.7 in T1 (41 scans), 0.7 to 0.9 in T1 after contrast agent, 0.8 to 1 in FLAIR and 1.1 in T2 (2
scans each); phantoms 0.3 to 0.7 in T1 and 0.7 to 2 in T2.
"""


@dataclass(frozen=True)
class Plan:
    """What a study does to the scans of one of its methods, read from its `study.yaml`."""

    study: str
    method: str
    settings: dict
    """The method's hyper-parameters."""
    base: str | None
    """The method whose network it takes, if any."""
    guide: str | None
    """The method whose network guides it, if any."""
    recipe: str
    recipe_settings: dict
    modalities: list[str]
    postprocessing: dict
    segmentation: tuple[str, dict] | None
    """Module and settings of the study's own, if this method's maps go through it."""

    @classmethod
    def read(cls, path: Path, method: str) -> "Plan":
        """Raises InputError where the file is no resolved study, or one without the method."""
        try:
            study = yaml.safe_load(path.read_text())
            names = study["method_names"]
            if method not in names:
                raise InputError(path, f"has no method '{method}'", f"Its methods: {', '.join(names)}")
            others = study.get("recipes", {}).items()
            recipe = next((name for name, own in others if method in own), study["recipe"])
            chain = dict(study["recipe_settings"][recipe])
            stated, own = names[method].get("settings", {}), study.get("settings", {}).get(method, {})
            ways = study.get("segmentation")
            return cls(
                study=study["name"],
                method=method,
                settings={**stated, **own, **study["method_settings"].get(method, {})},
                base=names[method].get("base"),
                guide=names[method].get("guide"),
                recipe=chain.pop("module", recipe),
                recipe_settings=chain,
                modalities=list(dict.fromkeys(cohort["modality"] for cohort in study["cohorts"].values())),
                postprocessing=study["postprocessing"],
                segmentation=None
                if ways is None or method in ways.get("thresholded", [])
                else segmentation.own(ways, method),
            )
        except OSError as error:
            raise InputError(path, "is missing", "Name the study.yaml of the run that trained the model") from error
        except KeyError as error:
            raise InputError(path, f"is no resolved study, it lacks {error}", "Make it with the workflow") from error
        except (TypeError, AttributeError, yaml.YAMLError) as error:
            raise InputError(path, f"is no resolved study ({error})", "Make it with the workflow") from error


@dataclass(frozen=True)
class Prepared:
    """A scan on the grid of a recipe, as a method sees it, and the way back."""

    volume: Volume
    """The slices that show brain."""
    scan: np.ndarray
    """(D, H, W) the scan itself on the same slices."""
    brain_from: str
    """Where the brain mask comes from."""
    image: sitk.Image
    """On the recipe's grid."""
    transform: sitk.Transform
    """From that grid to the scan."""
    own: sitk.Image
    """An empty image on the grid of the scan's file."""

    def back(self, slices: np.ndarray, interpolator: int) -> np.ndarray:
        """Slices (D, H, W) as an array (X, Y, Z) on the grid of the scan's file, 0 elsewhere."""
        stack = np.zeros(sitk.GetArrayViewFromImage(self.image).shape, np.float32)
        stack[self.volume.slices] = slices
        affine = space.to_ras(self.image)[1]
        image = space.from_ras(np.ascontiguousarray(to_volume(stack)), affine)
        there = sitk.Resample(image, self.own, self.transform.GetInverse(), interpolator, 0.0)
        return sitk.GetArrayFromImage(there).transpose(2, 1, 0)


def prepare(scan: Path, brain: Path | None, modality: str, plan: Plan) -> Prepared:
    """Check a scan, find its brain and bring it through the recipe of a plan. Raises InputError."""
    if modality not in plan.modalities:
        problem = f"is said to be {modality}, but {plan.study} knows {', '.join(plan.modalities)} alone"
        raise InputError(scan, problem, "Take another scan of this person, or a model of another study")
    for given in filter(None, (scan, brain)):
        if not given.is_file():
            raise InputError(given, "is missing", "Check the path")
    loaded = volumes.load_image(str(scan))
    row = {**dict.fromkeys((*MODALITIES, "label", "brain"), ""), modality: str(scan), "brain": str(brain or "")}
    mask, brain_from = brains.find(row, modality, loaded)
    check_contrast(scan, brain, modality, loaded, mask.data > 0)
    image, inside = (space.from_ras(part.data, part.affine) for part in (loaded, mask))
    try:
        chain = recipes.load(plan.recipe).preprocess
        done, brain_there, transform = chain(
            image, inside, modality=modality, steps=Steps(inside), **plan.recipe_settings
        )
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(scan, f"can't be preprocessed ({reason})", "Look at the scan and its brain mask") from error
    shown = sitk.Resample(sitk.Cast(image, sitk.sitkFloat32), done, transform, sitk.sitkLinear, 0.0)
    stacks = [to_slices(space.to_ras(part)[0]) for part in (done, brain_there, shown)]
    where = np.flatnonzero((stacks[1] > 0).any((1, 2)))
    values, brain_slices, scan_slices = (stack[where] for stack in stacks)
    header = nib.load(scan)
    own = space.from_ras(np.zeros(header.shape[:3], np.uint8), header.affine)
    seen = Volume(values.astype(np.float32), brain_slices > 0, where)
    return Prepared(seen, scan_slices, brain_from, done, transform, own)


def check_contrast(scan: Path, given: Path | None, modality: str, image: volumes.Volume, brain: np.ndarray) -> None:
    """Raise InputError where the brain's border, mostly fluid, is too bright or too dark for what a scan is said to be.

    So T1 is told from T2, but not all contrasts from each other. The file that is `given` as the brain mask may be at
    fault, too.
    """
    low, high = BORDER.get(modality, (-np.inf, np.inf))
    border = border_brightness(image, brain)
    if border is not None and not low < border < high:
        problem = f"looks unlike a brain in {modality}: its border has {border:.2f} of the whole's intensity"
        mend = f"check the brain mask {given}" if given else "give a brain mask"
        raise InputError(scan, problem, f"Name the scan's contrast, or {mend}")


def border_brightness(image: volumes.Volume, brain: np.ndarray) -> float | None:
    """What the brain's border has of the whole brain's intensity, see `BORDER`; None where the whole has none.

    Intensities below 0, as z-scores have, count from their first percentile.
    """
    depth = ndimage.distance_transform_edt(brain, sampling=image.spacing)
    inside = image.data[brain]
    zero = min(0.0, float(np.percentile(inside, 1)))
    border, whole = np.median(image.data[brain & (depth <= BORDER_MM)]) - zero, np.median(inside) - zero
    return float(border / whole) if whole > 0 else None


def find(maps: Maps, prepared: Prepared, plan: Plan, thresholds: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """The post-processed map and the mask (D, H, W) of a method's maps, as the study makes them.

    Where the study has no segmentation of its own the mask is what lies above the operating point of `thresholds`:
    where a labelled cohort validated one above that, else above the default one. Raises InputError where that file is
    needed and isn't there.
    """
    chain = {key: value for key, value in plan.postprocessing.items() if key != "min_component"}
    settings = Settings(**{**chain, "residual": "absolute", "median": tuple(chain["median"])})
    volume = prepared.volume
    given = standardise(maps.score, volume.brain, settings.standardise)
    background = min(0.0, float(given.min()))
    score = postprocess(given, volume.image, maps.reconstruction, volume.brain, settings, background)
    if plan.segmentation is not None:
        module, own = plan.segmentation
        return score, segmentation.load(module).segment(volume.image, score, volume.brain, **own)
    if thresholds is None:
        raise InputError("--thresholds", "isn't given, and none lie beside the model", "Name a thresholds.json")
    above = score > operating_points.of_masks(thresholds)
    return score, drop_small_components(above & volume.brain, plan.postprocessing["min_component"])


def components(mask: np.ndarray, score: np.ndarray, millilitres: float) -> list[dict]:
    """Each 26-connected component of a mask (X, Y, Z): its box in voxels, volume and highest score; largest first."""
    numbered, _ = ndimage.label(mask, NEIGHBOURS_26)
    found = []
    for number, box in enumerate(ndimage.find_objects(numbered), start=1):
        inside = numbered[box] == number
        found.append(
            {
                "first_voxel": [int(extent.start) for extent in box],
                "last_voxel": [int(extent.stop) - 1 for extent in box],
                "millilitres": round(float(np.count_nonzero(inside)) * millilitres, 3),
                "highest_score": round(float(score[box][inside].max()), 4),
            }
        )
    return sorted(found, key=lambda entry: -entry["millilitres"])
