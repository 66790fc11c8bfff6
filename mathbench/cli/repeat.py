"""`run-baseline --from`: run a baseline again from its run directory, and compare the two runs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mathbench.cli.output import print_message
from mathbench.cli.request import RunRequest
from mathbench.cli.running import finish_run, print_plan, print_result, run_one, run_options
from mathbench.errors import InputError
from mathbench.storage.location import beside

if TYPE_CHECKING:
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.repeat import OriginalRun, RunComparison


def repeat_run(request: RunRequest, source: Path) -> None:
    """Repeat the run in directory `source`, by default in a directory beside it, and compare the two."""
    from mathbench.baselines.repeat import compare_runs, load_original
    from mathbench.baselines.run import check_run

    if request.conflicts:
        raise InputError(f"--from repeats a run as it is: leave out {request.conflicts[0]}.")
    original = load_original(source)
    folder = request.out or beside(source, "-again")
    if folder.resolve() == source.resolve():
        raise InputError(f"a repetition requires its own run directory. Received: --out {folder}.")
    options = run_options(request, folder)
    options = replace(
        options,
        device_config=same_threads(request, original, options.device_config),
        stop_step=original.steps,
        long=original.long,
        asking=original.asking or options.asking,
    )
    if request.dry_run:
        check_run(original.spec, original.data, options)
        print_plan(original.spec, original.data, folder, request.json)
        return
    result = run_one(original.spec, original.data, options)
    found = compare_runs(source, folder)
    repeats = {"repeats": {"run": str(source), **(found.to_json() if found else {})}}
    print_result(result, original.data, folder, request.json, repeats)
    _print_comparison(source, found)
    finish_run(request, original.data, folder, plots=original.spec.trained)


def same_threads(request: RunRequest, original: "OriginalRun", device: "DeviceConfig") -> "DeviceConfig":
    """Return the requested device with the original number of threads, unless another one is given."""
    return device if request.threads_given else replace(device, threads=original.threads)


def conflicting_words(
    context: typer.Context,
    command: Callable[..., Any],
    allowed: Callable[[Callable[..., Any]], tuple[str, ...]],
) -> tuple[str, ...]:
    """Return the words of a command line that ``--from`` or ``--extend`` excludes, because a run decides them.

    Args:
        context: of the command line.
        command: the command.
        allowed: returns the names of the parameters that may be given.
    """
    safe = allowed(command)
    typed = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    # in the order of the command line
    options = [
        typed[name] for name in context.params if name not in ("name", *safe) and is_given(context, name)
    ]
    # without a baseline's name, the name of the first option of a task is read in its place
    words = [context.params["name"] or "", *context.args, *options]
    return tuple(word for word in words if word)


def is_given(context: typer.Context, parameter: str) -> bool:
    """Return whether an option is on the command line, even with its default value."""
    source: Any = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


def _print_comparison(source: Path, found: "RunComparison | None") -> None:
    if found is None:
        print_message(f"{source} has not finished: there is nothing to compare with")
        return
    words = {True: "the same bits", False: "OTHER bits", None: "not kept"}
    print_message(
        f"compared with {source}: predictions {words[found.predictions]}, weights {words[found.weights]}"
    )
    if found.differs:
        print_message("what differs (there, here): " + "; ".join(found.differs))
