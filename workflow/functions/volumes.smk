# Where archives and volumes come from, and what a change of them is.

import re

from brainuad.datasets import location, sources
from brainuad.datasets.reader import MODALITIES
from brainuad.datasets.volumes import split_channel


@cache
def found_archives(dataset):
    """Archives of a dataset that are used, {name: path}; none where the user's own tree is read as it lies."""
    if dataset in PHANTOMS:
        return {name: f"{RESULTS}/phantom/{dataset}/{name}" for name in phantom_archives(dataset)}
    return {archive.name: archive.path for archive in located(dataset)}


@cache
def located(dataset):
    return location.archives(config, dataset, USED_MODALITIES.get(dataset, set(MODALITIES)), SOURCES)


def to_download():
    """`dataset/archive` of what isn't here yet. The rest has no rule that could make it, and so delete it, again."""
    datasets = [dataset for dataset in USED_MODALITIES if dataset not in PHANTOMS]
    return [f"{d}/{re.escape(a.name)}" for d in datasets for a in located(d) if a.state == "to download"]


def table_of_sources(w):
    """The table that says what a dataset's archives must be."""
    return f"{RESULTS}/phantom/{w.dataset}/sources.csv" if w.dataset in PHANTOMS else SOURCES


def expected(w):
    """What the table says of an archive; that of a phantom changes with the phantom."""
    if w.dataset in PHANTOMS:
        return {}
    row = sources.row(SOURCES, config["datasets"][w.dataset]["reader"], w.archive)
    return {column: row[column] for column in ("bytes", "checksum", "files")}


def roots(w):
    """Folders with a dataset's scans: its extracted archives, or the user's own tree, which stays where it is."""
    extracted = [f"{RESULTS}/raw/{w.dataset}/{archive}" for archive in found_archives(w.dataset)]
    beside = [f"{RESULTS}/phantom/{w.dataset}"] if w.dataset in PHANTOMS else []  # its tables of people
    return [*extracted, *beside] or location.drop_folder(config, w.dataset)


def listing(w):
    """Digest of the files in a user's own tree, whose folders' times don't tell of files deeper down."""
    if found_archives(w.dataset):
        return ""
    files = sorted(file for file in location.drop_folder(config, w.dataset).rglob("*") if file.is_file())
    return derive(0, *((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


def expected_subjects(w):
    """How many subjects the table of sources tells of a dataset's archives, at least; 0 for a user's own tree."""
    if w.dataset in PHANTOMS:
        return 0
    rows = [sources.row(SOURCES, config["datasets"][w.dataset]["reader"], name) for name in found_archives(w.dataset)]
    return sources.subjects(rows)


def hosts_of(dataset):
    """Whose subjects carry the anomalies of a derived dataset: what the split asks for, nothing of another dataset."""
    entry = config["datasets"][dataset]
    return {"same_as": entry["healthy"], "hosts": entry.get("hosts", "test")} if is_derived(dataset) else {}


def indices(w):
    """The tables of subjects of all datasets that a study needs."""
    names = configuration.needed_datasets(config, STUDIES[w.study])
    return [f"{RESULTS}/volumes/{dataset}/subjects.tsv" for dataset in sorted(names)]


def subjects(w):
    """Subjects of a job's study, dataset and split, in order; of the training subjects the share that a sweep leaves,
    nested: the fewer are among the more."""
    study = STUDIES[w.study]
    table = text_table(checkpoints.split.get(study=study.get("level_of", w.study)).output[0])
    rows = table[(table["dataset"] == w.dataset) & (table["split"] == w.split)]
    share = study.get("train_share", 1) if w.split == "train" else 1
    return list(rows[rows["drawn"].astype(int) < math.ceil(share * len(rows))]["subject"])


@cache
def scans_of(table, written):
    """Subject -> size and time of each of its files, from a subjects.tsv last written at a time."""
    rows = text_table(table).to_dict("records")
    return {row["subject"]: [stamp(row[column]) for column in (*MODALITIES, "label", "brain")] for row in rows}


def stamp(cell):
    path = split_channel(cell)[0]
    return [path.stat().st_size, path.stat().st_mtime_ns] if cell and path.is_file() else []


def scans(dataset, subject=None):
    """Digest of the files of a subject, or of all: a replaced scan changes neither its path nor subjects.tsv.

    Params that are made from a job's input don't count as changed, so the table isn't taken from there.
    """
    table = f"{RESULTS}/volumes/{dataset}/subjects.tsv"
    found = scans_of(table, Path(table).stat().st_mtime_ns) if Path(table).is_file() else {}
    return derive(0, json.dumps(found.get(subject, []) if subject else found))


def volume_files(labelled):
    files = {"image": f"{VOLUME}_image.nii.gz", "brain": f"{VOLUME}_brain.nii.gz"}
    return {**files, "label": f"{VOLUME}_label.nii.gz"} if labelled else files


def host(kind):
    """Input function: the healthy volume that a derived one is made from."""
    return lambda w: VOLUME.format(**{**w, "dataset": config["datasets"][w.dataset]["healthy"]}) + f"_{kind}.nii.gz"


def lent(w):
    """The tables of the subjects that lend their lesions to a derived dataset, if any do, and of those that get them."""
    entry = config["datasets"][w.dataset]
    tables = {"donors": entry["donors"], "hosts": entry["healthy"]} if "donors" in entry else {}
    return {kind: f"{RESULTS}/volumes/{dataset}/subjects.tsv" for kind, dataset in tables.items()}


def donor_options(w, input):
    if "donors" not in input.keys():
        return ""
    entry = config["datasets"][w.dataset]
    lender = config["datasets"][entry["donors"]]["reader"]
    return f"--donors {input.donors} --donor-reader {lender} --hosts {entry['healthy']}={input.hosts}"


def implant_code(w):
    entry = config["datasets"][w.dataset]
    readers = [reader_module(entry["donors"])] if "donors" in entry else []
    return code("stages.implant", f"anomalies.{entry['anomalies']}", *readers)
