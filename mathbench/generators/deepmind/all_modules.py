"""All modules of school mathematics in one task: row i is a row of module i % (number of modules)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel.module import (
    PACKAGE,
    SOLVER_NEEDS,
    ModuleTask,
    difficulty_parameter,
    named_difficulty,
)
from mathbench.hashing import Int
from mathbench.numbers import text
from mathbench.parameters import parameter
from mathbench.sampling.plan import MAX_ROWS
from mathbench.sampling.sampled import BATCH_ROWS
from mathbench.stratum import SEPARATOR, Stratum
from mathbench.task import RowSource, Task, TextRows, row_numbers

# the version of the mixture that was the first to have a module, where that was not version 1
ADDED: dict[str, int] = {}


@dataclass(frozen=True)
class Mixture(Task):
    """All modules, with a row of each in turn. Strata are named `module/stratum`."""

    modules: ClassVar[tuple[ModuleTask, ...]]  # at all difficulties
    solver_needs: ClassVar[tuple[str, str] | None] = SOLVER_NEEDS
    family: ClassVar[str] = "deepmind/all"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "a row of every module in turn"
    symmetry: ClassVar[str] = "that of each module"
    extrapolates: ClassVar[str] = "that of each module"

    difficulty: str = difficulty_parameter()
    train_share: float = parameter(
        0.6,
        "share of the problems of each module that train draws from",
        low=0.01,
        high=0.6,
        kw_only=True,
        added=True,
    )

    @property
    def numeric(self) -> bool:
        return False

    @property
    def parts(self) -> dict[str, Task]:
        """The modules by the prefix of the names of their strata."""
        return {part.module.name: part for part in self._parts}

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters by name. All difficulties are left out, as before there was a choice."""
        values = super().parameters
        if self.difficulty == "all":
            del values["difficulty"]
        return values

    @property
    def _parts(self) -> tuple[ModuleTask, ...]:
        return _narrowed(self.modules, self.difficulty, self.train_share)

    @property
    def name(self) -> str:
        """The name of its configurations, with the difficulty if there is only one."""
        return "-".join([named_difficulty("deepmind-all", self.difficulty), *self.shared_name_parts])

    def inner(self) -> list[Stratum]:
        return [s for name, part in self.parts.items() for s in _prefixed(name, part.inner())]

    def outer(self) -> list[Stratum]:
        return [s for name, part in self.parts.items() for s in _prefixed(name, part.outer())]

    def strata(self, split: str) -> Sequence[Stratum]:
        """The strata of the modules in a split."""
        return _strata(self, split)

    def may_repeat(self, split: str) -> bool:
        """Whether any module may repeat problems in a split."""
        return any(part.may_repeat(split) for part in self._parts)

    def source(self, split: str, seed: int | str) -> RowSource:
        return RoundRobinSource(self._parts, split, seed)

    def part_of_stratum(self, stratum: str) -> Task:
        """The module whose name is the prefix of a stratum's name."""
        name = stratum.partition(SEPARATOR)[0]
        return next((part for part in self._parts if part.module.name == name), self._parts[0])

    def oracle(self, question: str) -> str:
        raise NotImplementedError("a question alone does not say which module it is of; see asked_in")

    @classmethod
    def of_modules(cls, modules: tuple[ModuleTask, ...], version: int) -> type[Self]:
        """The task family that mixes some modules."""
        body = {"modules": modules, "version": version, "__doc__": cls.__doc__, "__module__": PACKAGE}
        return type(f"all_v{version}", (cls,), body)


@lru_cache(maxsize=16)
def _narrowed(modules: tuple[ModuleTask, ...], difficulty: str, train_share: float) -> tuple[ModuleTask, ...]:
    return tuple(replace(module, difficulty=difficulty, train_share=train_share) for module in modules)


@lru_cache(maxsize=32)
def _strata(mixture: Mixture, split: str) -> Sequence[Stratum]:
    return tuple(s for name, part in mixture.parts.items() for s in _prefixed(name, part.strata(split)))


class RoundRobinSource:
    """Source of rows of several tasks in turn.

    Args:
        tasks: the tasks, at least one.
        split: the split of all of them.
        seed: the seed of all of them.
    """

    batch_rows = BATCH_ROWS

    def __init__(self, tasks: tuple[ModuleTask, ...], split: str, seed: int | str):
        self._sources = [task.source(split, seed) for task in tasks]
        strata = [len(task.strata(split)) for task in tasks]
        self._first = np.cumsum([0, *strata])

    def __len__(self) -> int:
        return min(min(map(len, self._sources)) * len(self._sources), MAX_ROWS)

    def capacity_up_to(self, rows: int) -> int:
        """The number of available rows, cut off at `rows`."""
        count = len(self._sources)
        return min(min(source.capacity_up_to(-(-rows // count)) for source in self._sources) * count, rows)

    @property
    def block(self) -> int:
        """The number of rows after which every stratum has had its share."""
        return max(source.block for source in self._sources) * len(self._sources)

    def rendered(self, rows: range | Int) -> Iterator[TextRows]:
        """Render rows in order, in batches."""
        for start in range(0, max(len(rows), 1), BATCH_ROWS):
            yield self._render(row_numbers(rows[start : start + BATCH_ROWS]))

    def _render(self, rows: Int) -> TextRows:
        module = rows % len(self._sources)
        parts, positions = [], []
        for m in np.unique(module) if len(rows) else [0]:
            index = np.flatnonzero(module == m)
            for part in self._sources[m].rendered(rows[index] // len(self._sources)):
                parts.append(part._replace(stratum=part.stratum + self._first[m]))
            positions.append(index)
        order = text.int_array(np.argsort(np.concatenate(positions)))
        questions, answers = (
            pa.concat_arrays([getattr(part, name) for part in parts]).take(order)
            for name in ("questions", "answers")
        )
        return TextRows(
            questions, answers, np.concatenate([p.stratum for p in parts]).take(np.asarray(order))
        )


def _prefixed(name: str, strata: Sequence[Stratum]) -> list[Stratum]:
    return [replace(s, name=f"{name}{SEPARATOR}{s.name}") for s in strata]
