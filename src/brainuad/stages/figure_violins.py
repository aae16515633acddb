"""Draw violin plots of per-subject metrics on one dataset."""

from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures import violins
from brainuad.figures.study import check_methods, metric_named, per_subject, read_study
from brainuad.figures.style import drawn
from brainuad.metrics import table as long_table


def main(*, study: Path, metrics: Path, dataset: str, metric: list[str], out: Path) -> None:
    """Draw a panel for each --metric, the methods below one another."""
    resolved = read_study(study)
    title = resolved.heading(dataset)
    table = long_table.read(metrics)
    check_methods(resolved, table, metrics)
    panels = []
    for name in metric:
        entry, values = metric_named(name), per_subject(table, dataset, name)
        if values.empty:
            continue
        chance = per_subject(table, dataset, "prevalence").mean(axis=1).mean()
        panels.append(violins.Panel(entry, values, chance if name in violins.CHANCE_IS_PREVALENCE else None))
    if not panels:
        problem = f"holds no per-subject value of {', '.join(metric)} for '{dataset}'"
        raise InputError(metrics, problem, "Choose metrics that this dataset has")
    rows = table[table["dataset"] == dataset]["method"].nunique()
    with drawn(out, 1.6 + 2.7 * len(panels), 1.0 + 0.36 * rows) as figure:
        violins.draw(figure, resolved, title, panels)
