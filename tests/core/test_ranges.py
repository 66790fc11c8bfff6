"""Ranges of operands: every problem of a range is in exactly one split, whatever the bounds, and nothing else is."""

import itertools
import json
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mathbench import formats
from mathbench.baselines.shortcuts.floors import CastingOutNines, LastDigit
from mathbench.baselines.shortcuts.questions import parse_operands
from mathbench.dataset import digest, heatmap
from mathbench.errors import InputError
from mathbench.families import from_spec, task
from mathbench.hashing import ABSENT
from mathbench.reserve import fingerprint, fingerprints, reserve_of
from mathbench.rows import Rows
from mathbench.scores import facets
from mathbench.scores.results import Score
from tests import solvers

INNER = ("train", "validation", "interpolate")
# families on unordered pairs, on ordered pairs and on single numbers; the smallest number of those without sign
PAIRS = ("addition", "subtraction", "multiplication")
LEAST = {"division": 1, "gcd": 1, "prime": 2}
SETTINGS = {
    "modular": {"modulus": 7, "operation": "minus"},
    "divisible": {"k": 101, "answer": "residue"},
    "gcd": {"distribution": "natural"},
    "prime": {"shortest": 1},
    "correct-addition": {"errors": "digit"},
}


def shown(made, split, rows=20_000):
    source = Rows(made, split)
    return source.batch(range(min(len(source), rows)))["question"].to_pylist()


def brute_force(made, low, high):
    """All problems of a range, by their definition."""
    numbers = range(low, high + 1)
    if made.family == "division":
        length = lambda number: len(solvers.write(number, made.base))  # noqa: E731
        return {(a, b) for a in numbers for b in numbers if length(a) >= length(b)}
    if made.family in ("divisible", "prime"):
        return {(a,) for a in numbers}
    return set(itertools.combinations_with_replacement(numbers, 2))


@settings(deadline=None, max_examples=60)
@given(
    family=st.sampled_from([*PAIRS, "division", "divisible", "modular", "gcd", "correct-addition"]),
    low=st.integers(-130, 130),
    width=st.integers(1, 60),
    base=st.sampled_from([2, 3, 7, 10, 36]),
)
@example(family="addition", low=-1, width=2, base=10)
@example(family="multiplication", low=-20, width=10, base=3)
@example(family="divisible", low=-7, width=14, base=10)
def test_the_splits_share_out_a_range(family, low, width, base):
    least, high = LEAST.get(family), low + width
    assume(least is None or low >= least)
    digits = len(solvers.write(max(abs(low), abs(high)), base))
    made = task(family, digits=digits, base=base, smallest=low, largest=high, **SETTINGS.get(family, {}))
    found = [solvers.problem(made, question) for split in INNER for question in shown(made, split)]
    assert len(found) == len(set(found))
    every = brute_force(made, low, high)
    # true and false statements each take half of every stratum, so that one problem may be left over
    assert set(found) == every if family != "correct-addition" else set(found) <= every


@settings(deadline=None, max_examples=25)
@given(low=st.integers(2, 5000), width=st.integers(3, 400), negatives=st.sampled_from(["natural", "coprime"]))
@example(low=90, width=9, negatives="natural")
def test_primes_of_a_range_are_balanced_and_of_the_range(low, width, negatives):
    try:
        made = task("prime", digits=4, shortest=1, smallest=low, largest=low + width, negatives=negatives)
    except InputError as error:
        assert "no prime number" in str(error)
        return
    for split in INNER:
        questions = shown(made, split)
        numbers = [int(question) for question in questions]
        assert len(numbers) == len(set(numbers)) and all(low <= n <= low + width for n in numbers)
        primes = sum(solvers.solve(made, question) == "true" for question in questions)
        assert 2 * primes == len(questions)
        if negatives == "natural":
            in_split = [
                n for n in range(low, low + width + 1) if reserve_of("prime", (n,)) == made_reserve(split)
            ]
            true = sum(solvers.solve(made, str(n)) == "true" for n in in_split)
            assert primes == min(true, len(in_split) - true)


def made_reserve(split):
    return "test" if split == "interpolate" else split


@pytest.mark.parametrize(("low", "high", "k"), [(100, 400, 3), (-400, -101, 7), (-999, -100, 150), (5, 9, 7)])
def test_multiples_of_a_range_are_balanced_and_none_is_left_out(low, high, k):
    made = task("divisible", k=k, smallest=low, largest=high)
    for split in INNER:
        numbers = [int(question) for question in shown(made, split)]
        assert len(numbers) == len(set(numbers)) and all(low <= n <= high for n in numbers)
        of_split = [n for n in range(low, high + 1) if reserve_of("divisible", (n,)) == made_reserve(split)]
        multiples = sum(n % k == 0 for n in of_split)
        assert sum(n % k == 0 for n in numbers) == min(multiples, len(of_split) - multiples)
        assert 2 * sum(n % k == 0 for n in numbers) == len(numbers)


def test_a_problem_is_in_the_same_split_whatever_the_range():
    plain, negative = task("addition", digits=2), task("addition", digits=2, smallest=-99)
    narrow = task("addition", digits=2, smallest=7, largest=60)
    for split in INNER:
        whole = {solvers.problem(plain, question) for question in shown(plain, split)}
        assert {
            p for p in map(lambda q: solvers.problem(negative, q), shown(negative, split)) if p[0] >= 0
        } == whole
        assert {solvers.problem(narrow, q) for q in shown(narrow, split)} <= whole


def test_both_signs_come_equally_often():
    made = task("addition", smallest=-999)
    numbers = [n for question in shown(made, "train", 4000) for n in solvers.operands(made, question)]
    below = sum(n < 0 for n in numbers) / len(numbers)
    assert 0.47 < below < 0.53


@pytest.mark.parametrize(
    ("family", "options", "form"),
    [
        ("addition", {}, r"-?\d+\+(\d+|\(-\d+\))"),
        ("addition", {"written": "a + b"}, r"-?\d+ \+ (\d+|\(-\d+\))"),
        ("subtraction", {}, r"-?\d+-(\d+|\(-\d+\))"),
        ("multiplication", {}, r"-?\d+\*(\d+|\(-\d+\))"),
        ("correct-addition", {}, r"-?\d+\+(\d+|\(-\d+\))=-?\d+"),
        ("correct-multiplication", {}, r"-?\d+\*(\d+|\(-\d+\))=-?\d+"),
        ("modular", {"modulus": 7}, r"\(-?\d+\+(\d+|\(-\d+\))\)%7"),
        ("divisible", {"k": 7}, r"-?\d+"),
    ],
)
def test_how_negative_numbers_are_written(family, options, form):
    made = task(family, digits=2, smallest=-50, **options)
    questions = shown(made, "train", 500)
    assert all(re.fullmatch(form, question) for question in questions)
    assert any("-" in question for question in questions)


def test_wrong_results_have_the_sign_of_the_right_one():
    for family in ("correct-addition", "correct-multiplication"):
        made, kinds = task(family, digits=3, smallest=-999), set()
        for row in Rows(made, "train").batch(range(4000)).to_pylist():
            a, b, claimed = solvers.operands(made, row["question"])
            truth = a + b if family == "correct-addition" else a * b
            assert claimed * truth >= 0 and (claimed == truth) == (row["answer"] == "true")
            kind = row["stratum"].rpartition(",")[2]
            if kind == "carry" and family == "correct-addition":
                assert abs(claimed - truth) in (10, 100, 1000) and (abs(claimed) > abs(truth)) == (a * b < 0)
            kinds.add(kind)
        assert kinds == {"true", "digit", "carry", "swap", "congruent"}


def test_longer_numbers_go_beyond_the_bounds():
    def numbers(**bounds):
        made = task("subtraction", digits=2, **bounds)
        return [n for question in shown(made, "extrapolate", 5000) for n in solvers.operands(made, question)]

    assert min(numbers(smallest=30, largest=40)) == 30 and max(numbers(smallest=30, largest=40)) > 9000
    both = numbers(smallest=-5, largest=5)
    assert min(both) < -9000 and max(both) > 9000
    below = numbers(smallest=-50, largest=-20)
    assert min(below) < -9000 and max(below) == -20


@given(st.lists(st.integers(-(1 << 62), 1 << 62), min_size=1, max_size=3))
def test_negative_words_have_one_fingerprint(words):
    assert fingerprint("addition", words) == int(fingerprints("addition", np.array(words)[:, None])[0])
    padded = np.array([*words, ABSENT])[:, None]
    assert fingerprint("addition", words) == int(fingerprints("addition", padded)[0])


def test_minus_one_is_a_number():
    assert fingerprint("addition", (5, -1)) != fingerprint("addition", (5,))


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("addition", {"smallest": "0", "largest": "0"}, "from smallest=0 to largest=0 there is one number"),
        ("addition", {"largest": 0}, "from smallest=0 to largest=0 there is one number"),
        (
            "addition",
            {"smallest": "5", "largest": "0"},
            "largest must be from smallest=5 to the largest number",
        ),
        ("addition", {"largest": -5}, "largest must be from smallest=0 to"),
        ("addition", {"largest": 5000}, "digits=3; give digits=4. Received: 5000"),
        ("subtraction", {"smallest": -1000}, "smallest must be at least -999, with digits=3; give digits=4"),
        (
            "multiplication",
            {"smallest": 1 << 61},
            "smallest must be an integer from -2^60 to 2^60. Received: 2305843009213693952",
        ),
        ("division", {"smallest": -5}, "smallest must be an integer from 0 to"),
        ("gcd", {"largest": -5}, "largest must be an integer from 0 to"),
        ("prime", {"smallest": 90, "largest": 96}, "there is no prime number from smallest=90 to largest=96"),
        ("prime", {"shortest": 1, "largest": 3}, "there is no composite number from smallest=2 to largest=3"),
        ("divisible", {"k": 7, "smallest": 92, "largest": 97}, "are no multiples of k=7"),
        ("divisible", {"k": 7, "smallest": 91, "largest": 91}, "there is one number"),
        (
            "divisible",
            {"k": 5, "shortest": 3, "digits": 3, "smallest": 50, "largest": 100},
            "are all multiples",
        ),
        ("modular", {"smallest": 5}, "smallest and largest require digits"),
        (
            "modular",
            {"digits": 2, "smallest": -5, "operation": "x^2+y^2"},
            "must not be negative. Received: sm",
        ),
        ("addition", {"smallest": -5, "format": "scratchpad"}, "there are no steps for negative numbers"),
        ("addition", {"smallest": 1.5}, "smallest must be an integer"),
    ],
)
def test_impossible_bounds_are_one_clear_line(family, options, message):
    with pytest.raises(InputError, match=r"^[^\n]+$") as caught:
        task(family, **options)
    assert message in str(caught.value)


def test_bounds_are_kept_by_name_and_parameters():
    made = task("addition", smallest=-12, largest=0)
    assert made.name == "addition-base10-smallest-12-largest0"
    assert made.parameters["smallest"] == -12 and made.parameters["largest"] == 0
    again = from_spec(made.id, json.loads(json.dumps(made.parameters)))
    assert again == made
    assert task("addition", smallest="0", largest="99") == task("addition", largest=99)
    plain = task("subtraction")
    assert (plain.smallest, plain.largest) == (None, None)
    assert not {"smallest", "largest"} & set(plain.parameters)


@pytest.mark.parametrize(
    ("stored", "options"),
    [
        ({"smallest": 0, "largest": 0}, {}),
        ({"smallest": 7, "largest": 0}, {"smallest": 7}),
        ({"smallest": 0, "largest": 500}, {"largest": 500}),
        ({"smallest": -12, "largest": 0}, {"smallest": -12, "largest": 0}),
    ],
)
def test_a_largest_operand_of_0_in_old_manifests_stands_for_none(stored, options):
    assert from_spec("addition-v1", stored) == task("addition", **options)


@pytest.mark.parametrize(
    "way", ["padded", "reversed", "reversed-all", "index-hints", "spaced", "padded+reversed"]
)
@pytest.mark.parametrize("family", ["addition", "subtraction", "multiplication", "divisible"])
def test_formats_of_negative_numbers_are_undone(family, way):
    made = task(
        family, digits=2, smallest=-99, **({"k": 7, "answer": "residue"} if family == "divisible" else {})
    )
    written = formats.for_task(task(family, **{**made.parameters, "format": way}))
    rows = Rows(made, "extrapolate").batch(range(300))
    questions, answers = (rows[name].combine_chunks() for name in ("question", "answer"))
    asked, said = written.questions(questions), written.answers(questions, answers)
    assert written.undo_questions(asked).to_pylist() == questions.to_pylist()
    assert written.undo_answers(said).to_pylist() == answers.to_pylist()


def test_padded_negative_numbers():
    made = task("subtraction", digits=2, longer=1, smallest=-99, format="padded+reversed-all")
    written = formats.for_task(made)
    assert written.questions(pa.array(["-7-(-12)", "7-12"])).to_pylist() == ["700--(210-)", "700-210"]


def test_rows_of_old_manifests_are_those_of_version_0_2():
    made = [from_spec("addition-v1", {"smallest": 0, "largest": largest}) for largest in (0, 500)]
    found = [digest.of_table(Rows(old, "train").batch(range(64))) for old in made]
    assert [text[7:23] for text in found] == ["76e14e15e11f5901", "bf824e7d6db1e538"]


def test_lengths_of_negative_numbers_are_shown_with_the_others():
    counts = {"digits=2+1": Score(9, 3), "digits=(-2)+1": Score(5, 5), "digits=(-3)+(-2),true": Score(2, 1)}
    assert facets.by_length(counts, 2) == {2: Score(14, 8), 3: Score(2, 1)}
    assert heatmap.pairs({name: score.n for name, score in counts.items()}) == {(2, 1): 14, (3, 2): 2}
    assert facets.other_labels("digits=(-3)+(-2),true") == {"kind": "true"}


@pytest.mark.parametrize(
    ("question", "found"), [("-7-(-12)", [-7, -12]), ("7-12", [7, 12]), ("-7*(-12)=84", [-7, -12, 84])]
)
def test_shortcuts_read_signs(question, found):
    assert parse_operands(question, 10, signed=True) == found


def test_shortcuts_of_negative_numbers_are_as_strong_as_they_can_be():
    made = task("correct-addition", digits=3, smallest=-999)
    rows = Rows(made, "interpolate").batch(range(600))
    for floor, modulus in ((LastDigit(made), 10), (CastingOutNines(made), 9)):
        said = floor.predict(rows["question"].to_pylist())
        for question, label in zip(rows["question"].to_pylist(), said, strict=True):
            a, b, claimed = solvers.operands(made, question)
            assert label == str((a + b - claimed) % modulus == 0).lower()
