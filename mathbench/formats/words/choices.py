"""Multiple choice: `57+8` -> `57+8`, `A. 65`, `B. 75`, ..., answered by a letter."""

import string
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.formats.format import Format, FormatContext, Formatted
from mathbench.formats.text_columns import Mask, TextColumn
from mathbench.formats.words import wrong_answers
from mathbench.numbers.text import from_list, int_array
from mathbench.parameters import parameter

LETTERS = string.ascii_uppercase
MOST = 10


@dataclass(frozen=True)
class Choices(Format):
    """Answers to choose from below the question, one of them right; the answer is its letter.

    The options are a pure function of the plain question and answer: see `mathbench.formats.words.wrong_answers`. Every
    letter is right equally often. A model's letter is read as the option that it stands for.
    """

    name: ClassVar[str] = "choices"
    summary: ClassVar[str] = "multiple choice, answered by a letter"
    order: ClassVar[int] = 6
    rewrites_digits: ClassVar[bool] = False

    n: int = parameter(2, "number of options", low=2, high=MOST)

    def unsupported_reason(self, task: Formatted) -> str:
        """Tasks with fewer answers, or with answers of another kind."""
        return wrong_answers.unsupported_reason(task, self.n)

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Append options to a question; replace an answer by its letter."""
        if context.questions is None or context.solutions is None:
            return text
        if context.answers:
            return TextColumn.of(self._letters(text.to_array(), context))
        columns, _ = wrong_answers.options(self.n, context)
        parts = [text.to_array()]
        inside = replace(context, answers=True)
        for letter, column in zip(LETTERS, columns, strict=False):
            parts += [pa.scalar(f"\n{letter}. "), inside.write_before(column)]
        return TextColumn.of(pc.binary_join_element_wise(*parts, ""))

    def _letters(self, answers: pa.StringArray, context: FormatContext) -> pa.StringArray:
        """The letters of formatted answers: of the right ones or, where the question is known, of any option."""
        if context.written is None:
            return from_list(LETTERS).take(int_array(wrong_answers.options(self.n, context).right))
        found = pa.nulls(len(answers), pa.string())
        for letter, option in zip(LETTERS, self._options(context.written), strict=False):
            found = pc.coalesce(found, pc.if_else(pc.equal(option, answers), letter, None))
        return pc.fill_null(found, "")

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Remove the options from a question; replace a letter by its option."""
        if not context.answers:
            return TextColumn.of(self._split(text.to_array())[0])
        return TextColumn.of(self._chosen(text.to_array(), context))

    def _chosen(self, letters: pa.StringArray, context: FormatContext) -> pa.StringArray:
        """The options that letters stand for; null for anything else."""
        if context.written is not None:
            options = self._options(context.written)
        elif context.questions is not None and context.solutions is not None:
            columns, _ = wrong_answers.options(self.n, context)
            options = [context.write_before(column) for column in columns]
        else:
            raise RuntimeError("multiple choice is read with the questions: give the rows that were answered")
        found = pa.nulls(len(letters), pa.string())
        for letter, option in zip(LETTERS, options, strict=False):
            found = pc.coalesce(found, pc.if_else(pc.equal(letters, letter), option, None))
        return found

    def _options(self, questions: pa.StringArray) -> list[pa.StringArray]:
        """The options at the end of some questions."""
        return self._split(questions)[1:]

    def _split(self, questions: pa.StringArray) -> list[pa.StringArray]:
        """Questions without options, and their options; null where there are none."""
        lines = "".join(rf"\n{letter}\. (?P<{letter}>[^\n]*)" for letter in LETTERS[: self.n])
        found = pc.extract_regex(questions, f"(?s)^(?P<question>.*){lines}$")
        return [pc.struct_field(found, i) for i in range(self.n + 1)]

    def is_valid(self, text: TextColumn, undone: TextColumn, context: FormatContext) -> Mask:
        """Whether a question ends in options, or an answer is a letter of one."""
        given = text.to_array()
        letters = from_list(LETTERS[: self.n])
        valid = pc.is_in(given, letters) if context.answers else pc.is_valid(self._split(given)[0])
        return np.asarray(valid.to_numpy(zero_copy_only=False), dtype=bool)
