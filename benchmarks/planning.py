"""How long Snakemake takes to plan every study at full size: `python benchmarks/planning.py [CONFIGFILE]`.

In a copy of the workflow whose data are pretended: as many subjects as the table of sources lists, found and split, so
that no job is still unknown. The run is that of config.yaml, with CONFIGFILE laid over it. Prints the number of
jobs, the seconds of the processor until their graph stands, and those of the whole dry run, which then prints them;
the same in the groups of profiles/slurm, with the number of submissions; then the same of a run that has nothing to
do, since every file is there, empty, and recorded as made. `--targets baur2021` plans that study alone.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from brainuad import configuration, doctor
from brainuad.datasets import sources
from brainuad.datasets.reader import MODALITIES

PROJECT = Path(__file__).parents[1]


def snakemake(folder: Path, *arguments: str) -> tuple[str, float, float]:
    """Run Snakemake in a folder: its output, the seconds of the processor until it told its jobs, and all it took."""
    command = [sys.executable, "-m", "snakemake", "--cores", "8", *arguments]
    lines, planned, total = [], 0.0, 0.0
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Job stats:") and not planned:  # it tells them a second time in the end
                planned = processor(process.pid)
        total = processor(process.pid)
    if process.returncode:
        sys.exit("".join(lines)[-5000:])
    return "".join(lines), planned, total


def make_all(folder: Path, options: list[str]) -> None:
    """Every file of the run, empty, and Snakemake's records of them, as if all jobs had run."""
    listed, _, _ = snakemake(folder, "--summary", *options)
    for line in listed.splitlines():
        path = folder / line.split("\t")[0]
        if line.startswith("results/") and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    snakemake(folder, "--touch", "--quiet", "all", *options)


def grouping() -> list[str]:
    """The options by which clusters' profiles put jobs in groups."""
    return ["--groups", *yaml.safe_load((PROJECT / "workflow/profiles/slurm/config.yaml").read_text())["groups"]]


def submissions(output: str) -> int:
    """How many submissions a dry run in groups is: the groups, and the jobs that are in none of them."""
    return len(re.findall(r"^(?:\[.*\] Group job |(?:local)?rule )", output, re.MULTILINE))


def processor(process: int) -> float:
    """Seconds of the processor that a process has had; Linux keeps them until its parent has heard that it ended."""
    times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def pretend(folder: Path, configfile: Path | None) -> list[str]:
    """Copy the workflow into a folder, with data that are only names; the options that Snakemake takes there."""
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(PROJECT / name, folder)
    for name in ("workflow", "profiles"):
        shutil.copytree(PROJECT / name, folder / name)
    os.chdir(folder)
    config = yaml.safe_load(Path("config.yaml").read_text())
    if configfile:
        config = configuration.lay_over(config, yaml.safe_load(configfile.read_text()))
    config = configuration.expand_sweeps(config)
    listed = Path("workflow/data/sources.csv")
    studies = doctor.without_missing(config, configuration.resolve_studies(config, Path("workflow")), listed)
    table = sources.read(listed)
    for dataset, modalities in configuration.used_modalities(config, studies).items():
        scan = Path(config["data"], dataset, "pretended.nii.gz")
        scan.parent.mkdir(parents=True)
        scan.write_text("A scan that isn't one.")
        rows = table[table["dataset"] == config["datasets"][dataset]["reader"]].to_dict("records")
        found = pd.DataFrame({"subject": [f"subject{number:04}" for number in range(sources.subjects(rows))]})
        for column in ("site", "age", "sex", *MODALITIES, "label", "brain"):
            found[column] = str(scan) if column in (*modalities, "label") else ""
        index = Path("results", config["run"], "volumes", dataset, "subjects.tsv")
        index.parent.mkdir(parents=True)
        found.to_csv(index, sep="\t", index=False)
    options = ["--configfile", str(configfile), "--"] if configfile else ["--"]
    snakemake(folder, *options, *(f"results/{config['run']}/{study}/splits.csv" for study in studies))
    return options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configfile", type=Path, nargs="?")
    parser.add_argument("--targets", nargs="+", default=[])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options = pretend(Path(folder), arguments.configfile and arguments.configfile.absolute())
        options += arguments.targets
        output, planned, total = snakemake(Path(folder), "--dry-run", "--quiet", "rules", *options)
        jobs = re.search(r"^total +(\d+)$", output, re.MULTILINE)[1]
        print(f"{jobs} jobs, {planned:.1f} s until the graph stands, {total:.1f} s in all", flush=True)
        output, planned, total = snakemake(Path(folder), "--dry-run", *grouping(), *options)
        print(f"{submissions(output)} submissions in groups, {planned:.1f} s and {total:.1f} s", flush=True)
        make_all(Path(folder), options)
        output, _, total = snakemake(Path(folder), *options)
    if "Nothing to be done" not in output:
        sys.exit(output[-5000:])
    print(f"{total:.1f} s when there is nothing to do")


if __name__ == "__main__":
    main()
