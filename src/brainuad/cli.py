"""`brainuad STAGE ...`: each module of `brainuad.stages` is one command, its typed signature the options.

Only the chosen stage is imported, since a workflow pays the start-up time hundreds of times.
"""

import ast
import inspect
import os
import sys
from importlib import import_module
from pathlib import Path

from brainuad.errors import InputError

STAGES = {
    path.stem.replace("_", "-"): path
    for path in sorted(Path(__file__).with_name("stages").glob("*.py"))
    if path.stem != "__init__"
}


def usage() -> str:
    """The list of stages, each with the first line of its module's docstring."""
    lines = ["usage: brainuad STAGE [OPTIONS]   (brainuad STAGE --help tells a stage's options)", ""]
    for name, path in STAGES.items():
        summary = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]
        lines.append(f"  {name:20} {summary}")
    return "\n".join(lines)


def main() -> None:
    """Run the stage that the command line names; bad input ends in one line and exit status 1."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return
    stage, *options = arguments
    if stage not in STAGES:
        sys.exit(f"brainuad: unknown stage '{stage}'. Stages: {', '.join(STAGES)}")

    import typer

    run = import_module(f"brainuad.stages.{stage.replace('-', '_')}").main
    required = inspect.getfullargspec(run).kwonlyargs
    run.__kwdefaults__ = {name: typer.Option(...) for name in required} | (run.__kwdefaults__ or {})
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(run)
    try:
        app(args=options, prog_name=f"brainuad {stage}")
    except InputError as error:
        refuse(f"brainuad {stage}: {error}")
    except OSError as error:
        refuse(f"brainuad {stage}: {error.filename or 'input/output'}: {error.strerror or error}")


def refuse(message: str) -> None:
    """End the process with one line. HDF5 would crash in the interpreter's clean-up after a full disk, so none runs."""
    print(message, file=sys.stderr, flush=True)
    os._exit(1)
