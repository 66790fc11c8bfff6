"""The strict reward: 1.0 for the right answer, exactly, and 0.0 for any other text, whatever it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mathbench
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.rewards import judged_rows, reward, task_spec
from mathbench.rewards.rows import read_task

ROW = {"question": "8-58", "answer": "-50"}


@pytest.mark.parametrize(
    "answer",
    [
        "50",
        "8-58",
        "-50 -50",
        "-50.0",
        "-050",
        "- 50",
        "\u221250",
        "-\u0665\u0660",
        "It is -50.",
        "-500",
        "",
        None,
        "\ud800",
        "-5",
    ],
)
def test_nothing_but_the_answer_is_rewarded(answer):
    assert reward(answer, ROW) == 0.0


@pytest.mark.parametrize("answer", ["-50", " -50", "-50\n", "\t-50 \r\n"])
def test_white_space_around_the_answer_does_not_count(answer):
    assert reward(answer, ROW) == 1.0
    assert type(reward(answer, ROW)) is float


@given(st.text())
def test_no_text_raises_an_error(answer):
    assert reward(answer, ROW) == float(answer.strip() == "-50")


def test_ten_megabytes_are_wrong():
    assert reward("-50 " * 2_500_000, ROW) == 0.0


def test_extractions():
    texts = ["It is -50.", r"\boxed{-50}", "Answer: -50", "<answer>-50</answer>", "or 50"]
    found = {
        name: reward(texts, [ROW] * 5, extract=name)
        for name in ("whole", "last-number", "boxed", "after-answer", "tags")
    }
    assert found == {
        "whole": [0.0, 0.0, 0.0, 0.0, 0.0],
        "last-number": [1.0, 1.0, 1.0, 1.0, 0.0],
        "boxed": [0.0, 1.0, 0.0, 0.0, 0.0],
        "after-answer": [0.0, 0.0, 1.0, 0.0, 0.0],
        "tags": [0.0, 0.0, 0.0, 1.0, 0.0],
    }


def mixed_rows():
    """Rows of five tasks in turn, four of them in formats that must be undone."""
    tasks = [
        task("gcd"),
        task("addition", format="reversed"),
        task("addition", format="padded"),
        task("divisible", k=2, base=12),
        task("multiplication", choices=4),
    ]
    columns = [
        [row for row, _ in zip(judged_rows(mathbench.stream(t)), range(20), strict=False)] for t in tasks
    ]
    return [row for rows in zip(*columns, strict=True) for row in rows]


def test_rows_of_several_tasks_are_judged_each_by_its_own():
    rows = mixed_rows()
    answers = [row["answer"] for row in rows]
    assert reward(answers, rows) == [1.0] * 100
    assert reward([row["question"] for row in rows], rows) == [0.0] * 100
    every_third = [a if i % 3 else a + "1" for i, a in enumerate(answers)]
    assert reward(every_third, rows) == [float(bool(i % 3)) for i in range(100)]


def test_a_reversed_answer_is_right_as_it_is_written():
    row = {"question": "57+8", "answer": "56", "task_spec": task_spec(task("addition", format="reversed"))}
    assert (reward("56", row), reward("65", row)) == (1.0, 0.0)


def test_padding_may_be_missing_where_the_format_allows_it():
    made = task("addition", digits=3, format="padded")
    row = {"answer": "000065", "task_spec": task_spec(made)}
    assert reward("000065", row) == 1.0


def test_letters_are_read_with_their_question():
    row = next(judged_rows(mathbench.stream("multiplication", choices=4)))
    wrong = next(letter for letter in "ABCD" if letter != row["answer"])
    assert (reward(row["answer"], row), reward(wrong, row)) == (1.0, 0.0)
    number = next(line[3:] for line in row["question"].splitlines() if line.startswith(row["answer"] + "."))
    assert reward(number, row) == 0.0
    with pytest.raises(InputError, match=r"multiple choice is graded with its questions"):
        reward(row["answer"], {**row, "question": None})


def test_a_spec_is_text_that_gives_the_task_back():
    for made in (task("deepmind/numbers__gcd"), task("addition", base=12, format="reversed+spaced")):
        spec = task_spec(made)
        assert json.loads(spec)["task"] == made.id
        assert read_task(spec) == made


@pytest.mark.parametrize(
    ("answer", "row", "words"),
    [
        (5, ROW, "one row takes one answer"),
        (["-50"], ROW, "one row takes one answer"),
        ("-50", [ROW], "must be lists"),
        (["-50"], [ROW, ROW], "one row for each answer. Received: 1 and 2"),
        ([5], [ROW], "answers must be a list of text"),
        (["-50"], [{}], "must have an answer"),
        (["-50"], [{"answer": 5}], "must have an answer"),
        (["-50"], ["-50"], "must have an answer"),
        (["-50"], [{**ROW, "task_spec": 5}], "task_spec must be"),
        (["-50"], [{**ROW, "task_spec": "addition"}], "task_spec must be"),
        (
            ["-50"],
            [{**ROW, "task_spec": '{"task": "adition"}'}],
            "unknown task 'adition'. Did you mean 'addition'",
        ),
        (["-50"], [{**ROW, "task_spec": "[" * 100_000}], "task_spec must be"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(answer, row, words):
    with pytest.raises(InputError, match=words) as caught:
        reward(answer, row)
    assert "\n" not in str(caught.value)


def test_an_unknown_extraction_is_refused():
    with pytest.raises(InputError, match=r"unknown extraction 'last'. Did you mean 'last-number'"):
        reward("-50", ROW, extract="last")


def test_judged_rows_refuse_batches_and_mixtures():
    with pytest.raises(InputError, match=r"one by one. Received: batch_size=4"):
        judged_rows(mathbench.stream("gcd", batch_size=4))
    with pytest.raises(InputError, match=r"need a stream of one task"):
        judged_rows(mathbench.stream(["gcd", "addition"]))
