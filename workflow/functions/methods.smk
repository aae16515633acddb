# Which slices, models and maps the rules of the methods take.


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
