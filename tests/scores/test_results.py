"""Scores as plain values and back, and the sections of a mixture."""

import pytest

from mathbench.errors import InputError
from mathbench.scores.results import Score, SplitScore
from mathbench.scores.sections import score_sections


@pytest.mark.parametrize(("n", "correct"), [(0, 0), (-1, -1), (3, -1), (3, 4)])
def test_a_score_has_rows_and_no_more_right_than_there_are(n, correct):
    with pytest.raises(InputError, match=rf"Received: {correct} of {n}\."):
        Score(n, correct)


def test_none_or_all_or_one_may_be_right():
    assert [Score(1, 0).exact_match, Score(1, 1).exact_match, Score(4, 1).exact_match] == [0, 1, 0.25]


def test_a_score_as_plain_values_and_back():
    # Wilson's interval of 1 of 4, by hand: (0.25 + 0.4802) / 1.9604 +- 1.96 * sqrt(0.046875 + 0.060025) / 1.9604
    said = Score(4, 1).to_json()
    assert (said.pop("low"), said.pop("high")) == pytest.approx((0.045587, 0.699358), abs=2e-6)
    assert said == {"n": 4, "correct": 1, "exact_match": 0.25}
    assert Score.from_json(said | {"exact_match": 0.9}) == Score(4, 1)


def test_the_score_of_a_split_as_plain_values_and_back():
    total, easy = Score(4, 1), Score(2, 1)
    plain = SplitScore(total, {"easy": easy})
    assert plain.to_json() == {**total.to_json(), "strata": {"easy": easy.to_json()}}
    assert SplitScore.from_json(plain.to_json()) == plain
    assert SplitScore.from_json({"n": 4, "correct": 1}) == SplitScore(total, {})
    whole = SplitScore(total, {}, characters=0.0, steps=easy)
    assert whole.to_json() == {**total.to_json(), "characters": 0.0, "steps": easy.to_json(), "strata": {}}


def test_areas_are_means_of_parts_and_parts_are_sums_of_strata():
    strata = {
        "a__x/easy": Score(3, 1),
        "a__x/hard": Score(5, 1),
        "a__y/easy": Score(2, 2),
        "b__z/easy": Score(10, 1),
    }
    found = score_sections(strata)
    parts = {"a__x": Score(8, 2), "a__y": Score(2, 2), "b__z": Score(10, 1)}
    assert found.parts == parts
    assert found.areas == pytest.approx({"a": (0.25 + 1) / 2, "b": 0.1})
    assert found.macro_average == pytest.approx((0.25 + 1 + 0.1) / 3)
    assert found.to_json() == {
        "macro_average": found.macro_average,
        "areas": found.areas,
        "parts": {name: score.to_json() for name, score in parts.items()},
    }


@pytest.mark.parametrize("names", [["digits=2"], ["a__x"], ["x/easy"], ["a__x/easy", "x/easy"], []])
def test_other_strata_are_no_sections(names):
    assert score_sections({name: Score(2, 1) for name in names}) is None
