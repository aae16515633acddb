"""One scan from file to mask: found where it was put, on the grid of its own file, whatever the order of axes."""

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
import torch
import yaml
from nibabel.orientations import axcodes2ornt, inv_ornt_aff, ornt_transform
from scipy import ndimage

from brainuad import models
from brainuad.datasets import brains, volumes
from brainuad.datasets.reader import reader
from brainuad.errors import InputError
from brainuad.figures import quick_look
from brainuad.files import sha256
from brainuad.methods.base import Volume, build
from brainuad.preprocessing import space
from brainuad.segmentation import strega
from brainuad.single_scan import Plan, Prepared, border_brightness, components
from brainuad.slices import to_slices
from brainuad.stages import segment

SHAPE, VOXEL = (40, 46, 36), 4.0
METHOD = "threshold-bright"


def head(fluid: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """A stripped brain with grain and `fluid` at its border, in RAS order, and a bright ball off its middle."""
    x, y, z = (np.arange(n) - (n - 1) / 2 for n in SHAPE)
    x, y, z = x[:, None, None], y[None, :, None], z[None, None]
    brain = (x / 16) ** 2 + (y / 19) ** 2 + (z / 14) ** 2 < 1
    ball = (x - 6) ** 2 + (y + 5) ** 2 + (z - 3) ** 2 < 3.6**2
    grain = np.random.default_rng(0).normal(0, 4, SHAPE)
    border = np.where(ndimage.binary_erosion(brain), 1, fluid)
    return np.where(brain, border * (100 + grain + 150 * ball), 0).astype(np.float32), ball


def write_scan(folder: Path, volume: np.ndarray, axes: str = "RAS") -> Path:
    """A volume in RAS order as a NIfTI file whose voxels are stored along these axes."""
    image = nib.Nifti1Image(volume, np.diag([VOXEL, VOXEL, VOXEL, 1.0]))
    image.affine[:3, 3] = (-70, -110, -50)
    turn = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(axes))
    path = folder / f"{axes}.nii.gz"
    nib.save(image.as_reoriented(turn), path)
    assert np.allclose(nib.load(path).affine, image.affine @ inv_ornt_aff(turn, SHAPE), atol=1e-3)
    return path


def write_study(folder: Path, **changes: object) -> Path:
    """A study whose slices hold intensities, and the threshold of its controls."""
    study = {
        "name": "made",
        "cohorts": {"healthy": {"dataset": "ixi", "modality": "T1"}},
        "recipe": "intensity",
        "recipe_settings": {"intensity": {"module": "strega", "tissues": False, "size": 64, "slice_spacing": 4.0}},
        "method_settings": {},
        "method_names": {METHOD: {"label": "bright", "settings": {}}},
        "postprocessing": {"erosion": 0, "median": [1, 1, 1], "min_component": 2, "hyper_intensity": None},
    } | changes
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study))
    thresholds = folder / "operating-points/absolute" / METHOD / "seed0/thresholds.json"
    thresholds.parent.mkdir(parents=True, exist_ok=True)
    thresholds.write_text('{"fpr_5": 1.5}')
    return path


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR"])
def test_a_ball_is_found_where_it_lies(tmp_path: Path, axes: str) -> None:
    volume, ball = head()
    scan = write_scan(tmp_path, volume, axes)
    truth = nib.load(write_scan(tmp_path, ball.astype(np.uint8), axes).rename(tmp_path / "truth.nii.gz"))
    scan = write_scan(tmp_path, volume, axes)
    out = tmp_path / "out"
    segment.main(scan, method=METHOD, modality="T1", study=write_study(tmp_path), out=out)
    mask, scores = (nib.load(out / name) for name in ("mask.nii.gz", "anomaly-map.nii.gz"))
    assert np.allclose(mask.affine, nib.load(scan).affine, atol=1e-3) and mask.shape == scores.shape == truth.shape
    found, lesion = np.asarray(mask.dataobj) > 0, np.asarray(truth.dataobj) > 0
    assert 2 * (found & lesion).sum() / (found.sum() + lesion.sum()) > 0.8
    assert scores.get_fdata()[lesion].mean() > 1.5 > scores.get_fdata()[~lesion].max() / 1.5
    facts = json.loads((out / "findings.json").read_text())
    (box,) = facts["boxes"]
    inside = np.argwhere(lesion)
    assert np.abs(np.array(box["first_voxel"]) - inside.min(0)).max() <= 1
    assert np.abs(np.array(box["last_voxel"]) - inside.max(0)).max() <= 1
    assert facts["found_millilitres"] == pytest.approx(found.sum() * VOXEL**3 / 1000, abs=1e-3)
    assert (out / "quick-look.svg").stat().st_size > 0


def test_a_study_s_own_segmentation_and_recipe_of_a_method(tmp_path: Path) -> None:
    """Otsu splits brain from background; nothing is left where the opening asks for more than a slice has."""
    volume, _ = head()
    scan, found = write_scan(tmp_path, volume), {}
    for area in (4, 5000):
        changes = {
            "recipe": "no-such",
            "recipes": {"intensity": [METHOD]},
            "segmentation": {"method": "strega", "step": 1.5, "min_area": area},
        }
        segment.main(scan, method=METHOD, modality="T1", study=write_study(tmp_path, **changes), out=tmp_path)
        found[area] = json.loads((tmp_path / "findings.json").read_text())["boxes"]
    assert len(found[4]) == 1 and found[5000] == []
    changes["segmentation"] |= {"min_area": 5000, "methods": {METHOD: {"min_area": 4}}}
    segment.main(scan, method=METHOD, modality="T1", study=write_study(tmp_path, **changes), out=tmp_path)
    assert json.loads((tmp_path / "findings.json").read_text())["boxes"] == found[4]
    thresholded = changes["segmentation"] | {"thresholded": [METHOD]}
    plan = Plan.read(write_study(tmp_path, recipe="intensity", segmentation=thresholded), METHOD)
    assert plan.segmentation is None


def test_scores_become_z_scores_where_the_study_has_them_so(tmp_path: Path) -> None:
    """The map's mean and spread in the brain are 0 and 1, and thresholds are in these units."""
    volume, ball = head()
    chain = {"erosion": 0, "median": [1, 1, 1], "min_component": 2, "hyper_intensity": None, "standardise": "volume"}
    segment.main(
        write_scan(tmp_path, volume),
        method=METHOD,
        modality="T1",
        study=write_study(tmp_path, postprocessing=chain),
        out=tmp_path,
    )
    inside = nib.load(tmp_path / "anomaly-map.nii.gz").get_fdata()[volume > 0]
    assert abs(inside.mean()) < 0.1 and inside.std() == pytest.approx(1, abs=0.15)
    found = nib.load(tmp_path / "mask.nii.gz").get_fdata() > 0
    assert 2 * (found & ball).sum() / (found.sum() + ball.sum()) > 0.8


def test_a_model_leads_to_its_study_and_thresholds(tmp_path: Path) -> None:
    """And the map is what the model gives: |x - 0.5| of a network whose output was made 0.5 everywhere."""
    names = {"skip-ae": {"label": "Skip-AE", "settings": {"width": 2}}}
    write_study(tmp_path, method_names=names, method_settings={"skip-ae": {"dropout": 0.0}})
    thresholds = tmp_path / "operating-points/absolute/skip-ae/seed3/thresholds.json"
    thresholds.parent.mkdir(parents=True)
    thresholds.write_text('{"fpr_5": 1.0}')
    method = build("skip-ae", {"width": 2})
    torch.nn.init.zeros_(method.network.out.weight)
    torch.nn.init.constant_(method.network.out.bias, 0.5)
    model = tmp_path / "models/skip-ae/seed3/model.pt"
    models.save(model, "skip-ae", {"width": 2}, method)
    volume, ball = head()
    out = tmp_path / "out"
    scan = write_scan(tmp_path, volume)
    segment.main(scan, method="skip-ae", modality="T1", model=[model], device="cpu", out=out)
    found = nib.load(out / "mask.nii.gz").get_fdata() > 0
    assert 2 * (found & ball).sum() / (found.sum() + ball.sum()) > 0.8
    scores = nib.load(out / "anomaly-map.nii.gz").get_fdata()
    middle = volume[15:25, 18:28, 8:14]
    assert scores[15:25, 18:28, 8:14].mean() == pytest.approx(middle.mean() / 108 - 0.5, abs=0.05)
    facts = json.loads((out / "findings.json").read_text())
    assert (facts["study"], facts["models"]) == ("made", {str(model): sha256(model)})
    thresholds.write_text('{"fpr_5": 1.0, "val_threshold": 9.0}')  # a labelled cohort's threshold goes first
    segment.main(scan, method="skip-ae", modality="T1", model=[model], device="cpu", out=out)
    assert not nib.load(out / "mask.nii.gz").get_fdata().any()


@pytest.mark.parametrize(("modality", "fluid"), [("T1", 0.5), ("T2", 1.6)])
def test_a_scan_that_looks_like_another_contrast_is_refused(tmp_path: Path, modality: str, fluid: float) -> None:
    """Fluid at the brain's border is dark in T1 and bright in T2."""
    scan = write_scan(tmp_path, head(fluid)[0])
    cohorts = {"healthy": {"dataset": "ixi", "modality": "T1"}, "ill": {"dataset": "brats", "modality": "T2"}}
    given = {"method": METHOD, "study": write_study(tmp_path, cohorts=cohorts), "out": tmp_path / "out"}
    other = {"T1": "T2", "T2": "T1"}[modality]
    with pytest.raises(InputError, match=rf"looks unlike a brain in {other}: its border has (0\.5|1\.[56])"):
        segment.main(scan, modality=other, **given)
    segment.main(scan, modality=modality, **given)
    assert (tmp_path / "out/mask.nii.gz").exists()
    # Z-scores tell contrasts apart, too; turned upside down one contrast is the other.
    volume, _ = head(fluid)
    inside = volume[volume > 0]
    for values, seen in (((volume - inside.mean()) / inside.std(), modality), (-volume, other)):
        image = volumes.Volume(np.where(volume > 0, values, 0), np.diag([VOXEL, VOXEL, VOXEL, 1.0]))
        assert (border_brightness(image, volume > 0) < 0.9) == (seen == "T1")


def test_models_that_can_not_be_meant(tmp_path: Path) -> None:
    """None at all for a method that learns, one of slices of another size, one of other weights; no truth."""
    names = {
        name: {"label": name, "settings": {"latent": 2}} for name in ("strega", "cevae", "cevae-strega-preprocessing")
    }
    names |= {"guided": {"label": "guided", "base": "strega", "guide": "cevae"}}
    names |= {"strega-abs": {"label": "abs", "base": "strega", "settings": {"score_sign": "abs"}}}
    names |= {name: {"label": name, "settings": {}} for name in ("oracle", METHOD)}
    study = write_study(tmp_path, method_names=names)
    scan, given = write_scan(tmp_path, head()[0]), {"modality": "T1", "study": study, "out": tmp_path / "out"}
    given |= {"thresholds": tmp_path / "operating-points/absolute" / METHOD / "seed0/thresholds.json", "device": "cpu"}
    model, other = tmp_path / "model.pt", tmp_path / "other.pt"
    strega = {"size": 32, "latent": 2, "head": "full_map", "score_sign": "recon_minus_input"}
    models.save(model, "strega", strega, build("strega", strega))
    intensities = {"size": 64, "latent": 2}
    models.save(other, "cevae", intensities, build("cevae", intensities))
    with pytest.raises(InputError, match="--model: isn't given, but strega has to learn first"):
        segment.main(scan, method="strega", **given)
    for method in ("strega", "strega-abs"):
        with pytest.raises(InputError, match=r"model\.pt: sees slices of 32 pixels, but made now makes them of 64"):
            segment.main(scan, method=method, model=[model], **given)
    with pytest.raises(InputError, match=r"model\.pt: is a model of strega, not of cevae"):
        segment.main(scan, method="cevae", model=[model], **given)
    # The same network, trained on other input.
    with pytest.raises(InputError, match=r"other\.pt: is a model of cevae, not of cevae-strega-preprocessing"):
        segment.main(scan, method="cevae-strega-preprocessing", model=[other], **given)
    with pytest.raises(InputError, match="--model: is given 2 times, but strega takes 1"):
        segment.main(scan, method="strega", model=[model, model], **given)
    with pytest.raises(InputError, match=r"takes 2\. Name models of guided or strega and cevae, in this order"):
        segment.main(scan, method="guided", model=[model], **given)
    with pytest.raises(InputError, match=r"model\.pt: is a model of strega, not of cevae"):
        segment.main(scan, method="guided", model=[model, model], **given)
    with pytest.raises(InputError, match=rf"model\.pt: is a model of strega, not of {METHOD}"):
        segment.main(scan, method=METHOD, model=[model], **given)
    with pytest.raises(InputError, match=r"model\.pt: lies in no folder of a run"):
        segment.main(scan, method="strega", model=[model], **given | {"study": None})
    larger = strega | {"latent": 3}
    models.save(tmp_path / "larger.pt", "strega", larger, build("strega", larger))
    with pytest.raises(InputError, match=r"larger\.pt: is a model of strega that doesn't fit strega with the settings"):
        segment.main(scan, method="strega", model=[tmp_path / "larger.pt"], **given)
    with pytest.raises(InputError, match=r"gone\.pt: is missing. Check the path"):
        segment.main(scan, method="strega", model=[tmp_path / "gone.pt"], **given)
    with pytest.raises(InputError, match=r"model\.pt: is not a whole model"):
        model.write_bytes(model.read_bytes()[:1000])
        segment.main(scan, method="strega", model=[model], **given)
    for content in (torch.zeros(3), [1, 2]):
        torch.save(content, model)
        with pytest.raises(InputError, match=r"model\.pt: is not a whole model"):
            segment.main(scan, method="strega", model=[model], **given)
    with pytest.raises(InputError, match="oracle: sees the truth alone, and there is none"):
        segment.main(scan, method="oracle", **given)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("modality", ["T1", "T1ce", "T2", "FLAIR"])
def test_noise_shows_no_brain(tmp_path: Path, modality: str) -> None:
    noise = np.random.default_rng(0).normal(100, 20, (96, 116, 100)).astype(np.float32)
    scan = tmp_path / "noise.nii.gz"
    nib.save(nib.Nifti1Image(noise, np.diag([2.0, 2.0, 2.0, 1.0])), scan)
    study = write_study(tmp_path, cohorts={"healthy": {"dataset": "ixi", "modality": modality}})
    with pytest.raises(InputError, match=r"noise\.nii\.gz: (shows no brain|looks unlike a brain)"):
        segment.main(scan, method=METHOD, modality=modality, study=study, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_refused(tmp_path: Path) -> None:
    volume, _ = head()
    scan, given = write_scan(tmp_path, volume), {"method": METHOD, "study": write_study(tmp_path), "out": tmp_path}
    with pytest.raises(InputError, match=r"is said to be T2, but made knows T1 alone"):
        segment.main(scan, modality="T2", **given)
    with pytest.raises(InputError, match=r"has no method 'vae'. Its methods: threshold-bright"):
        segment.main(scan, modality="T1", **given | {"method": "vae"})
    with pytest.raises(InputError, match=r"--model: isn't given"):
        segment.main(scan, modality="T1", **given | {"study": None})
    with pytest.raises(InputError, match=r"study.yaml: is missing"):
        segment.main(scan, modality="T1", **given | {"study": tmp_path / "none/study.yaml"})
    for name, array, problem in (
        ("flat", np.zeros(SHAPE, np.float32), "is 0 everywhere"),
        ("many", np.stack([volume] * 3, -1), "is 4-D"),
    ):
        path = tmp_path / f"{name}.nii.gz"
        nib.save(nib.Nifti1Image(array, np.eye(4) * VOXEL), path)
        with pytest.raises(InputError, match=problem):
            segment.main(path, modality="T1", **given)
    for missing in ({"scan": tmp_path / "gone.nii.gz"}, {"brain": tmp_path / "gone.nii.gz"}):
        with pytest.raises(InputError, match=r"gone\.nii\.gz: is missing. Check the path"):
            segment.main(**{"scan": scan, "modality": "T1", **given, **missing})
    empty = tmp_path / "brain.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros(SHAPE, np.uint8), nib.load(scan).affine), empty)
    with pytest.raises(InputError, match="is an empty brain mask"):
        segment.main(scan, modality="T1", brain=empty, **given)
    speck = np.zeros(SHAPE, np.uint8)
    speck[tuple(np.array(SHAPE) // 2)] = 1
    nib.save(nib.Nifti1Image(speck, nib.load(scan).affine), tmp_path / "speck.nii.gz")
    with pytest.raises(InputError, match=r"looks unlike a brain .* check the brain mask .*speck\.nii\.gz"):
        segment.main(scan, modality="T1", brain=tmp_path / "speck.nii.gz", **given)
    with pytest.raises(InputError, match=r"RAS\.nii\.gz: can't be written to. Name another folder"):
        segment.main(scan, modality="T1", **given | {"out": scan})
    (tmp_path / "operating-points/absolute" / METHOD / "seed0/thresholds.json").unlink()
    with pytest.raises(InputError, match=r"--thresholds: isn't given, and none lie beside the model"):
        segment.main(scan, modality="T1", **given)


def test_the_masks_of_stregas_chain_come_back_to_the_source_s_grid() -> None:
    """Of two squares of CSF in white matter on the scan the one of 400 pixels is found to the last, 225 are too few."""
    grid = space.grid(256, 256.0, 20.0)
    tissues = np.zeros(grid.GetSize()[::-1], np.float32)
    tissues[2:6, 40:220, 50:210] = 1
    large, small = np.zeros((2, *tissues.shape), bool)
    large[3, 60:80, 70:90] = small[4, 60:75, 70:85] = True
    tissues[large | small] = 1 / 3
    scan = space.like(tissues, grid)
    scan.SetOrigin([start + shift for start, shift in zip(grid.GetOrigin(), (9, -4, 40), strict=True)])
    there = sitk.TranslationTransform(3, (9.0, -4.0, 40.0))
    image = to_slices(space.to_ras(sitk.Resample(scan, grid, there, sitk.sitkNearestNeighbor))[0])
    where = np.arange(1, 7)
    volume = Volume(image[where], image[where] > 0, where)
    mask = strega.segment(volume.image, (volume.image > 0) - volume.image, volume.brain)
    found = Prepared(volume, volume.image, "", grid, there, scan).back(mask, sitk.sitkNearestNeighbor) > 0
    assert np.array_equal(found, large.transpose(2, 1, 0))


REAL = os.environ.get("BRAINUAD_REALDATA")
REAL_BORDERS = {"T1": (0.45, 0.75), "T2": (1.0, 1.2), "FLAIR": (0.75, 1.05)}
"""What `single_scan.BORDER` tells of real scans, give or take."""


@pytest.mark.skipif(not REAL, reason="BRAINUAD_REALDATA names no folder of real scans")
@pytest.mark.parametrize(
    ("dataset", "modality"), [("ixi", "T1"), ("ds002748", "T1"), ("mslub", "T1"), ("mslub", "T2"), ("mslub", "FLAIR")]
)
def test_real_scans_come_back_on_their_own_grid(tmp_path: Path, dataset: str, modality: str) -> None:
    """A raw scan and nothing else; what is found is bright in it, and T1 isn't taken for T2 nor T2 for T1."""
    table = reader({"ds002748": "bids"}.get(dataset, dataset)).index([Path(REAL, dataset)])
    scan = Path(table.loc[table[modality] != "", modality].iloc[0])
    cohorts = {name: {"dataset": dataset, "modality": name} for name in REAL_BORDERS}
    given = {"method": METHOD, "study": write_study(tmp_path, cohorts=cohorts)}
    (tmp_path / "operating-points/absolute" / METHOD / "seed0/thresholds.json").write_text('{"fpr_5": 1.0}')
    segment.main(scan, modality=modality, out=tmp_path / "out", **given)
    mask, scores = (nib.load(tmp_path / "out" / name) for name in ("mask.nii.gz", "anomaly-map.nii.gz"))
    own = nib.load(scan)
    assert mask.shape == scores.shape == own.shape[:3] and np.allclose(mask.affine, own.affine, atol=1e-3)
    found = np.asarray(mask.dataobj) > 0
    values, inside = own.get_fdata(), scores.get_fdata() > 0
    assert 0 < found.mean() < 0.2 and np.median(values[found]) > np.percentile(values[inside], 75)
    assert (tmp_path / "out/quick-look.svg").stat().st_size > 0
    image = volumes.load_image(str(scan))
    columns = dict.fromkeys(table.columns, "")
    brain, _ = brains.find({**columns, modality: str(scan)}, modality, image)
    low, high = REAL_BORDERS[modality]
    assert low <= border_brightness(image, brain.data > 0) <= high
    if other := {"T1": "T2", "T2": "T1"}.get(modality):
        with pytest.raises(InputError, match=f"looks unlike a brain in {other}"):
            segment.main(scan, modality=other, out=tmp_path / "other", **given)


@pytest.mark.skipif(not REAL, reason="BRAINUAD_REALDATA names no folder of real scans")
@pytest.mark.parametrize(("dataset", "modality"), [("ixi", "T1"), ("ds002748", "T1"), ("mslub", "T1"), ("mslub", "T2")])
def test_stregas_chain_on_real_scans(tmp_path: Path, dataset: str, modality: str) -> None:
    """Tissue maps, network and masks: fluid is dark in T1 and bright in T2; a network of white matter misses it."""
    table = reader({"ds002748": "bids"}.get(dataset, dataset)).index([Path(REAL, dataset)])
    scan = Path(table.loc[table[modality] != "", modality].iloc[0])
    network = {"latent": 2, "size": 64}
    study = write_study(
        tmp_path,
        cohorts={"healthy": {"dataset": dataset, "modality": modality}},
        recipe="tissues",
        recipe_settings={"tissues": {"module": "strega", "size": 64, "slice_spacing": 4.0}},
        method_names={"csf-mask": {"settings": {}}, "strega": {"settings": network}},
        segmentation={"method": "strega", "min_area": 1},  # nothing dropped, so that the two can be compared
    )
    method = build("strega", network)
    for parameter in method.parameters():
        torch.nn.init.zeros_(parameter)
    normalisation, _, last = method.decoder[-3:]
    torch.nn.init.ones_(normalisation.bias)
    torch.nn.init.constant_(last.weight, 1 / (last.in_channels * 4))  # four places of its kernel meet in a pixel
    models.save(tmp_path / "model.pt", "strega", network, method)
    found = {}
    for name, model in (("csf-mask", []), ("strega", [tmp_path / "model.pt"])):
        out = tmp_path / name
        segment.main(scan, method=name, modality=modality, study=study, model=model, device="cpu", out=out)
        mask = nib.load(out / "mask.nii.gz")
        assert mask.shape == nib.load(scan).shape[:3] and np.allclose(mask.affine, nib.load(scan).affine, atol=1e-3)
        found[name] = np.asarray(mask.dataobj) > 0
    values, fluid = nib.load(scan).get_fdata(), found["csf-mask"]
    brain = nib.load(tmp_path / "strega/anomaly-map.nii.gz").get_fdata() != 0
    assert 0.03 < fluid.sum() / brain.sum() < 0.5
    rank = (values[brain] < np.median(values[fluid])).mean()
    assert rank < 0.35 if modality == "T1" else rank > 0.65
    assert found["strega"][fluid].mean() > 0.9


def test_components_by_hand() -> None:
    mask = np.zeros((6, 7, 8), bool)
    mask[1, 2, 3] = mask[2, 3, 4] = True  # joined by a corner
    mask[5, 5, 1:4] = True
    score = np.arange(mask.size, dtype=float).reshape(mask.shape)
    large, small = components(mask, score, 0.5)
    assert (large["first_voxel"], large["last_voxel"], large["millilitres"]) == ([5, 5, 1], [5, 5, 3], 1.5)
    assert (small["first_voxel"], small["last_voxel"], small["millilitres"]) == ([1, 2, 3], [2, 3, 4], 1.0)
    assert large["highest_score"] == score[5, 5, 3]
    assert components(np.zeros_like(mask), score, 0.5) == []


def test_the_quick_look_shows_the_largest_finds_or_the_middle() -> None:
    brain, mask = np.zeros((2, 9, 8, 8), bool)
    brain[4, :6], brain[5, :3] = True, True
    assert quick_look.choose(mask, brain) == [4]
    for k, pixels in {1: 2, 3: 5, 6: 1, 7: 4, 8: 3}.items():
        mask[k].flat[:pixels] = True
    assert quick_look.choose(mask, brain) == [1, 3, 7, 8]
