"""Draw the training curves of all trained models of a study."""

from pathlib import Path

from brainuad.figures import training as training_figure
from brainuad.figures.study import in_equal_order, read_study, read_table
from brainuad.figures.style import drawn


def main(*, study: Path, model: list[str], training: list[Path], out: Path) -> None:
    """Draw each --training table as a curve of the --model given with it; seeds of a model lie together."""
    resolved = read_study(study)
    labels = {method.name: method.label for method in resolved.methods}
    models = {}
    for name, path in in_equal_order({"model": model, "training": training}, "model"):
        models.setdefault(labels.get(name, name), []).append(read_table(path, "training"))
    widest = max(len(training_figure.terms(seeds[0])) for seeds in models.values())
    with drawn(out, 0.4 + 2.5 * widest, 0.8 + 1.9 * len(models)) as figure:
        training_figure.draw(figure, resolved.marked(resolved.title), list(models.items()))
