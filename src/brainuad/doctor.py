"""Whether a run can start: what is there of its data, how to get the rest, room on disk, the device, optional tools."""

import os
from dataclasses import dataclass
from pathlib import Path

from brainuad import disk, machine
from brainuad.configuration import needed_datasets, sources_of, used_modalities
from brainuad.datasets import presence
from brainuad.datasets.location import has_structures
from brainuad.datasets.presence import Presence, gigabytes, has_versions, total
from brainuad.trimming import trim

Pairs = list[tuple[str, str]]


@dataclass
class Report:
    """What `examine` found."""

    run: str
    datasets: list[Presence]
    needs: dict[str, set[str]]
    """Study, or `preparation` -> its datasets."""
    left_out: dict[str, dict[str, list[str]]]
    """Study -> its optional cohorts, left out since these datasets are missing."""
    disk: Pairs
    machine: Pairs
    problem: str
    """What keeps every study from starting, or nothing."""

    @property
    def can_start(self) -> bool:
        """Whether each study has its device and its data, or can download them onto the disk."""
        return not self.problem and not self.wanting

    @property
    def wanting(self) -> list[Presence]:
        """The datasets that are needed and neither here nor to be downloaded."""
        needed = set().union(*self.needs.values())
        return [data for data in self.datasets if data.dataset in needed and data.obstacle]

    def verdicts(self) -> Pairs:
        """Each study, and whether it can start or what keeps it from that."""
        return [(study, self.verdict(study, needed)) for study, needed in self.needs.items()]

    def verdict(self, study: str, needed: set[str]) -> str:
        """Whether a study that needs these datasets can start."""
        obstacles = [f"{data.dataset} is {data.obstacle}" for data in self.wanting if data.dataset in needed]
        if self.problem or obstacles:
            return f"can't start: {', '.join(obstacles) or self.problem}"
        first = [data for data in self.datasets if data.dataset in needed and data.to_download]
        sizes = ", ".join(f"{data.dataset} ({total(data.to_download)})" for data in first)
        without = [
            f"without {role} ({', '.join(missing)} is missing)" for role, missing in self.left_out[study].items()
        ]
        return ", ".join(["can start", *without, *([f"downloads {sizes}"] if sizes else [])])

    def page(self) -> str:
        """All of it as text, to be read from top to bottom."""
        needed = set().union(*self.needs.values())
        unneeded = [data for data in self.datasets if data.dataset not in needed]
        lines = [f"Run '{self.run}'", *dataset_table([data for data in self.datasets if data.dataset in needed])]
        lines += (
            ["", "Configured, but no study needs them, so none is fetched", *dataset_table(unneeded)]
            if unneeded
            else []
        )
        optional = {
            dataset for cohorts in self.left_out.values() for missing in cohorts.values() for dataset in missing
        }
        for data in (*self.wanting, *(data for data in unneeded if data.dataset in optional)):
            lines += ["", *advice(data)]
        for title, pairs in (("Disk", self.disk), ("Machine", self.machine), ("Studies", self.verdicts())):
            lines += ["", title, *indented(pairs)]
        if self.wanting:
            wanted = {data.dataset for data in self.wanting}
            runnable = [study for study, datasets in self.needs.items() if not datasets & wanted]
            lines += ["", f"Studies that can run without what is missing: {', '.join(runnable) or 'none'}"]
            lines += ["(leave only these under `studies` in config.yaml)"] if runnable else []
            lines += ["Without any data: `make demo` runs every study at reduced size on phantoms."]
        return "\n".join(lines)


def examine(config: dict, studies: dict[str, dict], sources: Path) -> Report:
    """Look at every configured dataset and at the machine; `studies` are those of `resolve_studies`.

    A dataset that can't be examined is listed as unusable; only a broken table of sources raises InputError.
    """
    needs = {name: needed_datasets(config, study) for name, study in studies.items()}
    if config["preparation"]:
        needs["preparation"] = set().union(*(sources_of(config, entry["dataset"]) for entry in config["preparation"]))
    used = used_modalities(config, studies)
    names = [name for name, entry in config["datasets"].items() if "reader" in entry]
    datasets = [presence.examine(config, name, used.get(name), sources) for name in names]
    tokens = sorted({row["token"] for data in datasets for row in data.rows} - {""})
    device, no_device = machine.device(config["device"])
    tools = [("device", device), *machine.optional_tools(tokens)]
    needed = [data for data in datasets if data.dataset in set().union(*needs.values())]
    room, full = disk.examine(config, studies, needed)
    left_out = {name: studies.get(name, {}).get("left_out", {}) for name in needs}
    return Report(config["run"], datasets, needs, left_out, room, tools, no_device or full)


def without_missing(config: dict, studies: dict[str, dict], sources: Path) -> dict[str, dict]:
    """The studies without those of their optional cohorts whose data are missing, and without the fidelity of
    reconstructions where there are no maps of structures to judge it by; their notes say so."""
    result = {}
    for name, study in studies.items():
        optional = {role: cohort for role, cohort in study["cohorts"].items() if cohort.get("optional")}
        missing = {role: missing_data(config, cohort, sources) for role, cohort in optional.items()}
        left_out = {role: datasets for role, datasets in missing.items() if datasets}
        notes = [
            f"Not {'trained or ' * bool(optional[role].get('train'))}tested on {optional[role]['title']}:"
            f" {', '.join(left_out[role])} is missing."
            for role in left_out
        ]
        if "fidelity" in study and not has_structures(config, study["cohorts"]["healthy"]["dataset"]):
            study = {key: value for key, value in study.items() if key != "fidelity"}
            notes.append("Anatomical fidelity isn't measured: maps of the structures of healthy brains are missing.")
        cohorts = {role: cohort for role, cohort in study["cohorts"].items() if role not in left_out}
        trimmed = trim({**study, "cohorts": cohorts, "notes": [*study["notes"], *notes]})
        result[name] = {**trimmed, "left_out": left_out}
    return result


def missing_data(config: dict, cohort: dict, sources: Path) -> list[str]:
    """The datasets of a cohort that are neither here nor to be downloaded."""
    needed = used_modalities({**config, "preparation": []}, {"": {"cohorts": {"": cohort}}})
    found = [presence.examine(config, dataset, modalities, sources) for dataset, modalities in needed.items()]
    return [data.dataset for data in found if data.obstacle == "missing"]


def dataset_table(datasets: list[Presence]) -> list[str]:
    """A line for each archive or tree."""
    rows = []
    for data in datasets:
        for number, part in enumerate(data.parts):
            size = "" if part.size is None else gigabytes(part.size)
            rows.append(("" if number else data.dataset, part.state, size, part.name, part.remark))
    return indented(rows)


def advice(data: Presence) -> list[str]:
    """How to get a dataset that can't be had as things stand."""
    lines = [f"How to get {data.dataset}"]
    if has_versions(data.rows):
        lines.append("  One of these versions suffices.")
    for row in data.rows:
        size = gigabytes(float(row["bytes"])) if row["bytes"] else ""
        known = [fact for fact in (row["version"], row["access"], row["licence"], size) if fact]
        lines.append(f"  {row['archive']}  {row['address']}  ({', '.join(known)})")
    for terms in dict.fromkeys(row["terms"] for row in data.rows if row["terms"]):
        lines.append(f"  Accept the terms on {terms}")
    for token in dict.fromkeys(row["token"] for row in data.rows if row["token"]):
        state = "set" if os.environ.get(token) else "not set"
        lines.append(f"  It is fetched with a token in {token} (now {state}) and `pip install 'brainuad[synapse]'`.")
    what = "the archives (under these names) or the extracted tree" if data.rows else "the extracted tree"
    return [
        *lines,
        f"  Drop {what} into {data.folder}/,",
        f"  or set datasets.{data.dataset}.path in config.yaml to the folder where they lie,",
        f"  or name each archive in datasets.{data.dataset}.local_archive.",
    ]


def indented(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
