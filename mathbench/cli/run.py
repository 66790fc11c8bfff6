"""The command that trains: run-baseline."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mathbench.cli.options import ConfigName, Count, DataDir, DataSeed, Device, Json, TaskName, given_sizes
from mathbench.cli.output import FREE_OPTIONS, err
from mathbench.cli.repeat import repeat_run
from mathbench.cli.running import (
    AfterRun,
    command,
    parse_duration,
    relaunch_on_devices,
    run_one,
    show,
    show_plan,
)
from mathbench.cli.sweep import make_sweep, run_sweep
from mathbench.errors import InputError

QUICKEST = "mlp"  # three-digit sums in a few seconds


def run_baseline(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help=f"A baseline, or ./mine.py:MyModel. Default: {QUICKEST}.", show_default=False),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Repeat this run from its directory.", metavar="RUN")
    ] = None,
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
    online: Annotated[
        bool, typer.Option("--online", help="Train on an endless stream; the same as --set source=stream.")
    ] = False,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", help="key=value,value: run every combination; key=low..high: with --trials."),
    ] = None,
    trials: Annotated[
        int, typer.Option(min=0, max=10_000, help="Combinations to draw from --sweep; 0: all values listed.")
    ] = 0,
    prune: Annotated[
        bool, typer.Option("--prune", help="With --trials: end those early that are worse than most.")
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Runs with so many seeds, from --seed on.")] = 1,
    data_seed: DataSeed = "0",
    budget: Annotated[str | None, typer.Option(help="Wall time for training, such as 10m.")] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="The run directory. Default: runs/...")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Throw away the run that lies there.")] = False,
    device: Device = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; small networks are fastest with 1.")] = 1,
    devices: Annotated[
        int, typer.Option(min=1, max=1024, help="Processes that learn together, a GPU each (PyTorch).")
    ] = 1,
    train: Count = None,
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    submit: Annotated[
        bool, typer.Option("--submit/--no-submit", help="Put the run on the local board.")
    ] = True,
    plots: Annotated[
        bool | None,
        typer.Option("--plots/--no-plots", help="Draw into RUN/plots. Default: for one trained network."),
    ] = None,
    track: Annotated[
        list[str] | None,
        typer.Option("--track", help="wandb, mlflow, trackio or module:name; may be repeated."),
    ] = None,
    json: Json = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be run, run nothing.")] = False,
) -> None:
    """Fit a baseline, score it on problems that it has never seen, and compare it with the shortcuts.

    Without a name it runs the quickest. With nothing but a name it makes the data of the baseline's recipe in
    memory. Parameters of a task are given as options of their own. Ctrl-C keeps everything; --resume goes on as
    if nothing had happened.

    Examples:
      mathbench run-baseline

      mathbench run-baseline lstm-seq2seq

      mathbench run-baseline lstm-classifier --task divisible --k 7 --framework keras --budget 10m

      mathbench run-baseline lstm-seq2seq --recipe addition-rnn --set hidden=256 --seed 1

      mathbench run-baseline trial-division --data data/prime-base10

      mathbench run-baseline lstm-seq2seq --sweep lr=1e-3,3e-3 --sweep hidden=64,128 --seeds 5

      mathbench run-baseline lstm-seq2seq --sweep lr=1e-4..1e-1 --trials 20 --prune

      mathbench run-baseline --from runs/mine
    """
    from mathbench.baselines.distributed import process_group, run_follower
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.run import RunOptions
    from mathbench.cli.selection import make_data, make_spec, run_title

    relaunch_on_devices(devices)
    if not context.with_resource(process_group()):
        from mathbench.baselines.predictor import build_network

        run_follower(build_network)
        return
    place, ending = DeviceConfig(device, threads), AfterRun(submit, plots, json)
    order = RunOptions(
        Path(), resume, force, parse_duration(budget), place, command(), err, tuple(track or ())
    )
    if source is not None:
        repeat_run(context, source, out_dir, order, ending, dry_run)
        return
    if name is not None and name.startswith("-"):
        raise InputError(f"with parameters of a task the baseline must be named first. Received: {name}.")
    sizes = given_sizes(train=train, validation=validation, interpolate=interpolate, extrapolate=extrapolate)
    requested = [*(settings or []), *(["source=stream"] if online else [])]
    spec, chosen = make_spec(name or QUICKEST, recipe, framework, requested, seed)
    swept = make_sweep(spec, chosen, requested, sweep or [], seeds, trials, prune)
    rows = make_data(chosen, spec, task, data, config, context.args, sizes, data_seed)
    title = run_title(spec, rows)
    if swept is not None:
        order = replace(order, out=out_dir or Path("runs") / f"sweep-{title}")
        run_sweep(swept, rows, order, ending, dry_run)
        return
    folder = out_dir or Path("runs") / title
    if dry_run:
        show_plan(spec, rows, folder, json)
        return
    result = run_one(spec, rows, replace(order, out=folder))
    show(result, rows, folder, json, {})
    ending.keep(rows, folder, spec.trained)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run-baseline", context_settings=FREE_OPTIONS)(run_baseline)
