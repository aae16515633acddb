"""How long Snakemake takes to plan every study at full size: `python benchmarks/planning.py [CONFIGFILE]`.

In a copy of the workflow whose data are pretended: as many subjects as the table of sources lists, found and split, so
that no job is still unknown. The run is that of config.yaml, with CONFIGFILE laid over it. Prints the number of
jobs and the seconds on the clock and of the processor.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

from brainuad import configuration, doctor
from brainuad.datasets import sources
from brainuad.datasets.reader import MODALITIES

PROJECT = Path(__file__).parents[1]


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake in a folder; its output."""
    command = [sys.executable, "-m", "snakemake", "--cores", "8", *arguments]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-5000:])
    return done.stdout


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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options = pretend(Path(folder), arguments.configfile and arguments.configfile.absolute())
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        output = snakemake(Path(folder), "--dry-run", "--quiet", "rules", *options)
        clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    jobs = re.search(r"^total +(\d+)$", output, re.MULTILINE)
    assert jobs or "Nothing to be done" in output, output
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{jobs[1] if jobs else 0} jobs, {clock:.1f} s on the clock, {cpu:.1f} s of the processor")


if __name__ == "__main__":
    main()
