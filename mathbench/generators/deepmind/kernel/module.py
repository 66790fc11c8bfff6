"""Base classes for the modules of school mathematics: levels of difficulty, modules and their tasks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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
from mathbench.sampling.rejection import Candidates
from mathbench.sampling.sampled import ALL_SPLITS, RESERVES, Sampled
from mathbench.stratum import Stratum

SOLVER_NEEDS = ("sympy", "verify")  # the package of the independent solver, and the extra that installs it
DIFFICULTIES = ("easy", "medium", "hard")
# the difficulty of the published interpolation test: train has all levels, interpolate has one entropy
PUBLISHED = "published"
# the package that finds a class made here by its name, so that tasks can be pickled
PACKAGE = "mathbench.generators.deepmind"
PLENTIFUL_ROWS = 1 << 20  # rows of a stratum of a test split where problems are plentiful


@dataclass(frozen=True)
class DifficultyLevel:
    """The difficulty of the questions of one stratum.

    Args:
        name: the stratum's name, such as ``"difficulty=easy"`` or ``"longer"``.
        entropy: lowest and highest entropy in decades; each question has a value between.
        modules: lowest and highest number of modules of a question.
        settings: further parameters of the module by name; see :meth:`Module.setting`.
        published: the name of the published extrapolation module that this level is, if any.
        holds: the number of different problems of a test split.
        apart: whether no level of train can produce these problems, since they have more items, terms or draws.
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

    A subclass draws problems as columns and writes them as text. Its only state are these parameters.

    Args:
        name: the published name, such as ``"numbers__gcd"``.
        entropy: lowest and highest entropy of train in decades, whose thirds are the easy, medium and hard level.
        modules: lowest and highest number of modules of a question.
        axes: the levels of extrapolate, at least one.
        settings: the parameters that the axes vary, by name, with their values in train.
        levels: the levels of train where they are not the thirds of the entropy.
        tested: the entropy of the published interpolation test in decades; None where it is that of train.
        version: the version of the rows and of the wordings, see `Wordings`.
    """

    name: str
    entropy: tuple[float, float] = (3, 10)
    modules: tuple[int, int] = (1, 1)
    axes: tuple[DifficultyLevel, ...] = ()
    settings: Mapping[str, int] = field(default_factory=dict, hash=False)
    levels: tuple[DifficultyLevel, ...] = ()
    tested: float | None = 8
    version: int = 1

    summary: ClassVar[str] = ""
    symmetry: ClassVar[str] = "none"
    brief: ClassVar[bool] = False
    joint_levels: ClassVar[bool] = True  # whether levels of train and of extrapolate can be drawn together

    @abstractmethod
    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        """Draw problems, with the given values as their answers if there are any.

        Only a module that `defines` some values is called with values.
        """

    @abstractmethod
    def question(self, problem: Any, scope: Scope) -> pa.StringArray:
        """The questions, without the sentences of child modules."""

    @abstractmethod
    def answer(self, problem: Any, scope: Scope) -> pa.StringArray:
        """The answers."""

    def defines(self, value: Value) -> Bool:
        """Which values this module can define for its parent, bool (n,); by default none."""
        return np.zeros(value.top.shape[-1], np.bool_)

    def sentence(self, problem: Any, scope: Scope) -> pa.StringArray:
        """The sentences that define `scope.letter(0)`, each from a capital letter to a full stop and a space."""
        raise NotImplementedError

    def setting(self, name: str, scope: Scope) -> Int:
        """The value of a setting at the level of each question, int64 (n,); below the root that of train."""
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

    def holding(self, **capacity: int) -> Self:
        """The same module with the minimum number of problems of a test split at the easy, medium or hard level."""
        levels = (
            replace(level, holds=capacity.get(level.name.removeprefix("difficulty="), level.holds))
            for level in self.inner
        )
        return replace(self, levels=tuple(levels))

    @property
    def published_test(self) -> tuple[DifficultyLevel, ...]:
        """The level of the published interpolation test; none where its levels are those of train."""
        if self.tested is None:
            return ()
        entropy, holds = (self.tested, self.tested), self.inner[-1].holds
        return (DifficultyLevel(f"difficulty={PUBLISHED}", entropy, self.modules, holds=holds),)

    @property
    def all_levels(self) -> tuple[DifficultyLevel, ...]:
        """The levels of train, then those of extrapolate, then that of the published interpolation test."""
        return (*self.inner, *self.axes, *self.published_test)

    def root_scopes(self, level: Int, random_bits: U64) -> Scope:
        """The scopes of the root modules of some questions.

        Args:
            level: int64 (n,), indices into `all_levels`.
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


def _uniform_between(rng: RandomStream, ranges: Int, level: Int) -> Int:
    """Uniform in the range, int64 (levels, 2), of each question's level, int64 (n,)."""
    low, high = ranges.T
    if (low == high).all():
        rng.skip()
        return low.take(level)
    return rng.randint(low.take(level), high.take(level))


def composed_module(module: Module, *axes: DifficultyLevel) -> Any:
    """The composed variant of a module, with two to four modules per question.

    Args:
        module: a module that hides some of its values, see `Scope.hide`.
        axes: the levels of extrapolate, which replace those of the module.
    """
    return replace(module, name=f"{module.name}_composed", modules=(2, 4), axes=axes, version=2)


class ModuleCandidates:
    """Questions that are drawn but not yet written.

    Args:
        module: the root module.
        definers: the modules that can define values, by name.
        scope: the scopes of the root.
    """

    def __init__(self, module: Module, definers: Mapping[str, DefiningModule], scope: Scope):
        self._module, self._scope, self._drawn = module, scope, module.draw(scope)
        self._tree = CompositionTree(definers, self._drawn.requests, scope.modules)
        self.fingerprints: U64 = mix64(self._drawn.fingerprints(module.name) + self._tree.fingerprints())
        self.good = self._tree.good()
        if self._drawn.good is not None:
            self.good &= self._drawn.good

    def write(self, index: Int) -> tuple[pa.StringArray, pa.StringArray]:
        problem, scope = self._drawn.problem.take(index), self._scope.take(index)
        questions = self._tree.prepend_sentences(self._module.question(problem, scope), index)
        return questions, self._module.answer(problem, scope)


def difficulty_parameter() -> Any:
    """The parameter of the levels of difficulty."""
    return parameter(
        "all",
        "of train and interpolate; published: interpolate as the original's, train as all",
        choices=("all", *DIFFICULTIES, PUBLISHED),
    )


def named_difficulty(name: str, difficulty: str) -> str:
    """A name with the difficulty, unless that is the default.

    >>> named_difficulty("numbers__gcd", "all"), named_difficulty("numbers__gcd", "easy")
    ('numbers__gcd', 'numbers__gcd-easy')
    """
    return name if difficulty == "all" else f"{name}-{difficulty}"


@dataclass(frozen=True)
class ModuleTask(Sampled):
    """A module of school mathematics as a task."""

    module: ClassVar[Module]
    definers: ClassVar[Mapping[str, DefiningModule]]
    published: ClassVar[str] = ""  # the name of the only level, if this is a published extrapolation module
    extrapolates: ClassVar[str] = ""
    solver_needs: ClassVar[tuple[str, str] | None] = SOLVER_NEEDS

    difficulty: str = difficulty_parameter()

    @property
    def name(self) -> str:
        """The published name, with the difficulty if there is only one."""
        name = named_difficulty(self.published or self.module.name, self.difficulty)
        return "-".join([name, *self.shared_name_parts])

    @property
    def reserve_family(self) -> str:
        return self.module.name

    @property
    def draws_all_splits(self) -> bool:
        return self.module.joint_levels

    def inner(self) -> list[Stratum]:
        if self.published:
            return []
        return [_stratum(level) for level in self.module.inner if self._requested(level)]

    def outer(self) -> list[Stratum]:
        return [_stratum(level) for level in self.module.axes if self.published in ("", level.published)]

    def _requested(self, level: DifficultyLevel) -> bool:
        return self.difficulty in ("all", PUBLISHED, level.name.removeprefix("difficulty="))

    def strata(self, split: str) -> Sequence[Stratum]:
        """The strata of a split; at the published difficulty those of interpolate differ from those of train."""
        levels = self.module.published_test
        if split != "interpolate" or self.difficulty != PUBLISHED or self.published or not levels:
            return super().strata(split)
        return [_stratum(level) for level in levels]

    def candidates(self, split: str, stratum: Int, random_bits: U64) -> Candidates:
        positions = {level.name: position for position, level in enumerate(self.module.all_levels)}
        splits = RESERVES if split == ALL_SPLITS else (split,)
        levels = [positions[s.name] for each in splits for s in self.strata(each)]
        level = np.array(levels, dtype=np.int64).take(stratum)
        return ModuleCandidates(self.module, self.definers, self.module.root_scopes(level, random_bits))

    def oracle(self, question: str) -> str:
        self.require_solver()
        from mathbench.solvers import deepmind  # needs SymPy, which generating does not

        return deepmind.solve(self.module.name, question)

    @classmethod
    def of_module(
        cls, module: Module, definers: Mapping[str, DefiningModule], published: str = ""
    ) -> type[Self]:
        """The task family of a module, or of one of its published extrapolation levels."""
        name = published or module.name
        body = {
            "family": f"deepmind/{name}",
            "version": module.version,
            "summary": module.summary,
            "symmetry": module.symmetry,
            "extrapolates": ", ".join(level.name for level in module.axes),
            "module": module,
            "definers": definers,
            "published": published,
            "__doc__": module.__doc__,
            "__module__": PACKAGE,
        }
        return type(f"{name}_v{module.version}", (cls,), body)


def _stratum(level: DifficultyLevel) -> Stratum:
    return Stratum(level.name, holds=level.holds, apart=level.apart)
