# Which subjects go through a recipe, and what of them.

from types import SimpleNamespace


def prepared(w):
    """Subjects of a dataset that studies or `preparation` bring through a recipe, in order."""
    names = set()
    for study, values in REPORTED.items():
        cohorts = [c for c in values["cohorts"].values() if (c["dataset"], c["modality"]) == (w.dataset, w.modality)]
        if w.recipe in (values["recipe"], *values.get("recipes", {})) and cohorts:
            table = text_table(checkpoints.split.get(study=study).output[0])
            names |= set(table[table["dataset"] == w.dataset]["subject"])
    for entry in config["preparation"]:
        if (entry["recipe"], entry["dataset"], entry["modality"]) == (w.recipe, w.dataset, w.modality):
            source = config["datasets"][w.dataset].get("healthy", w.dataset)
            table = text_table(checkpoints.index.get(dataset=source).output[0])
            usable = (table[w.modality] != "") & ((table["label"] != "") | (not is_labelled(source)))
            names |= set(table.loc[usable, "subject"][: entry.get("subjects")])
    if not names:
        sys.exit(f"BrainUAD: dataset {w.dataset}: has no subject with {w.modality}. Choose another modality or dataset")
    return sorted(names)


def quality_files(combinations):
    """Quality tables and pictures of (recipe, dataset, modality) combinations."""
    return [
        QUALITY.format(recipe=recipe, dataset=dataset, modality=modality) + ending
        for recipe, dataset, modality in sorted(set(combinations))
        for ending in (".html", ".png", "-steps.png")
    ]


def prepared_files(_):
    """What `preparation` asks for: quality tables and pictures, and the labels that no study has asked for."""
    entries = config["preparation"]
    files = quality_files((e["recipe"], e["dataset"], e["modality"]) for e in entries)
    for entry in entries:
        if is_labelled(entry["dataset"]):
            fixed = {key: entry[key] for key in ("recipe", "dataset", "modality")}
            names = prepared(SimpleNamespace(**fixed))
            files += [f"{PREPROCESSED.format(**fixed, subject=subject)}_label.nii.gz" for subject in names]
    return files


def preprocessed(kind):
    """Input function: preprocessed files of one kind for all subjects of a cohort's split.

    All but images and brains are by the study's recipe.
    """

    def files(w):
        recipe = recipe_of_slices(w) if kind in ("image", "brain") else STUDIES[w.study]["recipe"]
        fixed = {"recipe": recipe, "dataset": w.dataset, "modality": cohort(w)["modality"]}
        return [f"{PREPROCESSED.format(**fixed, subject=subject)}_{kind}.nii.gz" for subject in subjects(w)]

    return files


def recipe_of_slices(w):
    """The recipe of a file of slices: the study's, unless its name tells another."""
    return w.images.removeprefix("images").removeprefix("-") or STUDIES[w.study]["recipe"]


def repeated(option, values):
    return " ".join(f"--{option} {value}" for value in values)


def drawn_slices(w):
    """How many slices are drawn of a cohort's split, None for all of them."""
    return cohort(w).get(f"{w.split}_slices")
