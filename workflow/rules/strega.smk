# Figures of studies that segment as StRegA does.


rule figure_pipeline:
    input:
        study=STUDY,
        scans=lambda w: slices(w.study, w.dataset, "test"),
        tissues=lambda w: slices(w.study, w.dataset, "test", method=w.method),
        labels=lambda w: slices(w.study, w.dataset, "test", "labels"),
        maps=lambda w: maps(w.study, w.dataset, "test", w.method, seeds(w.method)[0]),
        processed=lambda w: processed(w.study, w.dataset, "test", w.method, seeds(w.method)[0]),
        masks=lambda w: masks(w.study, w.dataset, "test", w.method, seeds(w.method)[0]),
    output:
        report(
            f"{FIGURES}/{{dataset}}-{{method}}-pipeline.svg",
            caption="../report/pipeline.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "from scan to mask, {method}"},
        ),
    wildcard_constraints:
        method=any_of(METHODS),
    params:
        code=code("stages.figure_pipeline"),
        settings=lambda w: json.dumps(configuration.own_segmentation(STUDIES[w.study], w.method)[1]),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_pipeline/{{study}}/{{dataset}}/{{method}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_pipeline/{{study}}/{{dataset}}/{{method}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(10),
    shell:
        "brainuad figure-pipeline --study {input.study} --dataset {wildcards.dataset} --method {wildcards.method}"
        " --scans {input.scans} --tissues {input.tissues} --labels {input.labels} --maps {input.maps}"
        " --processed {input.processed} --masks {input.masks} --settings {params.settings:q} --out {output} 2> {log}"


rule figure_samples:
    input:
        study=STUDY,
        images=lambda w: slices(w.study, w.dataset, "test"),
        labels=lambda w: slices(w.study, w.dataset, "test", "labels"),
    output:
        report(
            f"{FIGURES}/{{dataset}}-samples.svg",
            caption="../report/samples.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "made anomalies, slices with and without"},
        ),
    params:
        code=code("stages.figure_samples"),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_samples/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_samples/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(10),
    shell:
        "brainuad figure-samples --study {input.study} --dataset {wildcards.dataset} --images {input.images}"
        " --labels {input.labels} --out {output} 2> {log}"


rule figure_boxes:
    input:
        study=STUDY,
        images=lambda w: slices(w.study, w.dataset, "test"),
        labels=lambda w: slices(w.study, w.dataset, "test", "labels"),
        masks=lambda w: [masks(w.study, w.dataset, "test", method, seed) for method, seed in boxed(w).items()],
    output:
        report(
            f"{FIGURES}/{{dataset}}-boxes.svg",
            caption="../report/boxes.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "masks of all methods, boxes"},
        ),
    params:
        code=code("stages.figure_boxes"),
        methods=lambda w: repeated("method", boxed(w)),
        masks=lambda w, input: repeated("masks", input.masks),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_boxes/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_boxes/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(10),
    shell:
        "brainuad figure-boxes --study {input.study} --dataset {wildcards.dataset} --images {input.images}"
        " --labels {input.labels} {params.methods} {params.masks} --out {output} 2> {log}"


rule figure_lesion_sizes:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        unopened=lambda w: f"{RESULTS}/{list(unopened(w.study))[0]}/metrics.csv",
    output:
        report(
            f"{FIGURES}/{{dataset}}-lesion-sizes.svg",
            caption="../report/lesion-sizes.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "Dice against the size of lesions"},
        ),
    params:
        code=code("stages.figure_lesion_sizes"),
        methods=lambda w: repeated("method", list(unopened(w.study).values())[0]),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_lesion_sizes/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_lesion_sizes/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-lesion-sizes --study {input.study} --dataset {wildcards.dataset} --metrics {input.metrics}"
        " --unopened {input.unopened} {params.methods} --out {output} 2> {log}"
