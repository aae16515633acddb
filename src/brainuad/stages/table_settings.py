"""Write the table of the methods' hyper-parameters as CSV and HTML."""

import json
from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures.study import read_study
from brainuad.files import atomic
from brainuad.tables import settings as tables


def main(
    *, study: Path, settings: str, stated: str, training: str, stated_training: str, out_csv: Path, out_html: Path
) -> None:
    """Tell the hyper-parameters of each method of --study as they were run, and mark those that the run changed.

    SETTINGS and STATED are JSON {method: {hyper-parameter: value}}, as run and as the method's rule has them;
    TRAINING and STATED_TRAINING are JSON {setting: value} of the training that all networks share.
    """
    resolved = read_study(study)
    used = read_json("settings", settings)
    unknown = sorted(set(used) - {method.name for method in resolved.methods})
    if unknown:
        raise InputError("--settings", f"hold method '{unknown[0]}', which {resolved.path} lacks", "Make both anew")
    shared = read_json("training", training), read_json("stated-training", stated_training)
    rows = tables.rows(resolved, used, read_json("stated", stated), *shared)
    with atomic(out_csv) as temporary:
        tables.table(resolved, rows).to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(tables.html(resolved, rows))


def read_json(option: str, text: str) -> dict:
    """Parse an option; raises InputError."""
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise InputError(f"--{option}", f"is no mapping in JSON ({error})", 'Give {"name": ...}') from error
