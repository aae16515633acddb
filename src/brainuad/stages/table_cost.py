"""Write what the networks of inpainting and loss prediction, and their passes, cost as CSV and HTML."""

import json
from pathlib import Path

import pandas as pd
import torch

from brainuad import cost, models
from brainuad.errors import InputError
from brainuad.figures.study import in_equal_order, read_study, read_table
from brainuad.files import atomic
from brainuad.methods.inpainting import Inpainting
from brainuad.methods.loss_prediction import Method as LossPrediction
from brainuad.methods.loss_prediction_dense import Method as DensePrediction
from brainuad.slices import open_checked
from brainuad.sliding_window import grouped
from brainuad.tables import cost as tables


def main(
    *,
    study: Path,
    method: list[str],
    model: list[Path],
    images: Path,
    published: Path,
    settings: str = "{}",
    out_csv: Path,
    out_layers: Path,
    out_html: Path,
) -> None:
    """Count for slices of the size of IMAGES; --method and --model are repeated in the same order.

    --settings is JSON {method: {hyper-parameter: value}}, on top of those that the models were trained with.
    --out-layers lists the layers of the networks that predict losses.
    """
    resolved, own = read_study(study), json.loads(settings)
    with open_checked(images, "images", values=False) as file:
        shape = (1, *file["image"].shape[1:])
    rows, layers = [], []
    for name, path in in_equal_order({"method": method, "model": model}, "method"):
        fitted = models.restore(path, name, own.get(name, {}))[0]
        network = getattr(fitted, "generator", None) or getattr(fitted, "predictor", None)
        if network is None:
            raise InputError(name, "neither inpaints nor predicts losses", "Leave it out")
        size, gigaflop = cost.summary_megabytes(network, shape).total, cost.operations(network, shape) / 1e9
        number = passes(fitted, shape)
        parameters = sum(weight.numel() for weight in network.parameters())
        row = {"method": name, "parameters": parameters, "megabytes": size, "gigaflop": gigaflop, "passes": number}
        rows.append({**row, "gigaflop_per_slice": gigaflop * number})
        if hasattr(fitted, "predictor"):
            layers += [
                {
                    "method": name,
                    "layer": layer.name,
                    "shape": " x ".join(map(str, layer.shape)),
                    "parameters": layer.parameters,
                }
                for layer in cost.layers(network, shape)
            ]
    table = tables.beside(rows, read_table(published, "published"))
    listed = pd.DataFrame(layers, columns=["method", "layer", "shape", "parameters"])
    for frame, path in ((table, out_csv), (listed, out_layers)):
        with atomic(path) as temporary:
            frame.to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(tables.html(resolved, f"{shape[1]} x {shape[2]}", table, listed))


def passes(fitted: Inpainting | LossPrediction, shape: tuple[int, ...]) -> int:
    """How often the network looks at a slice (*shape) for a heatmap of all of it."""
    if isinstance(fitted, DensePrediction):
        return 1
    places = fitted.window.touching(torch.ones(1, *shape, dtype=torch.bool))
    return int(grouped(fitted.window, places, getattr(fitted, "apart", 0))[1].max()) + 1
