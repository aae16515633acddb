"""Draw how the heatmaps of a method become masks by superpixels, and what the scale of the superpixels changes."""

from pathlib import Path

from brainuad import settings as given_settings
from brainuad.figures import superpixels
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn
from brainuad.segmentation.superpixels import segment


def main(
    *,
    study: Path,
    dataset: str,
    method: str,
    images: Path,
    labels: Path,
    processed: Path,
    out: Path,
    out_scales: Path,
    settings: str = "{}",
) -> None:
    """Draw the slices of DATASET with the largest lesions as METHOD segments them by its --processed maps.

    SETTINGS (JSON) are those of the segmentation by superpixels. OUT shows its steps (Nguyen et al. 2021, Fig. 4),
    OUT_SCALES other scales (Fig. 6).
    """
    resolved = read_study(study)
    heading, label = resolved.heading(dataset), resolved.method(method).label
    options = given_settings.parse(settings, "--settings")
    given_settings.check("--settings", "segmentation superpixels", segment, options)
    options = {**given_settings.defaults(segment), **options}
    queries = superpixels.read(images, labels, processed)
    outcomes = [superpixels.cut(query, **options) for query in queries]
    with drawn(out, *superpixels.size(queries, len(superpixels.COLUMNS)), layout="compressed") as figure:
        superpixels.draw(figure, f"{label}, from heatmap to mask. {heading}", queries, outcomes)
    scales = [
        [superpixels.cut(query, **options | {"scale": scale}) for scale in superpixels.SCALES] for query in queries
    ]
    with drawn(out_scales, *superpixels.size(queries, len(superpixels.SCALES)), layout="compressed") as figure:
        title = f"{label}, superpixels of different scales. {heading}"
        superpixels.draw_scales(figure, title, queries, scales, options["scale"])
