"""The longest numbers of a task over all its splits: digits in a question, digits in an answer.

One function for each kind of task; a family uses one of them as its method `longest`.
"""

from typing import Any

import gmpy2


def longest_sum(task: Any) -> tuple[int, int]:
    """Sums, of longer operands or of more of them."""
    longest = task.digits + task.longer
    sums = [
        task.operands * (task.base**longest - 1),
        (task.operands + task.more) * (task.base**task.digits - 1),
    ]
    return longest, _digits(max(sums), task.base)


def longest_operand(task: Any) -> tuple[int, int]:
    """Results no longer than the longest operand: quotients, remainders, divisors."""
    return task.digits + task.longer, task.digits + task.longer


def longest_difference(task: Any) -> tuple[int, int]:
    """Differences, which are longer than the longest operand only where operands have different signs."""
    longest = task.digits + task.longer
    return longest, _digits((1 + task.signed) * (task.base**longest - 1), task.base)


def longest_product(task: Any) -> tuple[int, int]:
    """Products of two operands."""
    longest = task.digits + task.longer
    return longest, _digits((task.base**longest - 1) ** 2, task.base)


def longest_residue(task: Any) -> tuple[int, int]:
    """Residues modulo k."""
    return task.digits + task.longer, _digits(task.k - 1, task.base)


def longest_modular(task: Any) -> tuple[int, int]:
    """Residues of a result; without `digits` the operands are residues or, in extrapolate, larger."""
    longest = task.digits + task.longer
    if not task.digits:
        longest = _digits(task.modulus * task.base**task.longer - 1, task.base)
    return max(longest, _digits(task.modulus, task.base)), _digits(task.modulus - 1, task.base)


def longest_chain(task: Any) -> tuple[int, int]:
    """Residues, and the modulus."""
    return _digits(task.modulus, task.base), _digits(task.modulus - 1, task.base)


def longest_expression(task: Any) -> tuple[int, int]:
    """Values of expressions, or residues of them."""
    longest = task.digits + task.longer
    if not task.modulus:
        return longest, _digits(task.largest, task.base)
    return max(longest, _digits(task.modulus, task.base)), _digits(task.modulus - 1, task.base)


def longest_statement(task: Any) -> tuple[int, int]:
    """Claimed results in the question; labels have no digits."""
    largest = task.base ** (task.digits + task.longer) - 1
    return _digits(task.result(largest, largest), task.base), 0


def _digits(value: int, base: int) -> int:
    return len(gmpy2.mpz(value).digits(base))
