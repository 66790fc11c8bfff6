"""Templates of questions in words, such as `What is {a} plus {b}?`."""

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError, did_you_mean
from mathbench.formats.format import FormatContext
from mathbench.formats.words.question_numbers import Profile, profile, rebuilt
from mathbench.numbers.text import DIGITS

QUESTION, NUMBERS, NUMBER = "question", "numbers", "number"
LETTERS = string.ascii_lowercase
COMMA, AND = ", ", " and "


class Place(NamedTuple):
    """A place of a template: the whole `question`, all `numbers`, or one `number`, counted from 0."""

    what: str
    number: int = 0


@dataclass(frozen=True)
class Template:
    """One template, with the parameters of its task filled in.

    Args:
        text: the template as the user gave it, for messages.
        literals: the text before, between and after the places, one more than places.
        places: its places.
    """

    text: str
    literals: tuple[str, ...]
    places: tuple[Place, ...]

    @classmethod
    def parse(cls, text: str, parameters: dict[str, object]) -> "Template":
        """Parse a template; `{{` and `}}` are braces.

        Raises:
            InputError: for braces that do not match, an unknown name, no place at all, or places without text between
                them.
        """
        literals, places = [""], []
        for literal, name in _parsed(text):
            literals[-1] += literal
            if name is None:
                continue
            if name in parameters:
                literals[-1] += str(parameters[name])
            else:
                places.append(_place(text, name, parameters))
                literals.append("")
        if not places:
            raise InputError(
                "a prompt must contain {question}, {numbers} or numbers such as {a} and {b}. "
                f"Received: {text!r}."
            )
        if len({place.what for place in places}) > 1 or (len(places) > 1 and places[0].what != NUMBER):
            raise InputError(
                f"a prompt must contain {{question}} once, {{numbers}} once, or letters. Received: {text!r}."
            )
        if not all(re.search(r"[^\w.]", literal) for literal in literals[1:-1]):
            raise InputError(f"a prompt must have a space or a sign between two places. Received: {text!r}.")
        return cls(text, tuple(literals), tuple(places))

    def fits(self, count: int, known: Profile) -> bool:
        """Whether a question with that many numbers can be written with this template and read back."""
        if self.places[0].what == QUESTION:
            return True
        if count not in known.skeletons:
            return False
        if self.places[0].what == NUMBERS:
            return count > 0
        return self.omits(count) <= known.constants[count].keys() and max(self._numbers) < count

    @property
    def _numbers(self) -> set[int]:
        return {place.number for place in self.places}

    def omits(self, count: int) -> set[int]:
        """The numbers that it leaves out of a question with `count` numbers."""
        return set() if self.places[0].what != NUMBER else set(range(count)) - self._numbers

    def written(self, question: pa.StringArray, columns: list[pa.StringArray]) -> pa.StringArray:
        """Fill in formatted questions, strings (n,), and their formatted numbers, a column each."""
        parts = [pa.scalar(self.literals[0])]
        for place, literal in zip(self.places, self.literals[1:], strict=True):
            if place.what == QUESTION:
                parts.append(question)
            elif place.what == NUMBERS:
                parts.append(listed(columns))
            else:
                parts.append(columns[place.number])
            parts.append(pa.scalar(literal))
        return pc.binary_join_element_wise(*parts, "")

    def read(self, text: pa.StringArray, context: FormatContext) -> Iterator[pa.StringArray]:
        """Read texts as formatted questions, one column for each number of numbers; null where the template differs."""
        known, number = profile(context.task), _number_pattern(context)
        if self.places[0].what == QUESTION:
            yield _extracted(text, self.literals, ".*")[0]
        for count, skeleton in known.skeletons.items():
            if self.places[0].what != QUESTION and self.fits(count, known):
                columns = self._columns(_extracted(text, self._between(count), number), count, context)
                yield context.write_before(rebuilt(skeleton, columns))

    def _between(self, count: int) -> list[str]:
        """The text around the numbers of a question with that many."""
        if self.places[0].what != NUMBERS:
            return list(self.literals)
        return [self.literals[0], *[COMMA] * (count - 2), *[AND] * (count > 1), self.literals[1]]

    def _columns(
        self, found: list[pa.StringArray], count: int, context: FormatContext
    ) -> list[pa.StringArray]:
        """The plain numbers of a question in order, from those at the places of the template."""
        places = range(count) if self.places[0].what == NUMBERS else [place.number for place in self.places]
        numbers = [_only_numbers(context.undo_before(column), context.base) for column in found]
        values = dict(zip(places, numbers, strict=True))
        shared, present = profile(context.task).constants[count], pc.is_valid(found[0])
        return [values[i] if i in values else pc.if_else(present, shared[i], None) for i in range(count)]


def listed(columns: list[pa.StringArray]) -> pa.StringArray:
    """The numbers of each row in a list: `57, 8 and 3`."""
    if len(columns) == 1:
        return columns[0]
    head = pc.binary_join_element_wise(*columns[:-1], COMMA)
    return pc.binary_join_element_wise(head, columns[-1], AND)


def _extracted(text: pa.StringArray, literals: Sequence[str], inside: str) -> list[pa.StringArray]:
    """What stands between some literals and matches a pattern, a column each; null where the text differs."""
    pattern = re.escape(literals[0])
    for i, literal in enumerate(literals[1:]):
        pattern += f"(?P<p{i}>{inside}){re.escape(literal)}"
    found = pc.extract_regex(text, f"(?s)^{pattern}$")
    return [pc.struct_field(found, i) for i in range(len(literals) - 1)]


def _number_pattern(context: FormatContext) -> str:
    """The pattern of a formatted number."""
    return ".+?" if context.before else _plain_number(context.base)


def _plain_number(base: int) -> str:
    digits = DIGITS[:base]
    return rf"-?[{digits}]+(?:\.[{digits}]+)?"


def _only_numbers(column: pa.StringArray, base: int) -> pa.StringArray:
    """Plain numbers as they are, null for any other text."""
    return pc.if_else(pc.match_substring_regex(column, f"^{_plain_number(base)}$"), column, None)


def _parsed(text: str) -> Iterator[tuple[str, str | None]]:
    try:
        for literal, name, form, conversion in string.Formatter().parse(text):
            if form or conversion:
                raise ValueError(f"'{name}' may not have a conversion")
            yield literal, name
    except ValueError as error:
        raise InputError(
            f"the braces of a prompt must match; {{{{ is a brace. Received: {text!r} ({error})."
        ) from None


def _place(text: str, name: str, parameters: dict[str, object]) -> Place:
    if name in (QUESTION, NUMBERS):
        return Place(name)
    if len(name) == 1 and name in LETTERS:
        return Place(NUMBER, LETTERS.index(name))
    allowed = [QUESTION, NUMBERS, *parameters]
    raise InputError(
        f"unknown name '{{{name}}}' in a prompt. {did_you_mean(name, allowed)} "
        f"Numbers are {{a}}, {{b}}, ... Received: {text!r}."
    )
