"""Recipes, the preprocessing chains of the papers, are modules of this package that have a `preprocess`."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from brainuad.errors import InputError


def known() -> list[str]:
    """Names of all recipes."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef preprocess(" in p.read_text())


def load(recipe: str) -> ModuleType:
    """The module of a recipe; raises InputError for an unknown one."""
    if recipe not in known():
        raise InputError(recipe, "is not a recipe", f"Known recipes: {', '.join(known())}")
    return import_module(f"brainuad.preprocessing.{recipe}")
