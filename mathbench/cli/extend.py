"""`run-baseline --extend`: go on from the last weights of a finished run, in a run directory of its own."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mathbench.cli.output import print_message
from mathbench.cli.repeat import same_threads
from mathbench.cli.request import RunRequest
from mathbench.cli.running import finish_run, print_plan, print_result, run_one, run_options
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.extend import Extension


def extend_run(request: RunRequest, source: Path) -> None:
    """Train the run in directory `source` further, by default in a directory beside it, and leave it as it is."""
    from mathbench.baselines.extend import extend, extension_folder
    from mathbench.baselines.recipe import parse_overrides
    from mathbench.baselines.run import check_run

    if request.conflicts:
        raise InputError(f"--extend goes on with a run as it is: leave out {request.conflicts[0]}.")
    folder = extension_folder(source, request.out)
    plan = extend(source, parse_overrides(list(request.settings)))
    _print_note(plan, source)
    options = run_options(request, folder)
    options = replace(
        options,
        device_config=same_threads(request, plan.original, options.device_config),
        long=request.long or plan.original.long,
        extends=source,
    )
    if request.dry_run:
        check_run(plan.spec, plan.original.data, options)
        print_plan(plan.spec, plan.original.data, folder, request.json)
        return
    result = run_one(plan.spec, plan.original.data, options)
    print_result(result, plan.original.data, folder, request.json, {})
    finish_run(request, plan.original.data, folder, plots=True)


def _print_note(plan: "Extension", source: Path) -> None:
    print_message(
        f"extends {source}, which took {plan.step:,} steps" + (f"; {plan.note}" if plan.note else "")
    )
