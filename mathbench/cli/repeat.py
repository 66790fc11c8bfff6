"""Repeating a run on the command line: what may be said beside --from, and whether the same bits came out."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mathbench.cli.output import print_message
from mathbench.cli.running import AfterRun, run_one, show, show_plan
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.repeat import RunComparison
    from mathbench.baselines.run import RunOptions

# what decides nothing about the rows and the weights, or says where to compute
BESIDE = (
    *(
        "source",
        "out_dir",
        "resume",
        "force",
        "device",
        "devices",
        "threads",
        "submit",
        "plots",
        "track",
        "json",
    ),
    "dry_run",
)


def repeat_run(
    context: typer.Context, run: Path, out: Path | None, order: "RunOptions", ending: AfterRun, dry_run: bool
) -> None:
    """Repeat a run from its directory, by default in one beside it, and compare the two."""
    from mathbench.baselines.repeat import compare_runs, load_original

    _check_alone(context)
    first = load_original(run)
    folder = out or run.with_name(f"{run.resolve().name}-again")
    if folder.resolve() == run.resolve():
        raise InputError(f"a run is repeated in a directory of its own. Received: --out {folder}.")
    if dry_run:
        show_plan(first.spec, first.data, folder, ending.json)
        return
    threads = order.device_config.threads if _was_given(context, "threads") else first.threads
    place = replace(order.device_config, threads=threads)
    result = run_one(
        first.spec, first.data, replace(order, out=folder, device_config=place, stop_step=first.steps)
    )
    found = compare_runs(run, folder)
    compared_with = {"repeats": {"run": str(run), **(found.to_json() if found else {})}}
    show(result, first.data, folder, ending.json, compared_with)
    _say_whether_same(run, found)
    ending.keep(first.data, folder, first.spec.trained)


def _check_alone(context: typer.Context) -> None:
    """Check that nothing is given beside --from that decides what is run."""
    given = [name for name in context.params if name not in BESIDE and _was_given(context, name)]
    # an option of a task that is not known here stands where the baseline's name would
    words = [context.params["name"] or "", *context.args, *(f"--{name.replace('_', '-')}" for name in given)]
    if found := [word for word in words if word]:
        raise InputError(f"--from repeats a run as it is: leave out {found[0]}.")


def _was_given(context: typer.Context, name: str) -> bool:
    """Whether an option stands on the command line, even with its default value."""
    source: Any = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _say_whether_same(run: Path, found: "RunComparison | None") -> None:
    if found is None:
        print_message(f"{run} has not finished: there is nothing to compare with")
        return
    words = {True: "the same bits", False: "OTHER bits", None: "not kept"}
    print_message(
        f"compared with {run}: predictions {words[found.predictions]}, weights {words[found.weights]}"
    )
    if found.differs:
        print_message("what differs (there, here): " + "; ".join(found.differs))
