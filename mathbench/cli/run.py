"""Commands that train, ask and score: baselines, run-baseline, predict, ask, score."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.output import FREE_OPTIONS, emit, err, free_options, out, say, task_of
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.fit import Spec
    from mathbench.baselines.recipe import Recipe
    from mathbench.baselines.result import Result
    from mathbench.data import Data
    from mathbench.task import Task

KNOWN = (
    *("task", "data", "config", "recipe", "framework", "set", "seed", "data-seed", "budget", "out", "resume"),
    *("force", "device", "threads", "train", "validation", "interpolate", "extrapolate", "submit", "json"),
    "dry-run",
)

Count = Annotated[
    int | None, typer.Option(min=0, help="Rows of this split; 0 leaves it out.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
TaskName = Annotated[str | None, typer.Option("--task", help="A task family; see `mathbench tasks`.")]
DataDir = Annotated[
    Path | None, typer.Option("--data", help="A dataset on disk instead of a task.", metavar="DIR")
]
ConfigName = Annotated[str | None, typer.Option("--config", help="Which configuration of the dataset.")]
DataSeed = Annotated[str, typer.Option("--data-seed", help="Seed of the data; a 64-bit integer or a string.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]


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

    sizes = _given(train=train, validation=validation, interpolate=interpolate, extrapolate=extrapolate)
    spec, chosen = _spec(name, recipe, framework, settings or [], seed)
    rows = _data(chosen, spec, task, data, config, context.args, sizes, data_seed)
    folder = out_dir or Path("runs") / _title(spec, rows)
    if dry_run:
        _show_plan(spec, rows, folder, json)
        return
    finished = (folder / "result.json").is_file() and not force
    place = Place(device, threads)
    order = Order(folder, resume, force, _seconds(budget), place, _command(), err)
    try:
        result = run(spec, rows, order)
    except KeyboardInterrupt:
        say(f"stopped; everything is kept in {folder}. Add --resume to go on.")
        raise typer.Exit(130) from None
    if finished:
        say(f"{folder} is finished already; --force runs it again")
    _show(result, rows, folder, json)
    if submit:
        _submit(folder)


def predict(
    run: Annotated[Path, typer.Argument(help="A finished run.", metavar="RUN")],
    data: Annotated[Path, typer.Option("--data", help="A dataset.", metavar="DIR")],
    config: ConfigName = None,
    split: Annotated[
        list[str] | None, typer.Option(help="A split; may be repeated. Default: all but train.")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="A Parquet file. Default: JSON lines on stdout.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Let a finished run answer the questions of a dataset.

    Examples:
      mathbench predict runs/mine --data data/addition-base10 --out p.parquet

      mathbench predict runs/mine --data data/addition-base10 --split extrapolate
    """
    from mathbench.baselines.fit import loaded
    from mathbench.baselines.network import Place
    from mathbench.baselines.runner import SCORED, predicted, write_predictions
    from mathbench.dataset import open_dataset

    answer, _ = loaded(run, Place(device))
    rows = open_dataset(data).data(config)
    for wanted in split or []:
        if wanted not in rows.splits:
            raise InputError(f"{data} has no split '{wanted}'. It has: {', '.join(rows.splits)}.")
    table = predicted(answer, rows, tuple(split) if split else SCORED)
    if out_file is None:
        _print_lines(table)
        return
    write_predictions(out_file, table)
    say(f"{table.num_rows:,} predictions in {out_file}; score them: mathbench score {out_file} --data {data}")


def ask(
    run: Annotated[Path, typer.Argument(help="A finished run.", metavar="RUN")],
    questions: Annotated[list[str], typer.Argument(help="Questions as the run's task writes them.")],
    json: Json = False,
) -> None:
    """Ask a finished run questions of your own.

    Examples:
      mathbench ask runs/lstm-seq2seq-torch-addition-base10-seed0 "12+29"

      mathbench ask runs/mine "1+1" "999+1" --json
    """
    import pyarrow as pa

    from mathbench.baselines.fit import loaded
    from mathbench.baselines.network import Place

    if "" in questions:
        raise InputError("a question must not be empty.")
    answer, _ = loaded(run, Place())
    answers = answer(pa.array(questions, pa.string())).to_pylist()
    if json:
        emit([{"question": q, "answer": a} for q, a in zip(questions, answers, strict=True)])
        return
    for line in answers:
        out.print(line, markup=False, soft_wrap=True)


def score(
    context: typer.Context,
    predictions: Annotated[
        Path, typer.Argument(help="Parquet or JSON lines with split, row, prediction; or a run.")
    ],
    task: TaskName = None,
    data: DataDir = None,
    config: ConfigName = None,
    data_seed: DataSeed = "0",
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    json: Json = False,
) -> None:
    """Score predictions by exact match against the truth of a dataset, a task, or the run they belong to.

    Rows without a prediction count as wrong; repeated and foreign rows are refused.

    Examples:
      mathbench score p.parquet --data data/addition-base10

      mathbench score p.parquet --task addition --digits 3 --interpolate 10000

      mathbench score runs/lstm-seq2seq-torch-addition-base10-seed0
    """
    from mathbench.baselines.predictions import read
    from mathbench.baselines.runner import score_table
    from mathbench.cli.report import scores_table
    from mathbench.cli.truth import truth_of_run
    from mathbench.data import SIZES, Data, fitting
    from mathbench.dataset import open_dataset

    given = read(predictions)
    sizes = _given(validation=validation, interpolate=interpolate, extrapolate=extrapolate)
    if task is not None and data is not None:
        raise InputError("give either --task NAME or --data DIR, not both.")
    if data is not None:
        truth = open_dataset(data).data(config)
    elif task is not None:
        wanted = task_of(task, context.args, KNOWN)
        splits = dict.fromkeys(given["split"].to_pylist())
        defaults = fitting(wanted, {s: n for s, n in SIZES.items() if s in splits}, data_seed)
        truth = Data.generate(wanted, {**defaults, **sizes}, data_seed)
    else:
        truth = truth_of_run(predictions)
    scores = score_table(given, truth)
    if json:
        emit({split: s.to_json() for split, s in scores.items()})
    else:
        out.print(scores_table({split: s.to_json() for split, s in scores.items()}, truth.task.name))


def _spec(
    name: str, recipe: str | None, framework: str | None, settings: list[str], seed: str
) -> tuple["Spec", "Recipe | None"]:
    """What is to be run, and the recipe that it comes from."""
    from mathbench.baselines import baseline
    from mathbench.baselines.fit import Spec, framework_of
    from mathbench.baselines.recipe import configured, overrides_of, read
    from mathbench.hashing import check_seed

    entry = baseline(name)
    if entry.kind != "network":
        if recipe or settings:
            raise InputError(f"{name} is not trained by a recipe; it takes neither --recipe nor --set.")
        return Spec(entry, framework_of(entry, framework), "", check_seed(seed)), None
    chosen = read(recipe or name)
    if chosen.baseline != name:
        raise InputError(f"recipe {chosen.name} is for {chosen.baseline}. Received: {name}.")
    used = framework_of(entry, framework)
    hyper, choices = configured(chosen, entry, used, overrides_of(settings))
    return Spec(entry, used, chosen.name, check_seed(seed), hyper, choices), chosen


def _data(
    recipe: "Recipe | None",
    spec: "Spec",
    name: str | None,
    folder: Path | None,
    config: str | None,
    extra: list[str],
    sizes: dict[str, int],
    seed: str,
) -> "Data":
    """The rows to run on: those of a dataset, of a task, or of the recipe's own task."""
    from mathbench.data import SIZES, Data, fitting
    from mathbench.rows import open_rows

    if folder is not None:
        if name is not None or extra or sizes:
            raise InputError(
                "--data brings its own task and sizes; leave out --task, its parameters and sizes."
            )
        from mathbench.dataset import open_dataset

        rows: Data = open_dataset(folder).data(config)
        return rows
    if config is not None:
        raise InputError("--config goes with --data DIR.")
    task = _task(recipe, spec, name, extra)
    defaults = fitting(task, recipe.sizes if recipe and recipe.sizes else SIZES, seed)
    for split, count in sizes.items():
        open_rows(task, split, seed).require(count)  # before memory for so many rows is asked for
    return Data.generate(task, {**defaults, **sizes}, seed)


def _task(recipe: "Recipe | None", spec: "Spec", name: str | None, extra: list[str]) -> "Task":
    """The task asked for; by default the recipe's, or the first one that a shortcut makes sense on."""
    from mathbench.baselines import load
    from mathbench.baselines.answerer import makes_sense
    from mathbench.generators import TASKS
    from mathbench.generators import task as make

    given = free_options(extra, KNOWN)
    _no_settings(spec, name or (recipe.task["name"] if recipe else ""), given)
    if name is not None:
        return make(name, **given)
    if recipe is not None:
        own = {key: value for key, value in recipe.task.items() if key != "name"}
        return make(recipe.task["name"], **{**own, **given})
    kind = load(spec.baseline.target)
    possible = [family for family, cls in TASKS.items() if makes_sense(kind, cls())]
    if not possible:
        raise InputError(f"{spec.baseline.name} makes sense on no task. Give --task NAME.")
    return make(possible[0], **given)


def _no_settings(spec: "Spec", task: str, given: dict[str, str]) -> None:
    """A hyperparameter given as if it were a parameter of the task is a likely slip."""
    from dataclasses import fields

    from mathbench.baselines.recipe import keys
    from mathbench.generators import family

    if not spec.trained:
        return
    known = {f.name for f in fields(family(task))}
    for key, value in given.items():
        if key not in known and key in keys(spec.baseline):
            raise InputError(f"'{key}' is a setting, not a parameter. Did you mean --set {key}={value}?")


def _given(**sizes: int | None) -> dict[str, int]:
    return {split: rows for split, rows in sizes.items() if rows is not None}


def _title(spec: "Spec", data: "Data") -> str:
    """The default name of a run directory."""
    name = spec.baseline.name.rpartition(":")[2] if spec.baseline.kind == "other" else spec.baseline.name
    recipe = spec.recipe if spec.recipe and spec.recipe != spec.baseline.name else name
    framework = f"-{spec.framework}" if spec.trained else ""
    return f"{recipe}{framework}-{data.task.name}-seed{spec.seed}"


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
    from mathbench.cli.report import report

    if json:
        emit({"out": str(folder), **result.to_json()})
    else:
        report(result, data, folder)


def _submit(folder: Path) -> None:
    """Put a run on the local board, where this installation has one."""
    try:
        from mathbench.leaderboard.submit import submit_run
    except ImportError:
        say("this version has no board to submit to")
        return
    receipt: Any = submit_run(folder)
    place = getattr(receipt, "board", receipt)
    say(f"on the board: {place}   see it: mathbench leaderboard show")


def _print_lines(table: Any) -> None:
    import json as writer
    import sys

    for row in table.to_pylist():
        sys.stdout.write(writer.dumps(row) + "\n")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(baselines)
    app.command("run-baseline", context_settings=FREE_OPTIONS)(run_baseline)
    app.command()(predict)
    app.command()(ask)
    app.command(context_settings=FREE_OPTIONS)(score)
