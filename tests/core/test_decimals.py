"""Sums, differences and products of decimals: every pair in one split, in the shortest writing, and exact."""

import re

import pytest

from mathbench.errors import InputError
from mathbench.families import task
from mathbench.rows import Rows
from tests import solvers

INNER = ("train", "validation", "interpolate")
FAMILIES = ("addition", "subtraction", "multiplication")


def made(family, **options):
    return task(family, **options, **({"more": 0} if family == "addition" else {}))


def shown(task, split, rows=20_000):
    source = Rows(task, split)
    return source.batch(range(min(len(source), rows)))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("base", [2, 10])
def test_every_pair_is_in_exactly_one_split(family, base):
    sums = made(family, digits=1, places=1, base=base)
    found = [solvers.problem(sums, q) for split in INNER for q in shown(sums, split)["question"].to_pylist()]
    assert len(found) == len(set(found)) == base**2 * (base**2 + 1) // 2


@pytest.mark.parametrize("family", FAMILIES)
def test_integers_are_in_the_split_they_always_have(family):
    plain, decimals = task(family, digits=1), made(family, digits=1, places=1)
    for split in INNER:
        whole = {solvers.problem(plain, q) for q in shown(plain, split)["question"].to_pylist()}
        questions = [q for q in shown(decimals, split)["question"].to_pylist() if "." not in q]
        assert {solvers.problem(plain, q) for q in questions} == whole


@pytest.mark.parametrize("family", FAMILIES)
def test_no_number_has_a_zero_at_its_end(family):
    decimals = made(family, digits=2, places=3)
    rows = shown(decimals, "extrapolate", 3000)
    for text in [*rows["question"].to_pylist(), *rows["answer"].to_pylist()]:
        assert not re.search(r"\.\d*0(?!\d)|\.(?!\d)", text), text
    assert any(len(answer.partition(".")[2]) == (6 if family == "multiplication" else 3)
               for answer in rows["answer"].to_pylist())  # fmt: skip


def test_numbers_of_places_are_equally_likely():
    questions = shown(made("subtraction", places=2), "train", 5000)["question"].to_pylist()
    places = [len(term.partition(".")[2]) for question in questions for term in solvers.terms(question)]
    assert all(0.3 < places.count(k) / len(places) < 0.37 for k in range(3))


def test_what_is_written():
    assert task("addition", places=2).oracle("1.25+0.5") == "1.75"
    assert task("addition", places="2") == task("addition", places=2, more=0) != task("addition", places="0")
    assert task("subtraction", places=2).oracle("0.5-1.25") == "-0.75"
    assert task("multiplication", places=2).oracle("0.5*0.2") == "0.1"
    assert task("multiplication", places=2).oracle("2.5*0.4") == "1"
    sums = task("addition", places=2, more=0)
    assert sums.operands_of("1.5+0.25") == sums.operands_of("0.25+1.50") == (15, 1, 25, 2)


def test_a_task_without_places_is_stored_as_before():
    assert "places" not in task("addition").parameters and "places" not in task("subtraction").parameters
    assert task("subtraction", places=1).parameters["places"] == 1
    assert task("subtraction", places=1).name == "subtraction-base10-places1"
    assert task("subtraction", places=1, format="spaced").format == "spaced"


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        (
            "addition",
            {"places": 2, "more": 1},
            "places requires operands=2 and more=0. Received: operands=2, more=1",
        ),
        ("subtraction", {"places": 2, "smallest": -5}, "places cannot be combined with smallest. Received"),
        ("multiplication", {"places": 4}, "places must be an integer from 0 to 3"),
        (
            "multiplication",
            {"places": 3, "digits": 6},
            "results must stay below 2^63. Received: 7 digits and",
        ),
        ("subtraction", {"places": 7, "digits": 12}, "results must stay below 2^63"),
        ("subtraction", {"places": 2, "format": "reversed"}, "its text is not integers and signs alone"),
    ],
)
def test_what_is_not_possible_is_one_clear_line(family, options, message):
    with pytest.raises(InputError, match=r"^[^\n]+$") as caught:
        task(family, **options)
    assert message in str(caught.value)
