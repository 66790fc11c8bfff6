"""Comparisons: every pair is one point, kinds have their shares, relations are balanced, zeros change no number."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from mathbench.errors import InputError
from mathbench.families import task
from mathbench.generators.toolkit import decimals, prefixes
from mathbench.numbers import arithmetic, limbs
from mathbench.reserve import reserve_of
from mathbench.rows import Rows
from tests import solvers
from tests.variants import SPLITS


def grid(sizes) -> np.ndarray:
    """Every point of a product of ranges, uint64 (coordinates, points)."""
    return np.array(list(itertools.product(*map(range, sizes))), dtype=np.uint64).T.copy()


@pytest.mark.parametrize("base, per, length, many", [
    (2, 1, 4, 2), (2, 2, 5, 2), (3, 1, 3, 2), (3, 2, 4, 2), (2, 3, 4, 2), (10, 8, 2, 2), (3, 1, 1, 2),
    (2, 2, 4, 3), (2, 1, 3, 3),
])  # fmt: skip
@pytest.mark.parametrize("cut", [False, True])
def test_every_tuple_of_different_numbers_is_one_point_of_one_prefix(base, per, length, many, cut):
    """Limbs of one to three digits, cut where the common digits end and elsewhere."""
    layout = prefixes.PrefixLayout(base, many, per, max(2, -(-length // per)) if cut else 1)
    seen: list[tuple[int, ...]] = []
    for prefix in prefixes.prefixes(length):
        stratum = layout.common_prefix(length, prefix)
        points, low = grid(stratum.sizes), np.array(stratum.low)[:, None]
        numbers = prefixes.draw(points, low, many)
        numbers = numbers[:, prefixes.valid(numbers, points, low, many)]
        columns = arithmetic.split(numbers, many)
        found = zip(
            *(limbs.to_ints(c, base**per) if c.ndim == 2 else c.tolist() for c in columns), strict=True
        )
        found = [tuple(sorted(numbers)) for numbers in found]
        assert len(found) == layout.count((length,) * many, prefix)
        assert not stratum.share or stratum.share == pytest.approx(len(found) / points.shape[1])
        seen += found
    numbers = range(base ** (length - 1) if length > 1 else 0, base**length)
    assert sorted(seen) == list(itertools.combinations(numbers, many))


@pytest.mark.parametrize("base, places, lengths", [
    (3, 1, (1, 2, 3)), (3, 2, (1, 2)), (4, 2, (1,)), (10, 1, (1,)),
])  # fmt: skip
def test_every_pair_of_different_decimals_is_one_point(base, places, lengths):
    layout, seen = decimals.DecimalLayout(base, places), []
    for longer, shorter in itertools.combinations_with_replacement(reversed(lengths), 2):
        for pair in itertools.chain(*layout.pairs((longer, shorter))):
            stratum = layout.stratum(pair)
            points, low = grid(stratum.sizes), np.array(stratum.low)[:, None]
            pairs = layout.draw(points, low)
            valid = layout.valid(pairs, points, low)
            found = pairs if valid is None else pairs[:, valid]
            assert stratum.share == pytest.approx(found.shape[1] / points.shape[1])
            seen += [tuple(sorted(numbers)) for numbers in found[:2].T.tolist()]
    spans = [range((base ** (n - 1) if n > 1 else 0) * base**places, base ** (n + places)) for n in lengths]
    assert sorted(seen) == list(itertools.combinations(itertools.chain(*spans), 2))


def test_common_digits_have_a_bounded_number_of_classes_that_cover_all():
    for length in (1, 2, 17, 18, 40, 1000):
        found = [
            p for prefix in prefixes.prefixes(length) for p in range(prefix.shortest, prefix.longest + 1)
        ]
        assert found == list(range(length))
    assert len(prefixes.prefixes(1000)) == 17


def questions(made, split="train", rows=4000):
    source = Rows(made, split)
    return source.batch(range(min(len(source), rows)))


def test_every_number_of_common_digits_is_equally_likely():
    written = questions(task("comparison", digits=6, shortest=6, kinds="prefix"))["question"].to_pylist()
    pairs = [question.split(" or ") for question in written]
    common = Counter(next(i for i in range(6) if a[i] != b[i]) for a, b in pairs)
    assert set(common) == {1, 2, 3, 4, 5} and max(common.values()) - min(common.values()) < 40


def test_classes_of_common_digits_have_rows_in_proportion_to_their_width():
    strata = task("comparison", digits=40, shortest=40, kinds="prefix").inner()
    widths = {prefix.name: prefix.width for prefix in prefixes.prefixes(40)[1:]}
    weights = {stratum.name.partition(",")[2]: stratum.weight for stratum in strata}
    assert set(weights) == set(widths) and set(widths.values()) == {2, 3}
    assert all(
        weights[name] / widths[name] == pytest.approx(sum(weights.values()) / 39, rel=0.05) for name in widths
    )


def differ_after_the_point(a, b) -> bool:
    (whole, a), (same, b) = a.split("."), b.split(".")
    return whole == same and len(a) != len(b) and not a.startswith(b) and not b.startswith(a)


@pytest.mark.parametrize(
    "kinds, parameters, right",
    [
        ("length", {}, lambda a, b: len(a) != len(b)),
        ("prefix", {}, lambda a, b: len(a) == len(b) and a[0] == b[0]),
        ("places", {"places": 3, "zeros": 0.0}, differ_after_the_point),
    ],
)
@pytest.mark.parametrize("split", ["train", "extrapolate"])
def test_kinds_are_what_they_say(kinds, parameters, right, split):
    made = task("comparison", digits=4, kinds=kinds, **parameters)
    for question in questions(made, split, 500)["question"].to_pylist():
        assert right(*question.split(" or ")), question


def test_a_longer_decimal_is_often_smaller():
    written = questions(task("comparison", digits=2, places=3, zeros=0.0, kinds="places"))[
        "question"
    ].to_pylist()
    pairs = [sorted(question.split(" or "), key=len) for question in written]
    assert 0.45 < sum(float(longer) < float(shorter) for shorter, longer in pairs) / len(pairs) < 0.65


def test_kinds_have_their_shares():
    made = task("comparison", digits=4, kinds="length:3,prefix:1")
    written = questions(made, rows=2000)["question"].to_pylist()
    different = [len(a) != len(b) for a, b in (question.split(" or ") for question in written)]
    assert sum(different) == pytest.approx(1500, abs=30)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"digits": 1},
        {"digits": 3, "kinds": "length"},
        {"digits": 2, "places": 2},
        {"digits": 2, "base": 2},
    ],
    ids=str,
)
def test_relations_are_balanced_for_any_number_of_rows(parameters, split):
    source = Rows(task("comparison", ask="relation", **parameters), split)
    count = source.capacity_up_to(6000)
    answers = np.array(source.batch(range(count))["answer"].to_pylist())
    shown = np.stack([np.cumsum(answers == sign) for sign in "<=>"])
    assert np.ptp(shown, axis=0).max(initial=0) <= source.source.block
    if count < 6000:
        assert len(set(shown[:, -1].tolist() if count else [])) <= 1


@pytest.mark.parametrize(
    "parameters", [{"digits": 7, "shortest": 5}, {"digits": 5, "shortest": 4, "places": 2}], ids=str
)
def test_relations_are_balanced_for_every_longest_length(parameters):
    source = Rows(task("comparison", ask="relation", **parameters), "train")
    source.capacity_up_to(1)
    table = source.batch(range(source.source.plan.phases[0].size))
    shown: dict[str, Counter[str]] = {}
    for stratum, answer in zip(table["stratum"].to_pylist(), table["answer"].to_pylist(), strict=True):
        shown.setdefault(stratum.partition("+")[0], Counter())[answer] += 1
    assert len(shown) == 1 + parameters["digits"] - parameters["shortest"]
    assert all(len(set(answers.values())) == 1 and len(answers) == 3 for answers in shown.values())


def test_the_last_digits_do_not_tell_the_order():
    """Of two numbers of one length, either place is the larger one's as often, whatever is asked."""
    for ask, sign in (("larger", " or "), ("relation", " ? ")):
        made = task("comparison", digits=6, shortest=6, ask=ask)
        pairs = [question.split(sign) for question in questions(made)["question"].to_pylist()]
        first = [int(a) > int(b) for a, b in pairs if a != b]
        even = [
            larger
            for larger, (a, b) in zip(first, [p for p in pairs if p[0] != p[1]], strict=True)
            if a[-1] in "02468"
        ]
        assert abs(sum(first) / len(first) - 0.5) < 0.04 and abs(sum(even) / len(even) - 0.5) < 0.05


def test_zeros_at_the_end_make_no_new_number():
    made = task("comparison", digits=1, places=2)
    assert made.operands_of("2.50 or 2.4") == made.operands_of("2.40 or 2.5") == (25, 1, 24, 1)
    assert made.operands_of("9 or 9.11") == made.operands_of("9.11 or 9.00") == (911, 2, 9)
    assert made.operands_of("57 or 8") == task("comparison").operands_of("8 or 57") == (57, 8)
    assert (
        made.oracle("2.50 or 2.4") == "2.50"
        and task("comparison", ask="relation", places=2).oracle("2.50 ? 2.5") == "="
    )


def test_numbers_with_places_have_the_reserves_of_all_settings():
    """Integers with and without places, one or two places, equal or different: train never shows what others test."""
    made = [
        task("comparison", digits=2),
        task("comparison", digits=1, places=1, zeros=1.0),
        task("comparison", digits=1, places=2, ask="smaller"),
        task("comparison", digits=1, places=3, ask="relation", zeros=1.0),
    ]
    shown = [{solvers.problem(t, q) for q in questions(t, rows=8000)["question"].to_pylist()} for t in made]
    held = [
        {solvers.problem(t, q) for q in questions(t, "interpolate")["question"].to_pylist()} for t in made
    ]
    assert not set().union(*shown) & set().union(*held)
    assert all(reserve_of("comparison", problem) == "train" for problems in shown for problem in problems)
    assert shown[1] & shown[2] and shown[2] & shown[3]


def test_zeros_have_their_share():
    for zeros in (0.0, 1.0):
        made = task("comparison", digits=2, places=3, zeros=zeros, ask="relation")
        terms = [t for q in questions(made)["question"].to_pylist() for t in q.split(" ? ")]
        ends = sum(t.endswith("0") and "." in t for t in terms) / len(terms)
        assert ends == 0 if zeros == 0 else ends > 0.2
        assert all(Fraction(t) < 100 and len(t.partition(".")[2]) <= 3 for t in terms)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"ask": "relation", "operands": 3}, "ask=relation requires operands=2. Received: 3"),
        ({"places": 2, "operands": 3}, "places requires operands=2. Received: 3"),
        ({"places": 2, "base": 2}, "places requires base=3 or more"),
        ({"places": 2, "format": "padded"}, "support the format padded: its text is not integers and signs"),
        ({"places": 4, "digits": 16}, r"results must stay below 2\^63. Received: 18 digits and places=4 in base 10"),
        ({"kinds": "prefx"}, "unknown kind 'prefx'. Did you mean 'prefix'"),
        ({"kinds": "prefix:0"}, "at least one kind must have a share above 0"),
        ({"kinds": "length", "digits": 3, "shortest": 3}, "have no 2 different ones of kinds='length'"),
        ({"kinds": "places"}, "have no 2 different ones of kinds='places'"),
        ({"kinds": "prefix", "digits": 1}, "have no 2 different ones of kinds='prefix'"),
        ({"digits": 1, "base": 2, "operands": 3}, "have no 3 different ones"),
        ({"base": 36}, "from 2 to 24"),
        ({"digits": 200}, "make 20,503 strata; at most 8,192"),
    ],
)  # fmt: skip
def test_settings_that_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        task("comparison", **parameters)
