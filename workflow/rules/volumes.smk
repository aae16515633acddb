# From archives or folders to canonical volumes: download, extract, index, one NIfTI per subject and modality.

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


rule download:
    output:
        f"{DOWNLOADS}/{{download}}",
    wildcard_constraints:
        download="|".join(to_download()) or "(?!)",
    params:
        dataset=lambda w: config["datasets"][Path(w.download).parent.name]["reader"],
        archive=lambda w: quote(Path(w.download).name),
        sources=SOURCES,
    log:
        f"{RESULTS}/logs/download/{{download}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/download/{{download}}.tsv"
    localrule: True  # nodes of a cluster often have no internet
    threads: 1
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(1440),
    shell:
        "brainuad download --sources {params.sources:q} --dataset {params.dataset} --archive {params.archive}"
        " --out {output:q} 2> >(tee {log:q} >&2)"


def table_of_sources(w):
    """The table that says what a dataset's archives must be."""
    return f"{RESULTS}/phantom/{w.dataset}/sources.csv" if w.dataset in PHANTOMS else SOURCES


def expected(w):
    """What the table says of an archive; that of a phantom changes with the phantom."""
    if w.dataset in PHANTOMS:
        return {}
    row = sources.row(SOURCES, config["datasets"][w.dataset]["reader"], w.archive)
    return {column: row[column] for column in ("bytes", "checksum", "files")}


rule extract:
    input:
        lambda w: f"{RESULTS}/phantom/{w.dataset}" if w.dataset in PHANTOMS else found_archives(w.dataset)[w.archive],
    output:
        directory(f"{RESULTS}/raw/{{dataset}}/{{archive}}"),
    params:
        code=lambda w: code("stages.extract", reader_module(w.dataset)),
        archive=lambda w: quote(str(found_archives(w.dataset)[w.archive])),
        reader=lambda w: config["datasets"][w.dataset]["reader"],
        sources=lambda w: quote(str(table_of_sources(w))),
        expected=expected,
    log:
        f"{RESULTS}/logs/extract/{{dataset}}/{{archive}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/extract/{{dataset}}/{{archive}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(120),
    shell:
        "brainuad extract --archive {params.archive} --name {wildcards.archive:q} --sources {params.sources}"
        " --dataset {params.reader} --out {output:q} 2> {log:q}"


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


# Who there is is known only after the archives are read.
checkpoint index:
    input:
        roots,
    output:
        f"{RESULTS}/volumes/{{dataset}}/subjects.tsv",
    params:
        code=lambda w: code("stages.index", reader_module(w.dataset)),
        reader=lambda w: config["datasets"][w.dataset]["reader"],
        options=lambda w: json.dumps(config["datasets"][w.dataset].get("options", {})),
        expected=expected_subjects,
        listing=listing,
        roots=lambda w, input: " ".join(f"--root {quote(str(root))}" for root in input),
    log:
        f"{RESULTS}/logs/index/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/index/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(1000),
        runtime=doubling(10),
    shell:
        "brainuad index --reader {params.reader} --dataset {wildcards.dataset} {params.roots}"
        " --options {params.options:q} --expected {params.expected} --out {output} 2> {log}"


def hosts_of(dataset):
    """Whose subjects carry the anomalies of a derived dataset: what the split asks for, nothing of another dataset."""
    entry = config["datasets"][dataset]
    return {"same_as": entry["healthy"], "hosts": entry.get("hosts", "test")} if is_derived(dataset) else {}


checkpoint split:
    input:
        lambda w: [
            f"{RESULTS}/volumes/{dataset}/subjects.tsv"
            for dataset in sorted(configuration.needed_datasets(config, STUDIES[w.study]))
        ],
    output:
        f"{RESULTS}/{{study}}/splits.csv",
    params:
        code=code("stages.split"),
        cohorts=lambda w: json.dumps(
            [
                {k: c[k] for k in ("dataset", "modality", "train", "validation", "test") if k in c}
                | {"labelled": is_labelled(c["dataset"])}
                | hosts_of(c["dataset"])
                for c in STUDIES[w.study]["cohorts"].values()
            ]
        ),
        subjects=lambda w, input: " ".join(f"--subjects {Path(table).parent.name}={table}" for table in input),
        seed=config["seed"],
    log:
        f"{RESULTS}/logs/split/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/split/{{study}}.tsv"
    localrule: True
    threads: 1
    shell:
        "brainuad split --cohorts {params.cohorts:q} {params.subjects} --seed {params.seed} --out {output} 2> {log}"


# Who there is, in all that is run: the first of two calls where a profile has groups.
rule splits:
    input:
        [f"{RESULTS}/{study}/splits.csv" for study in REPORTED],
        [f"{RESULTS}/volumes/{dataset}/subjects.tsv" for dataset in USED_MODALITIES],


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


rule volume:
    input:
        f"{RESULTS}/volumes/{{dataset}}/subjects.tsv",
    output:
        **volume_files(labelled=False),
    wildcard_constraints:
        dataset="|".join(d for d in ORIGINAL if not is_labelled(d)) or "(?!)",
    params:
        code=lambda w: code("stages.volume", reader_module(w.dataset)),
        scans=lambda w: scans(w.dataset, w.subject),
        reader=lambda w: config["datasets"][w.dataset]["reader"],
        label="",
    log:
        f"{RESULTS}/logs/volume/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/volume/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(5000),
        runtime=doubling(20),
    shell:
        "brainuad volume --subjects {input} --subject {wildcards.subject} --modality {wildcards.modality}"
        " --reader {params.reader} --out-image {output.image} --out-brain {output.brain} {params.label} 2> {log}"


use rule volume as volume_with_label with:
    output:
        **volume_files(labelled=True),
    wildcard_constraints:
        dataset="|".join(d for d in ORIGINAL if is_labelled(d)) or "(?!)",
    params:
        label=lambda w, output: f"--out-label {output.label}",


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


# A derived dataset: healthy volumes with synthetic anomalies. Their brain masks are those of the healthy volumes.
rule implant:
    input:
        unpack(lent),
        image=host("image"),
        brain=host("brain"),
    output:
        image=f"{VOLUME}_image.nii.gz",
        label=f"{VOLUME}_label.nii.gz",
    wildcard_constraints:
        dataset="|".join(DERIVED) or "(?!)",
    params:
        code=implant_code,
        lesions=lambda w: scans(donor) if (donor := config["datasets"][w.dataset].get("donors")) else "",
        kind=lambda w: config["datasets"][w.dataset]["anomalies"],
        donors=donor_options,
        settings=lambda w: json.dumps(config["datasets"][w.dataset].get("settings", {})),
        seed=config["seed"],
    log:
        f"{RESULTS}/logs/implant/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/implant/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad implant --kind {params.kind} --image {input.image} --brain {input.brain} {params.donors}"
        " --modality {wildcards.modality} --subject {wildcards.subject} --seed {params.seed}"
        " --settings {params.settings:q} --out-image {output.image} --out-label {output.label} 2> {log}"
