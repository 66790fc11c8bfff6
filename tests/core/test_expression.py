"""Expressions: every shape once, brackets only where they matter, values by Python, tables shared out without rest."""

import itertools
import random
import re
from collections import Counter
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.families import task
from mathbench.generators.expression import _multiples
from mathbench.generators.toolkit import expression_fold as fold
from mathbench.generators.toolkit.expression_shapes import (
    MINUS,
    PLUS,
    TIMES,
    Kind,
    between,
    expressions,
    field,
    sources,
    text_of,
)
from mathbench.hashing import ABSENT
from mathbench.rows import Rows
from tests import solvers

PARTS = ("train", "validation", "interpolate")
ALL_SIGNS = "+-*/"
SIGNS = {"plus-minus": "+-", "plus-minus-times": "+-*", "plus-minus-times-divide": ALL_SIGNS}


def table(made, split):
    """All questions of a split."""
    source = Rows(made, split)
    return source.batch(range(len(source)))["question"].to_pylist()


def written(shape, numbers):
    """A shape with its numbers as text."""
    pieces = [text_of(int(between(shape, i))) + str(number) for i, number in enumerate(numbers)]
    return "".join(pieces)[1:] + ")" * int(shape >> (6 * len(numbers)))


def bracketings(numbers, signs):
    """Every way to write numbers and signs with brackets where they matter, by trying all pairs of brackets."""
    plain = "".join(itertools.chain(*itertools.zip_longest(numbers, signs, fillvalue="")))
    found, new = {plain}, {plain}
    while new:
        new = {bracketed for text in new for bracketed in one_more_bracket(text)} - found
        found |= new
    return {text for text in found if all(needed(text, pair) for pair in pairs_of(text))}


def one_more_bracket(text):
    for start, end in itertools.combinations(range(len(text) + 1), 2):
        inside = text[start:end]
        ends = inside[:1].isalnum() or inside[:1] == "(", inside[-1:].isalnum() or inside[-1:] == ")"
        several = len(re.findall(r"\w+", inside)) > 1
        twice = text[start - 1 : start] + text[end : end + 1] == "()"
        if (
            all(ends)
            and several
            and balanced(inside)
            and not twice
            and (0, len(inside) - 1) not in pairs_of(inside)
        ):
            yield f"{text[:start]}({inside}){text[end:]}"


def balanced(text):
    depths = list(itertools.accumulate((c == "(") - (c == ")") for c in text))
    return min(depths) >= 0 and depths[-1] == 0


def pairs_of(text):
    opened, found = [], []
    for i, character in enumerate(text):
        if character == "(":
            opened.append(i)
        elif character == ")":
            found.append((opened.pop(), i))
    return found


def needed(text, pair):
    """Whether a pair of brackets is around a sum that is a factor or is subtracted; it has no part in a division."""
    start, end = pair
    before, after, inside = text[start - 1 : start], text[end + 1 : end + 2], text[start + 1 : end]
    while inner := re.search(r"\([^()]*\)", inside):
        inside = inside.replace(inner[0], "0")
    is_sum = "+" in inside or "-" in inside
    return is_sum and "/" not in before + after and ((before and before in "-*") or after == "*")


@pytest.mark.parametrize("signs", ["+-", "+-*"])
@pytest.mark.parametrize("operands", [2, 3, 4])
def test_shapes_are_all_expressions_whose_brackets_matter(operands, signs):
    letters = "1234"[:operands]
    every = set().union(*(bracketings(letters, s) for s in itertools.product(signs, repeat=operands - 1)))
    found = [
        written(shape, letters) for depth in range(4) for shape in expressions(signs, Kind(operands, depth))
    ]
    assert sorted(found) == sorted(every)


@pytest.mark.parametrize(
    "kind, examples",
    [
        (Kind(2, 0, 1), ["1/2"]),
        (Kind(3, 0, 1), ["1+2/3", "1-2/3", "1/2+3", "1/2-3", "1*2/3", "1/2*3"]),
        (Kind(4, 0, 2), ["1/2+3/4", "1/2-3/4", "1/2*3/4"]),
        (Kind(3, 1, 1), []),
    ],
)
def test_shapes_with_divisions(kind, examples):
    found = [written(shape, "1234"[: kind.operands]) for shape in expressions(ALL_SIGNS, kind)]
    assert sorted(found) == sorted(examples)


@pytest.mark.parametrize("kind", [Kind(5, 2), Kind(6, 1, 2), Kind(7, 3), Kind(8, 0, 4)])
def test_each_shape_comes_once_and_is_of_its_kind(kind):
    texts = [written(shape, "12345678"[: kind.operands]) for shape in expressions(ALL_SIGNS, kind)]
    assert len(set(texts)) == len(texts) > 0
    for text in texts[:: max(len(texts) // 500, 1)]:
        assert solvers.nested(text) == kind.depth and text.count("/") == kind.divisions


@pytest.mark.parametrize("kind", [Kind(5, 1, 2), Kind(6, 1, 1), Kind(6, 0, 2)])
def test_sources_put_the_numbers_of_a_division_beside_each_other(kind):
    alone = [f"n{i}" for i in range(kind.operands - 2 * kind.divisions)]
    pairs = [f"n{i}/n{i + 1}" for i in range(len(alone), kind.operands, 2)]
    for shape, order in zip(expressions(ALL_SIGNS, kind), sources(ALL_SIGNS, kind).T.tolist(), strict=True):
        text = written(shape, [f"n{i}" for i in order])
        assert re.findall(r"n\d/n\d", text) == pairs
        assert re.findall(r"n\d", re.sub(r"n\d/n\d", "", text)) == alone


def test_fields_of_a_shape():
    shapes = expressions("+-*", Kind(5, 2))
    (shape,) = (shape for shape in shapes if written(shape, "abcde") == "a*(b-(c+d))-e")
    assert [field(shape, i) for i in range(6)] == [
        (0, PLUS, 0),
        (0, TIMES, 1),
        (0, MINUS, 1),
        (0, PLUS, 0),
        (2, MINUS, 0),
        (0, PLUS, 0),
    ]


@st.composite
def shapes_with_numbers(draw):
    """Some shapes of any kinds, and numbers; some at the end are missing."""
    rows, columns = draw(st.integers(1, 6)), 7
    numbers, chosen = np.full((columns, rows), ABSENT), np.zeros(rows, dtype=np.int64)
    for row in range(rows):
        operands = draw(st.integers(2, 7))
        depth, divisions = draw(st.integers(0, min(3, operands - 2))), draw(st.integers(0, operands // 2))
        kind = Kind(operands, depth, divisions)
        while not len(found := expressions(ALL_SIGNS, kind)):
            kind = kind._replace(divisions=kind.divisions - 1)
        chosen[row] = found[draw(st.integers(0, len(found) - 1))]
        order = sources(ALL_SIGNS, kind)[:, np.flatnonzero(found == chosen[row])[0]]
        alone = [draw(st.integers(0, 99)) for _ in range(operands - 2 * kind.divisions)]
        for _ in range(kind.divisions):
            divisor = draw(st.integers(1, 9))
            alone += [divisor * draw(st.integers(0, 9)), divisor]
        numbers[:operands, row] = np.array(alone)[order]
    return numbers, chosen


def texts_of(numbers, chosen):
    return [written(s, column[column != ABSENT]) for s, column in zip(chosen, numbers.T, strict=True)]


@given(shapes_with_numbers())
def test_values_are_those_of_python(problem):
    numbers, chosen = problem
    expected = [
        eval(re.sub(r"\d+", r"Fraction(\g<0>)", text), {"Fraction": Fraction}) for text in texts_of(*problem)
    ]
    assert fold.values(numbers, chosen).tolist() == expected


@given(shapes_with_numbers(), st.sampled_from([2, 97, 1 << 30]))
def test_reduced_values_are_congruent(problem, modulus):
    numbers, chosen = problem
    without = np.array(["/" not in text for text in texts_of(*problem)])
    found = fold.values(numbers[:, without], chosen[without], modulus)
    exact = fold.values(numbers[:, without], chosen[without])
    assert ((found - exact) % modulus == 0).all() and (np.abs(found) <= 8 * modulus).all()


@given(shapes_with_numbers())
def test_words_of_arrays_are_those_of_text(problem):
    made = task("expression", operations="plus-minus-times-divide")
    words = [made.operands_of(text)[0] for text in texts_of(*problem)]
    assert (fold.words(*problem) >> np.uint64(1)).tolist() == words


def shuffled(tree, rng):
    """Signed terms in another order that starts with a plus, and so the factors; divisors stay after the first."""
    terms = list(tree)
    rng.shuffle(terms)
    first = next(term for term in terms if term[0] > 0)
    terms.remove(first)
    text = factors_text(first[1], rng)
    return text + "".join("+-"[sign < 0] + factors_text(factors, rng) for sign, factors in terms)


def factors_text(factors, rng):
    def is_divisor(f):
        return isinstance(f, tuple) and f[0] == "/"

    above = [
        f"({shuffled(f, rng)})" if isinstance(f, tuple) else str(f) for f in factors if not is_divisor(f)
    ]
    rng.shuffle(above)
    below = [f"/{f[1]}" for f in factors if is_divisor(f)]
    return "*".join(above) + "".join(below)


@given(shapes_with_numbers(), st.randoms(use_true_random=False))
def test_other_orders_are_one_problem_and_other_numbers_are_not(problem, rng: random.Random):
    made = task("expression")
    for text in texts_of(*problem):
        tree = solvers.unordered(solvers.binary_tree(text, 10))
        again = shuffled(tree, rng)
        assert solvers.unordered(solvers.binary_tree(again, 10)) == tree
        assert made.operands_of(again) == made.operands_of(text)
        other = re.sub(r"\d+", lambda number: str(int(number[0]) + 1), again, count=1)
        same = solvers.unordered(solvers.binary_tree(other, 10)) == tree
        assert (made.operands_of(other) == made.operands_of(text)) == same


@pytest.mark.parametrize(
    "one, other",
    [
        ("5-3", "3-5"),
        ("2*(3+4)", "2*3+4"),
        ("7-(4+1)", "7-4+1"),
        ("7-(4-1)", "7-4+1"),
        ("6/3", "6*3"),
        ("6/3", "3/6"),
        ("2*(3-4)", "2*(4-3)"),
        ("2*(3+4)", "2*(3+4)+0"),
        ("0*(3+4)", "0*3+4"),
    ],
)
def test_different_problems_have_different_words(one, other):
    made = task("expression")
    assert made.operands_of(one) != made.operands_of(other)


@pytest.mark.parametrize("operations", SIGNS)
def test_every_small_expression_is_in_exactly_one_split(operations):
    made = task("expression", operations=operations, operands=3, digits=1, base=5, deeper=0)
    every = []
    for operands in (2, 3):
        for signs in itertools.product(SIGNS[operations], repeat=operands - 1):
            for numbers in itertools.product("01234", repeat=operands):
                every += [text for text in bracketings(numbers, signs) if divides(text)]
    parts = [table(made, split) for split in PARTS]
    assert sorted(itertools.chain(*parts)) == sorted(every)
    problems = [{solvers.problem(made, question) for question in part} for part in parts]
    assert not problems[0] & problems[1] and not problems[0] & problems[2] and not problems[1] & problems[2]


def divides(text):
    """Whether every division is that of a number by a smaller number from 2 that divides it."""
    pairs = [(int(a), int(b)) for a, b in re.findall(r"(\w+)/(\w+)", text)]
    return text.count("/") == len(pairs) and all(1 < b < a and a % b == 0 for a, b in pairs)


@pytest.mark.parametrize("end", [1, 4, 5, 10, 100, 337])
def test_multiples(end):
    expected = [(a, b) for a in range(1, end) for b in range(2, a) if a % b == 0]
    assert sorted(zip(*(column.tolist() for column in _multiples(end)), strict=True)) == expected


@pytest.mark.parametrize("split", [*PARTS, "extrapolate"])
def test_every_division_is_of_a_number_by_a_smaller_one_that_divides_it(split):
    made = task("expression", operations="plus-minus-times-divide", operands=5, base=12)
    questions = [q for q in Rows(made, split).batch(range(2000))["question"].to_pylist() if "/" in q]
    assert len(questions) > 500
    for question in questions:
        pairs = [(int(a, 12), int(b, 12)) for a, b in re.findall(r"(\w+)/(\w+)", question)]
        assert len(pairs) == question.count("/") and all(1 < b < a and a % b == 0 for a, b in pairs)


def test_strata_have_the_same_share_and_each_axis_a_third_of_extrapolate():
    made = task("expression", operands=4, depth=1, digits=2, more=2, deeper=1, longer=2)
    parts = Counter(
        tuple(map(int, re.findall(r"\d+", s.name))) for s in made.inner() for _ in range(s.weight)
    )
    assert set(parts.values()) == {1} and len(parts) == 2 * (3 + 2)
    axes: Counter[str] = Counter()
    for stratum in made.outer():
        digits, operands, depth = map(int, re.findall(r"\d+", stratum.name))
        beyond = {"digits": digits > 2, "operands": operands > 4, "depth": depth > 1}
        (axis,) = [name for name, is_beyond in beyond.items() if is_beyond]
        axes[axis] += stratum.weight
    assert len(set(axes.values())) == 1 and len(axes) == 3


def test_numbers_of_divisions_share_the_rows_of_a_combination():
    made = task("expression", operations="plus-minus-times-divide", operands=4, digits=2)
    weights: Counter[str] = Counter()
    for stratum in made.inner():
        weights[stratum.name.rpartition(",")[0]] += stratum.weight
    assert len(set(weights.values())) == 1
    assert {s.weight for s in made.inner() if "operands=4,depth=0" in s.name} == {2}


@pytest.mark.parametrize("deeper, deepest", [(0, 1), (1, 2), (3, 3)])
def test_deeper_brackets_where_there_are_enough_operands(deeper, deepest):
    made = task("expression", operands=5, deeper=deeper, digits=1)
    assert (
        max(solvers.nested(q) for q in Rows(made, "extrapolate").batch(range(500))["question"].to_pylist())
        == deepest
    )
    assert (
        task("expression", operands=3, deeper=deeper, more=0).outer()[-1].name
        == "digits=3,operands=3,depth=1"
    )


def test_an_expression_without_brackets_is_in_the_split_of_its_chain():
    made, chain = task("expression", modulus=97), task("modular-chain", modulus=97)
    for question in ("(3+5*4-2)%97", "(1-1)%97", "(90*90*2)%97"):
        assert made.operands_of(question) == chain.operands_of(question)
    assert made.reserve_family == chain.reserve_family == "modular-chain"
    rows = Rows(made, "interpolate").batch(range(300))["question"].to_pylist()
    assert not {solvers.problem(chain, q) for q in rows if q.count("(") == 1} & {
        solvers.problem(chain, q) for q in table(task("modular-chain", modulus=7), "train")
    }


@pytest.mark.parametrize(
    "question",
    [
        "",
        "()",
        "3*",
        "3+",
        "(3+4",
        "3+4)",
        "3 4",
        "3(4)",
        "-3",
        "3**4",
        "3.5+1",
        "7/2",
        "1/0",
        "3x4",
        "(" * 9999,
    ],
)
def test_what_is_not_an_expression_is_a_value_error(question):
    with pytest.raises(ValueError):
        task("expression").oracle(question)
    with pytest.raises(ValueError):
        task("expression", modulus=5).oracle(question)


@pytest.mark.parametrize(
    "question, modulus, answer",
    [("3*(4-7)+2", 0, "-7"), ("(3*(4-7)+2)%5", 5, "3"), ("2*6/3-10", 0, "-6"), ("8-(3-(2-9))", 0, "-2")],
)
def test_answers(question, modulus, answer):
    assert task("expression", modulus=modulus).oracle(question) == answer


@pytest.mark.parametrize(
    "question, modulus, steps",
    [
        ("3*(4-7)+2", 0, "4-7=-3;3*-3=-9;-9+2=-7"),
        ("1-2+3*4", 0, "3*4=12;1-2=-1;-1+12=11"),
        ("(1+2)*(3*4-5)", 0, "3*4=12;1+2=3;12-5=7;3*7=21"),
        ("2*12/3*5", 0, "2*12=24;24/3=8;8*5=40"),
        ("9-(8-(1-7))", 0, "1-7=-6;8--6=14;9-14=-5"),
        ("(1-4*(2+3))%7", 7, "2+3=5;4*5=20;1-20=-19;-19%7=2"),
    ],
)
def test_steps(question, modulus, steps):
    made = task("expression", modulus=modulus)
    answer = made.oracle(question)
    longer, other = pa.array([question, question.replace("1", "1-1-1")]), pa.array([answer, "?"])
    assert made.steps(longer, other).to_pylist()[0] == steps and steps.endswith(f"={answer}")


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"operands": 7, "more": 2}, "operands and more must add up to at most 8"),
        ({"operands": 3, "depth": 2}, "depth must be at most 1 with operands=3. Received: 2."),
        ({"depth": 2, "more": 0, "longer": 0}, "at least one of more, longer, deeper must be 1 or more"),
        ({"modulus": 1}, "modulus must be 0, for none, or at least 2. Received: 1."),
        ({"digits": 4}, "values must stay below 2^63"),
        ({"digits": 60, "operations": "plus-minus"}, "values must stay below 2^63"),
        ({"operations": "plus-minus-times-divide", "base": 2}, "numbers of up to digits that reach 4"),
        ({"operations": "plus-minus-times-divide", "base": 36, "digits": 3}, "below 100,000"),
        (
            {"digits": 8, "modulus": 7, "format": "scratchpad"},
            "numbers of at most 3 digits. Received: up to 9",
        ),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(InputError) as caught:
        task("expression", **parameters)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_the_largest_values_fit():
    """Products of the largest numbers, and sums of products modulo the largest modulus."""
    exact = task("expression", operands=8, more=0, depth=0, digits=1, base=36, longer=0, deeper=3)
    assert exact.largest == 36**8
    reduced = task("expression", operands=8, more=0, digits=17, modulus=1 << 30, longer=0)
    assert reduced.largest == 8 * 10**17
    for made in (exact, reduced):
        rows = Rows(made, "extrapolate").batch(range(300))
        for question, answer in zip(rows["question"].to_pylist(), rows["answer"].to_pylist(), strict=True):
            assert answer == solvers.solve(made, question)


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from([2, 3, 5]),
    st.integers(2, 8),
    st.integers(0, 3),
    st.sampled_from(list(SIGNS)),
    st.integers(0, 99),
)
def test_far_rows_of_few_numbers(base, operands, depth, operations, seed):
    """Few numbers make many orders of one problem, so that the reserves vary most; every promised row is there."""
    depth = min(depth, operands - 2)
    operations = operations if base == 5 else "plus-minus-times"
    made = task(
        "expression",
        base=base,
        operands=operands,
        depth=depth,
        digits=1,
        operations=operations,
        more=0,
        longer=1,
    )
    for split in (*PARTS, "extrapolate"):
        rows = Rows(made, split, seed)
        for row in rows.batch(range(max(len(rows) - 5, 0), len(rows))).to_pylist():
            assert row["answer"] == solvers.solve(made, row["question"])
