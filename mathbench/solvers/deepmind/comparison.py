"""Rules for comparison."""

import operator
import re
from typing import Any

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

DEFINITIONS: tuple[Rule, ...] = ()

_NUMBER = r"-?[\w./]*\w"
_TWO = rf"(?P<p>{_NUMBER}),? (?:or|and) (?P<q>{_NUMBER})"
_ITEMS = rf"(?P<items>{_NUMBER}(?:, {_NUMBER})*)"
_CHOICES = rf"(?P<choices>(?: \([a-j]\) {_NUMBER})+)"
_RANKS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]


def _which(choose: Any) -> Any:
    """A rule that returns the smaller or the larger of two numbers as written in the question."""
    return lambda reader, found: choose((found["p"], found["q"]), key=reader.number)


def _whether(compare: Any) -> Any:
    return lambda reader, found: bool(compare(reader.number(found["p"]), reader.number(found["q"])))


def _is(words: str, compare: Any) -> Rule:
    return rule(rf"(?:Is|Does) (?P<p>{_NUMBER}) (?:{words}) (?P<q>{_NUMBER})\?", _whether(compare))


_PAIR = (
    rule(rf"(?:Which is bigger, |Which is greater: |What is the larger of ){_TWO}\?", _which(max)),
    rule(rf"(?:Which is smaller, |Which is less: |What is the smaller of ){_TWO}\?", _which(min)),
    _is("<|less than|smaller than|below", operator.lt),
    _is("<=|less than or equal to|at most|no more than", operator.le),
    _is(">|greater than|bigger than|above", operator.gt),
    _is(">=|greater than or equal to|at least|no less than", operator.ge),
    _is("=|equal to|the same number as", operator.eq),
    _is("!=|different from", operator.ne),
    rule(rf"Are {_TWO} equal\?", _whether(operator.eq)),
    rule(rf"Are {_TWO} unequal\?", _whether(operator.ne)),
    rule(rf"Do (?:the values of )?{_TWO} differ\?", _whether(operator.ne)),
    rule(rf"Is (?P<p>{_NUMBER}) as big as (?P<q>{_NUMBER}) or bigger\?", _whether(operator.ge)),
    rule(rf"Is the value of (?P<p>{_NUMBER}) the same as that of (?P<q>{_NUMBER})\?", _whether(operator.eq)),
    rule(rf"Do {_TWO} have one and the same value\?", _whether(operator.eq)),
    rule(rf"Is it true that {_TWO} are nonequal\?", _whether(operator.ne)),
    rule(rf"Are {_TWO} two non-equal numbers\?", _whether(operator.ne)),
    rule(rf"True or false: (?P<p>{_NUMBER}) is not equal to (?P<q>{_NUMBER})\.", _whether(operator.ne)),
)


def _candidates(found: Any) -> dict[str, str]:
    """The numbers of a question by their answers: the number itself, or the letter of its choice."""
    if "choices" in found.re.groupindex:
        return {
            letter: number for letter, number in re.findall(rf"\(([a-j])\) ({_NUMBER})", found["choices"])
        }
    return {number: number for number in found["items"].split(", ")}


def _kth(reader: Reader, found: Any) -> str:
    candidates = _candidates(found)
    ordered = sorted(
        candidates, key=lambda answer: reader.number(candidates[answer]), reverse=found["end"] == "biggest"
    )
    return ordered[_RANKS.index(found["rank"] or "first")]


_ADJECTIVE = r"(?:(?P<rank>\w+) )?(?P<end>biggest|smallest)"
_KTH = (
    rule(rf"(?:What|Which) is the {_ADJECTIVE} (?:value|number) in {_ITEMS}\?", _kth),
    rule(rf"Find the {_ADJECTIVE} of {_ITEMS}\.", _kth),
    rule(rf"Which is the {_ADJECTIVE} value\?{_CHOICES}", _kth),
    rule(rf"Which number is the {_ADJECTIVE}\?{_CHOICES}", _kth),
    rule(rf"Choose the {_ADJECTIVE} number\.{_CHOICES}", _kth),
)


def _closest(reader: Reader, found: Any) -> str:
    candidates, target = _candidates(found), reader.number(found["t"])
    return min(candidates, key=lambda answer: abs(reader.number(candidates[answer]) - target))


_CLOSE = rf"(?:closest|nearest) to (?P<t>{_NUMBER})"
_CLOSEST = (
    rule(rf"What is the {_CLOSE} in {_ITEMS}\?", _closest),
    rule(rf"Which of {_ITEMS} is {_CLOSE}\?", _closest),
    rule(rf"(?:Which is the|Which number is) {_CLOSE}\?{_CHOICES}", _closest),
)


def _sorted(reader: Reader, found: Any) -> str:
    descending = "way" in found.re.groupindex and found["way"] in ("descending", "decreasing")
    return ", ".join(sorted(found["items"].split(", "), key=reader.number, reverse=descending))


_SORT = (
    rule(rf"(?:Sort|Put|Write) {_ITEMS} in (?P<way>\w+) order\.", _sorted),
    rule(rf"Sort {_ITEMS}\.", _sorted),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    f"comparison__{name}{ending}": rules
    for name, rules in {"pair": _PAIR, "kth_biggest": _KTH, "closest": _CLOSEST, "sort": _SORT}.items()
    for ending in ("", "_composed")
}
