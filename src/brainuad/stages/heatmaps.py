"""Heatmaps of a few slices, window by window: of an inpainting network, and of a quicker method for the same."""

import json
from pathlib import Path

import torch

from brainuad import models
from brainuad.device import choose
from brainuad.errors import InputError
from brainuad.methods.inpainting import Inpainting
from brainuad.methods.loss_prediction import Method as LossPrediction
from brainuad.seeds import generator
from brainuad.slices import check_same_order, open_checked, write


def main(
    *,
    reference: str,
    reference_model: Path,
    method: str,
    model: list[Path],
    images: Path,
    out: Path,
    settings: str = "{}",
    labels: Path | None = None,
    count: int = 5,
    draw: int = 0,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Write the losses of COUNT slices of IMAGES, drawn by the number DRAW.

    OUT holds the slices and (N, R, C), a value for each place of the window: `window`, the loss of the inpainting
    method REFERENCE inside the window, `whole`, that over the whole slice, and `predicted`, what METHOD gives for it
    with its MODELs and SETTINGS (JSON). Windows without brain are looked at too, but by quicker ways of inpainting.
    """
    chosen = choose(device, threads)
    exact = models.restore(reference_model, reference, {})[0].to(chosen)
    quick = models.assembled(model, method, json.loads(settings)).to(chosen)
    if not isinstance(exact, Inpainting) or not hasattr(quick, "window"):
        raise InputError(f"{reference}, {method}", "don't both slide a window", "Give inpainting and a quicker method")
    if exact.window != quick.window:
        problem = f"slides {quick.window}, {reference} {exact.window}"
        raise InputError(method, problem, "Give both the same `window` and `step`")
    with open_checked(images, "images") as source:
        picked = sorted(generator(draw, "heatmaps").permutation(len(source["image"]))[:count].tolist())
        columns = {name: source[name][picked] for name in ("image", "brain", "slice")}
        columns["subject"] = source["subject"].asstr()[:][picked].astype(object)
        attributes = {name: source.attrs[name] for name in ("dataset", "modality", "spacing")}
        if labels:
            with open_checked(labels, "labels") as truth:
                check_same_order(source, truth)
                columns["label"] = truth["label"][picked]
    x, brain = exact.tensor(columns["image"]), exact.tensor(columns["brain"])
    everywhere = exact.window.touching(torch.ones_like(brain))
    losses = exact.slide(x, everywhere)
    if isinstance(quick, LossPrediction):
        predicted = quick.losses(x, everywhere)
    else:
        predicted = quick.slide(x, quick.window.touching(brain)).window
    columns |= {
        name: values.cpu().numpy()
        for name, values in (("window", losses.window), ("whole", losses.whole), ("predicted", predicted))
    }
    names = {"method": reference, "predictor": method, "side": exact.window.side, "step": exact.window.step}
    write(out, columns, {**attributes, **names})
