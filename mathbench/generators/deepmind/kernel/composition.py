"""Composed questions, whose values are defined by further modules, drawn and written depth by depth.

All modules of one kind and depth, in all questions of a batch, are drawn together. A module needs only the letters of
its children, which their scopes determine, so the text of each module is written separately and then concatenated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Request, Scope
from mathbench.generators.deepmind.kernel.values import Numbers, Polynomials
from mathbench.hashing import ABSENT, GOLDEN, U64, Int, mix64
from mathbench.numbers import text
from mathbench.reserve import fingerprints

Value = Numbers | Polynomials
MAX_TRAIN_MODULES = 4  # modules of a question of train
# in questions of more modules few long sentences fit, so all but one in this many modules are brief ones
BRIEF_SHARE = 8


@dataclass(frozen=True)
class DrawnProblem:
    """Problems of one module.

    Attributes:
        problem: the columns that question, sentence and answer are written from.
        canonical: int64 (k, n), numbers that identify the problem, equal for symmetric problems.
        requests: values that child modules must define.
        good: bool (n,), which problems are valid; None: all.
    """

    problem: Columns
    canonical: Int
    requests: Sequence[Request] = ()
    good: Bool | None = None

    def fingerprints(self, module: str) -> U64:
        """Hash the problems as those of a module, uint64 (n,). A number -1 is left out."""
        # -1 marked a missing number when these reserves were fixed
        return fingerprints(module, np.where(self.canonical == -1, ABSENT, self.canonical))


class DefiningModule(Protocol):
    """A module that can define a value for its parent."""

    brief: ClassVar[bool]  # whether its sentence is short, which questions of many modules mostly need

    @property
    def name(self) -> str: ...

    def defines(self, value: Value) -> Bool:
        """Which values the module can define, bool (n,)."""
        ...

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        """Draw problems, with the given values as their answers if there are any."""
        ...

    def sentence(self, problem: Columns, scope: Scope) -> pa.StringArray:
        """The sentences that define `scope.letter(0)`, each from a capital letter to a full stop and a space."""
        ...


@dataclass(frozen=True)
class CompositionNode:
    """All modules of one kind and depth in the questions of a batch."""

    module: DefiningModule
    scope: Scope
    drawn: DrawnProblem

    def fingerprints(self) -> U64:
        return self.drawn.fingerprints(self.module.name)

    def take(self, index: Int) -> tuple[Columns, Scope]:
        return self.drawn.problem.take(index), self.scope.take(index)


class CompositionTree:
    """All modules below the roots.

    Args:
        definers: the modules that can define values, by name.
        requests: the values that the roots need.
        modules: int64 (questions,), the number of modules of each question, the root included.
    """

    def __init__(self, definers: Mapping[str, DefiningModule], requests: Sequence[Request], modules: Int):
        self._modules, self._questions = modules, len(modules)
        self.nodes: list[CompositionNode] = []
        many = modules > MAX_TRAIN_MODULES
        while requests:
            level = [
                node
                for kind in (Numbers, Polynomials)
                for node in _draw_nodes(definers, requests, kind, many)
            ]
            self.nodes += level
            requests = [request for node in level for request in node.drawn.requests]

    def fingerprints(self) -> U64:
        """A hash of the modules below the root of each question in any order, uint64 (questions,)."""
        total = np.zeros(self._questions, dtype=np.uint64)
        for node in self.nodes:
            np.add.at(total, node.scope.row, mix64(node.fingerprints() + np.uint64(GOLDEN)))
        return total

    def good(self) -> Bool:
        """Which questions have all their modules, all of them valid, bool (questions,).

        A module without values to hide has no children, even if its scope has modules for them.
        """
        count = np.ones(self._questions, dtype=np.int64)
        for node in self.nodes:
            count += np.bincount(node.scope.row, minlength=self._questions)
        good = count == self._modules
        for node in self.nodes:
            if node.drawn.good is not None:
                good[node.scope.row[~node.drawn.good]] = False
        return good

    def prepend_sentences(self, questions: pa.StringArray, index: Int) -> pa.StringArray:
        """Put the sentences of the modules below the root before some questions.

        Args:
            questions: the sentences of the roots, strings (m,).
            index: int64 (m,), the indices of the questions.
        """
        if not self.nodes:
            return questions
        position = np.full(self._questions, -1)
        position[index] = np.arange(len(index))
        last = 1 + max(int(node.scope.number.max(initial=0)) for node in self.nodes)
        item = np.full((len(index), last), -1)  # the string at each position, the deepest modules first
        item[:, -1], strings = np.arange(len(index)), [questions]
        count = len(index)
        for node in self.nodes:
            rows = np.flatnonzero(position[node.scope.row] >= 0)
            problem, scope = node.take(rows)
            strings.append(node.module.sentence(problem, scope))
            item[position[scope.row], last - 1 - scope.number] = np.arange(count, count + len(rows))
            count += len(rows)
        exists = item >= 0
        return templates.concatenate_groups(
            pa.concat_arrays(strings).take(text.int_array(item[exists])), exists.sum(axis=1)
        )


def _draw_nodes(
    definers: Mapping[str, DefiningModule], requests: Sequence[Request], kind: type[Value], many: Bool
) -> list[CompositionNode]:
    """Draw the modules for all requests of one kind; `many`, bool (questions,): mostly brief modules."""
    same_kind = [request for request in requests if isinstance(request.values, kind)]
    if not same_kind:
        return []
    scope = Scope.concatenate([request.scope for request in same_kind])
    values: Value = kind.concatenate(cast(Any, [request.values for request in same_kind]))
    able = np.stack([module.defines(values) for module in definers.values()])
    if not able.any(axis=0).all():
        raise RuntimeError("a value was hidden that no module defines")
    rng = RandomStream(scope.word ^ np.uint64(GOLDEN))
    lengthy = np.array([[not module.brief] for module in definers.values()])
    able &= ~(lengthy & many.take(scope.row) & rng.bernoulli(BRIEF_SHARE - 1, BRIEF_SHARE))
    chosen = rng.choose(able)
    return [
        _draw_node(module, scope.take(index), values.take(index))
        for i, module in enumerate(definers.values())
        if len(index := np.flatnonzero(chosen == i))
    ]


def _draw_node(module: DefiningModule, scope: Scope, values: Value) -> CompositionNode:
    return CompositionNode(module, scope, module.draw(scope, values))
