"""The losses of a trained inpainting network at every place of its window, for a few slices."""

from pathlib import Path

import torch

from brainuad import models
from brainuad.device import choose
from brainuad.errors import InputError
from brainuad.methods.inpainting import Inpainting
from brainuad.seeds import generator
from brainuad.slices import check_same_order, open_checked, write


def main(
    *,
    method: str,
    model: Path,
    images: Path,
    out: Path,
    labels: Path | None = None,
    count: int = 5,
    draw: int = 0,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Write the losses of COUNT slices of IMAGES, drawn by the number DRAW.

    OUT holds the slices, `window`, the loss inside the window, and `whole`, that over the whole slice, (N, R, C) with
    a value for each place of the window, those without brain too; and the LABELS of the slices where they are given.
    """
    network = models.restore(model, method, {})[0].to(choose(device, threads))
    if not isinstance(network, Inpainting):
        raise InputError(method, "doesn't inpaint", "Give an inpainting method")
    with open_checked(images, "images") as source:
        number = len(source["image"])
        chosen = sorted(generator(draw, "heatmaps").permutation(number)[:count].tolist())
        columns = {name: source[name][chosen] for name in ("image", "brain", "slice")}
        columns["subject"] = source["subject"].asstr()[:][chosen].astype(object)
        attributes = {name: source.attrs[name] for name in ("dataset", "modality", "spacing") if name in source.attrs}
        if labels:
            with open_checked(labels, "labels") as truth:
                check_same_order(source, truth)
                columns["label"] = truth["label"][chosen]
    x = network.tensor(columns["image"])
    everywhere = network.window.touching(torch.ones_like(x, dtype=torch.bool))
    losses = network.slide(x, everywhere)
    columns |= {"window": losses.window.cpu().numpy(), "whole": losses.whole.cpu().numpy()}
    write(out, columns, {**attributes, "method": method, "side": network.window.side, "step": network.window.step})
