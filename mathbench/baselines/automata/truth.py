"""The true automaton of a task whose answers depend on a residue, for numbers read from either end."""

from dataclasses import dataclass

from mathbench.certificates.automaton import Automaton, residues
from mathbench.errors import InputError
from mathbench.task import Task

MAX_DIVISOR = 1000
MAX_PAIRS = 20_000  # residues and powers of the base, of a number that is read from its units


@dataclass(frozen=True)
class TrueAutomaton:
    """The smallest automaton that answers every number rightly.

    Attributes:
        automaton: the automaton.
        names: the smallest residue that each state stands for, or numbers in order of discovery where a number is read
            from its units.
    """

    automaton: Automaton
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of states."""
        return len(self.names)


def true_automaton(task: Task, reverse: bool) -> TrueAutomaton:
    """Return the smallest true automaton of a task.

    Args:
        task: the task, in plain text.
        reverse: whether numbers are read from their units.

    Raises:
        InputError: for a task without a finite automaton, or one that is too large.

    >>> from mathbench.families import task
    >>> true_automaton(task("divisible", k=3), False).names
    ('0', '1', '2')
    >>> true_automaton(task("divisible", k=4), True).size
    4
    """
    answers = _answers(task)
    if reverse:
        smallest = reversed_residues(len(answers), task.number_base, answers).minimal()
        return TrueAutomaton(smallest, tuple(str(i) for i in range(len(smallest.table))))
    whole = residues(len(answers), task.number_base, answers)
    smallest = whole.minimal()
    return TrueAutomaton(smallest, _smallest_residues(whole, smallest))


def reversed_residues(k: int, base: int, answers: list[str]) -> Automaton:
    """Return the automaton of residues modulo k for numbers that are read from their units.

    Its states are pairs of the residue of what was read and the residue of the power of the base that comes next.

    Raises:
        InputError: when there are too many pairs.

    >>> labels = ["true", "false", "false"]
    >>> reversed_residues(3, 10, labels).answer([2, 1]), reversed_residues(3, 10, labels).answer([1, 1])
    ('true', 'false')
    """
    number: dict[tuple[int, int], int] = {}
    waiting: list[tuple[int, int]] = []

    def visit(value: int, power: int) -> int:
        pair = value % k, power % k
        if pair not in number:
            number[pair] = len(number)
            waiting.append(pair)
        return number[pair]

    first = tuple(visit(digit, base) for digit in range(base))
    table = []
    for value, power in waiting:
        if len(number) > MAX_PAIRS:
            raise InputError(f"residues modulo {k} of numbers read from their units have too many states.")
        table.append(tuple(visit(value + digit * power, power * base) for digit in range(base)))
    return Automaton(first, tuple(table), tuple(answers[value] for value, _ in waiting))


def _answers(task: Task) -> list[str]:
    plain = task is task.plain
    divisor = task.parameters.get("k", 0)
    if plain and task.answers_residues and divisor > MAX_DIVISOR:
        raise InputError(f"an automaton may have at most {MAX_DIVISOR:,} residues. Received: k={divisor}.")
    answers = task.answers_by_residue() if plain else None
    if answers is None:
        raise InputError(
            "a finite automaton needs a task whose answers depend on a residue of one number, such as divisible, in "
            f"plain text. Received: {task.name}."
        )
    return answers


def _smallest_residues(whole: Automaton, smallest: Automaton) -> tuple[str, ...]:
    """Return the smallest residue that leads to each state of the smallest automaton."""
    found: dict[int, int] = {}
    seen = set(zip(whole.first, smallest.first, strict=True))
    waiting = list(seen)
    for residue, state in waiting:
        found[state] = min(residue, found.get(state, residue))
        for pair in zip(whole.table[residue], smallest.table[state], strict=True):
            if pair not in seen:
                seen.add(pair)
                waiting.append(pair)
    return tuple(str(found[state]) for state in range(len(smallest.table)))
