from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mathbench.errors import InputError
from mathbench.scores import metrics, scorer, statistics
from mathbench.scores.results import Score

ANSWERS = st.lists(
    st.tuples(st.text("01ab\0", max_size=4), st.text("01ab", max_size=4)), min_size=1, max_size=30
)


def strings(values):
    return pa.array(list(values), pa.string())


def rows_of(answers, strata):
    return pa.table({"answer": answers, "stratum": strata})


@given(ANSWERS)
def test_exact_match_is_equality_of_whole_answers(pairs):
    given_, truth = zip(*pairs, strict=True)
    assert metrics.exact_match(strings(given_), strings(truth)).tolist() == [a == b for a, b in pairs]


def test_one_long_prediction_costs_its_own_length():
    """As wide as the longest prediction, the table of 100,000 rows would have a terabyte."""
    n = 100_000
    given_, truth = strings(["9" * 10_000_000, *["65"] * (n - 1)]), strings(["65"] * n)
    assert metrics.characters(given_, truth) == pytest.approx(2 * (n - 1) / (2 * (n - 1) + 10_000_000))


@given(ANSWERS)
def test_characters_against_a_loop(pairs):
    given_, truth = zip(*pairs, strict=True)
    right = sum(a == b for x, y in pairs for a, b in zip(x, y, strict=False))
    total = sum(max(len(x), len(y)) for x, y in pairs)
    assert metrics.characters(strings(given_), strings(truth)) == pytest.approx(right / max(total, 1))


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_against_scipy(pair):
    correct, n = pair
    expected = stats.binomtest(correct, n).proportion_ci(0.95, "wilson")
    assert statistics.wilson(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_against_scipy(one, two):
    first = np.array([True] * one + [False] * two + [True])
    second = np.array([False] * one + [True] * two + [True])
    result = statistics.mcnemar(first, second)
    expected = stats.binomtest(one, one + two).pvalue if one + two else 1.0
    assert (result.only_first, result.only_second) == (one, two)
    assert result.p == pytest.approx(expected)


def test_mcnemar_stays_exact_on_many_rows():
    first = np.arange(4000) < 2100
    expected = stats.binomtest(2100, 4000).pvalue
    assert statistics.mcnemar(first, ~first).p == pytest.approx(expected, rel=1e-9)


def test_strata_add_up():
    right, strata = np.array([1, 0, 1, 1], bool), strings(["b", "b", "a", "b"])
    table = scorer.score_strata(right, strata)
    assert set(table) == {"a", "b"}
    assert (table["a"].correct, table["b"].correct, table["b"].n) == (1, 2, 3)


def test_strata_keep_the_order_of_a_dictionary_and_empty_ones_are_left_out():
    strata = pa.DictionaryArray.from_arrays(pa.array([2, 0, 2]), strings(["b", "never", "a"]))
    table = scorer.score_strata(np.array([True, False, False]), pa.chunked_array([strata[:1], strata[1:]]))
    assert list(table.items()) == [("b", Score(1, 0)), ("a", Score(2, 1))]
    parts = [pa.array(["b", "a"]).dictionary_encode(), pa.array(["c", "b"]).dictionary_encode()]
    table = scorer.score_strata(np.array([True, False, True, True]), pa.chunked_array(parts))
    assert list(table.items()) == [("b", Score(2, 2)), ("a", Score(1, 0)), ("c", Score(1, 1))]
    assert scorer.score_strata(np.array([False, True]), parts[1]) == {"c": Score(1, 0), "b": Score(1, 1)}


def test_nothing_to_score_is_an_error():
    empty = strings([])
    for call in (
        lambda: scorer.score_split(rows_of(empty, empty), empty),
        lambda: statistics.wilson(0, 0),
        lambda: statistics.seed_statistics([]),
        lambda: statistics.mcnemar(np.array([], bool), np.array([], bool)),
    ):
        with pytest.raises(InputError):
            call()


def test_missing_rows_are_wrong_and_others_refused():
    wanted = np.arange(10)
    found = metrics.align_predictions(np.array([3, 1]), strings(["c", "a"]), wanted)
    assert found.to_pylist() == [None, "a", None, "c", *[None] * 6]
    in_order = metrics.align_predictions(np.array([2, 5]), strings(["x", None]), np.array([2, 5]))
    assert in_order.to_pylist() == ["x", None]
    with pytest.raises(InputError, match=r"2 rows given more than once: 1, 3\."):
        metrics.align_predictions(np.array([3, 1, 3, 1]), strings("abcd"), wanted)
    with pytest.raises(InputError, match=r"4 rows that the data does not have: 11, 12, 13, \.\.\."):
        metrics.align_predictions(np.array([11, 12, 13, 14]), strings("abcd"), wanted)
    assert metrics.align_predictions(np.array([], np.int64), strings([]), wanted).null_count == 10


def test_one_changed_character_scores_zero():
    truth = strings(["123", "45"])
    assert scorer.score_split(rows_of(truth, strings("xy")), strings(["124", "4"])).total.correct == 0
    assert scorer.score_split(rows_of(truth, strings("xy")), strings(["123 ", "045"])).total.correct == 0


def test_none_or_all_right_end_exactly_at_0_and_1():
    for n in (1, 3, 7, 10, 49, 1000, 12_345):
        assert statistics.wilson(0, n)[0] == 0 and statistics.wilson(n, n)[1] == 1
        assert 0 < statistics.wilson(0, n)[1] < 1 and 0 < statistics.wilson(n, n)[0] < 1


def test_one_training_seed_has_no_spread():
    assert statistics.seed_statistics([0.5]) == statistics.SeedStatistics(1, 0.5, 0.0, 0.5, 0.5)
    assert statistics.seed_statistics([0.25, 0.5, 1.0]).deviation == pytest.approx(0.381881)


@pytest.mark.parametrize("half", [1, 499, 500, 2000])
def test_as_many_rows_one_way_as_the_other_are_no_difference(half):
    first = np.repeat([True, False], half)
    assert statistics.mcnemar(first, ~first).p == 1


@pytest.mark.parametrize("measure", [metrics.exact_match, metrics.characters])
def test_columns_are_equally_long_and_not_empty(measure):
    with pytest.raises(InputError, match=r"equally long\. Received: 1 and 2 rows"):
        measure(strings("a"), strings("ab"))
    with pytest.raises(InputError, match=r"nothing to score\. Received: 0 rows"):
        measure(strings([]), strings([]))


def test_one_prediction_before_and_behind_the_rows_to_score():
    for row, expected in ((3, ["x", None]), (5, [None, "x"])):
        found = metrics.align_predictions(np.array([row]), strings("x"), np.array([3, 5]))
        assert found.to_pylist() == expected


def test_refused_rows_are_counted_and_the_first_three_told():
    cases = {
        (11,): r"1 row that the data does not have: 11\.$",
        (11, 12, 13): r"3 rows that the data does not have: 11, 12, 13\.$",
        (11, 12, 13, 14): r"4 rows that the data does not have: 11, 12, 13, \.\.\.\.$",
    }
    for rows, message in cases.items():
        with pytest.raises(InputError, match=message):
            metrics.align_predictions(np.array(rows), strings("a" * len(rows)), np.arange(10))


def test_strings_are_flat_whatever_they_were():
    codes = pa.DictionaryArray.from_arrays(pa.array([1, 0]), strings("ab"))
    for column in (
        strings("ba"),
        codes,
        pa.chunked_array([strings("b"), strings("a")]),
        pa.chunked_array([codes[:1], codes[1:]]),
        pa.array(["b", "a"], pa.large_string()),
    ):
        found = metrics.flat(column)
        assert isinstance(found, pa.StringArray) and found.to_pylist() == ["b", "a"]


def test_no_prediction_is_wrong():
    given_ = pa.array(["65", None, "7"], pa.string())
    assert metrics.exact_match(given_, strings(["65", "65", "8"])).tolist() == [True, False, False]


@pytest.mark.parametrize(("rows", "asked"), [(3, [0, 1, 2]), (399, [*range(0, 398, 2), 398])])
def test_the_solver_answers_rows_from_the_first_to_the_last(rows, asked):
    class Solver:
        seen: ClassVar[list[int]] = []

        def part_of_stratum(self, _):
            return self

        def oracle(self, question):
            self.seen.append(int(question))
            return question if question != "0" else "wrong"

    texts = strings(map(str, range(rows)))
    truth = pa.table({"stratum": texts, "question": texts, "answer": texts})
    Solver.seen = []
    assert scorer.solve_sample(Solver(), truth) == Score(len(asked), len(asked) - 1)
    assert Solver.seen == asked
