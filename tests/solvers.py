"""Independent solvers: from the text of a question to its answer and operands, by SymPy and Python integers.

They share nothing with the package: not its parsing, not its arithmetic, not its hash.
"""

import math
import re

import sympy

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def write(value: int, base: int) -> str:
    """A number in a base, by repeated division of Python integers."""
    sign, value, out = ("-" if value < 0 else ""), abs(value), ""
    while True:
        value, digit = divmod(value, base)
        out = DIGITS[digit] + out
        if not value:
            return sign + out


def numbers(question: str, base: int) -> list[int]:
    return [int(word, base) for word in re.findall(r"[0-9a-z]+", question)]


def solve(task, question: str) -> str:
    base = task.parameters.get("base", 10)
    if task.family == "gcd":
        question = question.removeprefix("gcd")
    n = numbers(question, base)
    match task.family:
        case "addition":
            return write(int(sympy.Add(*n)), base)
        case "subtraction":
            return write(n[0] - n[1], base)
        case "multiplication":
            return write(int(sympy.Mul(*n)), base)
        case "division":
            quotient = n[0] // n[1]
            return f"{write(quotient, base)},{write(n[0] - quotient * n[1], base)}"
        case "divisible":
            residue = n[0] - n[0] // task.k * task.k
            return ("true" if residue == 0 else "false") if task.answer == "label" else write(residue, base)
        case "prime":
            return "true" if sympy.isprime(n[0]) else "false"
        case "correct-addition":
            return "true" if n[0] + n[1] == n[2] else "false"
        case "correct-multiplication":
            return "true" if n[0] * n[1] == n[2] else "false"
        case "modular":
            value = {"plus": n[0] + n[1], "minus": n[0] - n[1], "times": n[0] * n[1]}[task.operation]
            return write(int(sympy.Mod(value, n[2])), base)
        case "gcd":
            return write(int(sympy.gcd(n[0], n[1])), base)
    raise NotImplementedError(task.family)


def problem(task, question: str) -> tuple:
    """What is one problem: the operands, without their order where order makes no new problem."""
    base = task.parameters.get("base", 10)
    n = numbers(question.removeprefix("gcd") if task.family == "gcd" else question, base)
    if task.family == "modular" or task.family.startswith("correct"):
        n = n[:2]
    return tuple(n) if task.family in ("division", "divisible", "prime") else tuple(sorted(n))


def lengths(values: list[int], base: int) -> str:
    return "+".join(map(str, sorted((len(write(v, base)) for v in values), reverse=True)))


def stratum(task, question: str) -> str:
    """The stratum, or the part of its name that the question alone decides."""
    base = task.parameters.get("base", 10)
    n = numbers(question.removeprefix("gcd") if task.family == "gcd" else question, base)
    match task.family:
        case "divisible":
            residue = n[0] % task.k
            if task.k <= 100:
                return f"digits={lengths(n, base)},residue={residue}"
            if task.answer == "residue":
                return f"digits={lengths(n, base)}"
            return f"digits={lengths(n, base)},residue{'=0' if residue == 0 else '>0'}"
        case "modular" if not task.digits:
            return "residues" if max(n[:2]) < n[2] else "beyond-residues"
        case "prime":
            return f"digits={lengths(n, base)}," + ("prime" if sympy.isprime(n[0]) else "")
        case "gcd" if task.distribution != "natural":
            g = math.gcd(*n)
            return f"digits={lengths(n, base)},gcd={1 << (g.bit_length() - 1)}"
        case "modular":
            return f"digits={lengths(n[:2], base)}"
        case "correct-addition" | "correct-multiplication":
            return f"digits={lengths(n[:2], base)}," + ("true" if solve(task, question) == "true" else "")
    return f"digits={lengths(n, base)}"
