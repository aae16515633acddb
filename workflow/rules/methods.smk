# The rules that all methods inherit. A method's own file in methods/ says which method it is and what is its own.

NO_METHOD = "(?!)"  # the base rules themselves match nothing
MAPS = f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{{method}}/seed{{seed}}/maps.h5"


rule fit:
    input:
        train=TRAIN,
        validation=VALIDATION,
    output:
        model=f"{RESULTS}/{{study}}/models/{{method}}/seed{{seed}}/model.pt",
        curves=f"{RESULTS}/{{study}}/models/{{method}}/seed{{seed}}/training.csv",
        record=f"{RESULTS}/{{study}}/models/{{method}}/seed{{seed}}/record.json",
    wildcard_constraints:
        method=NO_METHOD,
    params:
        code=lambda w: code("stages.fit", f"methods.{w.method.replace('-', '_')}"),
        base=lambda w, input: f"--base {input.base}" if "base" in input.keys() else "",
        settings=lambda w: json.dumps(method_settings(w.study, w.method)),
        training=lambda w: json.dumps(method_training(w.study, w.method)),
        seed=lambda w: derive(config["seed"], w.seed),
        device=config["device"],
    log:
        f"{RESULTS}/logs/fit/{{study}}/{{method}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit/{{study}}/{{method}}/seed{{seed}}.tsv"
    threads: config["threads"]
    resources:
        **ON_GPU,
        mem_mb=doubling(16000),
        runtime=doubling(2880),
    shell:
        "brainuad fit --method {wildcards.method} --train {input.train} --validation {input.validation} {params.base}"
        " --settings {params.settings:q} --training {params.training:q} --seed {params.seed}"
        " --device {params.device} --threads {threads} --out-model {output.model} --out-curves {output.curves}"
        " --out-record {output.record} 2> >(tee {log} >&2)"


# A control: no model, no GPU.
rule score:
    input:
        images=IMAGES,
    output:
        MAPS,
    wildcard_constraints:
        method=NO_METHOD,
    params:
        code=lambda w: code("stages.score", f"methods.{w.method.replace('-', '_')}"),
        given=lambda w, input: " ".join(
            repeated(name, [given] if isinstance(given, str) else given)
            for name, given in input.items()
            if name in ("model", "labels")
        ),
        settings=lambda w: json.dumps(method_settings(w.study, w.method)),
        seed=lambda w: derive(config["seed"], w.seed),
        device=config["device"],
    log:
        f"{RESULTS}/logs/score/{{study}}/{{dataset}}/{{split}}/{{method}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score/{{study}}/{{dataset}}/{{split}}/{{method}}/seed{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(8000),
        runtime=doubling(60),
    shell:
        "brainuad score --method {wildcards.method} --images {input.images} {params.given}"
        " --settings {params.settings:q} --seed {params.seed} --device {params.device} --threads {threads}"
        " --out {output} 2> {log}"


# A method with a model: `input: model=trained(...)` is its own.
use rule score as score_learned with:
    threads: config["threads"]
    resources:
        **ON_GPU,
        mem_mb=doubling(16000),
        runtime=doubling(60),


# One that takes hundreds of passes of a slice or more, or one for the patch around each pixel.
use rule score_learned as score_slowly with:
    resources:
        **ON_GPU,
        mem_mb=doubling(16000),
        runtime=doubling(1440),
