# From archives or folders to canonical volumes: extract, index, one NIfTI per subject and modality.

import pandas as pd

ARCHIVES = pd.read_csv(SOURCES, dtype=str, keep_default_na=False)


def archives(dataset):
    """Archives to extract for a dataset, {name: path}: those its folder holds of the modalities in use."""
    name = config["datasets"][dataset]["reader"]
    used = {"", *configuration.modalities(STUDIES)}
    rows = ARCHIVES[(ARCHIVES["dataset"] == name) & ARCHIVES["modality"].isin(used)]
    folder = f"{RESULTS}/phantom/{dataset}" if dataset in PHANTOMS else configuration.folder_of(config, dataset)
    found = {archive: Path(folder, archive) for archive in rows["archive"]}
    return {a: p for a, p in found.items() if dataset in PHANTOMS or p.is_file()}


def checksum(w):
    """The option that tells `brainuad extract` what the archive must be."""
    if w.dataset in PHANTOMS:
        return f"--sums {RESULTS}/phantom/{w.dataset}/SHA256SUMS"
    row = ARCHIVES.set_index("archive").loc[w.archive]
    kind, _, value = row["checksum"].partition(":")
    size = f"--size {row['bytes']}" if row["bytes"] else ""
    return f"{size} --{kind} {value}" if value else size


rule extract:
    input:
        lambda w: f"{RESULTS}/phantom/{w.dataset}" if w.dataset in PHANTOMS else archives(w.dataset)[w.archive],
    output:
        directory(f"{RESULTS}/raw/{{dataset}}/{{archive}}"),
    params:
        code=code("stages.extract"),
        archive=lambda w: quote(str(archives(w.dataset)[w.archive])),
        checksum=checksum,
    log:
        f"{RESULTS}/logs/extract/{{dataset}}/{{archive}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/extract/{{dataset}}/{{archive}}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=120,
    shell:
        "brainuad extract --archive {params.archive} {params.checksum} --out {output} 2> {log}"


def roots(w):
    """Folders with a dataset's scans: its extracted archives, or the user's own tree, which stays where it is."""
    extracted = [f"{RESULTS}/raw/{w.dataset}/{archive}" for archive in archives(w.dataset)]
    return extracted or configuration.folder_of(config, w.dataset)


def listing(w):
    """Digest of the scans in a user's own tree, whose folders' times don't tell of files deeper down."""
    if archives(w.dataset):
        return ""
    files = sorted(configuration.folder_of(config, w.dataset).rglob("*.nii*"))
    return derive(0, *((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


rule index:
    input:
        roots,
    output:
        f"{RESULTS}/volumes/{{dataset}}/subjects.tsv",
    params:
        code=lambda w: code("stages.index", f"datasets.{config['datasets'][w.dataset]['reader']}"),
        reader=lambda w: config["datasets"][w.dataset]["reader"],
        listing=listing,
        roots=lambda w, input: " ".join(f"--root {quote(str(root))}" for root in input),
    log:
        f"{RESULTS}/logs/index/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/index/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "brainuad index --reader {params.reader} --dataset {wildcards.dataset} {params.roots}"
        " --out {output} 2> {log}"


# Who belongs to which split is known only after the archives are read.
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
                | ({"same_as": config["datasets"][c["dataset"]]["healthy"]} if is_derived(c["dataset"]) else {})
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


def subjects(w):
    """Subjects of a job's study, dataset and split, in order."""
    table = pd.read_csv(checkpoints.split.get(study=w.study).output[0], dtype=str)
    return list(table[(table["dataset"] == w.dataset) & (table["split"] == w.split)]["subject"])


def volume_files(labelled):
    stem = f"{RESULTS}/volumes/{{dataset}}/{{modality}}/{{subject}}"
    files = {"image": f"{stem}_image.nii.gz", "brain": f"{stem}_brain.nii.gz"}
    return {**files, "label": f"{stem}_label.nii.gz"} if labelled else files


rule volume:
    input:
        f"{RESULTS}/volumes/{{dataset}}/subjects.tsv",
    output:
        **volume_files(labelled=False),
    wildcard_constraints:
        dataset="|".join(d for d in config["datasets"] if not is_labelled(d)) or "(?!)",
    params:
        code=lambda w: code("stages.volume", f"datasets.{config['datasets'][w.dataset]['reader']}"),
        reader=lambda w: config["datasets"][w.dataset]["reader"],
        label="",
    log:
        f"{RESULTS}/logs/volume/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/volume/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    shell:
        "brainuad volume --subjects {input} --subject {wildcards.subject} --modality {wildcards.modality}"
        " --reader {params.reader} --out-image {output.image} --out-brain {output.brain} {params.label} 2> {log}"


use rule volume as volume_with_label with:
    output:
        **volume_files(labelled=True),
    wildcard_constraints:
        dataset="|".join(d for d in config["datasets"] if is_labelled(d) and not is_derived(d)) or "(?!)",
    params:
        label=lambda w, output: f"--out-label {output.label}",
