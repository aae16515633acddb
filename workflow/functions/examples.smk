# Which slices and maps the figures of examples show.


def example(w):
    return STUDIES[w.study]["examples"][w.example]


def example_slices(w):
    """DATASET:LEVEL of each slice of an example."""
    cohorts = STUDIES[w.study]["cohorts"]
    return [f"{cohorts[entry['cohort']]['dataset']}:{entry['level']}" for entry in example(w)["slices"]]


def example_datasets(w):
    """The datasets of an example, each once."""
    return list(dict.fromkeys(entry.partition(":")[0] for entry in example_slices(w)))


def example_runs(w):
    """(method, dataset) of all maps of an example."""
    return [(method, dataset) for method in example(w)["methods"] for dataset in example_datasets(w)]


def example_slice_files(kind):
    """Input function: the images or labels of an example's datasets."""
    return lambda w: [f"{RESULTS}/{w.study}/{dataset}/test/{kind}.h5" for dataset in example_datasets(w)]


def example_map_files(kind):
    """Input function: the maps of an example's methods, of the first seed."""
    return lambda w: [
        f"{RESULTS}/{w.study}/{dataset}/test/{method}/seed{shown(w)[method]}/{kind}.h5"
        for method, dataset in example_runs(w)
    ]


def example_processed_files(w):
    """The post-processed maps, where they are what an example shows."""
    return example_map_files("processed")(w) if example(w)["residual"] == "processed" else []


def example_options(w, input):
    """The options that name the example's slices and files."""
    runs = [f"{method}:{dataset}" for method, dataset in example_runs(w)]
    names = {"images": example_datasets(w), "labels": example_datasets(w), "maps": runs, "processed": runs}
    pairs = {option: [f"{name}={path}" for name, path in zip(names[option], input[option])] for option in names}
    return " ".join(repeated(option, values) for option, values in {"slice": example_slices(w), **pairs}.items())
