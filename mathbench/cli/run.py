"""The command that trains: run-baseline."""

import typer

from mathbench.cli import options as opt
from mathbench.cli.extend import extend_run
from mathbench.cli.options import extend_safe, known_options, repeat_safe
from mathbench.cli.repeat import conflicting_words, is_given, repeat_run
from mathbench.cli.request import (
    TASK_OPTIONS,
    DataOptions,
    EngineOptions,
    PromptingOptions,
    RunRequest,
    SizeOptions,
    SweepOptions,
    TaskOptions,
)
from mathbench.cli.running import parse_duration, parse_lengths, relaunch_on_devices, run_single, show_plan
from mathbench.cli.sweep import run_sweep
from mathbench.errors import InputError, require_extra

SAMPLES = 3  # validation questions whose answers are shown


def run_baseline(
    context: typer.Context,
    name: opt.BaselineName = None,
    source: opt.From = None,
    extend: opt.Extend = None,
    task: opt.TaskName = None,
    data: opt.DataDir = None,
    config: opt.ConfigName = None,
    recipe: opt.RecipeName = None,
    framework: opt.Framework = None,
    settings: opt.Settings = None,
    seed: opt.TrainingSeed = "0",
    online: opt.Online = False,
    sweep: opt.Sweep = None,
    trials: opt.Trials = 0,
    prune: opt.Prune = False,
    seeds: opt.Seeds = 1,
    workers: opt.RunWorkers = None,
    engine: opt.RunEngine = "local",
    address: opt.Address = None,
    data_seed: opt.DataSeed = "0",
    budget: opt.Budget = None,
    cpu_budget: opt.CpuBudget = None,
    long: opt.Long = None,
    url: opt.Url = None,
    extract: opt.Extract = None,
    limit: opt.Limit = None,
    out_dir: opt.RunDirectory = None,
    resume: opt.Resume = False,
    force: opt.Force = False,
    device: opt.Device = "auto",
    threads: opt.Threads = 1,
    devices: opt.Devices = 1,
    train: opt.Count = None,
    validation: opt.Count = None,
    interpolate: opt.Count = None,
    extrapolate: opt.Count = None,
    submit: opt.Submit = True,
    plots: opt.Plots = None,
    track: opt.Track = None,
    samples: opt.Samples = SAMPLES,
    json: opt.Json = False,
    dry_run: opt.DryRun = False,
) -> None:
    """Train a baseline, score it on unseen problems, and compare it with the shortcuts.

    By default, the data of the baseline's recipe is made in memory. Parameters of
    a task, such as --digits, are given as options. Ctrl-C keeps everything;
    --resume continues the run as if it had not been interrupted. --extend goes on
    with a finished run, such as with more steps, in a directory of its own.

    Examples:
      mathbench run-baseline

      mathbench run-baseline lstm-seq2seq

      mathbench run-baseline lstm-classifier --task divisible --k 7 --framework keras --budget 10m

      mathbench run-baseline lstm-seq2seq --recipe addition-rnn --set hidden=256 --seed 1

      mathbench run-baseline second-order-rnn --long 20,50,100,1000

      mathbench run-baseline trial-division --data data/prime-base10

      mathbench run-baseline hf:models/mine --task addition --shots 4 --limit 500

      mathbench run-baseline openai:NAME --url http://localhost:8000/v1 --task prime --extract last-number

      mathbench run-baseline lstm-seq2seq --sweep lr=1e-3,3e-3 --sweep hidden=64,128 --seeds 5

      mathbench run-baseline lstm-seq2seq --sweep lr=1e-4..1e-1 --trials 20 --prune

      mathbench run-baseline mlp --seeds 8 --workers 4

      mathbench run-baseline --from runs/mine

      mathbench run-baseline --extend runs/mine --set steps=20000 --set target=none
    """
    from mathbench.baselines.distributed import process_group, run_follower

    relaunch_on_devices(devices)
    if not context.with_resource(process_group()):
        from mathbench.baselines.predictor import build_network

        run_follower(build_network)
        return
    sizes = SizeOptions(train, validation, interpolate, extrapolate)
    parameters = TaskOptions(context.args, known_options(run_baseline))
    request = RunRequest(
        name=name,
        source=source,
        extended=extend,
        conflicts=conflicting_words(context, run_baseline, extend_safe if extend else repeat_safe),
        recipe=recipe,
        framework=framework,
        settings=(*(settings or ()), *(("source=stream",) if online else ())),
        seed=seed,
        sweep=SweepOptions(tuple(sweep or ()), trials, prune, seeds),
        engine=EngineOptions(engine, workers, address),
        data=DataOptions(task, data, config, data_seed, sizes, parameters),
        out=out_dir,
        resume=resume,
        force=force,
        budget=parse_duration(budget),
        cpu_budget=parse_duration(cpu_budget, "--cpu-budget"),
        long=parse_lengths(long),
        prompting=PromptingOptions(url, extract, limit),
        device=device,
        threads=threads,
        threads_given=is_given(context, "threads"),
        track=tuple(track or ()),
        samples=samples,
        submit=submit,
        plots=plots,
        json=json,
        dry_run=dry_run,
    )
    _run(request)


def _run(request: RunRequest) -> None:
    """Run the mode that a request asks for: repetition, extension, sweep, plan or single run."""
    if request.plots:
        require_extra("matplotlib", "plots")
    if None not in (request.source, request.extended):
        raise InputError("--from repeats a run, --extend goes on with one: give one of them.")
    if request.source is not None:
        repeat_run(request, request.source)
    elif request.extended is not None:
        extend_run(request, request.extended)
    elif request.sweep.requested:
        run_sweep(request)
    elif request.engine.parallel:
        raise InputError("--workers, --engine and --address are for several runs: give --seeds or --sweep.")
    elif request.dry_run:
        show_plan(request)
    else:
        run_single(request)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run-baseline", context_settings=TASK_OPTIONS)(run_baseline)
