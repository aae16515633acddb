# From volumes to slices, by the recipe of each paper. Labels go their own way, past everything that a method may see.

DERIVED = "|".join(d for d in config["datasets"] if is_derived(d)) or "(?!)"
ORIGINAL = "|".join(d for d in config["datasets"] if not is_derived(d))
PREPROCESSED = f"{RESULTS}/preprocessed/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}"


rule preprocess:
    input:
        image=f"{RESULTS}/volumes/{{dataset}}/{{modality}}/{{subject}}_image.nii.gz",
        brain=f"{RESULTS}/volumes/{{dataset}}/{{modality}}/{{subject}}_brain.nii.gz",
    output:
        image=f"{PREPROCESSED}_image.nii.gz",
        brain=f"{PREPROCESSED}_brain.nii.gz",
        transform=f"{PREPROCESSED}_transform.tfm",
    wildcard_constraints:
        dataset=ORIGINAL,
    params:
        code=lambda w: code("stages.preprocess", f"preprocessing.{w.recipe}"),
        settings=lambda w: json.dumps(config["recipes"][w.recipe]),
    log:
        f"{RESULTS}/logs/preprocess/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/preprocess/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    shell:
        "brainuad preprocess --recipe {wildcards.recipe} --image {input.image} --brain {input.brain}"
        " --settings {params.settings:q} --out-image {output.image} --out-brain {output.brain}"
        " --out-transform {output.transform} 2> {log}"


rule preprocess_label:
    input:
        label=f"{RESULTS}/volumes/{{dataset}}/{{modality}}/{{subject}}_label.nii.gz",
        grid=f"{PREPROCESSED}_brain.nii.gz",
        transform=f"{PREPROCESSED}_transform.tfm",
    output:
        f"{PREPROCESSED}_label.nii.gz",
    wildcard_constraints:
        dataset=ORIGINAL,
    params:
        code=code("stages.preprocess_label"),
    log:
        f"{RESULTS}/logs/preprocess_label/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/preprocess_label/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad preprocess-label --label {input.label} --grid {input.grid} --transform {input.transform}"
        " --out {output} 2> {log}"


# A derived dataset: healthy subjects with synthetic lesions in the shapes of real ones.
rule implant:
    input:
        image=lambda w: PREPROCESSED.format(**{**w, "dataset": config["datasets"][w.dataset]["healthy"]})
        + "_image.nii.gz",
        brain=lambda w: PREPROCESSED.format(**{**w, "dataset": config["datasets"][w.dataset]["healthy"]})
        + "_brain.nii.gz",
        shapes=lambda w: f"{RESULTS}/volumes/{config['datasets'][w.dataset]['shapes']}/subjects.tsv",
    output:
        image=f"{PREPROCESSED}_image.nii.gz",
        brain=f"{PREPROCESSED}_brain.nii.gz",
        label=f"{PREPROCESSED}_label.nii.gz",
    wildcard_constraints:
        dataset=DERIVED,
    params:
        code=code("stages.implant"),
        seed=config["seed"],
    log:
        f"{RESULTS}/logs/implant/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/implant/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad implant --image {input.image} --brain {input.brain} --shapes {input.shapes}"
        " --modality {wildcards.modality} --subject {wildcards.subject} --seed {params.seed}"
        " --out-image {output.image} --out-brain {output.brain} --out-label {output.label} 2> {log}"


def preprocessed(kind):
    """Input function: preprocessed files of one kind for all subjects of a cohort's split."""

    def files(w):
        fixed = {"recipe": STUDIES[w.study]["recipe"], "dataset": w.dataset, "modality": cohort(w)["modality"]}
        return [f"{PREPROCESSED.format(**fixed, subject=subject)}_{kind}.nii.gz" for subject in subjects(w)]

    return files


def repeated(option, values):
    return " ".join(f"--{option} {value}" for value in values)


rule slices:
    input:
        image=preprocessed("image"),
        brain=preprocessed("brain"),
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/images.h5",
    params:
        code=code("stages.slices"),
        recipe=lambda w: STUDIES[w.study]["recipe"],
        modality=lambda w: cohort(w)["modality"],
        subjects=lambda w: repeated("subject", subjects(w)),
        images=lambda w, input: repeated("image", input.image),
        brains=lambda w, input: repeated("brain", input.brain),
    log:
        f"{RESULTS}/logs/slices/{{study}}/{{dataset}}/{{split}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/slices/{{study}}/{{dataset}}/{{split}}.tsv"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=60,
    shell:
        "brainuad slices --dataset {wildcards.dataset} --recipe {params.recipe} --modality {params.modality}"
        " {params.subjects} {params.images} {params.brains} --out {output} 2> {log}"


rule label_slices:
    input:
        images=f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/images.h5",
        label=lambda w: preprocessed("label")(w) if is_labelled(w.dataset) else [],
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/labels.h5",
    params:
        code=code("stages.label_slices"),
        subjects=lambda w: repeated("subject", subjects(w)) if is_labelled(w.dataset) else "",
        labels=lambda w, input: repeated("label", input.label),
    log:
        f"{RESULTS}/logs/label_slices/{{study}}/{{dataset}}/{{split}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/label_slices/{{study}}/{{dataset}}/{{split}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    shell:
        "brainuad label-slices --images {input.images} {params.subjects} {params.labels} --out {output} 2> {log}"
