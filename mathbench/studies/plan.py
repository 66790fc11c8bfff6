"""The runs of a study: every learner on every of its tasks with every seed, in the order of their value."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from mathbench.baselines.jobs.run_job import RunJob
from mathbench.baselines.jobs.source import GeneratedRows
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.run import RunOptions
from mathbench.baselines.spec import RunSpec
from mathbench.dataset.data import capped_sizes
from mathbench.errors import InputError, did_you_mean
from mathbench.studies.study import Learner, Study, StudyTask
from mathbench.studies.variant import parse_variant
from mathbench.task import Task

RUNS = "runs"  # folders inside that of a study
SEARCHES = "searches"


@dataclass(frozen=True)
class Cell:
    """One learner on one task.

    Args:
        task: the task.
        learner: the learner.
        variant: what differs from the learner, as ``rate=3e-3 sizes.train=20000``; empty for nothing.
    """

    task: StudyTask
    learner: Learner
    variant: str = ""

    @property
    def name(self) -> str:
        """Its name in the study."""
        return f"{self.task.name} / {self.learner.name}" + (f" / {self.variant}" if self.variant else "")

    @property
    def overrides(self) -> Mapping[str, str]:
        """The settings of the variant."""
        return parse_variant(self.variant).settings

    @property
    def changes_rows(self) -> bool:
        """Whether the variant has a number of training rows of its own."""
        return bool(parse_variant(self.variant).sizes)

    @property
    def asked_rows(self) -> dict[str, int]:
        """The rows per split that the file asks for; a split may have fewer."""
        return {**self.task.sizes, **self.learner.sizes, **parse_variant(self.variant).sizes}

    def folder(self, out: Path) -> Path:
        """Return the folder of its runs, in that of the study."""
        part = SEARCHES if self.variant else RUNS
        folder = out / part / self.task.name / self.learner.name
        return folder / self.variant.replace(" ", ",").replace("/", "-") if self.variant else folder


@dataclass(frozen=True)
class StudyPlan:
    """What a study runs, and where.

    Args:
        study: the study.
        out: its folder.
        source: the name or file of the study as it was given, for the record of every run.
        device: where networks are trained.
        tasks: patterns of the names of the tasks to run.
        learners: patterns of the names of the learners to run.
        seeds: the training seeds to run; None for all.

    Raises:
        InputError: for a pattern or a seed that nothing in the study has.
    """

    study: Study
    out: Path
    source: str = ""
    device: str = "cpu"
    tasks: tuple[str, ...] = ("*",)
    learners: tuple[str, ...] = ("*",)
    seeds: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        _check_patterns("task", self.tasks, [task.name for task in self.study.tasks])
        _check_patterns("learner", self.learners, [learner.name for learner in self.study.learners])
        known = {seed for learner in self.study.learners for seed in self.study.seeds_of(learner)}
        if unknown := [seed for seed in self.seeds or () if seed not in known]:
            raise InputError(
                f"the study has the seeds {', '.join(map(str, sorted(known)))}. Received: {unknown[0]}."
            )

    def cells(self) -> Iterator[Cell]:
        """Yield every chosen learner on every chosen task of it, in the order of the file."""
        for task in self.study.tasks:
            for learner in self.study.learners:
                chosen = _matches(task.name, self.tasks) and _matches(learner.name, self.learners)
                if chosen and learner.learns(task):
                    yield Cell(task, learner)

    def seeds_of(self, learner: Learner) -> tuple[int, ...]:
        """Return the chosen training seeds of a learner."""
        seeds = self.study.seeds_of(learner)
        return seeds if self.seeds is None else tuple(seed for seed in seeds if seed in self.seeds)

    def jobs(self) -> list[RunJob]:
        """Return the runs in their order: by wave, then by the number of the seed, then as the file lists the tasks.

        So the first seed of everything comes before the second of anything; runs on the same rows follow each other.

        Raises:
            InputError: for settings that are not allowed.
        """
        placed = []
        for cell in self.cells():
            for number, seed in enumerate(self.seeds_of(cell.learner)):
                placed.append(((cell.learner.wave, number), self.job(cell, seed)))
            # variants are run last, but what is wrong with one shows here
            for variant in self.variants(cell):
                self.spec(variant, 0)
        return [job for _, job in sorted(placed, key=lambda pair: pair[0])]

    def search_jobs(self) -> list[RunJob]:
        """Return the runs of all variants that searches may try."""
        return [
            self.job(variant, seed)
            for cell in self.cells()
            for variant in self.variants(cell)
            for seed in self.seeds_of(cell.learner)
        ]

    def job(self, cell: Cell, seed: int, **changes: Any) -> RunJob:
        """Return a run, with the names of its task and its learner as labels.

        Args:
            cell: what is run.
            seed: of the training.
            changes: options of the run that differ.
        """
        out = cell.folder(self.out) / f"seed{seed}"
        options = {
            "out": out,
            "resume": True,
            "device_config": self.device_config,
            "command": self._command(cell, seed),
            "long": self.lengths(cell),
            "samples": 0,
            **changes,
        }
        name = f"{cell.name} / seed {seed}" if cell.learner.trained else cell.name
        job = RunJob.of(self.spec(cell, seed), self.rows(cell), RunOptions(**options), name)
        return replace(job, labels={"task": cell.task.name, "learner": cell.learner.name})

    def spec(self, cell: Cell, seed: int) -> RunSpec:
        """Return the spec of a run.

        Raises:
            InputError: names the cell whose settings are not allowed.
        """
        try:
            return cell.learner.make_spec(cell.task, seed, cell.overrides)
        except InputError as error:
            raise InputError(f"{cell.name}: {error}") from None

    @property
    def device_config(self) -> DeviceConfig:
        """Device and threads of every run."""
        return DeviceConfig(self.device, self.study.threads)

    def lengths(self, cell: Cell) -> tuple[int, ...]:
        """Return the numbers of digits of problems that runs of a cell are scored on besides the splits."""
        return cell.task.long if cell.learner.long is None else cell.learner.long

    def variants(self, cell: Cell) -> list[Cell]:
        """Return the variants of a cell that its learner's search names.

        Without one whose number of training rows alone differs where train has no more than the cell is trained on.
        """
        found = [replace(cell, variant=variant) for variant in cell.learner.search]
        return [one for one in found if one.overrides or self.rows(one) != self.rows(cell)]

    def rows(self, cell: Cell) -> GeneratedRows:
        """Return where the rows of a cell come from.

        Raises:
            InputError: names a cell whose splits have no rows at all.
        """
        try:
            return _source(cell.learner.task(cell.task), tuple(cell.asked_rows.items()), cell.task.seed)
        except InputError as error:
            raise InputError(f"{cell.name}: {error}") from None

    def _command(self, cell: Cell, seed: int) -> str:
        """Return the command that does one run; those of a search follow from those of its cell."""
        words = ["mathbench", "study", self.source, "--task", cell.task.name, "--learner", cell.learner.name]
        return shlex.join(
            [*words, *(["--seed", str(seed)] if cell.learner.trained and not cell.variant else [])]
        )


@cache
def _source(task: Task, sizes: tuple[tuple[str, int], ...], seed: int | str) -> GeneratedRows:
    """Return a source of rows; how many rows a split holds takes a while to count."""
    return GeneratedRows.of(task, capped_sizes(task, dict(sizes), seed), seed)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _check_patterns(what: str, patterns: tuple[str, ...], names: list[str]) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise InputError(f"the study has no {what} '{pattern}'. {did_you_mean(pattern, names)}")
