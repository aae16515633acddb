# From volumes to slices, by the recipe of each paper. Labels go their own way, past everything that a method may see.

from brainuad import machine

PREPROCESSED = f"{RESULTS}/preprocessed/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}"
QUALITY = f"{RESULTS}/quality/{{recipe}}/{{dataset}}-{{modality}}"


rule preprocess:
    input:
        image=f"{VOLUME}_image.nii.gz",
        brain=lambda w: host("brain")(w) if is_derived(w.dataset) else f"{VOLUME}_brain.nii.gz",
    output:
        image=f"{PREPROCESSED}_image.nii.gz",
        brain=f"{PREPROCESSED}_brain.nii.gz",
        transform=f"{PREPROCESSED}_transform.tfm",
        picture=f"{PREPROCESSED}_steps.png",
        quality=f"{PREPROCESSED}_quality.json",
    params:
        code=lambda w: code("stages.preprocess", f"preprocessing.{configuration.recipe(config, w.recipe)[0]}"),
        module=lambda w: configuration.recipe(config, w.recipe)[0],
        fast=lambda w: machine.has_fast() if configuration.recipe(config, w.recipe)[0] == "strega" else "",
        settings=lambda w: json.dumps(configuration.recipe(config, w.recipe)[1]),
    log:
        f"{RESULTS}/logs/preprocess/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/preprocess/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(20),
    shell:
        "brainuad preprocess --recipe {params.module} --image {input.image} --brain {input.brain}"
        " --modality {wildcards.modality} --settings {params.settings:q} --out-image {output.image}"
        " --out-brain {output.brain} --out-transform {output.transform} --out-picture {output.picture}"
        " --out-quality {output.quality} 2> {log}"


rule preprocess_label:
    input:
        label=f"{VOLUME}_label.nii.gz",
        grid=f"{PREPROCESSED}_brain.nii.gz",
        transform=f"{PREPROCESSED}_transform.tfm",
    output:
        f"{PREPROCESSED}_label.nii.gz",
    params:
        code=code("stages.preprocess_label"),
    log:
        f"{RESULTS}/logs/preprocess_label/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/preprocess_label/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad preprocess-label --label {input.label} --grid {input.grid} --transform {input.transform}"
        " --out {output} 2> {log}"


rule quality:
    input:
        quality=lambda w: [f"{PREPROCESSED.format(**w, subject=s)}_quality.json" for s in prepared(w)],
        pictures=lambda w: [f"{PREPROCESSED.format(**w, subject=s)}_steps.png" for s in prepared(w)],
    output:
        table=f"{QUALITY}.tsv",
        html=report(
            f"{QUALITY}.html",
            caption="../report/quality.rst",
            category="Preprocessing",
            subcategory="{recipe}",
            labels={"dataset": "{dataset} {modality}", "content": "quality table"},
        ),
        sheet=report(
            f"{QUALITY}.png",
            caption="../report/quality.rst",
            category="Preprocessing",
            subcategory="{recipe}",
            labels={"dataset": "{dataset} {modality}", "content": "all subjects"},
        ),
        steps=report(
            f"{QUALITY}-steps.png",
            caption="../report/preprocessing.rst",
            category="Preprocessing",
            subcategory="{recipe}",
            labels={"dataset": "{dataset} {modality}", "content": "step by step, one subject"},
        ),
    params:
        code=code("stages.quality"),
        module=lambda w: configuration.recipe(config, w.recipe)[0],
        subjects=lambda w: repeated("subject", prepared(w)),
        quality=lambda w, input: repeated("quality", input.quality),
        pictures=lambda w, input: repeated("picture", input.pictures),
        caption=lambda w: f"Recipe {w.recipe}, dataset {w.dataset} {w.modality}, run {config['run']}.",
    log:
        f"{RESULTS}/logs/quality/{{recipe}}/{{dataset}}-{{modality}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/quality/{{recipe}}/{{dataset}}-{{modality}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    shell:
        "brainuad quality --recipe {params.module} --dataset {wildcards.dataset} --modality {wildcards.modality}"
        " {params.subjects} {params.quality} {params.pictures} --out-table {output.table} --out-html {output.html}"
        " --out-sheet {output.sheet} --out-steps {output.steps} 2> {log}"


rule preparation:
    input:
        prepared_files,


# Of patients' slices those are drawn that show a lesion, so the labels decide which slices there are; none of them
# gets into the images.
rule slices:
    input:
        image=preprocessed("image"),
        brain=preprocessed("brain"),
        label=lambda w: preprocessed("label")(w) if drawn_slices(w) and is_labelled(w.dataset) else [],
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{{images}}.h5",
    params:
        code=code("stages.slices"),
        recipe=recipe_of_slices,
        modality=lambda w: cohort(w)["modality"],
        subjects=lambda w: repeated("subject", subjects(w)),
        images=lambda w, input: repeated("image", input.image),
        brains=lambda w, input: repeated("brain", input.brain),
        labels=lambda w, input: repeated("label", input.label),
        draw=lambda w: f"--draw {drawn_slices(w)} --seed {config['seed']}" if drawn_slices(w) else "",
    log:
        f"{RESULTS}/logs/slices/{{study}}/{{dataset}}/{{split}}/{{images}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/slices/{{study}}/{{dataset}}/{{split}}/{{images}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(16000),
        runtime=doubling(60),
    shell:
        "brainuad slices --dataset {wildcards.dataset} --recipe {params.recipe} --modality {params.modality}"
        " {params.subjects} {params.images} {params.brains} {params.labels} {params.draw} --out {output} 2> {log}"


rule join_slices:
    input:
        lambda w: [f"{RESULTS}/{w.study}/{dataset}/{w.split}/{w.images}.h5" for dataset in trained_on(w.study, w.split)],
    output:
        f"{RESULTS}/{{study}}/{JOINED}/{{split}}/{{images}}.h5",
    params:
        code=code("stages.join_slices"),
        images=lambda w, input: repeated("images", input),
    log:
        f"{RESULTS}/logs/join_slices/{{study}}/{{split}}/{{images}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/join_slices/{{study}}/{{split}}/{{images}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(60),
    shell:
        "brainuad join-slices {params.images} --out {output} 2> {log}"


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
        mem_mb=doubling(4000),
        runtime=doubling(60),
    shell:
        "brainuad label-slices --images {input.images} {params.subjects} {params.labels} --out {output} 2> {log}"
