"""About what a run will write, reckoned before it starts, against the room there is."""

import shutil
from pathlib import Path

from brainuad import sweeps
from brainuad.configuration import recipe, recipes_of
from brainuad.datasets import location, sources
from brainuad.datasets.presence import Part, Presence, gigabytes, total
from brainuad.preprocessing.recipes import load
from brainuad.settings import defaults

SCAN_BYTES = 25e6
"""About the size of a volume with its masks, compressed, at 1 mm."""
HEAD = 160
"""mm from which slices are cut by a recipe that has no height of its own."""


def examine(config: dict, studies: dict[str, dict], datasets: list[Presence]) -> tuple[list[tuple[str, str]], str]:
    """What downloading and unpacking the `datasets` and running the studies takes, as (what, reckoning) pairs.

    And the problem where not even the archives fit, or nothing: their sizes are known, the rest is an estimate.
    """
    to_download = [part for data in datasets for part in data.to_download]
    to_unpack = [
        part
        for data in datasets
        for part in data.parts
        if part.state in (*location.HERE, "to download")
        and not Path("results", config["run"], "raw", data.dataset, part.name).is_dir()
    ]
    pairs = [
        ("to download", total(to_download)),
        ("to unpack", f"{total(to_unpack)} = size of the archives, whose scans are compressed already"),
    ]
    to_write = sum(part.size or 0 for part in to_unpack)
    for name, study in studies.items():
        for what, size, reckoning in study_sizes(config, study, {data.dataset: data for data in datasets}):
            pairs.append((f"{name}, {what}", f"{gigabytes(size)} = {reckoning}"))
            to_write += size
    downloads = Path(config["downloads"])
    to_fetch = sum(lacking(downloads / data.dataset, part) for data in datasets for part in data.to_download)
    pairs += [
        (f"free in {names}", f"{gigabytes(free)}, needed about {gigabytes(need)}: {verdict(need, free)}")
        for names, need, free in room({downloads: to_fetch, Path("results"): to_write})
    ]
    archives = {downloads: to_fetch, Path("results"): sum(part.size or 0 for part in to_unpack)}
    full = [
        f"{names} has {gigabytes(free)} free, the archives alone need {gigabytes(need)}"
        for names, need, free in room(archives)
        if need > free
    ]
    return pairs, "; ".join(full)


def verdict(need: float, free: float) -> str:
    """Whether the room suffices."""
    return "enough" if free > need else "TOO LITTLE"


def lacking(folder: Path, part: Part) -> float:
    """The bytes of an archive, as far as they are known, that an earlier download into a folder didn't bring."""
    begun = folder / f"{part.name}.part"
    return max(0, (part.size or 0) - (begun.stat().st_size if begun.is_file() else 0))


def study_sizes(config: dict, study: dict, datasets: dict[str, Presence]) -> list[tuple[str, float, str]]:
    """What a study's scans with their slices, and its anomaly maps take: name, bytes and how they are reckoned."""
    recipes = recipes_of(study)
    slices, rows, columns = stack_shape(config, study["recipe"])
    scan = SCAN_BYTES / config.get("phantom", {}).get("spacing", 1.0) ** 3
    pair = 2 * 4 * slices * rows * columns
    cohorts = study["cohorts"].values()
    tested = sum(tested_subjects(cohort, datasets.get(cohort["dataset"])) for cohort in cohorts)
    subjects = tested + sum(cohort.get("train", 0) + cohort.get("validation", 0) for cohort in cohorts)
    trained_or_scored_anew = [level for level in sweeps.expand("", study).values() if sweeps.has_own_maps(level)]
    methods = sum(len(each["methods"]) for each in (study, *trained_or_scored_anew))
    seeds = len(config["seeds"])
    pixels = f"2 x {slices} x {rows} x {columns} x 4 bytes"
    return [
        (
            "scans",
            subjects * len(recipes) * (scan + pair),
            f"{subjects} subjects x {'' if len(recipes) == 1 else f'{len(recipes)} recipes x '}({scan / 1e6:.0f} MB"
            f" + slices {pixels})",
        ),
        (
            "maps",
            tested * methods * seeds * pair,
            f"{tested} test subjects x {methods} methods, sweeps included, x {seeds} seeds x {pixels}",
        ),
    ]


def stack_shape(config: dict, name: str) -> tuple[int, int, int]:
    """Slices, rows and columns that a configured recipe makes of a scan."""
    module, own = recipe(config, name)
    settings = {**defaults(load(module).preprocess), **own}
    rows, columns = settings.get("shape") or [settings.get("size", 256)] * 2
    return round(settings.get("height", HEAD) / settings.get("slice_spacing", 1.0)), rows, columns


def tested_subjects(cohort: dict, data: Presence | None) -> int:
    """How many subjects a cohort tests; if all that are left, as many as the dataset's largest version holds."""
    if cohort.get("test", 0) is not None or data is None:
        return cohort.get("test") or 0
    return max(0, sources.subjects(data.rows) - cohort.get("train", 0) - cohort.get("validation", 0))


def room(needs: dict[Path, float]) -> list[tuple[str, float, int]]:
    """For each file system below the folders: the folders' names, the bytes needed there and those free."""
    systems: dict[int, list[Path]] = {}
    for folder in needs:
        systems.setdefault(existing(folder).stat().st_dev, []).append(folder)
    return [
        (
            " and ".join(f"{folder}/" for folder in folders),
            sum(needs[folder] for folder in folders),
            shutil.disk_usage(existing(folders[0])).free,
        )
        for folders in systems.values()
    ]


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
