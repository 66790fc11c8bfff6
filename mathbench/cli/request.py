"""What a command line requests, read from its options: rows per split, data, and a run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mathbench.errors import InputError, nearest

if TYPE_CHECKING:
    from mathbench.task import Task

FLAGS = ("messages",)  # parameters that have no value
TASK_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}  # of commands that take a task's


@dataclass(frozen=True)
class SizeOptions:
    """Rows per split; None where the option is not given.

    >>> SizeOptions(train=5).given
    {'train': 5}
    """

    train: int | None = None
    validation: int | None = None
    interpolate: int | None = None
    extrapolate: int | None = None

    @property
    def given(self) -> dict[str, int]:
        """The given sizes by split."""
        return {split: rows for split, rows in vars(self).items() if rows is not None}


@dataclass(frozen=True)
class TaskOptions:
    """Parameters of a task, given as options that the command itself does not have.

    Args:
        arguments: what the command line parser left over, such as ``["--k", "7", "--base=2"]``.
        known: names of the command's own options, for hints.
    """

    arguments: list[str]
    known: tuple[str, ...] = ()

    def parse(self) -> dict[str, str]:
        """Return the parameters by name.

        Raises:
            InputError: for anything that is not an option with a value.

        >>> TaskOptions(["--k", "7", "--base=2"]).parse()
        {'k': '7', 'base': '2'}
        """
        options: dict[str, str] = {}
        rest = list(self.arguments)
        while rest:
            word = rest.pop(0)
            match = re.fullmatch(r"--([a-z][\w-]*)(?:=(.*))?", word, re.DOTALL)
            if not match:
                raise InputError(f"unexpected argument '{word}'. Task parameters are given as --name value.")
            name, value = match.groups()
            if value is None and name in FLAGS:
                value = "true"
            if value is None:
                if not rest:
                    close = nearest(name, self.known)
                    hint = f" Did you mean --{close}?" if close else ""
                    raise InputError(f"option --{name} needs a value.{hint}")
                value = rest.pop(0)
            key = name.replace("-", "_")
            if key in options:
                raise InputError(f"option --{name} may be given once. Received: {options[key]!r}, {value!r}.")
            options[key] = value
        return options

    def make(self, name: str, defaults: Mapping[str, object] | None = None) -> "Task":
        """Make the task of a name with these parameters, which replace the defaults."""
        from mathbench.dataset.question_lists import requested_task

        given: dict[str, object] = dict(self.parse())
        if isinstance(prompt := given.get("prompt"), str):
            from mathbench.formats.words.options import read_prompt

            given["prompt"] = read_prompt(prompt)
        self._check_names(name, given)
        return requested_task(name, {**(defaults or {}), **given})

    def _check_names(self, task: str, given: Mapping[str, object]) -> None:
        """Refuse a name that is nearer to an option of the command than to any parameter of the task."""
        from mathbench.families import family
        from mathbench.formats import OPTIONS

        parameters = {*(field.name for field in family(task).fields()), *OPTIONS}
        for key in given.keys() - parameters:
            names = [*parameters, *(option.replace("-", "_") for option in self.known)]
            close = nearest(key, names)
            if close is not None and close not in parameters:
                option = close.replace("_", "-")
                raise InputError(f"unknown option --{key.replace('_', '-')}. Did you mean --{option}?")


@dataclass(frozen=True)
class DataOptions:
    """The rows that a command works on: a dataset, or a task with its parameters, sizes and seed.

    Args:
        task: name of a task family.
        folder: folder or URL of a dataset.
        config: name of one of its configurations.
        seed: seed of the rows of a task.
        sizes: rows per split of a task.
        parameters: of the task.
    """

    task: str | None
    folder: str | None
    config: str | None
    seed: str
    sizes: SizeOptions
    parameters: TaskOptions


@dataclass(frozen=True)
class SweepOptions:
    """What a sweep varies.

    Args:
        axes: ``key=value,value`` or ``key=low..high``.
        trials: number of combinations to draw; 0 for all of a grid.
        prune: whether to end trials early that are worse than most.
        seeds: number of training seeds of each combination.
    """

    axes: tuple[str, ...] = ()
    trials: int = 0
    prune: bool = False
    seeds: int = 1

    @property
    def requested(self) -> bool:
        """Whether the command line asks for more than one run."""
        return bool(self.axes or self.seeds > 1 or self.trials or self.prune)


@dataclass(frozen=True)
class EngineOptions:
    """Where the runs of a sweep are done.

    Args:
        name: ``local`` or ``ray``.
        workers: the number of runs side by side; None where it is not given.
        address: of a Ray cluster.

    >>> EngineOptions(workers=1).parallel, EngineOptions(workers=2).parallel, EngineOptions("ray").parallel
    (False, True, True)
    """

    name: str = "local"
    workers: int | None = None
    address: str | None = None

    @property
    def parallel(self) -> bool:
        """Whether runs are done in other processes than this one."""
        return self.name != "local" or self.address is not None or (self.workers or 1) > 1


@dataclass(frozen=True)
class PromptingOptions:
    """What is given for a language model only; None where it is not.

    Args:
        url: the address of its server.
        extract: the extraction that reads its replies.
        limit: rows of each test split.

    >>> PromptingOptions(limit=5).given
    {'limit': 5}
    """

    url: str | None = None
    extract: str | None = None
    limit: int | None = None

    @property
    def given(self) -> dict[str, str | int]:
        """The given options by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


class SpecRequest(Protocol):
    """What a request says about the baseline, see `RunRequest`."""

    @property
    def name(self) -> str | None:
        """Name of the baseline."""

    @property
    def recipe(self) -> str | None:
        """Name or file of a recipe."""

    @property
    def framework(self) -> str | None:
        """The framework."""

    @property
    def settings(self) -> tuple[str, ...]:
        """``key=value``, for single settings."""

    @property
    def seed(self) -> str:
        """Seed of the training."""

    @property
    def sweep(self) -> SweepOptions:
        """What a sweep varies."""

    @property
    def prompting(self) -> PromptingOptions:
        """What is given for a language model only."""


@dataclass(frozen=True)
class RunRequest:
    """The command line of `run-baseline`.

    Args:
        name: the baseline.
        source: directory of a run to repeat.
        extended: directory of a run to extend.
        conflicts: words of the command line that may not be given with `source` or `extended`.
        recipe: name or file of a recipe.
        framework: ``torch`` or ``keras``.
        settings: ``key=value``, for single settings.
        seed: of the training.
        sweep: what is varied.
        engine: where its runs are done.
        data: the rows.
        out: the run directory.
        resume: continue an unfinished run.
        force: discard an existing run.
        budget: seconds of wall time for training.
        cpu_budget: seconds of CPU time for training.
        long: lengths of problems to score besides the splits, in digits.
        prompting: what is given for a language model only.
        device: where the network computes.
        threads: CPU threads.
        threads_given: whether the command line names the number of threads.
        track: names of trackers besides TensorBoard.
        samples: number of validation questions whose answers are shown.
        submit: put the finished run on the local board.
        plots: draw the finished run; None to draw one trained network and nothing else.
        json: print the result as JSON.
        dry_run: print the plan and run nothing.
    """

    name: str | None
    source: Path | None
    extended: Path | None
    conflicts: tuple[str, ...]
    recipe: str | None
    framework: str | None
    settings: tuple[str, ...]
    seed: str
    sweep: SweepOptions
    engine: EngineOptions
    data: DataOptions
    out: Path | None
    resume: bool
    force: bool
    budget: float
    cpu_budget: float
    long: tuple[int, ...]
    prompting: PromptingOptions
    device: str
    threads: int
    threads_given: bool
    track: tuple[str, ...]
    samples: int
    submit: bool
    plots: bool | None
    json: bool
    dry_run: bool
