"""Tasks over long numbers: points are problems, exhaustively on tiny limbs; whole tasks at full length."""

import itertools
from functools import cache

import numpy as np
import pyarrow.compute as pc
import pytest

from mathbench.errors import InputError
from mathbench.families import task
from mathbench.generators.toolkit import operands, residues
from mathbench.numbers import arithmetic, limbs
from mathbench.reserve import RESERVE_OF_SPLIT, reserve_of
from mathbench.rows import Rows
from tests import solvers
from tests.variants import SPLITS


def grid(sizes) -> np.ndarray:
    """Every point of a product of ranges, uint64 (coordinates, points)."""
    return np.array(list(itertools.product(*map(range, sizes))), dtype=np.uint64).T.copy()


def values(columns, radix, many) -> list[tuple[int, ...]]:
    """Operands as Python integers; absent ones left out."""
    numbers = [limbs.to_ints(number, radix) for number in arithmetic.split(columns, many)]
    return [tuple(v for v in row if v >= 0) for row in zip(*numbers, strict=True)]


@pytest.mark.parametrize("base, per, lengths", [
    (2, 1, (3, 3)), (2, 1, (4, 4)), (2, 2, (5, 5)), (3, 1, (3, 3)), (3, 1, (3, 2)), (3, 2, (3, 3)), (2, 2, (3, 3, 3)),
    (2, 1, (3, 3, 3)), (2, 1, (3, 3, 2)), (3, 1, (2, 2, 2)), (2, 2, (3, 3, 2, 2)), (2, 1, (2, 2, 2, 2)), (2, 1, (1, 1)),
])  # fmt: skip
@pytest.mark.parametrize("extra", [0, 1])
def test_every_tuple_of_long_operands_is_exactly_one_point(base, per, lengths, extra):
    """Limbs of one or two digits: the fold and the order count every unordered tuple once, and no other."""
    many, places = len(lengths) + extra, -(-max(lengths) // per)
    places += places == 1  # one limb is no long number
    layout = operands.OperandLayout(per, places, many)
    stratum = layout.stratum(lengths, operands.NumberRange(base), 1)
    points, low = grid(stratum.sizes), np.array(stratum.low)[:, None]
    drawn = operands.draw(points, low)
    keep = operands.count_once(drawn, points, low, many)
    found = [tuple(sorted(v)) for v in values(drawn if keep is None else drawn[:, keep], base**per, many)]
    spans = [range(base ** (n - 1) if n > 1 else 0, base**n) for n in lengths]
    expected = {tuple(sorted(v)) for v in itertools.product(*spans)}
    assert len(found) == len(set(found)) and set(found) == expected
    if stratum.share:
        assert stratum.share <= len(found) / points.shape[1]


@pytest.mark.parametrize("base, per, lengths", [(2, 2, (5, 3)), (2, 1, (3, 3)), (3, 1, (3, 1))])
def test_every_pair_with_an_order_is_exactly_one_point(base, per, lengths):
    layout = operands.OperandLayout(per, -(-max(lengths) // per), 2, symmetric=False)
    stratum = layout.stratum(lengths, operands.NumberRange(base, minimum=1), 1)
    found = values(operands.draw(grid(stratum.sizes), np.array(stratum.low)[:, None]), base**per, 2)
    spans = [range(base ** (n - 1), base**n) for n in lengths]
    assert sorted(found) == sorted(itertools.product(*spans))


@pytest.mark.parametrize("modulus", [2, 7, 30])
def test_long_numbers_of_a_residue_come_once_and_nearly_all(modulus, monkeypatch):
    monkeypatch.setattr(limbs, "radix_of", lambda base: base**2)
    monkeypatch.setattr(limbs, "per_limb", lambda base: 2)
    first, end = residues.residue_counts(5, operands.NumberRange(3), modulus)
    assert (first, end) == (0, 81 - modulus)
    tails = np.arange(first, end)
    upper = np.repeat(np.arange(2), len(tails)).astype(np.uint64)[None]
    found = residues.numbers(np.tile(tails, 2), modulus, upper, np.array([[1]]), 3)
    numbers = limbs.to_ints(found, 9)
    assert len(set(numbers)) == 2 * len(tails) and all(81 <= n < 3 * 81 for n in numbers)
    assert [n % modulus for n in numbers] == [t % modulus for t in tails.tolist() * 2]


LONG = [
    ("addition", {"digits": 1000, "step": 250, "longer": 250}),
    ("addition", {"digits": 60, "step": 20, "longer": 20, "operands": 3, "base": 7}),
    ("addition", {"digits": 18, "longer": 1, "more": 2, "shortest": 17}),
    ("addition", {"digits": 300, "shortest": 299, "base": 2, "written": "a + b", "more": 0}),
    ("subtraction", {"digits": 1000, "step": 500, "longer": 500, "base": 36}),
    ("subtraction", {"digits": 19, "shortest": 18}),
    ("multiplication", {"digits": 200, "step": 50, "longer": 50}),
    ("multiplication", {"digits": 40, "step": 20, "longer": 20, "base": 16}),
    ("division", {"digits": 200, "step": 50, "longer": 50}),
    ("division", {"digits": 70, "step": 7, "longer": 7, "base": 2}),
    ("divisible", {"digits": 1000, "step": 250, "longer": 250, "k": 7}),
    ("divisible", {"digits": 40, "step": 10, "longer": 10, "k": 2147483647, "answer": "residue"}),
    ("divisible", {"digits": 90, "step": 30, "longer": 30, "k": 9, "answer": "residue", "base": 16}),
    ("divisible", {"digits": 64, "step": 16, "longer": 16, "k": 1 << 35, "base": 36}),
    ("prime", {"digits": 100, "step": 45, "longer": 45}),
    ("prime", {"digits": 64, "shortest": 63, "base": 2, "negatives": "hard"}),
    ("prime", {"digits": 30, "step": 10, "longer": 10, "base": 7, "negatives": "coprime"}),
    ("correct-addition", {"digits": 1000, "step": 500, "longer": 500}),
    ("correct-addition", {"digits": 70, "step": 10, "longer": 10, "base": 2}),
    ("correct-multiplication", {"digits": 200, "step": 100, "longer": 100}),
    ("correct-multiplication", {"digits": 20, "step": 5, "longer": 5, "base": 36}),
    ("comparison", {"digits": 1000, "step": 500, "longer": 500}),
    ("comparison", {"digits": 19, "shortest": 18, "ask": "relation"}),
    ("comparison", {"digits": 70, "step": 35, "longer": 35, "operands": 3, "base": 2, "ask": "smaller"}),
]  # fmt: skip
TASKS = [task(name, **parameters) for name, parameters in LONG]
every_task = pytest.mark.parametrize("made", TASKS, ids=[t.name for t in TASKS], scope="module")
every_split = pytest.mark.parametrize("split", SPLITS)


@cache
def table(made, split, seed=0):
    rows = Rows(made, split, seed)
    return rows.batch(np.concatenate([np.arange(min(len(rows), 60)), [len(rows) // 2, len(rows) - 1]]))


def columns(made, split, *names):
    return zip(*(table(made, split)[name].to_pylist() for name in names), strict=True)


@every_split
@every_task
def test_rows_are_right_new_and_in_their_reserve(made, split):
    for question, answer, stratum in columns(made, split, "question", "answer", "stratum"):
        assert answer == solvers.solve(made, question) == made.oracle(question), question
        assert solvers.in_stratum(made, question, stratum), (stratum, question)
        assert sorted(made.operands_of(question)) == sorted(solvers.problem(made, question))
        assert reserve_of(made.reserve_family, made.operands_of(question)) == RESERVE_OF_SPLIT[split].name
    assert pc.count_distinct(table(made, split)["question"]).as_py() == table(made, split).num_rows


@every_task
def test_a_row_does_not_depend_on_the_batch(made):
    rows, whole = Rows(made, "train"), table(made, "train").to_pylist()
    order = np.random.default_rng(0).permutation(40)
    assert rows.batch(order).to_pylist() == [whole[i] for i in order]
    assert rows.batch([7]).to_pylist() == whole[7:8]


@pytest.mark.parametrize("made", [t for t in TASKS if t.recognition], ids=lambda t: t.name)
def test_labels_are_balanced_by_length(made):
    rows = Rows(made, "validation")
    rows.capacity_up_to(1)
    found = rows.batch(range(rows.source.plan.phases[0].size))
    labels: dict[str, list[int]] = {}
    for stratum, label in zip(found["stratum"].to_pylist(), found["label"].to_pylist(), strict=True):
        labels.setdefault(stratum.partition(",")[0], []).append(label)
    assert set(labels) == {s.group_name for s in rows.strata}
    assert all(2 * sum(group) == len(group) for group in labels.values())


def test_an_operand_lies_in_the_same_reserve_at_any_length_of_the_task():
    """Short operands of a task of long ones: the same splits as in a task of short ones."""
    short, long = task("addition", digits=3), task("addition", digits=30, step=9, longer=9)
    test = {
        short.operands_of(q) for q in Rows(short, "interpolate").batch(range(20_000))["question"].to_pylist()
    }
    for digits in (3, 12):
        long = task("correct-addition", digits=30, shortest=digits, step=9, longer=9, base=10)
        train = Rows(long, "train")
        shown = train.batch(range(min(3000, len(train))))["question"].to_pylist()
        assert not test & {long.operands_of(q) for q in shown}


def test_rows_of_train_do_not_depend_on_how_far_extrapolation_goes():
    near, far = task("addition", digits=6, longer=1, more=0), task("addition", digits=6, longer=90, more=0)
    assert Rows(near).batch(range(500)).drop(["task"]).equals(Rows(far).batch(range(500)).drop(["task"]))


def test_errors_in_long_claims_are_what_they_say():
    made = task("correct-addition", digits=40, shortest=39, longer=1)
    seen = dict.fromkeys(("digit", "carry", "swap", "congruent"), 0)
    found = Rows(made).batch(range(2000))
    for question, stratum in zip(found["question"].to_pylist(), found["stratum"].to_pylist(), strict=True):
        kind = stratum.partition(",")[2]
        a, b, claim = solvers.numbers(question, 10)
        off = claim - a - b
        if kind == "true":
            assert off == 0
            continue
        seen[kind] += 1
        right, wrong = str(a + b), str(claim).zfill(len(str(a + b)))  # without its carry a sum may be shorter
        changed = [i for i, pair in enumerate(zip(right, wrong, strict=True)) if pair[0] != pair[1]]
        if kind == "digit":
            assert len(changed) == 1
        elif kind == "swap":
            i, j = changed
            assert j == i + 1 and (right[i], right[j]) == (wrong[j], wrong[i])
        elif kind == "congruent":
            assert off % (9 * 10 * 11) == 0 and 0 < abs(off) <= 10 * 990
        else:
            place = len(str(-off)) - 1
            assert off == -(10**place) and a % 10**place + b % 10**place >= 10**place
    assert min(seen.values()) > 100


@pytest.mark.parametrize("name, parameters, said", [
    ("addition", {"digits": 1000}, "Give a larger step or shortest"),
    ("addition", {"digits": 5000}, "digits must be an integer from 1 to 4096"),
    ("addition", {"digits": 4096, "step": 4096, "longer": 4096}, "sums may have at most 4,096 digits"),
    ("addition", {"digits": 30, "smallest": 10**9 + 5}, "require results below 2^63 in all splits, unless they are"),
    ("subtraction", {"digits": 18, "smallest": -5}, "require results below 2^63 in all splits, unless they are"),
    ("addition", {"digits": 100, "step": 10}, "longer must be at least step"),
    ("multiplication", {"digits": 2048, "step": 512, "longer": 512}, "products may have at most 4,096 digits"),
    ("divisible", {"digits": 60, "k": 1 << 36}, "k must be at most 2^35"),
    ("divisible", {"digits": 4000, "k": 97}, "strata; at most"),
    ("gcd", {"digits": 30}, "results must stay below 2^63"),
    ("modular", {"digits": 31}, "results must stay below 2^63"),
])  # fmt: skip
def test_what_is_too_long_is_said_in_one_line(name, parameters, said):
    with pytest.raises(InputError, match=r"^[^\n]+$") as error:
        task(name, **parameters)
    assert said in str(error.value)
