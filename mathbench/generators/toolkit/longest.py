"""How long the numbers of a task get over all its splits: digits in a question, digits in an answer.

One function for each kind of task; a family takes one as its method `longest`.
"""

from typing import Any

import gmpy2


def longest_sum(task: Any) -> tuple[int, int]:
    """Sums, of longer operands or of more of them."""
    reach = task.digits + task.longer
    sums = [
        task.operands * (task.base**reach - 1),
        (task.operands + task.more) * (task.base**task.digits - 1),
    ]
    return reach, _digits(max(sums), task.base)


def longest_operand(task: Any) -> tuple[int, int]:
    """Results no longer than the longest operand: differences, quotients, remainders, divisors."""
    return task.digits + task.longer, task.digits + task.longer


def longest_product(task: Any) -> tuple[int, int]:
    """Products of two operands."""
    reach = task.digits + task.longer
    return reach, _digits((task.base**reach - 1) ** 2, task.base)


def longest_residue(task: Any) -> tuple[int, int]:
    """Residues modulo k."""
    return task.digits + task.longer, _digits(task.k - 1, task.base)


def longest_modular(task: Any) -> tuple[int, int]:
    """Residues of a result; without `digits` the operands are residues, and beyond."""
    reach = task.digits + task.longer
    if not task.digits:
        reach = _digits(task.modulus * task.base**task.longer - 1, task.base)
    return max(reach, _digits(task.modulus, task.base)), _digits(task.modulus - 1, task.base)


def longest_statement(task: Any) -> tuple[int, int]:
    """Claimed results stand in the question; labels have no digits."""
    largest = task.base ** (task.digits + task.longer) - 1
    return _digits(task.result(largest, largest), task.base), 0


def _digits(value: int, base: int) -> int:
    return len(gmpy2.mpz(value).digits(base))
