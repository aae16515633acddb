# From anomaly maps to the long table: post-processing, operating points, segmentation, metrics, statistics.

TEST = f"{RESULTS}/{{study}}/{{dataset}}/test"
RUN = "{method}/seed{seed}"
OPERATING_POINTS = f"{RESULTS}/{{study}}/operating-points/{{residual}}/{RUN}"


rule postprocess:
    input:
        images=IMAGES,
        maps=lambda w: maps(w.study, w.dataset, w.split, w.method, w.seed),
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{RUN}/processed.h5",
    params:
        code=code("stages.postprocess"),
        settings=postprocessing,
    log:
        f"{RESULTS}/logs/postprocess/{{study}}/{{dataset}}/{{split}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/postprocess/{{study}}/{{dataset}}/{{split}}/{RUN}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(20),
    shell:
        "brainuad postprocess --images {input.images} --maps {input.maps} --settings {params.settings:q}"
        " --out {output} 2> {log}"


# Operating points hold for maps that went through the same chain, so the maps of the healthy validation subjects go
# through that of each sign of the residual.
use rule postprocess as postprocess_healthy with:
    input:
        images=HELD_OUT,
        maps=lambda w: maps(w.study, healthy(w.study), "validation", w.method, w.seed),
    output:
        f"{OPERATING_POINTS}/processed.h5",
    log:
        f"{RESULTS}/logs/postprocess_healthy/{{study}}/{{residual}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/postprocess_healthy/{{study}}/{{residual}}/{RUN}.tsv"


rule thresholds:
    input:
        unpack(labelled_validation),
        images=HELD_OUT,
        processed=f"{OPERATING_POINTS}/processed.h5",
    output:
        f"{OPERATING_POINTS}/thresholds.json",
    params:
        code=code("stages.thresholds"),
        files=lambda w, input: " ".join(f"--{key.replace('_', '-')} {path}" for key, path in input.items()),
    log:
        f"{RESULTS}/logs/thresholds/{{study}}/{{residual}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/thresholds/{{study}}/{{residual}}/{RUN}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(20),
    shell:
        "brainuad thresholds {params.files} --out {output} 2> {log}"


rule masks:
    input:
        images=IMAGES,
        processed=lambda w: processed(w.study, w.dataset, w.split, w.method, w.seed),
        thresholds=lambda w: (
            thresholds(w) if w.method in STUDIES[w.study]["segmentation"].get("thresholded", []) else []
        ),
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{RUN}/masks.h5",
    params:
        code=lambda w: code("stages.masks", f"segmentation.{configuration.own_segmentation(STUDIES[w.study])[0]}"),
        module=lambda w: configuration.own_segmentation(STUDIES[w.study])[0],
        settings=lambda w: json.dumps(configuration.own_segmentation(STUDIES[w.study], w.method)[1]),
        thresholds=lambda w, input: f"--thresholds {input.thresholds}" if input.thresholds else "",
    log:
        f"{RESULTS}/logs/masks/{{study}}/{{dataset}}/{{split}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{{study}}/{{dataset}}/{{split}}/{RUN}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(60),
    shell:
        "brainuad masks --segmentation {params.module} --images {input.images} --maps {input.processed}"
        " --settings {params.settings:q} {params.thresholds} --out {output} 2> {log}"


rule evaluate:
    input:
        images=lambda w: slices(w.study, w.dataset, "test", method=w.method),
        labels=lambda w: slices(w.study, w.dataset, "test", "labels"),
        maps=lambda w: maps(w.study, w.dataset, "test", w.method, w.seed),
        processed=lambda w: processed(w.study, w.dataset, "test", w.method, w.seed),
        thresholds=thresholds,
        masks=tested_masks,
    output:
        metrics=f"{TEST}/{RUN}/metrics.csv",
        curves=f"{TEST}/{RUN}/curves.csv",
        counts=f"{TEST}/{RUN}/counts.npz",
        residuals=f"{TEST}/{RUN}/residuals.csv",
    params:
        code=code("stages.evaluate"),
        min_component=lambda w: STUDIES[w.study]["postprocessing"]["min_component"],
        masks=lambda w, input: f"--masks {input.masks}" if input.masks else "",
    log:
        f"{RESULTS}/logs/evaluate/{{study}}/{{dataset}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{study}}/{{dataset}}/{RUN}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(20),
    shell:
        "brainuad evaluate --images {input.images} --labels {input.labels} --maps {input.maps}"
        " --processed {input.processed} --thresholds {input.thresholds} {params.masks}"
        " --min-component {params.min_component}"
        " --study {wildcards.study} --dataset {wildcards.dataset} --method {wildcards.method} --seed {wildcards.seed}"
        " --out-metrics {output.metrics} --out-curves {output.curves} --out-counts {output.counts}"
        " --out-residuals {output.residuals} 2> {log}"


rule collect:
    input:
        evaluated("metrics.csv"),
        lambda w: measured_beside(w.study),
    output:
        f"{RESULTS}/{{study}}/metrics.csv",
    params:
        code=code("stages.collect"),
        tables=lambda w, input: repeated("metrics", input),
        healthy=lambda w: f"--healthy-dataset {healthy(w.study)}" if healthy(w.study) in tested(w.study) else "",
    log:
        f"{RESULTS}/logs/collect/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    shell:
        "brainuad collect {params.tables} {params.healthy} --out {output} 2> {log}"


rule compare:
    input:
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        counts=evaluated("counts.npz"),
    output:
        intervals=f"{RESULTS}/{{study}}/intervals.csv",
        comparisons=f"{RESULTS}/{{study}}/comparisons.csv",
        ranks=f"{RESULTS}/{{study}}/ranks.csv",
    params:
        code=code("stages.compare"),
        counts=lambda w, input: repeated("counts", input.counts),
        leave_out=lambda w: "--leave-out oracle" if "oracle" in STUDIES[w.study]["methods"] else "",
        compared=lambda w: repeated("compared", STUDIES[w.study].get("compared", [])),
        seed=config["seed"],
    log:
        f"{RESULTS}/logs/compare/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(60),
    shell:
        "brainuad compare --metrics {input.metrics} {params.counts} {params.leave_out} {params.compared}"
        " --seed {params.seed}"
        " --out-intervals {output.intervals} --out-comparisons {output.comparisons} --out-ranks {output.ranks}"
        " 2> {log}"
