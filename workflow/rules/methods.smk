# The rules that all methods inherit. A method's own file in methods/ says which method it is and what is its own.

NO_METHOD = "(?!)"  # the base rules themselves match nothing
MAPS = f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{{method}}/seed{{seed}}/maps.h5"


# Levels of a sweep take what their setting doesn't touch from the study they vary.


def slices(study, dataset, split, kind="images", method=None):
    """The slices of a study's split, of a method those that its recipe made."""
    recipe = recipe_of(study, method)
    kind += "" if recipe == STUDIES[study]["recipe"] else f"-{recipe}"
    return f"{RESULTS}/{sweeps.owner_of_slices(STUDIES, study, split)}/{dataset}/{split}/{kind}.h5"


def training_slices(study, split, method):
    """The slices of all healthy cohorts that a method is trained or validated on."""
    datasets = trained_on(study, split)
    return slices(study, JOINED if len(datasets) > 1 else healthy(study), split, method=method)


def lineage(method):
    """A method and those that its networks come from."""
    return [method, *lineage(METHODS[method]["base"]), *lineage(METHODS[method]["guide"])] if method else []


def with_inherited(method, settings):
    """A method's hyper-parameters over those that its network was trained with; `settings` gives a method's own."""
    return {key: value for name in reversed(lineage(method)) for key, value in settings(name).items()}


def model_owner(study, method):
    """The study whose model and maps of a method a study takes."""
    return sweeps.owner_of_model(STUDIES, study, lineage(method))


def trainer(study, method):
    """The study that trains the model of a method: a study may take those of another."""
    return STUDIES[study].get("models_of") or model_owner(study, method)


def maps(study, dataset, split, method, seed):
    """The maps of a method."""
    return MAPS.format(study=model_owner(study, method), dataset=dataset, split=split, method=method, seed=seed)


# Input functions of the methods' rules.


def IMAGES(w):
    """The slices to score."""
    return slices(w.study, w.dataset, w.split, method=w.method)


def LABELS(w):
    """Their labels: for the oracle alone."""
    return slices(w.study, w.dataset, w.split, "labels")


def TRAIN(w):
    """The healthy slices to train on."""
    return training_slices(w.study, "train", w.method)


def VALIDATION(w):
    """The healthy slices that tell when to stop, where `patience` is set, and how a training goes."""
    return training_slices(w.study, "validation", w.method)


def HELD_OUT(w):
    """The healthy slices that set operating points: of the healthy cohort alone."""
    return slices(w.study, healthy(w.study), "validation", method=w.method)


def trained(*methods):
    """Input function: the models of methods, trained with the same study and seed."""
    return lambda w: [
        f"{RESULTS}/{trainer(w.study, method)}/models/{method}/seed{w.seed}/model.pt" for method in methods
    ]


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
