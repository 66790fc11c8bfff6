"""Modules of school mathematics: what one is, its levels, and how it becomes a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel.composition import (
    CompositionTree,
    DefiningModule,
    DrawnProblem,
    Value,
)
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Scope, letter_order
from mathbench.hashing import U64, Int, mix64
from mathbench.parameters import parameter
from mathbench.reserve import fingerprints
from mathbench.sampling.rejection import Candidates
from mathbench.sampling.sampled import Sampled
from mathbench.stratum import Stratum

DIFFICULTIES = ("easy", "medium", "hard")
PLENTIFUL_ROWS = 1 << 20  # rows that a stratum of a test split hands out where problems are plentiful


@dataclass(frozen=True)
class DifficultyLevel:
    """How hard the questions of one stratum are.

    Args:
        name: the stratum's name, such as ``"difficulty=easy"`` or ``"longer"``.
        entropy: decades, lowest and highest; each question takes a value between.
        modules: how many modules a question consists of, lowest and highest.
        settings: what else the module varies, by name; see :meth:`Module.setting`.
        published: the name of the published extrapolation module that this is, if it is one.
        holds: how many different problems a test split hands out.
        apart: whether no level of train could show its problems, whatever is drawn: more items, terms, draws than any.
    """

    name: str
    entropy: tuple[float, float]
    modules: tuple[int, int] = (1, 1)
    settings: Mapping[str, int] = field(default_factory=dict, hash=False)
    published: str = ""
    holds: int = PLENTIFUL_ROWS
    apart: bool = False


@dataclass(frozen=True)
class Module(ABC):
    """One kind of question.

    A subclass draws problems as columns and writes them as text; it has no state but these parameters.

    Args:
        name: the published name, such as ``"numbers__gcd"``.
        entropy: decades, lowest and highest, in train; its thirds are easy, medium and hard.
        modules: how many modules a question consists of, lowest and highest.
        axes: the levels of extrapolate, at least one.
        settings: what the axes vary, by name, with the values of train.
        levels: the levels of train where they are not the thirds of the entropy.
    """

    name: str
    entropy: tuple[float, float] = (3, 10)
    modules: tuple[int, int] = (1, 1)
    axes: tuple[DifficultyLevel, ...] = ()
    settings: Mapping[str, int] = field(default_factory=dict, hash=False)
    levels: tuple[DifficultyLevel, ...] = ()

    summary: ClassVar[str] = ""
    symmetry: ClassVar[str] = "none"
    brief: ClassVar[bool] = False

    @abstractmethod
    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        """Draw problems; with values, which only a module that `defines` some gets: problems whose answer they are."""

    @abstractmethod
    def question(self, problem: Any, scope: Scope) -> pa.StringArray:
        """What is asked, without the sentences of the modules below."""

    @abstractmethod
    def answer(self, problem: Any, scope: Scope) -> pa.StringArray:
        """The answers."""

    def defines(self, value: Value) -> Bool:
        """Which values this module can define for another, bool (n,); by default none."""
        size = value.top.shape[-1]
        return np.zeros(size, np.bool_)

    def sentence(self, problem: Any, scope: Scope) -> pa.StringArray:
        """What introduces `scope.letter(0)`, from a capital letter to a full stop and a space."""
        raise NotImplementedError

    def setting(self, name: str, scope: Scope) -> Int:
        """What the level of each question says of a setting, int64 (n,); below the top as in train."""
        values = [level.settings.get(name, self.settings[name]) for level in self.all_levels]
        return np.array([*values, self.settings[name]]).take(scope.level)

    @property
    def inner(self) -> tuple[DifficultyLevel, ...]:
        """The levels of train."""
        if self.levels:
            return self.levels
        low, high = self.entropy
        third = (high - low) / 3
        return tuple(
            DifficultyLevel(f"difficulty={name}", (low + i * third, low + (i + 1) * third), self.modules)
            for i, name in enumerate(DIFFICULTIES)
        )

    def holding(self, **count: int) -> Self:
        """The same module, with how many problems a test split has at least of its easy, medium or hard ones."""
        named = (
            (level, count.get(level.name.removeprefix("difficulty="), level.holds)) for level in self.inner
        )
        return replace(self, levels=tuple(replace(level, holds=holds) for level, holds in named))

    @property
    def all_levels(self) -> tuple[DifficultyLevel, ...]:
        """The levels of train, then those of extrapolate."""
        return (*self.inner, *self.axes)

    def top_scopes(self, level: Int, random_bits: U64) -> Scope:
        """The scopes at the top of some questions.

        Args:
            level: int64 (n,), places in `all_levels`.
            random_bits: uint64 (n,), random words.
        """
        rng = RandomStream(random_bits)
        levels = self.all_levels
        entropy = np.array([[entropy_units(end) for end in this.entropy] for this in levels])
        modules = np.array([this.modules for this in levels])
        rows = np.arange(len(level))
        return Scope(
            row=rows,
            number=np.zeros_like(rows),
            modules=_uniform_between(rng, modules, level),
            entropy=_uniform_between(rng, entropy, level),
            word=rng.words(),
            letters=letter_order(random_bits),
            level=level,
        )


def _uniform_between(rng: RandomStream, stops: Int, level: Int) -> Int:
    """Uniform between the two ends, int64 (levels, 2), of each question's level, int64 (n,)."""
    low, high = stops.T
    if (low == high).all():
        rng.skip()
        return low.take(level)
    return rng.randint(low.take(level), high.take(level))


def composed_module(module: Module, *axes: DifficultyLevel) -> Any:
    """The same module with two to four modules to a question.

    Args:
        module: a module that hides some of its values, see `Scope.hide`.
        axes: the levels of extrapolate in place of the module's own.
    """
    return replace(module, name=f"{module.name}_composed", modules=(2, 4), axes=axes)


class ModuleCandidates:
    """A draft of questions: drawn, not yet written.

    Args:
        module: the module at the top.
        definers: the modules that may stand below, by name.
        scope: the scopes at the top.
    """

    def __init__(self, module: Module, definers: Mapping[str, DefiningModule], scope: Scope):
        self._module, self._scope, self._drawn = module, scope, module.draw(scope)
        self._tree = CompositionTree(definers, self._drawn.requests, scope.modules)
        self.fingerprints: U64 = mix64(
            fingerprints(module.name, self._drawn.canonical) + self._tree.fingerprints()
        )
        self.good = self._tree.good()
        if self._drawn.good is not None:
            self.good &= self._drawn.good

    def write(self, index: Int) -> tuple[pa.StringArray, pa.StringArray]:
        problem, scope = self._drawn.problem.take(index), self._scope.take(index)
        requested = self._module.question(problem, scope)
        return self._tree.prepend_sentences(requested, index), self._module.answer(problem, scope)


@dataclass(frozen=True)
class ModuleTask(Sampled):
    """A module of school mathematics as a task."""

    module: ClassVar[Module]
    definers: ClassVar[Mapping[str, DefiningModule]]
    published: ClassVar[str] = ""  # only this extrapolation level, under its own name
    extrapolates: ClassVar[str] = ""

    difficulty: str = parameter("all", "of train and interpolate", choices=("all", *DIFFICULTIES))

    @property
    def name(self) -> str:
        """The published name, and the difficulty if it is only one."""
        name = self.published or self.module.name
        return name if self.difficulty == "all" else f"{name}-{self.difficulty}"

    @property
    def reserve_family(self) -> str:
        return self.module.name

    def inner(self) -> list[Stratum]:
        if self.published:
            return []
        return [_stratum(level) for level in self.module.inner if self._requested(level)]

    def outer(self) -> list[Stratum]:
        return [_stratum(level) for level in self.module.axes if self.published in ("", level.published)]

    def _requested(self, level: DifficultyLevel) -> bool:
        return self.difficulty in ("all", level.name.removeprefix("difficulty="))

    def candidates(self, split: str, stratum: Int, random_bits: U64) -> Candidates:
        positions = {level.name: position for position, level in enumerate(self.module.all_levels)}
        level = np.array([positions[s.name] for s in self.strata(split)], dtype=np.int64).take(stratum)
        return ModuleCandidates(self.module, self.definers, self.module.top_scopes(level, random_bits))

    def oracle(self, question: str) -> str:
        from mathbench.solvers import deepmind  # needs SymPy, which generating does not

        return deepmind.solve(self.module.name, question)

    @classmethod
    def of_module(
        cls, module: Module, definers: Mapping[str, DefiningModule], published: str = ""
    ) -> type[Self]:
        """A task family of a module, or of one of its published extrapolation levels."""
        name = published or module.name
        body = {
            "family": f"deepmind/{name}",
            "summary": module.summary,
            "symmetry": module.symmetry,
            "extrapolates": ", ".join(level.name for level in module.axes),
            "module": module,
            "definers": definers,
            "published": published,
            "__doc__": module.__doc__,
            "__module__": cls.__module__,
        }
        return type(name, (cls,), body)


def _stratum(level: DifficultyLevel) -> Stratum:
    return Stratum(level.name, holds=level.holds, apart=level.apart)
