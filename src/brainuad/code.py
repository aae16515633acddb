"""Digests of the code a job runs, since neither Snakemake nor a checkpoint sees an edit of an imported module."""

import ast
import hashlib
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent


def _file(module: str) -> Path | None:
    path = SOURCE.parent / Path(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((p for p in candidates if p.is_file()), None)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text())


@cache
def _imports(module: str) -> frozenset[str]:
    """Modules of this package that `module` imports, at its top or inside its functions."""
    found: set[str] = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
    return frozenset(m for m in found if m.startswith("brainuad") and _file(m))


def closure(*modules: str) -> list[str]:
    """The modules and all modules of this package that they import, directly or not, sorted by name."""
    seen: set[str] = set()
    open_ = list(modules)
    while open_:
        module = open_.pop()
        if module not in seen:
            seen.add(module)
            open_ += _imports(module)
    return sorted(seen)


def is_prose(node: ast.AST) -> bool:
    """Whether a statement is only a string: a docstring, or the remark below a constant or field."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def _own_digest(module: str) -> str:
    """Digest of a module's own source without comments and docstrings."""
    tree = _tree(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [part for part in node.body if not is_prose(part)] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


@cache
def digest(*modules: str) -> str:
    """Twelve hexadecimal digits over the source of `closure(*modules)`; comments and docstrings don't count."""
    return hashlib.sha256("".join(map(_own_digest, closure(*modules))).encode()).hexdigest()[:12]
