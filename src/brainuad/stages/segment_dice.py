"""How well the judge of anatomical fidelity segments healthy brains that it hasn't seen."""

from pathlib import Path

import pandas as pd

from brainuad.datasets.structures import CLASSES
from brainuad.device import choose
from brainuad.judge import restore
from brainuad.metrics import table
from brainuad.metrics.overlap import Overlap
from brainuad.slices import check_same_order, open_checked, subjects


def main(*, images: Path, structures: Path, model: Path, out: Path, device: str = "auto", threads: int = 0) -> None:
    """Write OUT, columns structure, dice, sd, subjects: the mean over the volumes that show a structure, and its
    spread where there are several.
    """
    judge = restore(model).to(choose(device, threads))
    with open_checked(images, "images") as source, open_checked(structures, "labels") as truth:
        check_same_order(source, truth)
        rows = []
        for subject in subjects(source):
            found = judge.probabilities(source["image"][subject.rows]).argmax(1)
            shown = truth["label"][subject.rows]
            rows += [
                {"structure": name, "dice": Overlap.of(found == number, shown == number).dice}
                for number, name in CLASSES.items()
                if (shown == number).any()
            ]
    dice = pd.DataFrame(rows, columns=["structure", "dice"]).groupby("structure", sort=False)["dice"]
    told = {"dice": dice.mean(), "sd": dice.std(ddof=0).where(dice.size() > 1), "subjects": dice.size()}
    order = [name for name in CLASSES.values() if name in dice.groups]
    table.write(pd.DataFrame(told).reindex(order).rename_axis("structure").reset_index(), out)
