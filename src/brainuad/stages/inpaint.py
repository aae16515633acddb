"""Erase a square of each slice and let a trained network fill it in: examples, and how like the slices they are."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import torch

from brainuad import boxes, models
from brainuad.device import choose
from brainuad.errors import InputError
from brainuad.methods.inpainting import Inpainting
from brainuad.metrics import table
from brainuad.metrics.inpainting import similarity
from brainuad.networks.inpainting import folded
from brainuad.seeds import derive
from brainuad.slices import check_same_order, open_checked, write

LESION = "lesion"
TOGETHER = 16
"""Slices in one pass."""
AT_RANDOM = {**boxes.PLACEMENTS, "background": boxes.off_brain}
PLACEMENTS = (*AT_RANDOM, LESION)
BESIDE = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
"""Where the square lies around a lesion's middle, in halves of its side."""


def main(
    *,
    method: str,
    model: Path,
    images: Path,
    placement: str,
    out: Path,
    out_metrics: Path | None = None,
    labels: Path | None = None,
    count: int | None = None,
    study: str = "",
    dataset: str = "",
    seed: int = 0,
    draw: int = 0,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Write slices of IMAGES with a square erased, and as MODEL fills it in; COUNT evenly spread ones, by default all.

    PLACEMENT tells where the square lies: on the `brain`, in the `middle` third of the slice, `anywhere` or on the
    `background`, at random by the number DRAW; or, with LABELS, on the `lesion`: of COUNT subjects the slice with most
    lesion, once with the square on the lesion's middle and four times half beside it. OUT_METRICS gets PSNR and SSIM as
    a long table under the names STUDY, DATASET, METHOD and SEED.
    """
    if placement not in PLACEMENTS or (placement == LESION and labels is None):
        raise InputError("--placement", f"'{placement}' can't be had", f"Use {', '.join(PLACEMENTS)}, it with --labels")
    network = models.restore(model, method, {})[0].to(choose(device, threads))
    if not isinstance(network, Inpainting):
        raise InputError(method, "doesn't inpaint", "Give an inpainting method")
    side = network.window.side
    with open_checked(images, "images") as source:
        slices = {name: source[name][:] for name in ("image", "brain", "slice")}
        slices["subject"] = source["subject"].asstr()[:].astype(object)
        attributes = {name: source.attrs[name] for name in ("dataset", "modality", "spacing") if name in source.attrs}
        if labels:
            slices["label"] = read_labels(labels, source)
    if placement == LESION:
        chosen, rows, columns = around_lesions(slices["label"] > 0, slices["subject"], side, count)
        examples = {name: values[chosen] for name, values in slices.items()}
    else:
        number = len(slices["image"])
        spread = np.linspace(0, number - 1, min(count or number, number)).round().astype(int)
        examples = {name: values[spread] for name, values in slices.items()}
        rows, columns = at_random(examples, placement, side, draw)
    examples |= {"row": rows, "column": columns, "side": np.full(len(rows), side)}
    x, corners = network.tensor(examples["image"]), (torch.from_numpy(rows), torch.from_numpy(columns))
    masked = boxes.erase(x, *(corner.to(x.device) for corner in corners), side)
    generator = folded(network.generator)
    with torch.inference_mode():
        inpainted = torch.cat([generator(part) for part in masked.split(TOGETHER)])
    examples |= {"masked": masked[:, 0].cpu().numpy(), "inpainted": inpainted[:, 0].float().cpu().numpy()}
    write(out, examples, {**attributes, "method": method, "seed": seed, "placement": placement})
    if out_metrics:
        names = {"study": study, "dataset": dataset, "method": method, "seed": seed}
        table.write(measured(examples).assign(**names)[table.COLUMNS], out_metrics)


def read_labels(labels: Path, images: h5py.File) -> np.ndarray:
    """(N, H, W) the labels of these images."""
    with open_checked(labels, "labels") as file:
        check_same_order(images, file)
        return file["label"][:]


def at_random(examples: dict[str, np.ndarray], placement: str, side: int, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners (N), (N) of a square for each slice, drawn by its name, so that all methods of a side have the same."""
    corners = []
    for name, number, brain in zip(examples["subject"], examples["slice"], examples["brain"], strict=True):
        torch.manual_seed(derive(draw, "square", name, number))
        corners.append([int(place) for place in AT_RANDOM[placement](torch.from_numpy(brain)[None, None], side)])
    rows, columns = np.array(corners, dtype=np.int64).reshape(-1, 2).T
    return rows, columns


def around_lesions(
    lesion: np.ndarray, subject: np.ndarray, side: int, count: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of slices and corners of squares: for each of the first subjects, five around one lesion."""
    area = lesion.sum((1, 2))
    largest = [np.flatnonzero(subject == name)[area[subject == name].argmax()] for name in dict.fromkeys(subject)]
    chosen = [index for index in largest if area[index]][:count]
    corners = []
    for index in chosen:
        middle = np.argwhere(lesion[index]).mean(0) + 0.5
        for offset in BESIDE:
            corner = np.round(middle + np.array(offset) * side / 2 - side / 2)
            corners.append(np.clip(corner, 0, np.array(lesion.shape[1:]) - side))
    rows, columns = np.array(corners, dtype=np.int64).reshape(-1, 2).T
    return np.repeat(np.array(chosen, dtype=np.int64), len(BESIDE)), rows, columns


def measured(examples: dict[str, np.ndarray]) -> pd.DataFrame:
    """Columns subject, metric, value: means over each subject's slices, over all slices (pooled) and sd over these."""
    slices = pd.DataFrame(
        similarity(image, masked, inpainted, (slice(row, row + side), slice(column, column + side)))
        for image, masked, inpainted, row, column, side in zip(
            *(examples[name] for name in ("image", "masked", "inpainted", "row", "column", "side")), strict=True
        )
    )
    spread = slices[["psnr", "ssim"]].std(ddof=0).rename(lambda name: f"{name}_sd")
    pooled = spread.rename_axis("metric").reset_index(name="value").assign(subject=table.POOLED)
    return pd.concat([table.of_slices(slices.assign(subject=examples["subject"])), pooled], ignore_index=True)
