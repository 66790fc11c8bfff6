"""Options of the commands, each declared once, and what can be read from a command's signature about them."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.models import OptionInfo


class RepeatSafe:
    """Mark of an option that may be given with ``--from``: it changes neither the rows nor the weights of a run."""


class ExtendSafe:
    """Mark of a further option that may be given with ``--extend``."""


QUICKEST = "mlp"  # three-digit sums in a few seconds

# shared by several commands
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout."), RepeatSafe]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check and print what would be run, and run nothing."), RepeatSafe
]
Count = Annotated[
    int | None, typer.Option(min=0, help="Number of rows of this split; 0 omits it.", show_default=False)
]
TaskName = Annotated[
    str | None, typer.Option("--task", help="Task family, such as addition; `mathbench tasks` lists them.")
]
DataDir = Annotated[
    str | None,
    typer.Option("--data", help="Folder or URL of a dataset, instead of a task.", metavar="DIR|URL"),
]
ConfigName = Annotated[
    str | None, typer.Option("--config", help="Configuration of the dataset; required if it has several.")
]
DataSeed = Annotated[str, typer.Option("--data-seed", help="Seed of the data: a 64-bit integer or a string.")]
Device = Annotated[str, typer.Option("--device", help="Device: auto, cpu or cuda."), RepeatSafe]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Number of processes; with Ray, of shards in progress. Default: 1; with Ray, 2 per CPU of the cluster.",
    ),
]
EngineName = Annotated[
    str,
    typer.Option(
        "--engine", help="Engine that writes the shards: local, or ray for the nodes of a Ray cluster."
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="Address of the Ray cluster, such as HOST:6379. Default: RAY_ADDRESS, else this machine.",
    ),
]
DatasetArgument = Annotated[str, typer.Argument(help="Folder or URL of a dataset.", metavar="DIR|URL")]
RunArgument = Annotated[Path, typer.Argument(help="Directory of a finished run.", metavar="RUN")]

# of run-baseline
BaselineName = Annotated[
    str | None,
    typer.Argument(help=f"Name of a baseline, or FILE.py:CLASS. Default: {QUICKEST}.", show_default=False),
]
From = Annotated[
    Path | None,
    typer.Option("--from", help="Repeat the run in this directory.", metavar="RUN"),
    RepeatSafe,
]
Extend = Annotated[
    Path | None,
    typer.Option(
        "--extend", help="Go on from the finished run in this directory, in a new one.", metavar="RUN"
    ),
    ExtendSafe,
]
RecipeName = Annotated[
    str | None, typer.Option("--recipe", help="Name or TOML file of a recipe. Default: the baseline's own.")
]
Framework = Annotated[
    str | None, typer.Option("--framework", help="Framework: torch or keras. Default: the first installed.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Setting to change, as key=value; may be repeated."),
    ExtendSafe,
]
TrainingSeed = Annotated[str, typer.Option("--seed", help="Seed of the training.")]
Online = Annotated[
    bool, typer.Option("--online", help="Train on an endless stream; same as --set source=stream.")
]
Sweep = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep",
        help="Setting to vary, as key=value,value or, with --trials, key=low..high; may be repeated.",
    ),
]
Trials = Annotated[
    int,
    typer.Option(
        "--trials",
        min=0,
        max=10_000,
        help="Number of combinations to draw from --sweep; 0 runs all listed values.",
    ),
]
Prune = Annotated[
    bool, typer.Option("--prune", help="With --trials, stop trials early that score below the median.")
]
Seeds = Annotated[
    int,
    typer.Option("--seeds", min=1, max=1000, help="Number of training seeds to run, counted from --seed."),
]
RunWorkers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Number of runs side by side, with --seeds or --sweep. Default: 1; with Ray, 2 per CPU of the cluster.",
    ),
]
RunEngine = Annotated[
    str,
    typer.Option(
        "--engine",
        help="Engine of the runs of --seeds or --sweep: local, or ray for the nodes of a Ray cluster.",
    ),
]
Budget = Annotated[
    str | None,
    typer.Option("--budget", help="Wall-clock time for training, such as 10m. Default: unlimited."),
    ExtendSafe,
]
CpuBudget = Annotated[
    str | None,
    typer.Option("--cpu-budget", help="CPU time for training, such as 60s; may stand beside --budget."),
    ExtendSafe,
]
Samples = Annotated[
    int,
    typer.Option(
        "--samples", min=0, max=50, help="Validation questions whose answers are shown during training."
    ),
    RepeatSafe,
]
Long = Annotated[
    str | None,
    typer.Option("--long", help="Lengths of problems to score besides the splits, such as 20,50,100 digits."),
    ExtendSafe,
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", help="Address of the server of an openai: model, such as http://localhost:8000/v1."
    ),
]
Extract = Annotated[
    str | None,
    typer.Option(
        "--extract",
        help="How answers of a language model are read: whole, last-number, boxed, after-answer or tags.",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, help="Questions of each test split that a language model is asked."),
]
RunDirectory = Annotated[
    Path | None, typer.Option("--out", help="Run directory. Default: runs/NAME."), RepeatSafe
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue an unfinished run."), RepeatSafe]
Force = Annotated[
    bool, typer.Option("--force", help="Discard the existing run in the run directory."), RepeatSafe
]
Threads = Annotated[
    int,
    typer.Option("--threads", min=1, help="Number of CPU threads; small networks are fastest with 1."),
    RepeatSafe,
]
Devices = Annotated[
    int,
    typer.Option(
        "--devices", min=1, max=1024, help="Number of processes that train together, one GPU each (PyTorch)."
    ),
    RepeatSafe,
]
Submit = Annotated[
    bool, typer.Option("--submit/--no-submit", help="Put the run on the local board."), RepeatSafe
]
Plots = Annotated[
    bool | None,
    typer.Option(
        "--plots/--no-plots", help="Draw plots into RUN/plots, as PNG. Default: for a single trained network."
    ),
    RepeatSafe,
]
Track = Annotated[
    list[str] | None,
    typer.Option("--track", help="Tracker: wandb, mlflow, trackio or module:name; may be repeated."),
    RepeatSafe,
]


def known_options(command: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a command's options without dashes, from its signature.

    >>> def example(data: DataDir, data_seed: DataSeed, train: Count, submit: Submit): ...
    >>> known_options(example)
    ('data', 'data-seed', 'train', 'submit')
    """
    return tuple(_option_name(name, metadata) for name, metadata in _options(command))


def repeat_safe(command: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a command's parameters that are marked as `RepeatSafe`.

    >>> def example(data: DataDir, out_dir: RunDirectory): ...
    >>> repeat_safe(example)
    ('out_dir',)
    """
    return _marked(command, RepeatSafe)


def extend_safe(command: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a command's parameters that may be given with ``--extend``.

    >>> def example(data: DataDir, settings: Settings, out_dir: RunDirectory): ...
    >>> extend_safe(example)
    ('settings', 'out_dir')
    """
    return tuple(name for name in _marked(command, RepeatSafe, ExtendSafe) if name != "source")


def _marked(command: Callable[..., Any], *marks: type) -> tuple[str, ...]:
    """Return the names of the parameters that have one of these marks."""
    return tuple(name for name, metadata in _options(command) if any(mark in metadata for mark in marks))


def _options(command: Callable[..., Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the options of a command: the parameter's name and the metadata of its `Annotated` type."""
    for name, parameter in inspect.signature(command).parameters.items():
        metadata = getattr(parameter.annotation, "__metadata__", ())
        if any(isinstance(entry, OptionInfo) for entry in metadata):
            yield name, metadata


def _option_name(parameter: str, metadata: tuple[Any, ...]) -> str:
    """Return the first declared name; by default typer derives it from the parameter's name."""
    option = next(entry for entry in metadata if isinstance(entry, OptionInfo))
    # inside `Annotated`, the first declaration is in the field for the default value
    declared = option.default if isinstance(option.default, str) else parameter.replace("_", "-")
    return declared.partition("/")[0].removeprefix("--")
