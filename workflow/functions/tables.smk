# What the tables of a study take.


def hyper_parameters(methods, settings, training):
    """{method: {hyper-parameter: value}} as JSON; `settings` gives a method's own, `training` what a study says of it
    alone."""
    told = {method: with_inherited(method, settings) for method in methods}
    return json.dumps({method: {**told[method], **training.get("methods", {}).get(method, {})} for method in methods})


def stated_settings(study):
    """The hyper-parameters of a study's methods as rules and the study's file state them."""
    values = study_file(study)
    own = lambda method: {**METHODS[method]["settings"], **values.get("settings", {}).get(method, {})}
    return hyper_parameters(STUDIES[study]["methods"], own, values["training"])


def used_settings(study):
    """The hyper-parameters of a study's methods as this run has them."""
    values = STUDIES[study]
    return hyper_parameters(values["methods"], lambda method: method_settings(study, method), values["training"])


def shared_training(training):
    """What a study says of the training of all methods, as JSON."""
    return json.dumps({key: value for key, value in training.items() if key != "methods"})


def study_file(study):
    """A study as its file states it."""
    return configuration.read_study(WORKFLOW / "studies", study)


def shifted_datasets(w):
    """A study's shifts as JSON, their cohorts by the names of the datasets."""
    cohorts = STUDIES[w.study]["cohorts"]
    named = [
        {**shift, "cohorts": [cohorts[role]["dataset"] for role in shift["cohorts"]]}
        for shift in STUDIES[w.study]["shifts"]
    ]
    return json.dumps(named)


def against(study):
    """A study's comparisons with others of this run that test the same dataset, which stands for the cohort."""
    values = STUDIES[study]
    named = [{**entry, "cohort": values["cohorts"][entry["cohort"]]["dataset"]} for entry in values["against"]]
    return [entry for entry in named if entry["study"] in REPORTED and entry["cohort"] in tested(entry["study"])]


def others(study):
    """The studies that a study is compared with."""
    return sorted({entry["study"] for entry in against(study)})
