"""The answers that the weights of a certificate give to questions in plain text, in float32 with NumPy."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mathbench.certificates import column_linear, second_order
from mathbench.certificates.column_linear import ColumnLinearCertificate
from mathbench.certificates.document import Certificate
from mathbench.certificates.second_order import DIGITS, SecondOrderCertificate
from mathbench.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 1 << 18  # numbers of a batch of states: what fits the caches of a processor
MAX_PRODUCTS = 200_000_000_000  # of weights and states: about ten seconds
STEP = 2_000  # products that take as long as what a step takes besides its products


def answers(certificate: Certificate, questions: Sequence[str]) -> list[str]:
    """Answer questions with the weights of a certificate.

    Args:
        certificate: holds the weights.
        questions: in plain text, (n,).

    Returns:
        The answers, (n,).

    Raises:
        InputError: for a question that the network does not read, or more work than allowed.
    """
    return _ANSWERS[certificate.network](certificate, questions)


def _answer_numbers(certificate: SecondOrderCertificate, questions: Sequence[str]) -> list[str]:
    """Read numbers from their first digits to their last."""
    import numpy as np

    names = ("matrices", "bias", "weight", "offset", "start")
    matrices, bias, weight, offset, start = _arrays(certificate, names)
    _check_work(sum(map(len, questions)), len(start) ** 2)
    found = np.zeros(len(questions), np.int64)
    for rows in _batches(map(len, questions), max(1, BATCH // len(start))):
        digits = _digits([questions[row] for row in rows], certificate.claim.base)
        states = np.repeat(start[None], len(rows), axis=0)
        for column in digits.T:
            for digit in np.unique(column):
                same = column == digit
                states[same] = np.tanh(states[same] @ matrices[digit].T + bias[digit])
        found[rows] = (states @ weight.T + offset).argmax(axis=1)
    return [certificate.classes[output] for output in found]


def _answer_sums(certificate: ColumnLinearCertificate, questions: Sequence[str]) -> list[str]:
    """Read sums column by column, from the units on: write their digits, or compare these with a claimed sum."""
    claim, units, sines = certificate.claim, len(certificate.carry), len(certificate.shift)
    judged = claim.answer == "label"
    numbers = [_numbers(question, claim.operands, judged) for question in questions]
    columns = [max(map(len, found)) + claim.extra for found in numbers]
    _check_work(sum(columns), units**2 + units * sines + sines * claim.base)
    answers = [""] * len(questions)
    for rows in _batches(columns, max(1, BATCH // max(units, sines))):
        width = columns[rows[0]]
        padded = [number.rjust(width, "0") for row in rows for number in numbers[row]]
        digits = _digits(padded, claim.base)[:, ::-1].reshape(len(rows), -1, width)
        claimed = digits[:, -1] if judged else None
        said = _said(certificate, digits[:, : claim.operands], claimed)
        texts = _written(said) if claimed is None else _judged(said, claimed)
        for row, text in zip(rows, texts, strict=True):
            answers[row] = text
    return answers


def _said(
    certificate: ColumnLinearCertificate, digits: "NDArray[np.int64]", claimed: "NDArray[np.int64] | None"
) -> "NDArray[np.int64]":
    """The digits that a network says, (n, columns), given those of the operands, (n, operands, columns).

    Args:
        certificate: holds the weights.
        digits: units first.
        claimed: the digits that are fed back, (n, columns); None for those that the network says.
    """
    import numpy as np

    names = ("digits", "carry", "feedback", "phases", "shift", "weight", "offset")
    tables, carry, feedback, phases, shift, weight, offset = _arrays(certificate, names)
    said = np.zeros((len(digits), digits.shape[2]), np.int64)
    states = np.zeros((len(digits), len(carry)), np.float32)
    for column in range(digits.shape[2]):
        states = states + sum(table[digits[:, i, column]] for i, table in enumerate(tables))
        outputs = np.sin(states @ phases.T + shift) @ weight.T + offset
        said[:, column] = outputs.argmax(axis=1)
        fed = said if claimed is None else claimed
        states = states @ carry.T + feedback[fed[:, column]]
    return said


def _numbers(question: str, operands: int, judged: bool) -> list[str]:
    """The numbers of a sum, and the claimed sum if there is one."""
    left, sign, right = question.partition("=")
    numbers = [number.strip() for number in left.split("+")]
    given = [*numbers, right] if judged else numbers
    if len(numbers) != operands or bool(sign) != judged or not all(given):
        what = "statements about sums" if judged else "sums"
        raise InputError(f"the questions must be {what} of {operands} numbers. Received: {question[:60]!a}.")
    return given


def _written(digits: "NDArray[np.int64]") -> list[str]:
    """Numbers from their digits, units first, (n, columns)."""
    return ["".join(DIGITS[digit] for digit in row[::-1]).lstrip("0") or "0" for row in digits.tolist()]


def _judged(said: "NDArray[np.int64]", claimed: "NDArray[np.int64]") -> list[str]:
    """Labels for whether all digits of a claimed result are those said, (n, columns)."""
    return [
        "true" if row == claimed_row else "false"
        for row, claimed_row in zip(said.tolist(), claimed.tolist(), strict=True)
    ]


def _arrays(certificate: object, names: Iterable[str]) -> "list[NDArray[np.float32]]":
    import numpy as np

    return [np.array(getattr(certificate, name), np.float32) for name in names]


def _check_work(steps: int, products: int) -> None:
    if (work := steps * (products + STEP)) > MAX_PRODUCTS:
        raise InputError(
            f"answering the questions takes {work:,} products of weights. Allowed: {MAX_PRODUCTS:,}."
        )


def _batches(lengths: Iterable[int], size: int) -> Iterator[list[int]]:
    """The rows of equal length, at most `size` at a time."""
    by_length: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_length.setdefault(length, []).append(row)
    for rows in by_length.values():
        yield from (rows[i : i + size] for i in range(0, len(rows), size))


def _digits(numbers: Sequence[str], base: int) -> "NDArray[np.int64]":
    """Numbers of one length as digits, (n, length)."""
    import numpy as np

    values = np.full(256, -1)
    values[list(DIGITS[:base].encode())] = range(base)
    text = "".join(numbers).encode("latin-1", "replace")
    digits = values[np.frombuffer(text, np.uint8)].reshape(len(numbers), -1)
    foreign = (digits < 0).any(axis=1) | (digits.shape[1] == 0)
    if foreign.any():
        received = numbers[int(foreign.argmax())][:60]
        raise InputError(f"the questions must have numbers in base {base}. Received: {received!a}.")
    return digits


_ANSWERS: dict[str, Callable[[Any, Sequence[str]], list[str]]] = {
    second_order.NETWORK: _answer_numbers,
    column_linear.NETWORK: _answer_sums,
}
