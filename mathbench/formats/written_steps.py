"""The steps of written calculations, for scratchpads: one function per kind of task, on columns.

Each function converts the task, plain questions and plain answers, strings (n,), to steps, strings (n,), joined by `;`.
A family uses one of them as its method `steps`.

Numbers are matrices of digits (n, w), the units first, so that their length is unlimited. A step is a matrix of bytes
(n, w) in which 0 is empty, so that pieces of different length stand side by side until one mask removes empty bytes; a
row without the step is all zeros.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.formats.text_columns import Bytes, Int, Mask, TextColumn, numbers
from mathbench.numbers import modular as residues
from mathbench.numbers.text import DIGITS

Digits = NDArray[np.int64]

# Digits of the longest number for steps that grow with its length, and for steps that grow with the square of it.
# Beyond these a scratchpad has over 50,000 characters.
MAX_DIGITS_LINEAR, MAX_DIGITS_QUADRATIC = 5000, 100
_MODULAR_SIGNS = {"plus": b"+", "minus": b"-", "times": b"*"}
_CHARACTERS = np.frombuffer(DIGITS.encode(), dtype=np.uint8)
_VALUES = np.zeros(256, dtype=np.int64)
_VALUES[_CHARACTERS] = np.arange(len(DIGITS))


def addition(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """Digit by digit from the units: all digits and the carry.

    >>> from mathbench.families import task
    >>> addition(task("addition"), pa.array(["57+8"]), pa.array(["65"])).to_pylist()
    ['7+8+0=15;5+0+1=6']
    """
    return _join_steps(_sum(*_operands(questions, task.base), task.base)[0])


def subtraction(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """Digit by digit from the units: two digits and the borrow; a negative difference is swapped first.

    >>> from mathbench.families import task
    >>> subtraction(task("subtraction"), pa.array(["57-8", "8-57"]), pa.array(["49", "-49"])).to_pylist()
    ['17-8-0=9;5-0-1=4', '8-57=-(57-8);17-8-0=9;5-0-1=4']
    """
    (first, second), _ = _operands(questions, task.base)
    return _join_steps(_difference(first, second, task.base)[0])


def multiplication(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """The first factor times each digit of the second, from the units, added to the sum so far.

    >>> from mathbench.families import task
    >>> multiplication(task("multiplication"), pa.array(["57*48"]), pa.array(["2736"])).to_pylist()
    ['57*8=456;57*40=2280;456+2280=2736']
    """
    return _join_steps(_product(*_operands(questions, task.base), task.base)[0])


def division(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """Long division: the next digit of the dividend is appended to the remainder; its quotient and remainder.

    >>> from mathbench.families import task
    >>> division(task("division"), pa.array(["957/8"]), pa.array(["119,5"])).to_pylist()
    ['9/8=1,1;15/8=1,7;77/8=9,5']
    """
    (dividend, divisor), lengths = _operands(questions, task.base)
    return _join_steps(_quotient(dividend, divisor, lengths[0], task.base)[0])


def divisible(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """Running remainders: the next digit is appended to the remainder.

    >>> from mathbench.families import task
    >>> divisible(task("divisible", k=3), pa.array(["2225"]), pa.array(["false"])).to_pylist()
    ['2%3=2;22%3=1;12%3=0;5%3=2']
    """
    (number,), (lengths,) = _operands(questions, task.base)
    rest, divisor, steps = np.zeros(len(number), dtype=np.int64), np.full(len(number), task.k), []
    for position in reversed(range(number.shape[1])):
        value = rest * task.base + number[:, position]
        rest = value % task.k
        pieces = (
            _short_number(value, task.base),
            b"%",
            _short_number(divisor, task.base),
            b"=",
            _short_number(rest, task.base),
        )
        steps.append(_step(lengths > position, *pieces))
    return _join_steps(steps)


def gcd(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """Euclid's algorithm; the last divisor is the answer.

    >>> from mathbench.families import task
    >>> gcd(task("gcd"), pa.array(["gcd(48,36)"]), pa.array(["12"])).to_pylist()
    ['48%36=12;36%12=0']
    """
    (first, second), _ = _operands(questions, task.base)
    steps = []
    while (live := second.any(axis=1)).any():
        divisor = np.where(live[:, None], second, _ones(second))
        rest = _remainder(first, divisor, task.base)
        steps.append(_step(live, _number(first), b"%", _number(divisor), b"=", _number(rest)))
        first, second = divisor, rest
    return _join_steps(steps)


def modular(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """The result, then its residue; of a polynomial all products first, of a division the inverse first.

    >>> from mathbench.families import task
    >>> minus = task("modular", modulus=13, operation="minus")
    >>> modular(minus, pa.array(["(8-57)%13"]), pa.array(["3"])).to_pylist()
    ['8-57=-49;-49%13=3']
    >>> squares = task("modular", modulus=13, operation="x^2+y^2")
    >>> modular(squares, pa.array(["(8^2+5^2)%13"]), pa.array(["11"])).to_pylist()
    ['8*8=64;5*5=25;64+25=89;89%13=11']
    >>> divide = task("modular", modulus=13, operation="divide")
    >>> modular(divide, pa.array(["(8/5)%13"]), pa.array(["12"])).to_pylist()
    ['5*8=40;40%13=1;8*8=64;64%13=12']
    """
    digits, lengths = _operands(questions, task.base)
    if task.operation in residues.POLYNOMIALS:
        steps, value = _polynomial(task.operation, digits, task.base)
    elif task.operation in _MODULAR_SIGNS:
        steps, value = _single_operation(task.operation, digits, lengths, task.base)
    else:
        steps, value = _modular_division(task, digits, lengths)
    every = np.ones(len(questions), dtype=bool)
    last = _step(every, value, b"%", _number(digits[-1]), b"=", _byte_matrix(answers))
    return _join_steps([*steps, last])


def claimed_sum(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """The steps of the addition, then the sum and the claimed result.

    >>> from mathbench.families import task
    >>> claimed_sum(task("correct-addition"), pa.array(["12+29=42"]), pa.array(["false"])).to_pylist()
    ['2+9+0=11;1+2+1=4;41=42']
    """
    return _statement_steps(_sum, questions, task.base)


def claimed_product(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """The steps of the multiplication, then the product and the claimed result.

    >>> from mathbench.families import task
    >>> claimed_product(task("correct-multiplication"), pa.array(["12*9=108"]), pa.array(["true"])).to_pylist()
    ['12*9=108;108=108']
    """
    return _statement_steps(_product, questions, task.base)


def _operands(questions: pa.StringArray, base: int) -> tuple[Digits, Int]:
    """The numbers of each question in order, (m, n, w), and their lengths, (m, n); 0 for missing numbers."""
    text = TextColumn.of(questions)
    spans = numbers(text, base)
    row = np.searchsorted(text.offsets, spans.starts, side="right") - 1
    index, size = np.arange(len(row)) - np.searchsorted(row, row), spans.stops - spans.starts
    lengths = np.zeros((int(index.max(initial=-1)) + 1, len(questions)), dtype=np.int64)
    lengths[index, row] = size
    digits = np.zeros((*lengths.shape, int(size.max(initial=1))), dtype=np.int64)
    at = spans.bytes()
    digits[spans.each(index), spans.each(row), spans.each(spans.stops) - 1 - at] = _VALUES[text.data[at]]
    return digits, lengths


def _sum(terms: Digits, lengths: Int, base: int) -> tuple[list[Bytes], Digits]:
    """The steps of a sum, and the sum."""
    carry, steps, total = np.zeros(terms.shape[1], dtype=np.int64), [], []
    for position in range(terms.shape[2]):
        shown = [
            _step(length > 0, _digit(term[:, position]), b"+")
            for term, length in zip(terms, lengths, strict=True)
        ]
        value = terms[:, :, position].sum(axis=0) + carry
        here = lengths.max(axis=0) > position
        steps.append(_step(here, *shown, _short_number(carry, base), b"=", _short_number(value, base)))
        carry = value // base
        total.append(value % base)
    while carry.any():
        total.append(carry % base)
        carry = carry // base
    return steps, np.stack(total, axis=1)


def _difference(first: Digits, second: Digits, base: int) -> tuple[list[Bytes], Digits, Mask]:
    """The steps of a difference, its absolute value, and whether it is negative."""
    below = _less(first, second)
    more, less = np.where(below[:, None], second, first), np.where(below[:, None], first, second)
    shown = [_number(number) for number in (less, more)]
    steps = [_step(below, shown[0], b"-", shown[1], b"=-(", shown[1], b"-", shown[0], b")")]
    borrowed, result = np.zeros(len(more), dtype=np.int64), []
    for position in range(more.shape[1]):
        value = more[:, position] - less[:, position] - borrowed
        lent = value < 0
        value = value + base * lent
        pieces = (
            _digit(more[:, position]),
            b"-",
            _digit(less[:, position]),
            b"-",
            _digit(borrowed),
            b"=",
            _digit(value),
        )
        steps.append(_step(_length(more) > position, _step(lent, b"1"), *pieces))
        borrowed = lent.astype(np.int64)
        result.append(value)
    return steps, np.stack(result, axis=1), below


def _product(factors: Digits, lengths: Int, base: int) -> tuple[list[Bytes], Digits]:
    """The steps of a product of the first two of some numbers, and the product."""
    (first, second), width = factors[:2], factors.shape[2]
    total, steps = np.zeros((len(first), 2 * width), dtype=np.int64), []
    for position in range(width):
        here, part, by = lengths[1] > position, np.zeros_like(total), np.zeros_like(total)
        part[:, position : position + width] = first * second[:, position, None]
        by[:, position] = second[:, position]
        part, before = _carried(part, base), total
        total = _carried(before + part, base)
        steps.append(_step(here, _number(first), b"*", _number(by), b"=", _number(part)))
        if position:
            steps.append(_step(here, _number(before), b"+", _number(part), b"=", _number(total)))
    return steps, total


def _quotient(
    dividend: Digits, divisor: Digits, lengths: Int, base: int
) -> tuple[list[Bytes], Digits, Digits]:
    """The steps of a long division by numbers that are not 0, the quotient and the remainder."""
    wide = np.pad(divisor, ((0, 0), (0, 1)))
    multiples = np.stack([_carried(wide * times, base) for times in range(base)])
    rest, steps, quotient = np.zeros_like(wide), [], np.zeros_like(dividend)
    for position in reversed(range(dividend.shape[1])):
        rest = np.hstack([dividend[:, position : position + 1], rest[:, :-1]])
        times = (~_less(rest[None], multiples[1:])).sum(axis=0)
        shown, quotient[:, position] = _number(rest), times
        rest = _carried(rest - multiples[times, np.arange(len(times))], base)
        pieces = (shown, b"/", _number(divisor), b"=", _digit(times), b",", _number(rest))
        steps.append(_step(lengths > position, *pieces))
    return steps, quotient, rest[:, : divisor.shape[1]]


def _remainder(dividend: Digits, divisor: Digits, base: int) -> Digits:
    """The remainder of a division by numbers that are not 0; in 63 bits where that is enough, which is fast."""
    positions = dividend.shape[1]
    if base**positions >= 1 << 63:
        return _quotient(dividend, divisor, _length(dividend), base)[2]
    weights = base ** np.arange(positions)
    return ((dividend @ weights) % (divisor @ weights))[:, None] // weights % base


def _single_operation(operation: str, digits: Digits, lengths: Int, base: int) -> tuple[list[Bytes], Bytes]:
    """The step of a sum, difference or product of the first two of some numbers, and its result as text."""
    first, second = pair = digits[:2]
    below, every = np.zeros(len(first), dtype=bool), np.ones(len(first), dtype=bool)
    if operation == "minus":
        _, result, below = _difference(first, second, base)
    else:
        result = {"plus": _sum, "times": _product}[operation](pair, lengths[:2], base)[1]
    value = np.hstack([_step(below, b"-"), _number(result)])
    sign = _MODULAR_SIGNS[operation]
    return [_step(every, _number(first), sign, _number(second), b"=", value)], value


def _modular_division(task: Any, digits: Digits, lengths: Int) -> tuple[list[Bytes], Bytes]:
    """The steps of a division by the inverse of the divisor, and the last product as text.

    Where the operation is conditional and the second number is even, the step and the result of the difference.
    """
    x, y = digits[:2] @ (task.base ** np.arange(digits.shape[2]))
    divides = (y % 2 == 1) | (task.operation == "divide")
    inverse = residues.inverses(np.where(divides, y, 1), task.modulus)
    first, by, one, product = (_short_number(n, task.base) for n in (x, inverse, y * inverse, x * inverse))
    (difference,), below = _single_operation("minus", digits, lengths, task.base)
    steps = [
        _step(divides, _number(digits[1]), b"*", by, b"=", one),
        _step(divides, one, b"%", _number(digits[-1]), b"=1"),
        _step(divides, first, b"*", by, b"=", product),
        _step(~divides, difference),
    ]
    return steps, np.hstack([_step(divides, product), _step(~divides, below)])


def _polynomial(formula: str, digits: Digits, base: int) -> tuple[list[Bytes], Bytes]:
    """The steps of a polynomial of two numbers, and its value as text."""
    every, steps, terms = np.ones(digits.shape[1], dtype=bool), [], []
    x, y = digits[0], digits[3 if "xy" in formula else 2]  # between them is an exponent, and x again
    for exponents in residues.monomials(formula):
        factors = [number for number, count in zip((x, y), exponents, strict=True) for _ in range(count)]
        term = factors.pop()
        while factors:
            factor = factors.pop()
            result = _multiplied(factor, term, base)
            steps.append(_step(every, _number(factor), b"*", _number(term), b"=", _number(result)))
            term = result
        terms.append(term)
    total = _added(terms, base)
    shown = [piece for term in terms for piece in (b"+", _number(term))][1:]
    steps.append(_step(every, *shown, b"=", _number(total)))
    return steps, _number(total)


def _multiplied(first: Digits, second: Digits, base: int) -> Digits:
    """The product of two numbers of any widths."""
    width = max(first.shape[1], second.shape[1])
    pair = np.stack([_widened(number, width) for number in (first, second)])
    return _product(pair, np.stack([_length(number) for number in pair]), base)[1]


def _added(terms: list[Digits], base: int) -> Digits:
    """The sum of numbers of any widths."""
    width = max(term.shape[1] for term in terms)
    columns = np.stack([_widened(term, width) for term in terms])
    return _sum(columns, np.stack([_length(term) for term in columns]), base)[1]


def _widened(number: Digits, width: int) -> Digits:
    """A number with leading zeros."""
    return np.pad(number, ((0, 0), (0, width - number.shape[1])))


def _statement_steps(calculate: Callable[..., Any], questions: pa.StringArray, base: int) -> pa.StringArray:
    """The steps of a calculation with the first two numbers, then its result and the third number."""
    digits, lengths = _operands(questions, base)
    steps, result = calculate(digits[:2], lengths[:2], base)
    every = np.ones(len(result), dtype=bool)
    return _join_steps([*steps, _step(every, _number(result), b"=", _number(digits[2]))])


def _carried(values: Digits, base: int) -> Digits:
    """Carry values of any size and sign to digits; the number must fit and not be negative."""
    out, carry = np.empty_like(values), np.zeros(len(values), dtype=np.int64)
    for position in range(values.shape[1]):
        carry, out[:, position] = np.divmod(values[:, position] + carry, base)
    return out


def _less(first: Digits, second: Digits) -> Mask:
    """Whether the first number is smaller, by the highest digit in which they differ; (..., w) to (...)."""
    difference = (first - second)[..., ::-1]
    position = (difference != 0).argmax(axis=-1)
    return np.asarray(np.take_along_axis(difference, position[..., None], axis=-1)[..., 0] < 0)


def _length(number: Digits) -> Int:
    """The number of digits of each number; zero has one."""
    nonzero = number != 0
    return np.where(nonzero.any(axis=1), number.shape[1] - nonzero[:, ::-1].argmax(axis=1), 1)


def _ones(like: Digits) -> Digits:
    out = np.zeros_like(like)
    out[:, 0] = 1
    return out


def _digit(values: Int) -> Bytes:
    """Single digits as text, (n, 1)."""
    return _CHARACTERS[values][:, None]


def _number(digits: Digits) -> Bytes:
    """Numbers as text, (n, w), empty before the leading digit."""
    shown = np.logical_or.accumulate(digits[:, ::-1] != 0, axis=1)
    shown[:, -1] = True
    return _CHARACTERS[digits[:, ::-1]] * shown


def _short_number(values: Int, base: int) -> Bytes:
    """Integers of 63 bits as text."""
    positions: list[Int] = []
    while not positions or values.any():
        positions.append(values % base)
        values = values // base
    return _number(np.stack(positions, axis=1))


def _byte_matrix(column: pa.StringArray) -> Bytes:
    """Strings as text, (n, w)."""
    text = TextColumn.of(column)
    lengths = np.diff(text.offsets)
    out = np.zeros((len(lengths), int(lengths.max(initial=0))), dtype=np.uint8)
    out[np.arange(out.shape[1]) < lengths[:, None]] = text.data
    return out


def _step(here: Mask, *pieces: Bytes | bytes) -> Bytes:
    """Concatenate pieces of text in the rows of a mask; bytes are repeated in each row."""
    same = (
        np.frombuffer(piece, np.uint8)[None, :] if isinstance(piece, bytes) else piece for piece in pieces
    )
    return np.hstack([piece * here[:, None] for piece in same])


def _join_steps(steps: list[Bytes]) -> pa.StringArray:
    """Join steps by `;`."""
    parts, started = [], np.zeros(len(steps[0]), dtype=bool)
    for step in steps:
        here = step.any(axis=1)
        parts += [_step(here & started, b";"), step]
        started |= here
    text = np.hstack(parts)
    filled = text != 0
    offsets = np.concatenate([[0], np.cumsum(filled.sum(axis=1))])
    return TextColumn(text[filled], offsets).to_array()
