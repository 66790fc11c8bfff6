"""Independent solvers: from the text of a question to its answer and operands, by SymPy and Python integers.

They share nothing with the package: not its parsing, not its arithmetic, not its hash.
"""

import math
import re

import sympy

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
WRONG = ("digit", "carry", "swap", "congruent")  # the kinds of wrong results in statements


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


def operands(task, question: str) -> list[int]:
    """The numbers of a question, without its words."""
    if task.family == "gcd":
        question = question.removeprefix("gcd")
    if task.family == "comparison":
        question = question.replace(" or ", " ")
    return numbers(question, task.parameters.get("base", 10))


def solve(task, question: str) -> str:
    base = task.parameters.get("base", 10)
    n = operands(task, question)
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
        case "comparison" if task.ask == "relation":
            return "<=>"[1 + int(sympy.sign(sympy.Integer(n[0]) - n[1]))]
        case "comparison":
            return write(sorted(n)[-1 if task.ask == "larger" else 0], base)
    raise NotImplementedError(task.family)


def problem(task, question: str) -> tuple:
    """What is one problem: the operands, without their order where order makes no new problem."""
    n = operands(task, question)
    if task.family == "modular" or task.family.startswith("correct"):
        n = n[:2]
    return tuple(n) if task.family in ("division", "divisible", "prime") else tuple(sorted(n))


def lengths(values: list[int], base: int) -> str:
    return "+".join(map(str, sorted((len(write(v, base)) for v in values), reverse=True)))


def in_stratum(task, question: str, name: str) -> bool:
    """Whether a question belongs to the stratum of a name, of which every part is checked."""
    base = task.parameters.get("base", 10)
    n = operands(task, question)
    if task.family == "modular" and not task.digits:
        return name == ("residues" if max(n[:2]) < n[2] else "beyond-residues")
    shown = n[:2] if task.family in ("modular", "correct-addition", "correct-multiplication") else n
    length, _, kind = name.partition(",")
    return length == f"digits={lengths(shown, base)}" and of_kind(task, n, kind)


def of_kind(task, n: list[int], kind: str) -> bool:
    """Whether the numbers of a question are of the kind that the second part of a stratum's name says."""
    match task.family:
        case "divisible" if task.k <= 100:
            return kind == f"residue={n[0] % task.k}"
        case "divisible" if task.answer == "label":
            return kind == ("residue>0" if n[0] % task.k else "residue=0")
        case "prime":
            return of_smallest_factor(n[0], kind)
        case "gcd" if task.distribution != "natural":
            low, _, high = kind.removeprefix("gcd=").partition("-")
            power = 1 << (math.gcd(*n).bit_length() - 1)
            return int(low) == power and power <= math.gcd(*n) <= int(high or low) < 2 * power
        case "correct-addition":
            return kind == "true" if n[0] + n[1] == n[2] else kind in WRONG
        case "correct-multiplication":
            return kind == "true" if n[0] * n[1] == n[2] else kind in WRONG
        case "comparison":
            return kind.split(",") == of_comparison(task, n, kind)
    return kind == ""


def of_comparison(task, n: list[int], kind: str) -> list[str]:
    """The parts that the name of a stratum of comparisons must have."""
    written, parts = [write(number, task.base) for number in n], []
    if len(set(n)) > 1 and len({len(text) for text in written}) == 1:
        common = next(i for i, digits in enumerate(zip(*written, strict=True)) if len(set(digits)) > 1)
        parts = [part for part in kind.split(",") if part.startswith("prefix=")] or ["no prefix"]
        low, _, high = parts[0].removeprefix("prefix=").partition("-")
        parts = parts if int(low) <= common <= int(high or low) else ["another prefix"]
    if task.ask == "relation":
        return [*parts, {-1: "less", 0: "equal", 1: "greater"}[(n[0] > n[1]) - (n[0] < n[1])]]
    return parts or [""]


def of_smallest_factor(number: int, kind: str) -> bool:
    if sympy.isprime(number) or kind == "prime":
        return sympy.isprime(number) and kind == "prime"
    smallest = next((p for p in sympy.primerange(98) if number % p == 0), 98)
    if kind in ("composite", "spf>97"):
        return number > 3 and (kind == "composite" or smallest == 98)
    low, _, high = kind.removeprefix("spf=").partition("-")
    return int(low) <= smallest <= int(high or low)
