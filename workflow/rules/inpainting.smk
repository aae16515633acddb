# Inpainted slices and heatmaps of windows: how well they are filled in, how well quicker methods agree, and figures.


def draw(w):
    """The numbers by which squares and slices are drawn are the same for all methods and seeds."""
    return config["seed"]


def own_models(w):
    """The models that a method scores with: its own, or its base's, and that of the method that guides it."""
    fitted = next(name for name in lineage(w.method) if METHODS[name]["trained"])
    return trained(*filter(None, (fitted, METHODS[w.method]["guide"])))(w)


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


def heatmaps_of(study):
    """Of which methods a study compares the heatmaps window by window, on which dataset, and with which method's."""
    return STUDIES[study]["heatmaps"]


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


def sliding(study, method):
    """The hyper-parameters of a method that slides a window, and those that it takes over."""
    return with_inherited(method, lambda name: method_settings(study, name))


def target(study, method):
    """What a method's losses stand for: those in the window, or over the whole slice."""
    return sliding(study, method).get("target", "window")


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


def superpixels(study):
    """Whether a study chooses superpixels."""
    return STUDIES[study].get("segmentation", {}).get("method") == "superpixels"


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


def measured_beside(study):
    """The long tables beside those of the evaluation: of inpainted healthy slices, of the agreement of heatmaps, of
    the best superpixels, of the fidelity of reconstructions, of classes of abnormality."""
    values, tables = STUDIES[study], []
    for method in values["methods"]:
        own = model_owner(study, method) == study
        if METHODS[method]["inpaints"] and own:
            tables += [(healthy(study), method, "inpainting.csv")]
        if "heatmaps" in values and method in values["heatmaps"]["methods"] and own:
            tables += [(dataset, method, "agreement.csv") for dataset in tested(study)]
        if method == "oracle" and superpixels(study) and "level_of" not in values:
            tables += [(dataset, method, "segments.csv") for dataset in labelled(study)]
        if method in faithful(study):
            tables += [(dataset, method, "fidelity.csv") for dataset in tested(study)]
        if "classes" in values and "level_of" not in values:
            tables += [(dataset, method, "rectified.csv") for dataset in labelled(study)]
    return [
        f"{TEST}/{RUN}/{table}".format(study=study, dataset=dataset, method=method, seed=seed)
        for dataset, method, table in tables
        for seed in seeds(method)
    ]


def costed(study):
    """The methods of a study's table of costs."""
    return [heatmaps_of(study)["reference"], *heatmaps_of(study)["methods"]]


def costed_models(study):
    """The models of each of these methods."""
    return [own_models(Namespace(study=study, method=method, seed=seeds(method)[0])) for method in costed(study)]


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


def inpainted(w):
    return STUDIES[w.study]["inpainted"][w.inpainted]


def inpainted_levels(w):
    """{heading: study} of a figure of inpainted slices: the study itself, or the levels of one of its sweeps."""
    if "sweep" not in inpainted(w):
        return {"": w.study}
    at = Namespace(study=w.study, sweep=inpainted(w)["sweep"])
    return dict(zip(level_labels(at), level_studies(at), strict=True))


def inpainted_blocks(w):
    """{heading: file} of a figure of inpainted slices; without a sweep the headings are names of methods."""
    entry = inpainted(w)
    dataset, count = STUDIES[w.study]["cohorts"][entry["cohort"]]["dataset"], entry["rows"]
    if entry["placement"] == "lesion":
        count = 1
    file = f"inpainted-{entry['placement']}-{count}.h5"
    return {
        f"{METHODS[method]['label']}, {label}" if label else method: (
            f"{RESULTS}/{study}/{dataset}/test/{method}/seed{seeds(method)[0]}/{file}"
        )
        for label, study in inpainted_levels(w).items()
        for method in entry["methods"]
    }


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
