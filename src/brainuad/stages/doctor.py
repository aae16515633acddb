"""Tell which data, disk, device and tools a run has, how to get what is missing, and which studies can start."""

import sys
from pathlib import Path

import yaml

from brainuad import configuration
from brainuad.doctor import examine, without_missing
from brainuad.errors import InputError


def main(*, config: Path = Path("config.yaml"), configfile: Path | None = None, data: Path | None = None) -> None:
    """Examine the run that CONFIG describes, with CONFIGFILE laid over it and its data in the folder DATA.

    Exit status 0 if every study can start with what is here or can be downloaded, else 1.
    """
    workflow = config.parent / "workflow"
    values = read(config)
    if configfile:
        values = configuration.lay_over(values, read(configfile))
    if data:
        values["data"] = str(data)
    configuration.validate(values, workflow / "schemas/config.schema.yaml", "configuration")
    values = configuration.expand_sweeps(values)
    sources = workflow / "data/sources.csv"
    studies = without_missing(values, configuration.resolve_studies(values, workflow), sources)
    configuration.check_preparation(values)
    configuration.check_datasets(values, studies)
    report = examine(values, studies, sources)
    print(report.page())
    if not report.can_start:
        sys.exit(1)


def read(path: Path) -> dict:
    """A YAML file's mapping. Raises InputError for any other file."""
    mend = "Name a configuration such as config.yaml"
    try:
        values = yaml.safe_load(path.read_bytes())
    # Among the ValueErrors are dates that don't exist.
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(path, f"is missing or no YAML ({error})", mend) from error
    if not isinstance(values, dict):
        raise InputError(path, "holds no settings", mend)
    return values
