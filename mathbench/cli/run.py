"""Commands that train: baselines, run-baseline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import ConfigName, Count, DataDir, DataSeed, Device, Json, TaskName, sizes_of
from mathbench.cli.output import FREE_OPTIONS, emit, err, out, say
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.fit import Spec
    from mathbench.baselines.result import Result
    from mathbench.data import Data


def baselines(
    name: Annotated[str | None, typer.Argument(help="One baseline, with its settings and recipes.")] = None,
    json: Json = False,
) -> None:
    """List the baselines; with NAME its hyperparameters, their defaults and its recipes.

    Examples:
      mathbench baselines

      mathbench baselines lstm-seq2seq --json
    """
    from mathbench.baselines import BASELINES, baseline
    from mathbench.cli.baseline_list import details, overview

    if name is None:
        overview(list(BASELINES.values()), json)
    else:
        details(baseline(name), json)


def run_baseline(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A baseline, or ./mine.py:MyModel.")],
    task: TaskName = None,
    data: DataDir = None,
    config: ConfigName = None,
    recipe: Annotated[
        str | None, typer.Option(help="A recipe's name or TOML file. Default: the baseline's.")
    ] = None,
    framework: Annotated[str | None, typer.Option(help="torch or keras. Default: what is installed.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, changes one setting.")
    ] = None,
    seed: Annotated[str, typer.Option(help="Seed of the training.")] = "0",
    data_seed: DataSeed = "0",
    budget: Annotated[str | None, typer.Option(help="Wall time for training, such as 10m.")] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="The run directory. Default: runs/...")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Throw away the run that lies there.")] = False,
    device: Device = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; small networks are fastest with 1.")] = 1,
    train: Count = None,
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    submit: Annotated[
        bool, typer.Option("--submit/--no-submit", help="Put the run on the local board.")
    ] = True,
    json: Json = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be run, run nothing.")] = False,
) -> None:
    """Fit a baseline, score it on problems that it has never seen, and compare it with the shortcuts.

    With nothing but a name it makes the data of the baseline's recipe in memory. Parameters of a task are
    given as options of their own. Ctrl-C keeps everything; --resume goes on as if nothing had happened.

    Examples:
      mathbench run-baseline lstm-seq2seq

      mathbench run-baseline lstm-classifier --task divisible --k 7 --framework keras --budget 10m

      mathbench run-baseline lstm-seq2seq --recipe addition-rnn --set hidden=256 --seed 1

      mathbench run-baseline trial-division --data data/prime-base10
    """
    from mathbench.baselines.network import Place
    from mathbench.baselines.runner import Order, run
    from mathbench.cli.chosen import rows_of, spec_of, title_of

    sizes = sizes_of(train=train, validation=validation, interpolate=interpolate, extrapolate=extrapolate)
    spec, chosen = spec_of(name, recipe, framework, settings or [], seed)
    rows = rows_of(chosen, spec, task, data, config, context.args, sizes, data_seed)
    folder = out_dir or Path("runs") / title_of(spec, rows)
    if dry_run:
        _show_plan(spec, rows, folder, json)
        return
    finished = (folder / "result.json").is_file() and not force
    place = Place(device, threads)
    order = Order(folder, resume, force, _seconds(budget), place, _command(), err)
    try:
        result = run(spec, rows, order)
    except KeyboardInterrupt:
        kept = (
            f"everything is kept in {folder}. Add --resume to go on."
            if folder.is_dir()
            else "nothing was begun."
        )
        say(f"stopped; {kept}")
        raise SystemExit(130) from None
    if finished:
        say(f"{folder} is finished already; --force runs it again")
    _show(result, rows, folder, json)
    if submit:
        _submit(folder)


def _seconds(budget: str | None) -> float:
    """Read a time such as 90, 90s, 10m or 1.5h."""
    import math
    import re

    if budget is None:
        return math.inf
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", budget.strip())
    if not match or not float(match[1]):
        raise InputError(f"--budget must be a time such as 90s, 10m or 1h. Received: '{budget}'.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def _command() -> str:
    import shlex
    import sys

    return "mathbench " + shlex.join(sys.argv[1:])


def _show_plan(spec: "Spec", data: "Data", folder: Path, json: bool) -> None:
    from mathbench.baselines.runner import identity

    plan = {"out": str(folder), **identity(spec, data)}
    if json:
        emit(plan)
        return
    for key, value in plan.items():
        shown = ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else value
        out.print(f"{key}: {shown}", markup=False, soft_wrap=True)
    say("nothing was run")


def _show(result: "Result", data: "Data", folder: Path, json: bool) -> None:
    from mathbench.cli.report import report, sections_json

    if json:
        emit({"out": str(folder), **result.to_json(), **sections_json(result.scores)})
    else:
        report(result, data, folder)


def _submit(folder: Path) -> None:
    """Put a run on the local board."""
    from mathbench.leaderboard.submit import submit_run

    say(f"on the board: {submit_run(folder).board}   see it: mathbench leaderboard show")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(baselines)
    app.command("run-baseline", context_settings=FREE_OPTIONS)(run_baseline)
