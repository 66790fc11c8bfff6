"""Properties of questions from the names of strata: lengths of operands, and others."""

from collections import Counter
from collections.abc import Iterable, Mapping

from mathbench.scores.results import Score
from mathbench.stratum import natural_order, operand_lengths

KIND = "kind"  # the property of parts without a name, such as prime or carry

Strata = Mapping[str, Score]


def other_labels(name: str) -> dict[str, str]:
    """The properties in the name of a stratum besides lengths.

    >>> other_labels("digits=5+2,gcd=2-3"), other_labels("digits=7,prime"), other_labels("difficulty=easy")
    ({'gcd': '2-3'}, {'kind': 'prime'}, {'difficulty': 'easy'})
    """
    parts = [part.partition("=") for part in name.split(",") if not operand_lengths(part)]
    return {key if mark else KIND: value if mark else key for key, mark, value in parts}


def total(counts: Iterable[Score]) -> Score:
    """The sum of several scores.

    >>> total([Score(4, 1), Score(6, 6)])
    Score(n=10, correct=7)
    """
    counts = list(counts)
    return Score(sum(count.n for count in counts), sum(count.correct for count in counts))


def most_common_operands(strata: Strata) -> int:
    """The number of operands that most strata name; 0 when none names any.

    >>> most_common_operands({"digits=2+1": Score(9, 3), "digits=2+2": Score(1, 1), "digits=2+2+2": Score(5, 0)})
    2
    """
    counts = Counter(len(found) for name in strata if (found := operand_lengths(name)))
    return max(counts, key=lambda operands: (counts[operands], -operands), default=0)


def by_length(strata: Strata, operands: int) -> dict[int, Score]:
    """Scores per length of the longest operand, for questions with a number of operands.

    >>> by_length({"digits=2+1": Score(9, 3), "digits=2+2": Score(1, 1), "digits=2+2+2": Score(5, 0)}, 2)
    {2: Score(n=10, correct=4)}
    """
    grouped: dict[int, list[Score]] = {}
    for name, count in strata.items():
        if operands and len(found := operand_lengths(name)) == operands:
            grouped.setdefault(max(found), []).append(count)
    return {length: total(counts) for length, counts in sorted(grouped.items())}


def by_pair(strata: Strata) -> dict[tuple[int, int], Score]:
    """Scores per pair of lengths, for questions with two operands.

    >>> by_pair({"digits=2+1,true": Score(9, 3), "digits=2+1,carry": Score(1, 1)})
    {(2, 1): Score(n=10, correct=4)}
    """
    grouped: dict[tuple[int, int], list[Score]] = {}
    for name, count in strata.items():
        found = operand_lengths(name)
        if len(found) == 2:
            grouped.setdefault((found[0], found[1]), []).append(count)
    return {pair: total(counts) for pair, counts in sorted(grouped.items())}


def by_other(strata: Strata) -> dict[str, dict[str, Score]]:
    """Scores per further property and value; empty unless there are at least two values.

    >>> by_other({"digits=2,prime": Score(2, 1), "digits=3,prime": Score(2, 2), "digits=3,spf=7": Score(4, 0)})
    {'kind': {'prime': Score(n=4, correct=3)}, 'spf': {'7': Score(n=4, correct=0)}}
    """
    grouped: dict[str, dict[str, list[Score]]] = {}
    for name, count in strata.items():
        for key, value in other_labels(name).items():
            grouped.setdefault(key, {}).setdefault(value, []).append(count)
    if sum(len(values) for values in grouped.values()) < 2:
        return {}
    ordered = {key: sorted(values, key=natural_order) for key, values in grouped.items()}
    return {key: {value: total(grouped[key][value]) for value in values} for key, values in ordered.items()}
