"""The automaton of a finished run, compared with the true one."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mathbench.baselines.automata.comparison import Word, align, shortest_difference, state_names
from mathbench.baselines.automata.extraction import CLUSTERINGS, LENGTH, Extraction, extract
from mathbench.baselines.automata.graph import Graph, write_svg
from mathbench.baselines.automata.reader import NumberAutomaton, NumberReader
from mathbench.baselines.automata.truth import TrueAutomaton, true_automaton
from mathbench.baselines.models.interface import DeviceConfig, StateMachine
from mathbench.baselines.predictor import LoadedRun, TrainedNetwork, load_run
from mathbench.baselines.table import BASELINES
from mathbench.certificates.automaton import Automaton
from mathbench.errors import InputError
from mathbench.numbers import text
from mathbench.storage import atomic

MAX_CLUSTERS, MAX_DIGITS = 256, 1000
CHECKED = 1000  # random numbers whose answers are compared
LONGEST = 50  # digits of the longest ones
NEARLY = 0.99  # share of states that agree, from which on nothing else is tried
NETWORK_GRAPH, TRUE_GRAPH = "automaton.svg", "automaton-true.svg"


@dataclass(frozen=True)
class RunAutomaton:
    """The automaton of a run, the true one, and what the comparison shows.

    Attributes:
        title: baseline and task.
        reader: the network.
        extraction: the automaton of the network.
        truth: the true automaton.
        shown: the automaton of numbers without blanks that is listed and drawn: that of the network, or the smallest
            one with the same answers.
        difference: a shortest number that the automaton answers wrongly, as symbols in reading order.
        fidelity: the share of random numbers of up to some digits to which automaton and network give the same answer.
    """

    title: str
    reader: NumberReader
    extraction: Extraction
    truth: TrueAutomaton
    shown: Automaton
    difference: Word | None
    fidelity: dict[int, float]

    @property
    def base(self) -> int:
        """The number base."""
        return self.reader.symbols

    @cached_property
    def reached(self) -> int:
        """The number of clusters that numbers lead to."""
        return len(reached_states(self.extraction.automaton.unpadded))

    @cached_property
    def minimal(self) -> int:
        """The number of states of the smallest automaton with the same answers."""
        return len(self.extraction.automaton.unpadded.minimal().table)

    @cached_property
    def true_states(self) -> tuple[int, ...]:
        """The true state that each listed state stands for."""
        return align(self.shown, self.truth.automaton)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the listed states."""
        return state_names(self.true_states, self.truth.names)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The listed states that numbers lead to, in the order of the true ones."""
        states, place = self.true_states, _places(self.truth)
        return tuple(sorted(reached_states(self.shown), key=lambda s: (place[states[s]], self.names[s])))

    @cached_property
    def wrong(self) -> frozenset[tuple[int, int]]:
        """The transitions that lead elsewhere than those of the true automaton, as pairs of a state and a symbol."""
        states, table = self.true_states, self.truth.automaton.table
        return frozenset(
            (state, symbol)
            for state in self.order
            for symbol, target in enumerate(self.shown.table[state])
            if states[target] != table[states[state]][symbol]
        )

    @property
    def wrong_answers(self) -> frozenset[int]:
        """The listed states whose answer is not that of the true one."""
        states, answers = self.true_states, self.truth.automaton.answers
        return frozenset(s for s in self.order if self.shown.answers[s] != answers[states[s]])

    def difference_json(self) -> dict[str, Any] | None:
        """Return the shortest number with a wrong answer, and the answers of automaton, network and truth."""
        if self.difference is None:
            return None
        return {
            "number": self.reader.written(self.difference),
            "automaton": self.extraction.automaton.answer(self.difference),
            "network": self.reader.answer(self.difference),
            "truth": self.truth.automaton.answer(self.difference),
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        found, padded = self.extraction, self.extraction.automaton
        return {
            "clusters": len(padded.table),
            "clustering": found.clustering,
            "reached": self.reached,
            "minimal": self.minimal,
            "true_states": self.truth.size,
            "equal": self.difference is None,
            "difference": self.difference_json(),
            "separated": found.separated,
            "agreement": found.agreement,
            "mean_agreement": found.mean_agreement,
            "purity": found.purity,
            "spread": found.spread,
            "fidelity": {str(digits): share for digits, share in self.fidelity.items()},
            "base": self.base,
            "reads": "units first" if self.reader.reverse else "units last",
            "padding": self.reader.padding,
            "width": self.reader.width,
            "automaton": {**_plain(self.shown), "names": list(self.names)},
            "true_automaton": {**_plain(self.truth.automaton), "names": list(self.truth.names)},
            "firsts": [list(row) for row in padded.firsts],
            "answers": [list(row) for row in padded.answers],
            "wrong_transitions": sorted(map(list, self.wrong)),
        }

    def draw(self, folder: Path) -> tuple[Path, Path]:
        """Draw both automata as SVG files, and return these."""
        digits = text.DIGITS[: self.base]
        truth = self.truth
        place = _places(truth)
        graphs = {
            NETWORK_GRAPH: Graph(
                self.shown,
                self.names,
                self.order,
                digits,
                self.title,
                self._note(),
                self.wrong,
                self.wrong_answers,
            ),
            TRUE_GRAPH: Graph(
                truth.automaton,
                truth.names,
                tuple(sorted(range(truth.size), key=place.__getitem__)),
                digits,
                f"{self.title.partition(' on ')[2]}: the true automaton",
                f"{truth.size} states",
            ),
        }
        with atomic.new_folder(folder):
            for name, graph in graphs.items():
                atomic.write(folder / name, write_svg(graph).encode())
        return folder / NETWORK_GRAPH, folder / TRUE_GRAPH

    def _note(self) -> str:
        parts = [f"{len(self.order)} states"]
        if self.wrong or self.wrong_answers:
            parts.append(
                f"in red {len(self.wrong)} wrong transitions, {len(self.wrong_answers)} wrong answers"
            )
        return "; ".join(parts)


@dataclass(frozen=True)
class AutomatonOptions:
    """Options of the extraction.

    Args:
        clusters: number of clusters of states; None for the states of the smallest true automaton.
        digits: length of the random words whose states are clustered.
        seed: seed of the words and of the clusters.
        smallest: list and draw the smallest automaton with the same answers.

    Raises:
        InputError: for numbers beyond the limits.
    """

    clusters: int | None = None
    digits: int = LENGTH
    seed: int = 0
    smallest: bool = False

    def __post_init__(self) -> None:
        if self.clusters is not None:
            _check_range("--clusters", self.clusters, MAX_CLUSTERS)
        _check_range("--digits", self.digits, MAX_DIGITS)


def run_automaton(run: Path, options: AutomatonOptions) -> RunAutomaton:
    """Read an automaton off the network of a run, and compare it with the true one.

    Raises:
        InputError: for a run without a recurrent network, or a task without a finite automaton.
    """
    loaded = load_run(run, DeviceConfig("cpu"))
    machine, trained = _machine(loaded)
    reverse = trained.encoding.choices.query == "reversed"
    truth = true_automaton(loaded.task, reverse)
    _check_digits(trained, loaded.task.number_base)
    reader = NumberReader.of(machine, trained.encoding, loaded.task.number_base)
    if options.clusters is None and truth.size > MAX_CLUSTERS:
        raise InputError(
            f"the true automaton has {truth.size} states. Give --clusters, at most {MAX_CLUSTERS}."
        )
    near, far = (AnsweredNumbers.of(loaded, reader, n, options.seed) for n in (options.digits, LONGEST))
    extraction = best_extraction(reader, replace(options, clusters=options.clusters or truth.size), near)
    found = extraction.automaton
    title = f"{loaded.result['baseline']} ({loaded.result['framework']}) on {loaded.task.name}"
    shown = found.unpadded.minimal() if options.smallest else found.unpadded
    difference = shortest_difference(found, truth.automaton, reverse)
    fidelity = {options.digits: near.share(found), LONGEST: far.share(found)}
    return RunAutomaton(title, reader, extraction, truth, shown, difference, fidelity)


def best_extraction(
    reader: NumberReader, options: AutomatonOptions, answers: "AnsweredNumbers"
) -> Extraction:
    """Return the automaton that answers as the network most often.

    The network's own classes are tried where there are as many as clusters and more than two. What states answer after
    further digits, which takes longer, is tried where nothing else nearly separates.

    Args:
        reader: the network.
        options: the number of clusters among them.
        answers: random numbers with the answers of the network.
    """
    clusters, found = options.clusters or len(reader.answers), []
    for clustering in CLUSTERINGS:
        if clustering != "classes" or clusters == len(reader.answers) > 2:
            one = extract(reader, clusters, options.seed, clustering, reader.reverse, options.digits)
            found.append(one)
            if min(one.mean_agreement, one.purity) >= NEARLY:
                break
    return max(found, key=lambda one: (answers.share(one.automaton), one.mean_agreement))


@dataclass(frozen=True)
class AnsweredNumbers:
    """Random numbers and the answers of a network.

    Args:
        words: the numbers as symbols in reading order.
        answers: the answers.
    """

    words: list[list[int]]
    answers: list[str]

    @classmethod
    def of(cls, loaded: LoadedRun, reader: NumberReader, digits: int, seed: int) -> "AnsweredNumbers":
        """Draw numbers of up to some digits, all lengths equally likely, and let a run answer them."""
        rng, words = np.random.default_rng([seed, digits]), []
        for length in rng.integers(1, digits + 1, CHECKED):
            word = rng.integers(0, reader.symbols, length)
            word[-1 if reader.reverse else 0] = rng.integers(1, reader.symbols)
            words.append(word.tolist())
        numbers = pa.array([reader.written(word) for word in words], pa.string())
        return cls(words, loaded.predict(numbers).to_pylist())

    def share(self, automaton: NumberAutomaton) -> float:
        """Return the share of the numbers to which an automaton gives the same answer."""
        pairs = zip(self.words, self.answers, strict=True)
        return sum(automaton.answer(word) == answer for word, answer in pairs) / len(self.words)


def reached_states(automaton: Automaton) -> list[int]:
    """Return the states that some word leads to, in order of discovery.

    >>> reached_states(Automaton((1, 1), ((0, 0), (1, 2), (1, 1)), ("a", "b", "c")))
    [1, 2]
    """
    found = dict.fromkeys(automaton.first)
    waiting = list(found)
    for state in waiting:
        for target in automaton.table[state]:
            if target not in found:
                found[target] = None
                waiting.append(target)
    return waiting


def _machine(loaded: LoadedRun) -> tuple[StateMachine, TrainedNetwork]:
    trained = loaded.trained
    machine = trained.network.state_machine() if trained else None
    if machine is None or trained is None:
        names = ", ".join(name for name, entry in BASELINES.items() if entry.state_machine)
        raise InputError(
            "an automaton needs a network that reads a number digit by digit and carries a state: "
            f"{names}. Received: {loaded.result['baseline']}."
        )
    return machine, trained


def _check_digits(trained: TrainedNetwork, base: int) -> None:
    missing = [digit for digit in text.DIGITS[:base] if digit not in trained.encoding.alphabet]
    if missing:
        raise InputError(
            f"an automaton needs training questions with every digit of the base. Missing: {', '.join(missing)}."
        )


def _check_range(option: str, value: int, high: int) -> None:
    if not 1 <= value <= high:
        raise InputError(f"{option} must be 1 to {high}. Received: {value}.")


def _places(truth: TrueAutomaton) -> list[int]:
    """Return the place of each true state on the circle, by its name."""
    ordered = sorted(range(truth.size), key=lambda state: int(truth.names[state]))
    return [ordered.index(state) for state in range(truth.size)]


def _plain(automaton: Automaton) -> dict[str, Any]:
    return {
        "first": list(automaton.first),
        "table": [list(row) for row in automaton.table],
        "answers": list(automaton.answers),
    }
