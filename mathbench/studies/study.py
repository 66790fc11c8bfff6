"""A study: tasks, learners, and the rules by which learners are trained on tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mathbench.baselines.request import make_spec
from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.spec import RunSpec, check_applies
from mathbench.baselines.table import Baseline, baseline
from mathbench.dataset.question_lists import requested_task
from mathbench.errors import InputError, did_you_mean
from mathbench.registry import load
from mathbench.task import Task

SUPERVISIONS = ("examples", "dense", "aligned", "aligned+dense")
SOLVED = 0.99  # exact match on validation below which a cell is searched


@dataclass(frozen=True)
class StudyTask:
    """A task of a study.

    Args:
        name: its name in the study.
        task: the task in plain text.
        seed: of the rows.
        sizes: rows per split that are asked for; a split may have fewer.
        long: numbers of digits of problems that are scored besides the splits.
        group: the tasks that stand together in tables and charts.
    """

    name: str
    task: Task
    seed: int | str
    sizes: Mapping[str, int]
    long: tuple[int, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class Learner:
    """A network, or another baseline, with the settings that it is trained with.

    Args:
        name: its name in the study.
        baseline: name of the baseline, or ``FILE.py:CLASS``.
        tasks: patterns of the names of the tasks that it is trained on, such as ``multiples-*``.
        recipe: name or file of a recipe; None for that of the baseline.
        framework: None for the first that is installed.
        supervision: what its training may give away; empty for what is not trained.
        settings: settings and choices of the encoding; text may name parameters of the task, such as ``{k}``.
        special: further settings by patterns of names of tasks.
        format: the format of its questions and answers.
        sizes: rows per split that differ from those of the tasks.
        seeds: training seeds; None for those of the study.
        long: numbers of digits of problems that are scored besides the splits; None for those of the task.
        wave: learners of lower waves are trained first.
        search: what is tried where it fails, each a variant: settings and a number of training rows, such as
            ``rate=3e-3 sizes.train=20000``.
    """

    name: str
    baseline: str
    tasks: tuple[str, ...] = ("*",)
    recipe: str | None = None
    framework: str | None = None
    supervision: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    special: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    format: str | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    seeds: tuple[int, ...] | None = None
    long: tuple[int, ...] | None = None
    wave: int = 1
    search: tuple[str, ...] = ()

    @property
    def entry(self) -> Baseline:
        """The entry of the baseline in the table.

        Raises:
            InputError: for an unknown baseline, and for a language model, which is asked and not trained.
        """
        entry = baseline(self.baseline)
        if entry.kind == "prompted":
            raise InputError(f"{entry.name} is asked, not trained: a study trains what it compares.")
        return entry

    @property
    def trained(self) -> bool:
        """Whether it is trained with seeds."""
        return self.entry.kind == "network"

    def learns(self, task: StudyTask) -> bool:
        """Whether the study has it on a task: a pattern matches and, of a shortcut, the shortcut makes sense there."""
        if not any(fnmatchcase(task.name, pattern) for pattern in self.tasks):
            return False
        return self.trained or applies_to(load(self.entry.target), task.task)

    def task(self, task: StudyTask) -> Task:
        """Return a task in the format of this learner."""
        if self.format is None:
            return task.task
        return requested_task(task.task.id, {**task.task.parameters, "format": self.format})

    def make_spec(self, task: StudyTask, seed: int, more: Mapping[str, Any] | None = None) -> RunSpec:
        """Return the spec of a run.

        Args:
            task: the task.
            seed: of the training.
            more: further settings, see `settings_on`.

        Raises:
            InputError: for settings that are not allowed, and a supervision that is not the stated one.
        """
        spec, _ = make_spec(self.entry, self.recipe, self.framework, self.settings_on(task, more), seed)
        own = self.task(task)
        check_applies(self.entry, own)
        given_away = spec.supervision(own)
        if given_away != self.supervision:
            raise InputError(
                f"the training of {self.name} on {task.name} has the supervision '{given_away}'. "
                f"Received: '{self.supervision}'. Write supervision = \"{given_away}\" under its [[learners]]."
            )
        return spec

    def settings_on(self, task: StudyTask, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the settings on a task and further ones, with the parameters of the task filled in."""
        found = {**self.unfilled_settings_on(task), **(more or {})}
        return {key: _filled(value, task) for key, value in found.items()}

    def unfilled_settings_on(self, task: StudyTask) -> dict[str, Any]:
        """Return the settings on a task as the file has them, with names of parameters in braces."""
        found = dict(self.settings)
        for pattern, settings in self.special.items():
            if fnmatchcase(task.name, pattern):
                found.update(settings)
        return found


@dataclass(frozen=True)
class Study:
    """A study.

    Args:
        name: of lower-case letters, digits and hyphens.
        title: for people.
        description: what it asks.
        tasks: the tasks.
        learners: the learners.
        seeds: training seeds of every learner that has none of its own.
        threads: CPU threads of each run.
        solved: exact match on validation below which a cell counts as failed and is searched.
        text: the file that it was read from.
        folder: of that file, to which the files that it names are relative.
    """

    name: str
    title: str
    description: str
    tasks: tuple[StudyTask, ...]
    learners: tuple[Learner, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    threads: int = 1
    solved: float = SOLVED
    text: str = ""
    folder: Path = Path()

    def task(self, name: str) -> StudyTask:
        """Return a task by its name.

        Raises:
            InputError: when there is none.
        """
        found = {task.name: task for task in self.tasks}
        if name not in found:
            raise InputError(f"the study {self.name} has no task '{name}'. {did_you_mean(name, found)}")
        return found[name]

    def seeds_of(self, learner: Learner) -> tuple[int, ...]:
        """Return the training seeds of a learner; one for what is not trained."""
        if not learner.trained:
            return (0,)
        return self.seeds if learner.seeds is None else learner.seeds


def _filled(value: Any, task: StudyTask) -> Any:
    """Return a value with the parameters of a task in the place of their names in braces."""
    if not isinstance(value, str) or "{" not in value:
        return value
    try:
        return value.format_map(task.task.parameters)
    except (KeyError, ValueError, IndexError):
        known = ", ".join(task.task.parameters)
        raise InputError(
            f"{task.name} has no such parameter; known are {known}. Received: '{value}'."
        ) from None
