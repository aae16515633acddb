# Anatomical fidelity of reconstructions, judged by a segmentation network, and the detection of each class of
# abnormality (Kobayashi et al. 2021).

SEGMENTER = f"{RESULTS}/{{study}}/segmenter"


rule structures:
    input:
        f"{RESULTS}/volumes/{{dataset}}/subjects.tsv",
    output:
        f"{VOLUME}_structures.nii.gz",
    params:
        code=code("stages.structures"),
        scans=lambda w: scans(w.dataset, w.subject),
    log:
        f"{RESULTS}/logs/structures/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/structures/{{dataset}}/{{modality}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(20),
    shell:
        "brainuad structures --subjects {input} --subject {wildcards.subject} --modality {wildcards.modality}"
        " --out {output} 2> {log}"


use rule preprocess_label as preprocess_structures with:
    input:
        label=f"{VOLUME}_structures.nii.gz",
        grid=f"{PREPROCESSED}_brain.nii.gz",
        transform=f"{PREPROCESSED}_transform.tfm",
    output:
        f"{PREPROCESSED}_structures.nii.gz",
    log:
        f"{RESULTS}/logs/preprocess_structures/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/preprocess_structures/{{recipe}}/{{dataset}}/{{modality}}/{{subject}}.tsv"


use rule label_slices as structure_slices with:
    input:
        images=f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/images.h5",
        label=preprocessed("structures"),
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/structures.h5",
    params:
        subjects=lambda w: repeated("subject", subjects(w)),
    log:
        f"{RESULTS}/logs/structure_slices/{{study}}/{{dataset}}/{{split}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/structure_slices/{{study}}/{{dataset}}/{{split}}.tsv"


# Anatomy is no abnormality: what the judge is taught of healthy brains never reaches a method.
rule fit_segmenter:
    input:
        train=lambda w: slices(w.study, healthy(w.study), "train"),
        train_structures=lambda w: slices(w.study, healthy(w.study), "train", "structures"),
        validation=lambda w: slices(w.study, healthy(w.study), "validation"),
        validation_structures=lambda w: slices(w.study, healthy(w.study), "validation", "structures"),
    output:
        model=f"{SEGMENTER}/model.pt",
        curves=f"{SEGMENTER}/training.csv",
    params:
        code=code("stages.fit_segmenter"),
        settings=lambda w: json.dumps(STUDIES[w.study]["fidelity"]["settings"]),
        training=lambda w: json.dumps(STUDIES[w.study]["fidelity"]["training"]),
        seed=config["seed"],
        device=config["device"],
    log:
        f"{RESULTS}/logs/fit_segmenter/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_segmenter/{{study}}.tsv"
    threads: config["threads"]
    resources:
        **ON_GPU,
        mem_mb=doubling(16000),
        runtime=doubling(2880),
    shell:
        "brainuad fit-segmenter --train {input.train} --train-structures {input.train_structures}"
        " --validation {input.validation} --validation-structures {input.validation_structures}"
        " --settings {params.settings:q} --training {params.training:q} --seed {params.seed} --device {params.device}"
        " --threads {threads} --out-model {output.model} --out-curves {output.curves} 2> >(tee {log} >&2)"


rule segment_dice:
    input:
        images=lambda w: slices(w.study, healthy(w.study), "test"),
        structures=lambda w: slices(w.study, healthy(w.study), "test", "structures"),
        model=f"{SEGMENTER}/model.pt",
    output:
        f"{SEGMENTER}/dice.csv",
    params:
        code=code("stages.segment_dice"),
        device=config["device"],
    log:
        f"{RESULTS}/logs/segment_dice/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/segment_dice/{{study}}.tsv"
    threads: config["threads"]
    resources:
        **ON_GPU,
        mem_mb=doubling(8000),
        runtime=doubling(60),
    shell:
        "brainuad segment-dice --images {input.images} --structures {input.structures} --model {input.model}"
        " --device {params.device} --threads {threads} --out {output} 2> {log}"


rule fidelity:
    input:
        images=lambda w: slices(w.study, w.dataset, "test"),
        maps=lambda w: maps(w.study, w.dataset, "test", w.method, w.seed),
        model=f"{SEGMENTER}/model.pt",
    output:
        metrics=f"{TEST}/{RUN}/fidelity.csv",
        examples=f"{TEST}/{RUN}/fidelity.h5",
    params:
        code=code("stages.fidelity"),
        device=config["device"],
    log:
        f"{RESULTS}/logs/fidelity/{{study}}/{{dataset}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fidelity/{{study}}/{{dataset}}/{RUN}.tsv"
    threads: config["threads"]
    resources:
        **ON_GPU,
        mem_mb=doubling(16000),
        runtime=doubling(240),
    shell:
        "brainuad fidelity --images {input.images} --maps {input.maps} --model {input.model} --study {wildcards.study}"
        " --dataset {wildcards.dataset} --method {wildcards.method} --seed {wildcards.seed} --device {params.device}"
        " --threads {threads} --out-metrics {output.metrics} --out-examples {output.examples} 2> {log}"


rule rectified:
    input:
        images=lambda w: slices(w.study, w.dataset, "test"),
        labels=lambda w: slices(w.study, w.dataset, "test", "labels"),
        processed=lambda w: processed(w.study, w.dataset, "test", w.method, w.seed),
    output:
        metrics=f"{TEST}/{RUN}/rectified.csv",
        curves=f"{TEST}/{RUN}/rectified-curves.csv",
    params:
        code=code("stages.rectified"),
        classes=lambda w: json.dumps(abnormalities(w.dataset)),
    log:
        f"{RESULTS}/logs/rectified/{{study}}/{{dataset}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/rectified/{{study}}/{{dataset}}/{RUN}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(60),
    shell:
        "brainuad rectified --images {input.images} --labels {input.labels} --processed {input.processed}"
        " --classes {params.classes:q} --study {wildcards.study} --dataset {wildcards.dataset}"
        " --method {wildcards.method} --seed {wildcards.seed} --out-metrics {output.metrics}"
        " --out-curves {output.curves} 2> {log}"


rule table_classes:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        intervals=f"{RESULTS}/{{study}}/intervals.csv",
        published=PUBLISHED,
        images=lambda w: slices(w.study, w.dataset, "test"),
        labels=lambda w: slices(w.study, w.dataset, "test", "labels"),
        dice=lambda w: f"{SEGMENTER}/dice.csv".format(study=w.study) if faithful(w.study) else [],
    output:
        csv=f"{RESULTS}/{{study}}/tables/{{dataset}}-classes.csv",
        html=report(
            f"{RESULTS}/{{study}}/tables/{{dataset}}-classes.html",
            caption="../report/classes.rst",
            category="{study}",
            subcategory="Tables",
            labels={"dataset": "{dataset}", "content": "classes of abnormality, fidelity"},
        ),
    params:
        code=code("stages.table_classes"),
        classes=lambda w: json.dumps(abnormalities(w.dataset)),
        faithful=lambda w: repeated("faithful", faithful(w.study)),
        dice=lambda w, input: f"--dice {input.dice}" if input.dice else "",
        caption=caption,
    log:
        f"{RESULTS}/logs/table_classes/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_classes/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad table-classes --study {input.study} --metrics {input.metrics} --intervals {input.intervals}"
        " --published {input.published} --images {input.images} --labels {input.labels}"
        " --dataset {wildcards.dataset} --classes {params.classes:q} {params.faithful} {params.dice}"
        " --out-csv {output.csv} --out-html {output.html} 2> {log}"


rule figure_rectified:
    input:
        study=STUDY,
        curves=lambda w: [
            f"{TEST}/{RUN}/rectified-curves.csv".format(study=w.study, dataset=w.dataset, method=method, seed=seed)
            for method in STUDIES[w.study]["classes"]["methods"]
            for seed in seeds(method)
        ],
    output:
        report(
            f"{FIGURES}/{{dataset}}-rectified.svg",
            caption="../report/rectified.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "mean rectified ROC curves of each class"},
        ),
    params:
        code=code("stages.figure_rectified"),
        curves=lambda w, input: repeated("curves", input.curves),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_rectified/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_rectified/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-rectified --study {input.study} --dataset {wildcards.dataset} {params.curves} --out {output}"
        " 2> {log}"


rule figure_fidelity:
    input:
        study=STUDY,
        examples=lambda w: [
            f"{TEST}/{RUN}/fidelity.h5".format(study=w.study, dataset=w.dataset, method=method, seed=seeds(method)[0])
            for method in faithful(w.study)
        ],
    output:
        report(
            f"{FIGURES}/{{dataset}}-fidelity.svg",
            caption="../report/fidelity.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "reconstructions, entropy, structures"},
        ),
    params:
        code=code("stages.figure_fidelity"),
        methods=lambda w: repeated("method", faithful(w.study)),
        examples=lambda w, input: repeated("examples", input.examples),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_fidelity/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_fidelity/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-fidelity --study {input.study} --dataset {wildcards.dataset} {params.methods}"
        " {params.examples} --out {output} 2> {log}"


rule figure_flow:
    input:
        study=STUDY,
        splits=f"{RESULTS}/{{study}}/splits.csv",
        subjects=lambda w: listed(w.study),
        images=lambda w: [slices(w.study, *place) for place in flowing(w.study)],
        labels=lambda w: [slices(w.study, *place, "labels") for place in ill(w.study)],
    output:
        report(
            f"{FIGURES}/flow.svg",
            caption="../report/flow.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "all", "content": "subjects and slices"},
        ),
    params:
        code=code("stages.figure_flow"),
        datasets=lambda w: repeated("dataset", [c["dataset"] for c in STUDIES[w.study]["cohorts"].values()]),
        subjects=lambda w, input: repeated("subjects", input.subjects),
        images=lambda w, input: named_files("images", flowing(w.study), input.images),
        labels=lambda w, input: named_files("labels", ill(w.study), input.labels),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_flow/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_flow/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-flow --study {input.study} --splits {input.splits} {params.datasets} {params.subjects}"
        " {params.images} {params.labels} --out {output} 2> {log}"
