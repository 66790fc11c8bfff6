"""Composition: questions whose values are defined by further modules, drawn and written level by level.

All modules of one kind and depth, of all questions of a batch, are drawn together. What a module needs of those below
is only their letter, which their scope fixes; so text is written for one module at a time and laid end to end.
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
from mathbench.hashing import GOLDEN, U64, Int, mix64
from mathbench.numbers import text
from mathbench.reserve import fingerprints

Value = Numbers | Polynomials
MAX_TRAIN_MODULES = 4  # modules of a question of train; where there are more, few long sentences fit,
BRIEF_SHARE = 8  # so that of so many modules below all but one are brief ones


@dataclass(frozen=True)
class DrawnProblem:
    """Problems of one module.

    Attributes:
        problem: what question, sentence and answer are written from.
        canonical: int64 (k, n), the numbers that make the problem what it is, the same for symmetric problems.
        requests: values that modules below must define.
        good: bool (n,), which ones are problems at all; None: all.
    """

    problem: Columns
    canonical: Int
    requests: Sequence[Request] = ()
    good: Bool | None = None


class DefiningModule(Protocol):
    """A module that can define a value for the one above."""

    brief: ClassVar[bool]  # its sentence is short: what questions of very many modules mostly consist of

    @property
    def name(self) -> str: ...

    def defines(self, value: Value) -> Bool:
        """Which values it can define, bool (n,)."""
        ...

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        """Draw problems; with values: problems whose answer they are."""
        ...

    def sentence(self, problem: Columns, scope: Scope) -> pa.StringArray:
        """What introduces the letter `scope.letter(0)`, with its full stop."""
        ...


@dataclass(frozen=True)
class CompositionNode:
    """Modules of one kind and depth of all questions of a batch."""

    module: DefiningModule
    scope: Scope
    drawn: DrawnProblem

    def fingerprints(self) -> U64:
        return fingerprints(self.module.name, self.drawn.canonical)

    def take(self, index: Int) -> tuple[Columns, Scope]:
        return self.drawn.problem.take(index), self.scope.take(index)


class CompositionTree:
    """The modules below those at the top.

    Args:
        definers: the modules that can define values, by name.
        requests: what those at the top ask for.
        modules: int64 (questions,), how many modules each question has, the top included.
    """

    def __init__(self, definers: Mapping[str, DefiningModule], requests: Sequence[Request], modules: Int):
        self._modules, self._questions = modules, len(modules)
        self.nodes: list[CompositionNode] = []
        count = modules > MAX_TRAIN_MODULES
        while requests:
            level = [
                node
                for kind in (Numbers, Polynomials)
                for node in _draw_nodes(definers, requests, kind, count)
            ]
            self.nodes += level
            requests = [request for node in level for request in node.drawn.requests]

    def fingerprints(self) -> U64:
        """A hash of all modules below of each question, whatever their order, uint64 (questions,)."""
        total = np.zeros(self._questions, dtype=np.uint64)
        for node in self.nodes:
            np.add.at(total, node.scope.row, mix64(node.fingerprints() + np.uint64(GOLDEN)))
        return total

    def good(self) -> Bool:
        """Which questions have all their modules, all of them problems, bool (questions,).

        A module that has nothing to hide has none below it, however many it should have.
        """
        count = np.ones(self._questions, dtype=np.int64)
        for node in self.nodes:
            count += np.bincount(node.scope.row, minlength=self._questions)
        good = count == self._modules
        for node in self.nodes:
            if node.drawn.good is not None:
                good[node.scope.row[~node.drawn.good]] = False
        return good

    def prepend_sentences(self, requested: pa.StringArray, index: Int) -> pa.StringArray:
        """Put the sentences of the modules below before some questions.

        Args:
            requested: what is asked at the end, strings (m,).
            index: int64 (m,), which questions.
        """
        if not self.nodes:
            return requested
        position = np.full(self._questions, -1)
        position[index] = np.arange(len(index))
        last = 1 + max(int(node.scope.number.max(initial=0)) for node in self.nodes)
        item = np.full((len(index), last), -1)  # which string stands where; those below come first
        item[:, -1], strings = np.arange(len(index)), [requested]
        count = len(index)
        for node in self.nodes:
            kept = np.flatnonzero(position[node.scope.row] >= 0)
            problem, scope = node.take(kept)
            strings.append(node.module.sentence(problem, scope))
            item[position[scope.row], last - 1 - scope.number] = np.arange(count, count + len(kept))
            count += len(kept)
        shown = item >= 0
        return templates.concatenate_groups(
            pa.concat_arrays(strings).take(text.int_array(item[shown])), shown.sum(axis=1)
        )


def _draw_nodes(
    definers: Mapping[str, DefiningModule], requests: Sequence[Request], kind: type[Value], count: Bool
) -> list[CompositionNode]:
    """Draw the modules for all requests of one kind; `count`: of questions with very many modules."""
    mine = [request for request in requests if isinstance(request.values, kind)]
    if not mine:
        return []
    scope = Scope.concatenate([request.scope for request in mine])
    values: Value = kind.concatenate(cast(Any, [request.values for request in mine]))
    able = np.stack([module.defines(values) for module in definers.values()])
    if not able.any(axis=0).all():
        raise RuntimeError("a value was hidden that no module defines")
    rng = RandomStream(scope.word ^ np.uint64(GOLDEN))
    lengthy = np.array([[not module.brief] for module in definers.values()])
    able &= ~(lengthy & count.take(scope.row) & rng.bernoulli(BRIEF_SHARE - 1, BRIEF_SHARE))
    chosen = rng.choose(able)
    return [
        _draw_node(module, scope.take(index), values.take(index))
        for i, module in enumerate(definers.values())
        if len(index := np.flatnonzero(chosen == i))
    ]


def _draw_node(module: DefiningModule, scope: Scope, values: Value) -> CompositionNode:
    return CompositionNode(module, scope, module.draw(scope, values))
