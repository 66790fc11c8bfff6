"""Wrong answers for multiple choice: plausible ones, among which the right one does not stand out.

Answers that are labels have the other labels, and comparisons the other numbers of the question. Numbers get others
that form an arithmetic progression with the right one, whose place in the progression is random: a step of a power of
the base is a carry lost or a digit off by one. So the right answer is not the one that is most like the others. Where
answers may be negative, numbers come with both signs. Residues have other residues.
"""

from typing import Any, NamedTuple

import gmpy2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.formats.format import FormatContext, Formatted
from mathbench.formats.row_bits import row_bits
from mathbench.formats.text_columns import Int, Mask
from mathbench.formats.words.question_numbers import assembled, profile, rebuilt, signed_numbers
from mathbench.hashing import U64, mix64, to_range
from mathbench.numbers import text
from mathbench.numbers.text import from_list, int_array

Integers = NDArray[Any]  # int64 or, of long numbers, Python integers
MAX_ANSWER_NUMBERS = 2  # quotient and remainder; longer answers are lists
_WIDE = 17  # digits from which answers are Python integers
_DRAW_ANSWER, _DRAW_STEP, _DRAW_PLACE, _DRAW_SIGN, _DRAW_ORDER = (np.uint64(1 << 20 << i) for i in range(5))


class Options(NamedTuple):
    """Answers to choose from.

    Attributes:
        columns: strings (n,), the plain text of each option.
        right: int64 (n,), the index of the right one.
    """

    columns: list[pa.StringArray]
    right: Int


def unsupported_reason(task: Formatted, count: int) -> str:
    """Why a task has no `count` options, as the end of a sentence; empty if it has."""
    if labels := task.answer_labels:
        most, what = len(labels), "labels"
    elif task.compares:
        most, what = min(profile(task).skeletons, default=0), "numbers to choose from"
    elif not (task.numeric or "places" in task.parameters):
        return "its answers are not numbers or labels"
    elif not 0 < profile(task).answer_numbers <= MAX_ANSWER_NUMBERS:
        return "its answers are lists of numbers"
    else:
        most, what = task.residue_count or count, "residues"
    return f"it has only {most} {what}. Received: choices:n={count}" if count > most else ""


def options(count: int, context: FormatContext) -> Options:
    """Make `count` options for every row, a pure function of its plain question and answer."""
    task, questions, answers = context.task, context.questions, context.solutions
    if questions is None or answers is None:
        raise RuntimeError("options need plain questions and answers")
    bits = row_bits(questions)
    if task.answer_labels:
        columns = _labels(task.answer_labels, answers, count, bits)
    elif task.compares:
        columns = _compared(questions, answers, count, task.number_base)
    else:
        columns = _numbers(answers, count, bits, task)
    return _shuffled(columns, bits)


def _draw(bits: U64, purpose: np.uint64, size: NDArray[np.uint64] | int) -> Int:
    """A random number below a size for each row, int64 (n,)."""
    return to_range(mix64(bits ^ purpose), np.asarray(size, dtype=np.uint64)).astype(np.int64)


def _shuffled(columns: list[pa.StringArray], bits: U64) -> Options:
    """Put options, the right one first, into a random order."""
    keys = np.stack([mix64(bits ^ (_DRAW_ORDER + np.uint64(i))) for i in range(len(columns))])
    order = np.argsort(keys, axis=0)
    joined, rows = pa.concat_arrays(columns), np.arange(len(bits))
    found = [joined.take(int_array(place * len(bits) + rows)) for place in order]
    return Options(found, np.argmin(order, axis=0).astype(np.int64))


def _labels(labels: tuple[str, ...], answers: pa.StringArray, count: int, bits: U64) -> list[pa.StringArray]:
    names = from_list(labels)
    right = pc.fill_null(pc.index_in(answers, names), 0).to_numpy().astype(np.int64)
    first = _draw(bits, _DRAW_PLACE, len(labels) - 1)
    others = [(first + i) % (len(labels) - 1) + 1 for i in range(count - 1)]
    return [names.take(int_array((right + shift) % len(labels))) for shift in [0 * first, *others]]


def _compared(
    questions: pa.StringArray, answers: pa.StringArray, count: int, base: int
) -> list[pa.StringArray]:
    """The answer and the other numbers of the question, from the first on."""
    found = signed_numbers(questions, base)
    parts: list[list[tuple[Int, pa.StringArray]]] = [[] for _ in range(count)]
    for here, rows in found.by_count():
        columns, right = found.columns(rows, here), answers.take(int_array(rows))
        place = np.zeros(len(rows), dtype=np.int64)
        for i, column in enumerate(columns):
            place[pc.equal(column, right).to_numpy(zero_copy_only=False)] = i
        joined, index = pa.concat_arrays(columns), np.arange(len(rows))
        for i, part in enumerate(parts):
            part.append((rows, joined.take(int_array((place + i) % here * len(rows) + index))))
    return [assembled(part) for part in parts]


def _numbers(answers: pa.StringArray, count: int, bits: U64, task: Formatted) -> list[pa.StringArray]:
    """The right answers, and wrong ones in which one number is another."""
    found = signed_numbers(answers, task.number_base)
    size = profile(task).answer_numbers
    columns = found.columns(np.arange(len(answers)), size)
    changed = _draw(bits, _DRAW_ANSWER, size)
    variants = [
        _Progression.of(column, task, count, bits, mine=changed == i).texts()
        for i, column in enumerate(columns)
    ]
    skeleton = found.skeletons()[0].as_py() if len(answers) else "\0"
    return [rebuilt(skeleton, [variant[i] for variant in variants]) for i in range(count)]


class _Progression(NamedTuple):
    """Numbers as integers of any size.

    Attributes:
        values: int64 or object (count, n), the right ones first; all the same where a row keeps its number.
        places: int64 (n,), digits after the point.
        base: the base.
    """

    values: Integers
    places: Int
    base: int

    @classmethod
    def of(cls, column: pa.StringArray, task: Formatted, count: int, bits: U64, mine: Mask) -> "_Progression":
        """Choose wrong numbers in the rows of a mask."""
        whole, places = _without_point(column)
        right, base = _integers(whole, task.number_base), task.number_base
        if task.residue_count:
            values = _residues(right, task.residue_count, count, bits)
        else:
            values = _in_steps(right, base, count, bits, profile(task).signed)
        return cls(np.where(mine, values, right), places, base)

    def texts(self) -> list[pa.StringArray]:
        """The numbers as text, a column for each place in the progression."""
        return [self._text(row) for row in self.values]

    def _text(self, row: Integers) -> pa.StringArray:
        if row.dtype != object and not self.places.any():
            sign = text.literal("-", len(row), row < 0)
            return text.join(sign, text.number(np.abs(row), self.base))
        pairs = zip(row.tolist(), self.places.tolist(), strict=True)
        return from_list([_decimal(value, places, self.base) for value, places in pairs])


def _without_point(column: pa.StringArray) -> tuple[pa.StringArray, Int]:
    """Numbers without their points, and their digits after the point, int64 (n,)."""
    point = pc.find_substring(column, ".").to_numpy().astype(np.int64)
    length = pc.binary_length(column).to_numpy().astype(np.int64)
    places = np.where(point >= 0, length - point - 1, 0)
    return (pc.replace_substring(column, ".", "") if places.any() else column), places


def _integers(column: pa.StringArray, base: int) -> Integers:
    """Text as int64 or, of long numbers, Python integers."""
    longest = pc.max(pc.binary_length(column)).as_py() or 0
    if longest <= _WIDE and base == 10:
        return pc.cast(column, pa.int64()).to_numpy(zero_copy_only=False)
    found = [int(gmpy2.mpz(word, base)) for word in column.to_pylist()]
    short = all(abs(value) < 1 << 56 for value in found)
    return np.array(found, dtype=np.int64 if short else object)


def _residues(right: Integers, modulus: int, count: int, bits: U64) -> Integers:
    """The right residues, and others at equal distances."""
    steps = np.array([step for step in range(1, min(modulus, 1 << 10)) if np.gcd(step, modulus) == 1])
    step = steps[_draw(bits, _DRAW_STEP, len(steps))]
    return np.stack([(right + i * step) % modulus for i in range(count)])


def _in_steps(right: Integers, base: int, count: int, bits: U64, signed: bool) -> Integers:
    """The right numbers, and others of their progression; all of one sign unless answers have both."""
    magnitude, half = abs(right), -(-count // 2) if signed else count
    least = int(signed)
    # the largest step with which the right number may be the last of the progression
    widest = np.maximum((magnitude - least) // max(half - 1, 1), 1)
    step = _powers(base, _draw(bits, _DRAW_STEP, _lengths(widest, base).astype(np.uint64)), magnitude)
    room = np.clip((magnitude - least) // step, 0, half - 1).astype(np.int64)
    below = _draw(bits, _DRAW_PLACE, (room + 1).astype(np.uint64))
    # 0, 1, ..., in the order in which the right one comes first
    others = [magnitude + ((i + below) % half - below) * step for i in range(half)]
    if not signed:
        return np.stack(others)
    sign = np.where(right < 0, -1, 1)
    mirrored = np.stack([value for other in others for value in (sign * other, -sign * other)])
    if count % 2:
        # any wrong one is left out, so that the number without its opposite is as often the right one as any other
        left_out = 1 + _draw(bits, _DRAW_SIGN, count)
        mirrored[left_out, np.arange(len(right))] = mirrored[-1]
        mirrored = mirrored[:count]
    zero = right == 0
    if zero.any():
        around = np.stack([(i + 1) // 2 * (1 if i % 2 else -1) * step for i in range(count)])
        mirrored = np.where(zero, around, mirrored)
    return mirrored


def _lengths(values: Integers, base: int) -> Int:
    """The number of digits of positive numbers of any size."""
    if values.dtype != object:
        return text.length(values, base)
    return np.array([len(gmpy2.mpz(value).digits(base)) for value in values.tolist()], dtype=np.int64)


def _powers(base: int, exponents: Int, like: Integers) -> Integers:
    """Powers of the base, of the type of other numbers."""
    if like.dtype != object:
        return np.asarray(base, dtype=np.int64) ** exponents
    return np.array([base**exponent for exponent in exponents.tolist()], dtype=object)


def _decimal(value: int, places: int, base: int) -> str:
    """A number with its point, without zeros at the end."""
    sign, digits = "-" * (value < 0), gmpy2.mpz(abs(value)).digits(base).rjust(places + 1, "0")
    if not places:
        return sign + digits
    return (sign + digits[:-places] + "." + digits[-places:]).rstrip("0").rstrip(".")
