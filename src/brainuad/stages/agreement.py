"""Do the losses that a quicker method gives for each place of the window agree with those of the inpainting?"""

import json
from pathlib import Path

import h5py
import pandas as pd
import torch

from brainuad import models
from brainuad.device import choose
from brainuad.errors import InputError
from brainuad.metrics import table
from brainuad.metrics.agreement import agreement
from brainuad.slices import write


def main(
    *,
    method: str,
    model: list[Path],
    heatmaps: Path,
    out: Path,
    out_metrics: Path,
    study: str = "",
    dataset: str = "",
    settings: str = "{}",
    seed: int = 0,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Add what METHOD, with the trained MODEL, `predicted` to the losses in HEATMAPS, which `brainuad heatmaps` made.

    OUT_METRICS gets the agreement over the places that hold brain as a long table under the names STUDY, DATASET,
    METHOD and SEED. SETTINGS (JSON) are hyper-parameters on top of those that MODEL was trained with.
    """
    network = models.assembled(model, method, json.loads(settings)).to(choose(device, threads))
    if not hasattr(network, "losses"):
        raise InputError(method, "gives no losses of windows", "Give an inpainting or a loss-prediction method")
    with h5py.File(heatmaps) as file:
        columns = {name: file[name][:] for name in file if name != "subject"}
        columns["subject"] = file["subject"].asstr()[:].astype(object)
        attributes = dict(file.attrs)
    if (network.window.side, network.window.step) != (attributes["side"], attributes["step"]):
        raise InputError(heatmaps, f"is of other windows than {method}", "Give both the same `window` and `step`")
    x = network.tensor(columns["image"])
    places = network.window.touching(network.tensor(columns["brain"]))
    with torch.inference_mode():
        everywhere = network.losses(x, torch.ones_like(places)).cpu().numpy()
    target = columns["whole" if getattr(network, "target", None) == "whole" else "window"]
    rows = [
        {"subject": subject, **agreement(predicted[inside], window[inside], true[inside])}
        for subject, predicted, window, true, inside in zip(
            columns["subject"], everywhere, columns["window"], target, places.cpu().numpy(), strict=True
        )
    ]
    write(out, {**columns, "predicted": everywhere}, {**attributes, "predictor": method, "seed": seed})
    names = {"study": study, "dataset": dataset, "method": method, "seed": seed}
    table.write(table.of_slices(pd.DataFrame(rows)).assign(**names)[table.COLUMNS], out_metrics)
