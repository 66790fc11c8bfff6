"""Finished runs to compare: found in folders, grouped by setting, and labelled by what differs between them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from mathbench.baselines import checkpoint
from mathbench.baselines.result import RESULT_FILE, Result
from mathbench.baselines.run_directory import SPEC_FILE
from mathbench.baselines.table import baseline
from mathbench.baselines.training.strata import read_strata
from mathbench.errors import InputError, os_error_message
from mathbench.registry import load
from mathbench.scores.labels import shortest_differences

History = list[dict[str, float]]


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """A finished run.

    Args:
        folder: the run directory.
        result: its result.
    """

    folder: Path
    result: Result

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that distinguishes the setting of the run, but not its training seed, by name."""
        result = self.result
        recipe = {("recipe" if key == "name" else key): value for key, value in result.recipe.items()}
        choices = result.encoding.get("choices", {})
        rows = {"train": result.data["sizes"].get("train", 0), "data seed": result.data["seed"]}
        known = {"baseline": result.baseline, "framework": result.framework}
        names = {"wall_s": "s", "cpu_s": "CPU s"}
        budget = " and ".join(f"{seconds:g} {names[key]}" for key, seconds in result.budget.items()) or "none"
        beside = {
            "supervision": result.supervision,
            **rows,
            "certified": bool(result.certificate),
            "budget": budget,
        }
        everything = {**known, **_defaults(result.baseline), **recipe, **choices, **beside}
        return {key: "none" if value is None else value for key, value in everything.items()}

    @property
    def task(self) -> str:
        """The name of the task."""
        return str(self.result.task["name"])

    @cached_property
    def history(self) -> History:
        """One entry per validation: step, loss, rate, validation, and in newer runs cpu_s and wall_s; may be empty.

        Results of earlier versions have none, so it is read from the checkpoint.
        """
        if self.result.history:
            return self.result.history
        stored = checkpoint.read(self.folder)
        return stored[0]["history"] if stored else []

    @cached_property
    def validation(self) -> pa.Table:
        """Validation by stratum over time, with the columns step, stratum, n and correct; empty where not stored."""
        return read_strata(self.folder)


@dataclass(frozen=True)
class Setting:
    """The runs of one setting and task, which differ in the training seed.

    Args:
        label: what tells it from the others.
        runs: one per seed.
    """

    label: str
    runs: tuple[ComparedRun, ...]

    @property
    def task(self) -> str:
        """The name of the task."""
        return self.runs[0].task

    @property
    def seeds(self) -> str:
        """The number of seeds as text, empty for one."""
        return f"{len(self.runs)} seeds" if len(self.runs) > 1 else ""

    @property
    def title(self) -> str:
        """The label with the number of seeds."""
        return f"{self.label} ({self.seeds})" if self.seeds else self.label


@dataclass(frozen=True)
class FoundRuns:
    """The finished runs of some folders.

    Args:
        runs: the runs.
        unfinished: run directories without a result, which are left out.
        damaged: run directories whose result cannot be read, which are left out too, and why it cannot.
    """

    runs: tuple[ComparedRun, ...]
    unfinished: tuple[Path, ...] = ()
    damaged: tuple[tuple[Path, str], ...] = ()


@cache
def _defaults(name: str) -> dict[str, Any]:
    """Return the settings of a network that a recipe leaves out at their defaults; empty for other baselines."""
    try:
        entry = baseline(name)
        settings = load(entry.settings) if entry.settings else None
    except InputError:
        return {}
    return (
        {field.name: field.default for field in fields(settings) if field.name in settings.added}
        if settings
        else {}
    )


def find_runs(folders: Sequence[Path]) -> FoundRuns:
    """Read the results of run directories, and of those directly inside other folders, such as that of a sweep.

    Raises:
        InputError: for a folder that is neither a finished run nor holds one, and for a damaged run that is named.
    """
    runs: dict[Path, ComparedRun] = {}
    unfinished: list[Path] = []
    damaged: list[tuple[Path, str]] = []
    for folder in folders:
        inside = [] if (folder / RESULT_FILE).is_file() or not folder.is_dir() else _runs_inside(folder)
        for path in inside or [folder]:
            if path != folder and not (path / RESULT_FILE).is_file():
                unfinished.append(path)
                continue
            try:
                runs.setdefault(path.resolve(), ComparedRun(path, Result.load(path)))
            except (InputError, OSError) as error:
                if path == folder:
                    raise
                damaged.append((path, os_error_message(error) if isinstance(error, OSError) else str(error)))
    if not runs:
        where = f"no run in {', '.join(map(str, folders))}"
        raise InputError(f"{where} can be read. {damaged[0][1]}" if damaged else f"{where} is finished.")
    return FoundRuns(tuple(runs.values()), tuple(unfinished), tuple(damaged))


def _runs_inside(folder: Path) -> list[Path]:
    if (folder / SPEC_FILE).is_file():
        return []
    return sorted({path.parent for path in folder.glob(f"*/{SPEC_FILE}")})


def group_runs(runs: Iterable[ComparedRun]) -> list[Setting]:
    """Group runs by task and setting, in the order of the runs.

    Runs of one setting and one seed are no seeds of each other: they differ in something that a result does not state,
    such as a time limit, so each is a setting of its own.
    """
    groups: dict[tuple[str, str], list[ComparedRun]] = {}
    for run in runs:
        groups.setdefault((run.task, repr(sorted(run.settings.items(), key=str))), []).append(run)
    parts = [part for found in groups.values() for part in _by_seed(found)]
    return [Setting(label, part) for label, part in zip(_labels(parts), parts, strict=True)]


def _by_seed(runs: Sequence[ComparedRun]) -> list[tuple[ComparedRun, ...]]:
    seeds = {str(run.result.seed) for run in runs}
    return [tuple(runs)] if len(seeds) == len(runs) else [(run,) for run in runs]


def _labels(groups: Sequence[tuple[ComparedRun, ...]]) -> list[str]:
    """Return a label for each group: baseline, framework, and what else differs between groups that look alike."""
    names = [_name(runs[0].result) for runs in groups]
    frameworks = {runs[0].result.framework for runs in groups}
    if len(frameworks) < 2:
        names = [runs[0].result.baseline for runs in groups]
    labels = list(names)
    for task, name in dict.fromkeys((runs[0].task, name) for runs, name in zip(groups, names, strict=True)):
        alike = [i for i, runs in enumerate(groups) if (runs[0].task, names[i]) == (task, name)]
        if len(alike) > 1:
            for i, label in zip(alike, _distinct([groups[i] for i in alike]), strict=True):
                labels[i] = f"{name}: {label}" if label else name
    return labels


def _name(result: Result) -> str:
    return result.baseline if result.framework == "none" else f"{result.baseline} ({result.framework})"


def _distinct(groups: Sequence[tuple[ComparedRun, ...]]) -> list[str]:
    """Return what differs between groups of one name: recipe or settings, else steps taken, else the folder."""
    settings = [runs[0].settings for runs in groups]
    recipes = [one.get("recipe") for one in settings]
    if all(recipes) and len(set(recipes)) == len(recipes):
        return [str(recipe) for recipe in recipes]
    taken = [_effort(runs[0].result.timings) for runs in groups]
    folders = [{"folder": runs[0].folder.name} for runs in groups]
    for known in (settings, [one | more for one, more in zip(settings, taken, strict=True)]):
        labels = shortest_differences(known)
        if len(set(labels)) == len(labels):
            return labels
    pairs = zip(labels, folders, strict=True)
    return [
        ", ".join(filter(None, (label, one["folder"]))) if labels.count(label) > 1 else label
        for label, one in pairs
    ]


def _effort(timings: Mapping[str, Any]) -> dict[str, str]:
    return {"steps taken": f"{timings['steps']:,}"} if timings.get("steps") else {}
