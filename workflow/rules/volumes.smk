# From archives or folders to canonical volumes: download, extract, index, one NIfTI per subject and modality.


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


checkpoint split:
    input:
        indices,
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
        # An index made anew needs the split anew, even where it says the same: else Snakemake 9.27 takes the split off
        # its plan and runs what waits for it without inputs.
        made=lambda w: [Path(index).stat().st_mtime_ns for index in indices(w) if Path(index).is_file()],
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
