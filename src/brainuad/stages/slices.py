"""Cut preprocessed volumes into axial slices: NIfTI per subject -> images.h5."""

from pathlib import Path

import nibabel as nib
import numpy as np
from tqdm import tqdm

from brainuad.errors import InputError
from brainuad.seeds import generator
from brainuad.slices import AXES, to_slices, write


def main(
    *,
    subject: list[str],
    image: list[Path],
    brain: list[Path],
    dataset: str,
    recipe: str,
    modality: str,
    out: Path,
    label: list[Path] = [],  # noqa: B006
    draw: int | None = None,
    seed: int = 0,
) -> None:
    """Stack all slices with brain in them; SUBJECT, IMAGE and BRAIN are repeated in the same order.

    With --draw only so many of them are taken, or all where there are fewer, drawn at random from all subjects, fixed
    by SEED and the dataset's name. Where a LABEL is given for each subject only slices that show a lesion count.
    """
    masks, shown = [], []
    for brain_path, label_path in zip(brain, label or [None] * len(brain), strict=True):
        mask = to_slices(np.asarray(nib.load(brain_path).dataobj) > 0)
        visible = mask & to_slices(np.asarray(nib.load(label_path).dataobj) > 0) if label_path else mask
        shown.append(np.flatnonzero(visible.any((1, 2))))
        masks.append(mask[shown[-1]])
    if draw is not None:
        chosen = drawn(shown, draw, generator(seed, "slices", dataset))
        masks = [mask[picked] for mask, picked in zip(masks, chosen, strict=True)]
        shown = [slices[picked] for slices, picked in zip(shown, chosen, strict=True)]
    columns: dict[str, list[np.ndarray]] = {"image": [], "brain": masks, "subject": [], "slice": shown}
    affine = None
    for name, path, kept in zip(tqdm(subject, unit="subject"), image, shown, strict=True):
        volume = nib.load(path)
        if affine is not None and not np.allclose(affine, volume.affine):
            raise InputError(path, "lies on another grid than the subjects before it", "Preprocess all alike")
        affine = volume.affine
        columns["image"].append(to_slices(volume.get_fdata(dtype=np.float32))[kept])
        columns["subject"].append(np.full(len(kept), name, dtype=object))
    attributes = {
        "dataset": dataset,
        "recipe": recipe,
        "modality": modality,
        "axes": AXES,
        "affine": affine,
        "spacing": np.linalg.norm(affine[:3, :3], axis=0)[::-1],
        "volume_shape": volume.shape,
        "restore": "slice k of the preprocessed RAS volume (x, y, z) of a subject is volume[:, ::-1, k].T; "
        "the transform beside that volume leads back to the scan",
    }
    if draw is not None:
        attributes["drawn_slices"] = sum(map(len, shown))
    write(out, {name: np.concatenate(parts) for name, parts in columns.items()}, attributes)


def drawn(shown: list[np.ndarray], number: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Which entries of each subject's array are among `number` drawn of all, in rising order; all where they are few.

    Raises InputError where there is nothing to draw from.
    """
    owner = np.repeat(np.arange(len(shown)), [len(slices) for slices in shown])
    if not len(owner):
        raise InputError("--draw", "finds no slice to draw", "Look at the brain masks and labels of the test subjects")
    taken = np.zeros(len(owner), bool)
    taken[rng.permutation(len(owner))[:number]] = True
    return [np.flatnonzero(taken[owner == k]) for k in range(len(shown))]
