"""Questions in words: `57+8` -> `What is 57 plus 8?`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError
from mathbench.formats.format import Format, FormatContext, Formatted
from mathbench.formats.quoting import SEPARATOR
from mathbench.formats.row_bits import row_bits
from mathbench.formats.text_columns import Int, Mask, TextColumn
from mathbench.formats.words.question_numbers import SignedNumbers, assembled, profile, signed_numbers
from mathbench.formats.words.templates import QUESTION, Template
from mathbench.hashing import to_range
from mathbench.numbers.text import int_array
from mathbench.parameters import parameter

DEFAULT = "Question: {question}\nAnswer:"


@dataclass(frozen=True)
class Prompt(Format):
    """The question in a template.

    In a template `{a}`, `{b}`, ... are the numbers of the question in order, `{numbers}` is a list of all of them, such
    as `57, 8 and 3`, `{question}` the whole question, and `{base}`, `{modulus}`, ... are parameters of the task.

    Of several templates, the text of the plain question decides by a hash which of those that fit is used. Formats
    combined with this one apply to the numbers. The answer does not change.
    """

    name: ClassVar[str] = "prompt"
    summary: ClassVar[str] = "the question in words, by a template or several"
    order: ClassVar[int] = 5
    rewrites_digits: ClassVar[bool] = False

    text: str = parameter(DEFAULT, "template, or a list of templates")

    def templates(self, task: Formatted) -> tuple[Template, ...]:
        """The templates with the parameters of a task filled in."""
        return _templates(self.text, cast(Any, task.plain))

    def unsupported_reason(self, task: Formatted) -> str:
        """Tasks whose questions cannot be made again from their numbers."""
        templates, known = self.templates(task), profile(task)
        for count in sorted(known.counts):
            if any(template.fits(count, known) for template in templates):
                continue
            if count in known.skeletons:
                return (
                    f"no template names everything that differs in its questions with {count} number(s); give one "
                    "with {question}, {numbers} or all letters"
                )
            return "its questions differ in more than their numbers; give a template with {question}"
        return ""

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Put the numbers of plain questions, each in the formats before this one, into templates."""
        if context.answers or context.questions is None:
            return text
        return TextColumn.of(self._written(text.to_array(), context.questions, context))

    def _written(
        self, question: pa.StringArray, plain: pa.StringArray, context: FormatContext
    ) -> pa.StringArray:
        """Write questions, given both formatted and plain; each with the template that its plain text selects."""
        found, bits = signed_numbers(pc.fill_null(plain, ""), context.base), row_bits(plain)

        def write(count: int, rows: Int) -> pa.StringArray:
            fitting = self._fitting(count, found, rows, context)
            chosen = to_range(bits[rows], np.full(len(rows), len(fitting), dtype=np.uint64))
            parts = [(rows[chosen == i], template) for i, template in enumerate(fitting)]
            return assembled(
                [(mine, _filled(template, question, found, mine, count, context)) for mine, template in parts]
            )

        return _by_count(found, write)

    def _fitting(self, count: int, found: SignedNumbers, rows: Int, context: FormatContext) -> list[Template]:
        """The templates for some questions, all with that many numbers.

        Raises:
            InputError: when there is none, or a template would lose what makes these questions differ from others.
        """
        known, templates = profile(context.task), self.templates(context.task)
        fitting = [template for template in templates if template.fits(count, known)]
        whole = [template for template in fitting if template.places[0].what == QUESTION]
        omitted = set().union(*(template.omits(count) for template in fitting))
        if fitting and (len(whole) == len(fitting) or _as_sampled(found, rows, count, omitted, context.task)):
            return fitting
        raise InputError(
            f"{context.task.name}: no template of the prompt fits some of the questions with {count} numbers. "
            "Give one with {question}."
        )

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Read the question from the template that restores the text."""
        if context.answers:
            return text
        given = text.to_array()
        found = pa.nulls(len(given), pa.string())
        for template in self.templates(context.task):
            for question in template.read(given, context):
                again = self._in_template(template, question, context)
                found = pc.coalesce(found, pc.if_else(pc.equal(again, given), question, None))
        return TextColumn.of(found)

    def _in_template(
        self, template: Template, question: pa.StringArray, context: FormatContext
    ) -> pa.StringArray:
        """Write formatted questions with one template; null where it does not fit."""
        known = profile(context.task)
        found = signed_numbers(pc.fill_null(context.undo_before(question), ""), context.base)

        def write(count: int, rows: Int) -> pa.StringArray:
            if template.fits(count, known):
                return _filled(template, question, found, rows, count, context)
            return pa.nulls(len(rows), pa.string())

        return _by_count(found, write)

    def is_valid(self, text: TextColumn, undone: TextColumn, context: FormatContext) -> Mask:
        """Whether any template restores the text."""
        if context.answers:
            return np.ones(len(text.offsets) - 1, dtype=bool)
        given, question = text.to_array(), undone.to_array()
        valid = np.zeros(len(given), dtype=bool)
        for template in self.templates(context.task):
            same = pc.equal(self._in_template(template, question, context), given)
            valid |= pc.fill_null(same, False).to_numpy(zero_copy_only=False)
        return valid


@lru_cache(maxsize=256)
def _templates(text: str, task: Any) -> tuple[Template, ...]:
    return tuple(Template.parse(template, task.parameters) for template in text.split(SEPARATOR))


def _by_count(found: SignedNumbers, write: Callable[[int, Int], pa.StringArray]) -> pa.StringArray:
    """Write all texts, those with the same number of numbers at a time."""
    return assembled([(mine, write(count, mine)) for count, mine in found.by_count()])


def _filled(
    template: Template,
    question: pa.StringArray,
    found: SignedNumbers,
    rows: Int,
    count: int,
    context: FormatContext,
) -> pa.StringArray:
    """Write some rows, all with `count` numbers, with one template."""
    columns = [context.write_before(column) for column in found.columns(rows, count)]
    return template.written(question.take(int_array(rows)), columns)


def _as_sampled(found: SignedNumbers, rows: Int, count: int, omitted: set[int], task: Formatted) -> bool:
    """Whether questions have the skeleton of the task, and its constants where these are omitted: to be read back."""
    known = profile(task)
    skeletons = found.skeletons().take(int_array(rows))
    if not pc.all(pc.equal(skeletons, known.skeletons[count]), min_count=0).as_py():
        return False
    columns = found.columns(rows, count)
    return all(pc.all(pc.equal(columns[i], known.constants[count][i]), min_count=0).as_py() for i in omitted)
