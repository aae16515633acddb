"""Settings that come from outside, as JSON on a command line or from config.yaml, and the functions that take them."""

import inspect
import json
from collections.abc import Callable

from brainuad.errors import InputError


def parse(text: str, what: str) -> dict[str, object]:
    """The mapping that the JSON `text` holds. Raises InputError, which calls it `what`, for anything else."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InputError(what, f"{text} is no mapping in JSON", 'Write it like {"name": 1}')
    return given


def defaults(function: Callable) -> dict[str, object]:
    """The settings of a function, which are its arguments that have a default, with it."""
    parameters = inspect.signature(function).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters if parameter.default is not parameter.empty}


def check(where: str, owner: str, function: Callable, given: dict[str, object]) -> None:
    """Raise InputError for a setting at the place `where` that `function`, which belongs to `owner`, doesn't have."""
    known = defaults(function)
    for name in given:
        if name not in known:
            mend = f"Its options: {', '.join(known)}" if known else "It has none"
            raise InputError(where, f"{owner} has no option '{name}'", mend)
