"""Write what the networks of inpainting and loss prediction, and their passes, cost as CSV and HTML."""

import json
from pathlib import Path

import pandas as pd
import torch

from brainuad import cost, models
from brainuad.errors import InputError
from brainuad.figures.study import in_equal_order, read_study, read_table
from brainuad.files import atomic
from brainuad.methods.loss_prediction import Method as LossPrediction
from brainuad.metrics import table as long_table
from brainuad.networks.inpainting import Generator
from brainuad.slices import open_checked
from brainuad.tables import cost as tables


def main(
    *,
    study: Path,
    method: list[str],
    model: list[str],
    images: Path,
    metrics: Path,
    dataset: str,
    published: Path,
    settings: str = "{}",
    out_csv: Path,
    out_layers: Path,
    out_html: Path,
) -> None:
    """Count for slices of the size of IMAGES, all windows; --method and --model are repeated in the same order.

    The seconds are those in METRICS that slices of DATASET took.

    A method that needs several models has them in one --model, with commas in between.

    --settings is JSON {method: {hyper-parameter: value}}, on top of those that the models were trained with.
    --out-layers lists the layers of the networks that predict losses.
    """
    resolved, own = read_study(study), json.loads(settings)
    with open_checked(images, "images", values=False) as file:
        shape = (1, *file["image"].shape[1:])
    long = long_table.read(metrics).query("metric == 'seconds_per_slice' and dataset == @dataset")
    seconds = long.groupby("method")["value"].mean().to_dict()
    places = torch.ones(1, *shape, dtype=torch.bool)
    rows, layers = [], []
    for name, paths in in_equal_order({"method": method, "model": [given.split(",") for given in model]}, "method"):
        fitted = models.assembled([Path(path) for path in paths], name, own.get(name, {}))
        if not hasattr(fitted, "work"):
            raise InputError(name, "slides no window", "Leave it out")
        for network, passes in fitted.work(fitted.window.touching(places)):
            gigaflop = cost.operations(network, shape) / 1e9
            rows.append(
                {
                    "method": name,
                    "network": "generator" if isinstance(network, Generator) else "predictor",
                    "parameters": sum(weight.numel() for weight in network.parameters()),
                    "megabytes": cost.summary_megabytes(network, shape).total,
                    "gigaflop": gigaflop,
                    "passes": passes,
                    "gigaflop_per_slice": gigaflop * passes,
                    "seconds": seconds.get(name),
                }
            )
        if isinstance(fitted, LossPrediction):
            for row in cost.layers(network, shape):
                output = " x ".join(map(str, row.shape))
                layers.append({"method": name, "layer": row.name, "shape": output, "parameters": row.parameters})
    table = tables.beside(rows, read_table(published, "published"))
    listed = pd.DataFrame(layers, columns=["method", "layer", "shape", "parameters"])
    for frame, path in ((table, out_csv), (listed, out_layers)):
        with atomic(path) as temporary:
            frame.to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(tables.html(resolved, f"{shape[1]} x {shape[2]}", table, listed))
