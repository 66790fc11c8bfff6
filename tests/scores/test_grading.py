"""The grader: strict, lenient beside it, and the extractions, on what models write and what is meant to fool them."""

import json
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mathbench
from mathbench import formats
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.rows import Rows
from mathbench.scores.equal_values import equal
from mathbench.scores.extraction import EXTRACTIONS, extraction
from mathbench.scores.grading import Grader
from tests.commands import run
from tests.variants import VARIANTS, name

# what was written, what is right, and whether it is exactly right, or of equal value
JUDGED = [
    ("65", "65", True, True),
    (" 65\n", "65", True, True),
    ("80", "-80", False, False),  # the sign dropped
    ("\u221280", "-80", False, True),  # another minus sign
    ("345+678", "1023", False, False),  # the question repeated
    ("1,023", "1023", False, True),
    ("7,1", "71", False, False),
    ("71", "7,1", False, False),
    ("7, 1", "7,1", False, True),
    ("12 35 7", "7", False, False),  # several numbers
    ("2*5*7", "70", False, False),
    ("065", "65", False, True),
    ("65.0", "65", False, True),
    ("65.", "65", False, True),
    ("+65", "65", False, True),
    ("2/4", "1/2", False, True),
    ("1/0", "0", False, False),
    ("0.5", "1/2", False, True),
    (".5", "0.5", False, False),
    ("True", "true", False, True),
    ("false", "true", False, False),
    ("٦٥", "65", False, False),  # digits of other scripts
    ("\uff16\uff15", "65", False, False),
    ("6 5", "65", False, False),
    ("1 023", "1023", False, False),
    ("- 65", "-65", False, True),
    ("2*x+3", "2*x + 3", False, True),
    ("", "0", False, False),
    ("nan", "0", False, False),
    ("1e3", "1000", False, False),
    (None, "65", False, False),
]


@pytest.mark.parametrize(("answer", "truth", "right", "same"), JUDGED)
def test_an_answer_is_judged_strictly_and_beside_it_by_its_value(answer, truth, right, same):
    found = mathbench.grade(answer, truth)
    assert (found.right, found.equal) == (right, same)
    assert found.answer == (None if answer is None else answer.strip())


EXTRACTED = [
    ("last-number", "It is 57+8 = 65.", "65"),
    ("last-number", "First 65, then -80!", "-80"),
    ("last-number", "5-3", "3"),  # a sign between numbers is no minus
    ("last-number", "(-3)", "-3"),
    ("last-number", "7,1 is the answer", "7,1"),
    ("last-number", "so 1,023 (see x2)", "1,023"),
    ("last-number", "3.14.", "3.14"),
    ("last-number", "x2 and 3y", None),
    ("last-number", "none", None),
    ("last-number", "٦٥", None),
    ("last-number", "65" + " " * 10_000 + "no", "65"),
    ("last-number", "1" * 10_000, "1" * 10_000),
    ("last-number", "a " + "1" * 10_000, "1" * 10_000),
    ("boxed", r"\boxed{64} and \boxed{65}", "65"),
    ("boxed", r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
    ("boxed", r"\boxed{65", None),
    ("boxed", "65", None),
    ("after-answer", "Answer: 64\nANSWER:  **65**.\nthanks", "65"),
    ("after-answer", "Answer:\n$65$", "65"),
    ("after-answer", "Answer:", None),
    ("after-answer", "65", None),
    ("after-answer", "İAnswer: 65", None),  # lower case has another length
    ("tags", "<answer>64</answer><answer>\n65 </answer>", "65"),
    ("tags", "<answer>65", None),
    ("tags", "65</answer>", None),
    ("tags", "</answer><answer>", None),
    ("whole", "  It is 65 ", "It is 65"),
]


@pytest.mark.parametrize(("name", "text", "expected"), EXTRACTED)
def test_extractions_cut_the_answer_out_of_the_text(name, text, expected):
    assert extraction(name).read(text, 10) == expected
    grades = Grader(extract=f"{name}-v1").grade([text, None], ["65", "65"])
    assert grades.right.tolist() == [expected == "65", False]
    assert (grades.unread, grades.missing) == (expected is None, 1)
    assert grades.extraction == f"{name}-v1"


@given(st.text(max_size=60), st.sampled_from(list(EXTRACTIONS)), st.sampled_from([2, 10, 16, 36]))
@settings(max_examples=300, deadline=None)
def test_extractions_take_any_text_and_only_cut(text, name, base):
    found = extraction(name).read(text, base)
    assert found is None or (found in text and found == found.strip())
    equal(text, "65", base), equal("65", text, base)


@pytest.mark.parametrize("name", EXTRACTIONS)
@pytest.mark.parametrize(
    "unit",
    ["1", "1,", "-", "1 ", "\\boxed{", "{", "}", "<answer>", "answer:", "\n", "a", "٣", "1/", "</answer>"],
)
def test_ten_megabytes_are_read(name, unit):
    """A reading that is not linear in the length of the text would not come to an end here."""
    found = mathbench.grade(unit * (10_000_000 // len(unit)), "65", extract=name)
    assert not found.right and not found.equal


@given(st.fractions(max_denominator=10**6), st.integers(1, 50), st.integers(-3, 3))
def test_fractions_have_the_values_that_python_gives_them(value, times, more):
    written = f"{value.numerator * times + more}/{value.denominator * times}"
    assert equal(written, str(value)) == (Fraction(written) == value)


@pytest.mark.parametrize("plain", VARIANTS, ids=name)
def test_right_answers_of_every_task_are_right_and_those_of_other_rows_are_judged_as_scored(plain):
    rows = Rows(plain, "train")
    table = rows.batch(range(rows.capacity_up_to(40)))
    questions, answers = table["question"].to_pylist(), table["answer"].to_pylist()
    assert Grader(plain).grade(answers, answers, questions).right.all()
    shifted = answers[1:] + answers[:1]
    grades = Grader(plain).grade(shifted, answers)
    assert grades.right.tolist() == [a == b for a, b in zip(shifted, answers, strict=True)]
    assert (grades.equal >= grades.right).all()


@pytest.mark.parametrize(
    "way",
    ["padded+reversed", "spaced", "scratchpad", "grouped", "choices:n=4", "prompt+choices:n=3+shots:n=2"],
)
def test_formats_are_undone_before_judging(way):
    made = task("addition", digits=4, format=way)
    table = Rows(made, "interpolate").batch(range(50))
    questions, answers = table["question"].to_pylist(), table["answer"].to_pylist()
    grades = mathbench.grade_all([f" {a}\n" for a in answers], answers, made, questions=questions)
    assert grades.score.correct == 50 == grades.equal.sum()
    plain = formats.for_task(made).undo(table)["answer"].to_pylist()
    grades = mathbench.grade_all(plain, answers, made, questions=questions)
    assert grades.right.tolist() == [p == a for p, a in zip(plain, answers, strict=True)]
    one = mathbench.grade(answers[0], answers[0], "addition", digits=4, format=way, question=questions[0])
    assert one.right and one.answer == answers[0].strip()


def test_letters_need_their_questions():
    made = task("addition", choices=4)
    with pytest.raises(InputError, match="graded with its questions"):
        mathbench.grade("A", "A", made)
    row = Rows(made, "train").batch([0]).to_pylist()[0]
    letters = [mathbench.grade(x, row["answer"], made, question=row["question"]).right for x in "ABCDE"]
    assert letters == [x == row["answer"] for x in "ABCDE"]


def test_json():
    found = mathbench.grade_all(["1", "1.0", "no"], ["1", "1", "1"], extract="last-number").to_json()
    assert {key: found[key] for key in ("n", "correct", "equal", "unread", "extraction")} == {
        "n": 3, "correct": 1, "equal": 2, "unread": 1, "extraction": "last-number-v1"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mathbench.grade(65, "65"), "answers must be a list of text. Received: [65]"),
        (lambda: mathbench.grade("65", None), "truths must be a list of text"),
        (lambda: mathbench.grade("\ud800", "65"), "answers must be a list of text"),
        (lambda: mathbench.grade("65", "65", "adition"), "unknown task 'adition'. Did you mean 'addition'?"),
        (lambda: mathbench.grade("65", "65", 7), "a task must be given by its name"),
        (lambda: mathbench.grade("65", "65", digits=3), "parameters go with the name of a task"),
        (lambda: mathbench.grade("65", "65", extract="box"), "Did you mean 'boxed'?"),
        (lambda: mathbench.grade("65", "65", extract="boxed-v2"), "unknown extraction 'boxed-v2'"),
        (lambda: mathbench.grade_all(["1"], ["1", "2"]), "Received: 1 and 2"),
        (lambda: mathbench.grade_all("1", ["1"]), "answers must be a list of text"),
        (
            lambda: mathbench.grade("65", "65", "addition", format="padded"),
            "is not in the format of the task",
        ),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(InputError) as refused:
        call()
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_arrays_of_pyarrow_are_lists_of_text():
    column = pa.array(["65", None])
    assert mathbench.grade_all(column.to_pylist(), ["65", "66"]).right.tolist() == [True, False]


def test_a_file_of_talk_is_scored_with_an_extraction(tmp_path):
    rows = Rows(task("subtraction"), "interpolate").batch(range(40)).to_pylist()
    written = [f"{row['question']} is {row['answer']}." for row in rows]
    written[0], written[1], written[2] = "no idea", rows[1]["question"], f"{rows[2]['answer']}.0"
    lines = [
        json.dumps({"split": "interpolate", "row": row["row"], "prediction": text})
        for row, text in zip(rows[:-2], written[:-2], strict=True)
    ]
    (tmp_path / "talk.jsonl").write_text("\n".join(lines))
    words = ["score", tmp_path / "talk.jsonl", "--task", "subtraction", "--interpolate", 40]
    done = run(*words, "--extract", "last-number", "--json")
    found = json.loads(done.stdout)["interpolate"]
    assert (found["n"], found["correct"], found["equal"], found["unread"], found["missing"]) == (
        40,
        35,
        36,
        1,
        2,
    )
    assert found["extraction"] == "last-number-v1" and len(found["strata"]) > 3
    shown = run(*words, "--extract", "last-number")
    assert (
        "read by last-number-v1: 1 of 38 answers could not be read; 36 have the right value" in shown.stderr
    )
    assert json.loads(run(*words, "--json").stdout)["interpolate"]["correct"] == 0
    refused = run(*words, "--extract", "lastnumber")
    assert refused.returncode == 2 and "Did you mean 'last-number'?" in refused.stderr
