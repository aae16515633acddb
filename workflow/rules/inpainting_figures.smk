# Inpainted slices, heatmaps, and the way from heatmaps to masks by superpixels.


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
    params:
        code=code("stages.figure_superpixels"),
        settings=lambda w: json.dumps(
            {key: value for key, value in STUDIES[w.study]["segmentation"].items() if key != "method"}
        ),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_superpixels/{{study}}/{{dataset}}/{{method}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_superpixels/{{study}}/{{dataset}}/{{method}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    shell:
        "brainuad figure-superpixels --study {input.study} --dataset {wildcards.dataset} --method {wildcards.method}"
        " --images {input.images} --labels {input.labels} --processed {input.processed}"
        " --settings {params.settings:q} --out {output.steps} --out-scales {output.scales} 2> {log}"


def inpainted(w):
    """A study's figure of inpainted slices: its title, and under `blocks` the file of each block by its name."""
    return STUDIES[w.study]["inpainted"][w.inpainted]


rule figure_inpainting:
    input:
        study=STUDY,
        inpainted=lambda w: [path.format(study=w.study) for path in inpainted(w)["blocks"].values()],
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
            [quote(f"{name}={path}") for name, path in zip(inpainted(w)["blocks"], input.inpainted, strict=True)],
        ),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_inpainting/{{study}}/{{inpainted}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_inpainting/{{study}}/{{inpainted}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    shell:
        "brainuad figure-inpainting --study {input.study} --title {params.shown[title]:q} {params.inpainted}"
        " --out {output} 2> {log}"


rule figure_heatmaps:
    input:
        study=STUDY,
        maps=f"{RESULTS}/{{study}}/{{dataset}}/test/heatmaps.h5",
    output:
        report(
            f"{FIGURES}/{{dataset}}-{{loss}}-heatmaps.svg",
            caption="../report/heatmaps.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "heatmaps of G and R, {loss} loss"},
        ),
    params:
        code=code("stages.figure_heatmaps"),
        caption=caption,
    wildcard_constraints:
        loss="window|whole",
    log:
        f"{RESULTS}/logs/figure_heatmaps/{{study}}/{{dataset}}/{{loss}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_heatmaps/{{study}}/{{dataset}}/{{loss}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad figure-heatmaps --study {input.study} --dataset {wildcards.dataset} --maps {input.maps}"
        " --loss {wildcards.loss} --out {output} 2> {log}"
