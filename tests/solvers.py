"""Independent solvers: from the text of a question to its answer and operands, by SymPy and Python integers.

They share nothing with the package: not its parsing, not its arithmetic, not its hash.
"""

import math
import re

import sympy
from sympy.combinatorics import Permutation

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


def numbers(question: str, base: int, signed: bool = False) -> list[int]:
    """The numbers of a text; where they may be negative, a minus at its start, after `(` or after `=` is a sign."""
    if not signed:
        return [int(word, base) for word in re.findall(r"[0-9a-z]+", question)]
    words = re.findall(r"~?[0-9a-z]+", re.sub(r"(^|[(=])-", r"\1~", question))
    return [int(word.replace("~", "-"), base) for word in words]


def signed(task) -> bool:
    return task.parameters.get("smallest", 0) < 0


def operands(task, question: str) -> list[int]:
    """The numbers of a question, without its words."""
    if task.family == "gcd":
        question = question.removeprefix("gcd")
    if task.family == "comparison":
        question = question.replace(" or ", " ")
    return numbers(question, task.parameters.get("base", 10), signed(task))


def solve(task, question: str) -> str:
    base = task.parameters.get("base", 10)
    n = operands(task, question)
    if decimal(task):
        return with_decimals(task, question)
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
            return write(modular(task.operation, *pair_of(task, question), n[-1]), base)
        case "gcd":
            return write(int(sympy.gcd(n[0], n[1])), base)
        case "comparison":
            return compare(task, question)
        case "modular-chain":
            return write(sum(sign * math.prod(term) for sign, term in terms_of(question, base)) % n[-1], base)
        case "permutation":
            return product_of(question)
        case "expression":
            value = value_of(binary_tree(expression(task, question), base))
            return write(value % task.modulus if task.modulus else value, base)
    raise NotImplementedError(task.family)


def terms(question: str) -> list[str]:
    """The numbers of a comparison as they are written."""
    return re.findall(r"[0-9a-z.]+", question.replace(" or ", " ? "))


def decimal(task) -> bool:
    """Whether the operands of an operation may have a point."""
    return task.family != "comparison" and task.parameters.get("places", 0) > 0


def with_decimals(task, question: str) -> str:
    """The result of an operation with decimals, by SymPy, in as few digits as it takes."""
    a, b = (value(term, task.base) for term in terms(question))
    result = {"addition": a + b, "subtraction": a - b, "multiplication": a * b}[task.family]
    places = next(k for k in range(99) if (result * task.base**k).is_integer)
    digits = write(int(abs(result) * task.base**places), task.base).rjust(places + 1, "0")
    point = len(digits) - places
    return "-" * bool(result < 0) + digits[:point] + "." * bool(places) + digits[point:]


def value(term: str, base: int) -> sympy.Rational:
    """A number with or without a point, digit by digit."""
    whole, _, places = term.partition(".")
    return sympy.Integer(int(whole, base)) + sum(
        sympy.Rational(DIGITS.index(digit), base**place) for place, digit in enumerate(places, start=1)
    )


def compare(task, question: str) -> str:
    by_value = {term: value(term, task.base) for term in terms(question)}
    if task.ask != "relation":
        wanted = (sympy.Max if task.ask == "larger" else sympy.Min)(*by_value.values())
        return next(term for term, number in by_value.items() if number == wanted)
    first, second = (by_value[term] for term in terms(question))
    return "<=>"[1 + int(sympy.sign(first - second))]


def compared(task, question: str) -> tuple:
    """The numbers of a comparison, the largest first: the digits of each without zeros at its end, and its places."""
    found: list[int] = []
    for term in sorted(terms(question), key=lambda term: value(term, task.base), reverse=True):
        places = next(k for k in range(99) if (value(term, task.base) * task.base**k).is_integer)
        found += [int(value(term, task.base) * task.base**places), *[places] * (places > 0)]
    return tuple(found)


def pair_of(task, question: str) -> tuple[int, int]:
    """The operands of a question of `modular`, without exponents and repetitions."""
    base = task.base
    if signed(task):
        x, y, _ = numbers(question, base, signed=True)
        return x, y
    x, *others = (int(word, base) for word in re.findall(r"(?<![\^0-9a-z])[0-9a-z]+", question)[:-1])
    return x, others[1] if "^" in question and "*" in question else others[0]


def modular(operation: str, x: int, y: int, modulus: int) -> int:
    """The residue by SymPy; a quotient by trying every residue, or, of large moduli, by SymPy's inverse."""
    if operation == "conditional":
        operation = "divide" if y % 2 else "minus"
    if operation == "divide":
        if modulus > 5000:
            return x * int(sympy.mod_inverse(y, modulus)) % modulus
        return next(q for q in range(modulus) if (q * y - x) % modulus == 0)
    formula = {"plus": "x+y", "minus": "x-y", "times": "x*y"}.get(operation, operation.replace("xy", "x*y"))
    value = sympy.sympify(formula.replace("^", "**")).subs({"x": x, "y": y})
    return int(sympy.Mod(value, modulus))


def terms_of(question: str, base: int) -> list[tuple[int, tuple[int, ...]]]:
    """The signed terms of a chain, factors and terms in order of size."""
    words = re.findall(r"[0-9a-z]+|[-+*]", question.partition("%")[0])
    terms = [(1, [int(words[0], base)])]
    for sign, number in zip(words[1::2], words[2::2], strict=True):
        if sign == "*":
            terms[-1][1].append(int(number, base))
        else:
            terms.append((-1 if sign == "-" else 1, [int(number, base)]))
    return sorted((sign, tuple(sorted(factors))) for sign, factors in terms)


def expression(task, question: str) -> str:
    """The expression of a question, without its modulus."""
    if not task.modulus:
        return question
    inside, modulus = question.rsplit("%", 1)
    assert int(modulus, task.base) == task.modulus and inside[0] + inside[-1] == "()"
    return inside[1:-1]


def binary_tree(text: str, base: int):
    """An expression as a number, or a sign and both sides; by the shunting yard algorithm (Dijkstra, 1961)."""
    values, signs = [], []

    def apply():
        right, left = values.pop(), values.pop()
        values.append((signs.pop(), left, right))

    for token in re.findall(r"[0-9a-z]+|[-+*/()]", text):
        if token in "+-*/":
            while signs and signs[-1] != "(" and (signs[-1] in "*/" or token in "+-"):
                apply()
            signs.append(token)
        elif token == "(":
            signs.append(token)
        elif token == ")":
            while signs[-1] != "(":
                apply()
            signs.pop()
        else:
            values.append(int(token, base))
    while signs:
        apply()
    (tree,) = values
    return tree


def value_of(tree) -> int:
    """The value of a tree by SymPy; every division comes out even."""
    if isinstance(tree, int):
        return tree
    sign, left, right = tree[0], value_of(tree[1]), value_of(tree[2])
    value = {"+": left + right, "-": left - right, "*": left * right, "/": sympy.Rational(left, right or 1)}[
        sign
    ]
    assert sympy.Rational(value).is_integer and (sign != "/" or right)
    return int(value)


def unordered(tree) -> tuple:
    """The signed terms of a tree, in an order of their own, and so the factors and divisors of each."""
    terms = []
    while not isinstance(tree, int) and tree[0] in "+-":
        terms.append((-1 if tree[0] == "-" else 1, unordered_factors(tree[2])))
        tree = tree[1]
    return tuple(sorted([*terms, (1, unordered_factors(tree))], key=by_kind))


def unordered_factors(tree) -> tuple:
    factors = []
    while not isinstance(tree, int) and tree[0] in "*/":
        factors.append(unordered_factor(tree[2]) if tree[0] == "*" else ("/", tree[2]))
        tree = tree[1]
    return tuple(sorted([*factors, unordered_factor(tree)], key=by_kind))


def unordered_factor(tree):
    return tree if isinstance(tree, int) else unordered(tree)


def by_kind(value):
    """A key that compares numbers with tuples and words."""
    if isinstance(value, tuple):
        return 2, [by_kind(part) for part in value]
    return (0, value) if isinstance(value, int) else (1, value)


def nested(text: str) -> int:
    """How deep brackets are nested."""
    return max(text[:end].count("(") - text[:end].count(")") for end in range(len(text) + 1))


def product_of(question: str) -> str:
    """The product of a question of `permutation`, by SymPy, whose products apply the left factor first."""
    factors = []
    for written in question.split("*"):
        factor = Permutation([int(digit) for digit in written.removesuffix("^-1")])
        factors.append(factor**-1 if written.endswith("^-1") else factor)
    product = math.prod(reversed(factors[:-1]), start=factors[-1])
    return "".join(map(str, product.array_form))


def problem(task, question: str) -> tuple:
    """What is one problem: the operands, without their order where order makes no new problem."""
    base = task.parameters.get("base", 10)
    if task.family == "comparison" or decimal(task):
        return compared(task, question)
    if task.family == "modular":
        return tuple(sorted(pair_of(task, question)))
    if task.family == "modular-chain":
        return tuple(terms_of(question, base))
    if task.family == "expression":
        return unordered(binary_tree(expression(task, question), base))
    n = operands(task, question)
    if task.family == "permutation" or task.family.startswith("correct"):
        n = n[:2]
    ordered = ("division", "divisible", "prime", "permutation")
    return tuple(n) if task.family in ordered else tuple(sorted(n))


def lengths(values: list[int], base: int) -> str:
    """Digits in the name of a stratum: the longest number first, of equally long ones those of 0 or more."""
    found = sorted((-len(write(abs(value), base)), value < 0) for value in values)
    return "+".join(f"(-{-digits})" if negative else str(-digits) for digits, negative in found)


def in_stratum(task, question: str, name: str) -> bool:
    """Whether a question belongs to the stratum of a name, of which every part is checked."""
    base = task.parameters.get("base", 10)
    if task.family == "comparison":
        return name == of_comparison(task, question, name)
    if decimal(task):
        return name == ",".join(of_shapes(question))
    n = operands(task, question)
    if task.family == "modular-chain":
        return name == f"operands={len(n) - 1}" and all(number < n[-1] for number in n[:-1])
    if task.family == "permutation":
        return name == f"size={question.index('*')}"
    if task.family == "expression":
        text = expression(task, question)
        words = re.findall(r"[0-9a-z]+", text)
        found = f"digits={max(map(len, words))},operands={len(words)},depth={nested(text)}"
        return name == (found + f",divisions={text.count('/')}" if "divide" in task.operations else found)
    shown = n[:2] if task.family in ("correct-addition", "correct-multiplication") else n
    if task.family == "modular":
        shown = list(pair_of(task, question))
        if not task.digits:
            return name == ("residues" if max(shown) < n[-1] else "beyond-residues")
    length, _, kind = name.partition(",")
    return length == f"digits={lengths(shown, base)}" and of_kind(task, n, kind)


def of_kind(task, n: list[int], kind: str) -> bool:
    """Whether the numbers of a question are of the kind that the second part of a stratum's name says."""
    match task.family:
        case "divisible" | "prime" if task.labels == "natural":
            return kind == ""
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
        case "addition" | "subtraction" if task.carries == "uniform":
            return kind == f"chain={chain(task, *sorted(n, reverse=True))}"
        case "correct-multiplication":
            return kind == "true" if n[0] * n[1] == n[2] else kind in WRONG
    return kind == ""


def chain(task, a: int, b: int) -> int:
    """The longest chain of carries, or of borrows, digit by digit on paper."""
    first, second = write(a, task.base)[::-1], write(b, task.base)[::-1]
    longest = run = carry = 0
    for place, character in enumerate(first):
        x, y = DIGITS.index(character), DIGITS.index(second[place]) if place < len(second) else 0
        if task.family == "addition":
            own, out = x + y >= task.base, x + y + carry >= task.base
        else:
            own, out = x < y, x - y - carry < 0
        run = 1 if own else (run + 1) * out
        carry, longest = int(out), max(longest, run)
    return longest


def of_comparison(task, question: str, name: str) -> str:
    """The name of the stratum of a comparison; the range of common digits is taken from a name if it is right."""
    parts = [term.partition(".")[::2] for term in terms(question)]
    shapes = sorted(((len(whole), len(places.rstrip("0"))) for whole, places in parts), reverse=True)
    found = of_shapes(question)[: 1 + (task.places > 0)]
    values = {value(term, task.base) for term in terms(question)}
    if len(values) > 1 and len({digits for digits, _ in shapes}) == 1:
        found.append(of_prefix([whole + places.rstrip("0") for whole, places in parts], name))
    if task.ask == "relation":
        found.append({"<": "less", "=": "equal", ">": "greater"}[compare(task, question)])
    return ",".join(found)


def of_shapes(question: str) -> list[str]:
    """Digits before the point and places, as in the name of a stratum."""
    parts = [term.partition(".")[::2] for term in terms(question)]
    shapes = sorted(((len(whole), len(places.rstrip("0"))) for whole, places in parts), reverse=True)
    digits, places = zip(*shapes, strict=True)
    return [f"digits={'+'.join(map(str, digits))}", f"places={'+'.join(map(str, places))}"]


def of_prefix(written: list[str], name: str) -> str:
    """The number of digits with which all texts begin, or the range in a name that it lies in."""
    shortest = min(map(len, written))
    common = next((i for i in range(shortest) if len({text[i] for text in written}) > 1), shortest)
    low, high = re.search(r"prefix=(\d+)-?(\d*)", name).groups()
    return f"prefix={low}-{high}" if high and int(low) <= common <= int(high) else f"prefix={common}"


def of_smallest_factor(number: int, kind: str) -> bool:
    if sympy.isprime(number) or kind == "prime":
        return sympy.isprime(number) and kind == "prime"
    smallest = next((p for p in sympy.primerange(98) if number % p == 0), 98)
    if kind in ("composite", "spf>97"):
        return number > 3 and (kind == "composite" or smallest == 98)
    low, _, high = kind.removeprefix("spf=").partition("-")
    return int(low) <= smallest <= int(high or low)
