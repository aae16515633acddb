# Inpainted slices and heatmaps of windows: how well they are filled in, how well quicker methods agree, and figures.


# PSNR and SSIM of all slices of a cohort.
rule inpaint:
    input:
        images=IMAGES,
        model=own_models,
    output:
        examples=f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{RUN}/inpainted.h5",
        metrics=f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{RUN}/inpainting.csv",
    params:
        code=code("stages.inpaint"),
        draw=draw,
        device=config["device"],
    log:
        f"{RESULTS}/logs/inpaint/{{study}}/{{dataset}}/{{split}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/inpaint/{{study}}/{{dataset}}/{{split}}/{RUN}.tsv"
    threads: config["threads"]
    resources:
        **ON_GPU,
        mem_mb=doubling(8000),
        runtime=doubling(60),
    shell:
        "brainuad inpaint --study {wildcards.study} --dataset {wildcards.dataset} --method {wildcards.method}"
        " --seed {wildcards.seed} --model {input.model} --images {input.images} --placement brain --draw {params.draw}"
        " --device {params.device} --threads {threads} --out {output.examples} --out-metrics {output.metrics} 2> {log}"


# A few slices for a figure.
rule inpaint_examples:
    input:
        images=IMAGES,
        labels=lambda w: slices(w.study, w.dataset, w.split, "labels") if w.placement == "lesion" else [],
        model=own_models,
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{RUN}/inpainted-{{placement}}-{{slices}}.h5",
    params:
        code=code("stages.inpaint"),
        labels=lambda w, input: f"--labels {input.labels}" if input.labels else "",
        draw=draw,
        device=config["device"],
    wildcard_constraints:
        placement="brain|middle|anywhere|background|lesion",
        slices=r"\d+",
    log:
        f"{RESULTS}/logs/inpaint_examples/{{study}}/{{dataset}}/{{split}}/{RUN}/{{placement}}-{{slices}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/inpaint_examples/{{study}}/{{dataset}}/{{split}}/{RUN}/{{placement}}-{{slices}}.tsv"
    threads: config["threads"]
    resources:
        **ON_GPU,
        mem_mb=doubling(8000),
        runtime=doubling(60),
    shell:
        "brainuad inpaint --method {wildcards.method} --seed {wildcards.seed} --model {input.model}"
        " --images {input.images} {params.labels} --placement {wildcards.placement} --count {wildcards.slices}"
        " --draw {params.draw} --device {params.device} --threads {threads} --out {output} 2> {log}"


# Drawn window by window: a method beside the one whose heatmaps it stands for.
rule heatmaps:
    input:
        images=IMAGES,
        labels=lambda w: slices(w.study, w.dataset, w.split, "labels"),
        reference=lambda w: own_models(Namespace(study=w.study, method=heatmaps_of(w.study)["reference"], seed=w.seed)),
        models=own_models,
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{RUN}/heatmaps.h5",
    params:
        code=lambda w: code("stages.heatmaps", f"methods.{w.method.replace('-', '_')}"),
        reference=lambda w: heatmaps_of(w.study)["reference"],
        models=lambda w, input: repeated("model", input.models),
        settings=lambda w: json.dumps(method_settings(w.study, w.method)),
        number=lambda w: heatmaps_of(w.study)["slices"],
        draw=draw,
        device=config["device"],
    log:
        f"{RESULTS}/logs/heatmaps/{{study}}/{{dataset}}/{{split}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/heatmaps/{{study}}/{{dataset}}/{{split}}/{RUN}.tsv"
    threads: config["threads"]
    resources:
        **ON_GPU,
        mem_mb=doubling(16000),
        runtime=doubling(1440),
    shell:
        "brainuad heatmaps --reference {params.reference} --reference-model {input.reference}"
        " --method {wildcards.method} {params.models} --settings {params.settings:q} --images {input.images}"
        " --labels {input.labels} --count {params.number} --draw {params.draw} --device {params.device}"
        " --threads {threads} --out {output} 2> {log}"


rule agreement:
    input:
        images=IMAGES,
        reference=lambda w: maps(w.study, w.dataset, w.split, heatmaps_of(w.study)["reference"], w.seed),
        maps=lambda w: maps(w.study, w.dataset, w.split, w.method, w.seed),
    output:
        f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{RUN}/agreement.csv",
    params:
        code=code("stages.agreement"),
        target=lambda w: target(w.study, w.method),
        sliding=lambda w: {key: sliding(w.study, w.method)[key] for key in ("window", "step")},
    log:
        f"{RESULTS}/logs/agreement/{{study}}/{{dataset}}/{{split}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/agreement/{{study}}/{{dataset}}/{{split}}/{RUN}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(30),
    shell:
        "brainuad agreement --study {wildcards.study} --dataset {wildcards.dataset} --method {wildcards.method}"
        " --seed {wildcards.seed} --target {params.target} --window {params.sliding[window]}"
        " --step {params.sliding[step]} --images {input.images} --reference {input.reference}"
        " --maps {input.maps} --out {output} 2> {log}"


# What the choice of one superpixel could reach at best. It takes labels, so it stands in the row of the oracle.
rule best_segments:
    input:
        images=lambda w: slices(w.study, w.dataset, "test"),
        labels=lambda w: slices(w.study, w.dataset, "test", "labels"),
    output:
        f"{TEST}/{RUN}/segments.csv",
    wildcard_constraints:
        method="oracle",
    params:
        code=code("stages.best_segments"),
        settings=lambda w: json.dumps(configuration.own_segmentation(STUDIES[w.study])[1]),
    log:
        f"{RESULTS}/logs/best_segments/{{study}}/{{dataset}}/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/best_segments/{{study}}/{{dataset}}/{RUN}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(60),
    shell:
        "brainuad best-segments --study {wildcards.study} --dataset {wildcards.dataset} --method {wildcards.method}"
        " --seed {wildcards.seed} --images {input.images} --labels {input.labels} --settings {params.settings:q}"
        " --out {output} 2> {log}"


rule table_cost:
    input:
        study=STUDY,
        images=lambda w: slices(w.study, healthy(w.study), "test"),
        models=lambda w: [model for models in costed_models(w.study) for model in models],
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        published=PUBLISHED,
    output:
        csv=f"{RESULTS}/{{study}}/tables/cost.csv",
        layers=f"{RESULTS}/{{study}}/tables/layers.csv",
        html=report(
            f"{RESULTS}/{{study}}/tables/cost.html",
            caption="../report/cost.rst",
            category="{study}",
            subcategory="Tables",
            labels={"dataset": "all", "content": "cost of a heatmap, layers"},
        ),
    params:
        code=lambda w: code("stages.table_cost", *(f"methods.{name.replace('-', '_')}" for name in costed(w.study))),
        methods=lambda w: repeated("method", costed(w.study)),
        dataset=lambda w: healthy(w.study),
        models=lambda w: repeated("model", [",".join(models) for models in costed_models(w.study)]),
        settings=lambda w: json.dumps({method: method_settings(w.study, method) for method in costed(w.study)}),
        caption=caption,
    log:
        f"{RESULTS}/logs/table_cost/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_cost/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(30),
    shell:
        "brainuad table-cost --study {input.study} {params.methods} {params.models} --settings {params.settings:q}"
        " --images {input.images} --metrics {input.metrics} --dataset {params.dataset}"
        " --published {input.published} --out-csv {output.csv} --out-layers {output.layers}"
        " --out-html {output.html} 2> {log}"


rule figure_superpixels:
    input:
        study=STUDY,
        images=lambda w: slices(w.study, w.dataset, "test"),
        labels=lambda w: slices(w.study, w.dataset, "test", "labels"),
        processed=lambda w: processed(w.study, w.dataset, "test", w.method, seeds(w.method)[0]),
    output:
        steps=report(
            f"{FIGURES}/{{dataset}}-{{method}}-superpixels.svg",
            caption="../report/superpixels.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "superpixels, {method}"},
        ),
        scales=report(
            f"{FIGURES}/{{dataset}}-{{method}}-superpixel-scales.svg",
            caption="../report/superpixels.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "superpixels of different scales, {method}"},
        ),
    wildcard_constraints:
        method=any_of(METHODS),
    params:
        code=code("stages.figure_superpixels"),
        settings=lambda w: json.dumps(configuration.own_segmentation(STUDIES[w.study])[1]),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_superpixels/{{study}}/{{dataset}}/{{method}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_superpixels/{{study}}/{{dataset}}/{{method}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(10),
    shell:
        "brainuad figure-superpixels --study {input.study} --dataset {wildcards.dataset} --method {wildcards.method}"
        " --images {input.images} --labels {input.labels} --processed {input.processed}"
        " --settings {params.settings:q} --out {output.steps} --out-scales {output.scales} 2> {log}"


rule figure_steps:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        intervals=f"{RESULTS}/{{study}}/intervals.csv",
    output:
        csv=f"{RESULTS}/{{study}}/tables/{{dataset}}-{{group}}-steps.csv",
        svg=report(
            f"{FIGURES}/{{dataset}}-{{group}}-steps.svg",
            caption="../report/steps.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "which step loses, {group}"},
        ),
    params:
        code=code("stages.figure_steps"),
        group=group,
        methods=lambda w: repeated("method", group(w)["methods"]),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_steps/{{study}}/{{dataset}}/{{group}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_steps/{{study}}/{{dataset}}/{{group}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-steps --study {input.study} --metrics {input.metrics} --intervals {input.intervals}"
        " --dataset {wildcards.dataset} {params.methods} --title {params.group[title]:q} --out {output.svg}"
        " --out-csv {output.csv} 2> {log}"


rule figure_inpainting:
    input:
        study=STUDY,
        inpainted=lambda w: list(inpainted_blocks(w).values()),
    output:
        report(
            f"{FIGURES}/{{inpainted}}-inpainting.svg",
            caption="../report/inpainting.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "all", "content": "{inpainted}, inpainted slices"},
        ),
    params:
        code=code("stages.figure_inpainting"),
        shown=inpainted,
        inpainted=lambda w, input: repeated(
            "inpainted",
            [quote(f"{name}={path}") for name, path in zip(inpainted_blocks(w), input.inpainted, strict=True)],
        ),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_inpainting/{{study}}/{{inpainted}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_inpainting/{{study}}/{{inpainted}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(10),
    shell:
        "brainuad figure-inpainting --study {input.study} --title {params.shown[title]:q} {params.inpainted}"
        " --rows {params.shown[rows]} --out {output} 2> {log}"


rule figure_heatmaps:
    input:
        study=STUDY,
        maps=lambda w: f"{TEST}/{RUN}/heatmaps.h5".format(**dict(w.items()), seed=seeds(w.method)[0]),
    output:
        report(
            f"{FIGURES}/{{dataset}}-{{method}}-{{loss}}-heatmaps.svg",
            caption="../report/heatmaps.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "heatmaps of inpainting and {method}, {loss} loss"},
        ),
    params:
        code=code("stages.figure_heatmaps"),
        caption=caption,
    wildcard_constraints:
        method=any_of(METHODS),
        loss="window|whole",
    log:
        f"{RESULTS}/logs/figure_heatmaps/{{study}}/{{dataset}}/{{method}}/{{loss}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_heatmaps/{{study}}/{{dataset}}/{{method}}/{{loss}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-heatmaps --study {input.study} --dataset {wildcards.dataset} --maps {input.maps}"
        " --loss {wildcards.loss} --out {output} 2> {log}"
