"""Draw reconstructions and residuals of chosen methods on chosen slices of several datasets."""

import re
from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures import examples
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn

SHOWN = {False: "raw", True: "post-processed"}


def main(
    *,
    study: Path,
    title: str,
    slice: list[str],
    images: list[str],
    labels: list[str],
    maps: list[str],
    out: Path,
    processed: list[str] | None = None,
) -> None:
    """Draw a block for each --slice DATASET:LEVEL, LEVEL being ventral, midline, dorsal or label-VALUE.

    --images and --labels are DATASET=PATH, --maps METHOD:DATASET=PATH, for every method and dataset that is shown, in
    the order of the rows. With --processed METHOD:DATASET=PATH the post-processed maps are drawn, not the raw ones.
    """
    resolved = read_study(study)
    shown = [read_slice(text) for text in slice]
    headings = [f"{resolved.cohort(dataset).title}, {level.replace('-', ' ')}" for dataset, level in shown]
    datasets = [dataset for dataset, _ in shown]
    own_images = select("images", images, datasets)
    truth = examples.read_truth([level for _, level in shown], own_images, select("labels", labels, datasets))
    results = []
    for method in dict.fromkeys(pair.partition(":")[0] for pair in maps):
        label = resolved.method(method).label
        names = [f"{method}:{dataset}" for dataset in datasets]
        final = select("processed", processed, names) if processed else None
        results.append(examples.read_result(label, truth, own_images, select("maps", maps, names), final))
    kind = SHOWN[bool(processed)]
    with drawn(out, *examples.size(truth, results, kind), layout=None) as figure:
        examples.draw(figure, resolved.marked(title), headings, truth, results, kind)


def read_slice(text: str) -> tuple[str, str]:
    """The dataset and the level of DATASET:LEVEL; raises InputError where it is none."""
    dataset, _, level = text.partition(":")
    if level not in examples.LEVELS and not re.fullmatch(rf"{examples.LABEL}\d+", level):
        known = ", ".join([*examples.LEVELS, f"{examples.LABEL}VALUE"])
        raise InputError("--slice", f"'{text}' is no DATASET:LEVEL", f"Use a level of: {known}")
    return dataset, level


def select(option: str, pairs: list[str], names: list[str]) -> list[Path]:
    """The paths of these names in pairs NAME=PATH; raises InputError where one isn't given."""
    given = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    for name in names:
        if name not in given:
            raise InputError(f"--{option}", f"has no {name}=PATH", "Give one for everything that is shown")
    return [Path(given[name]) for name in names]
