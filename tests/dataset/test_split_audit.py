"""What is found out about the rows of one split, table by table."""

import numpy as np
import pyarrow as pa
import pytest

from mathbench.dataset import split_audit
from mathbench.dataset.shard_reader import expected
from mathbench.dataset.split_audit import SplitAudit
from mathbench.families import task
from mathbench.rows import Rows
from tests.sampling.test_sampled import Evens

ANSWERS = "answers, by an independent solver"
RESERVE = "problems in the train reserve"


def audit_of(made, picked, make_all=False, split="train"):
    return SplitAudit(Rows(made, split, 0), np.array(picked, np.int64), make_all)


def changed(table, name, values):
    """The table with other values in some rows of a column."""
    column = table[name].to_pylist()
    for row, value in values.items():
        column[row] = value
    field = table.schema.field(name)
    return table.set_column(table.column_names.index(name), field, pa.array(column, field.type))


def rows_of(audit, start=0, stop=10):
    return expected(audit.rows, range(start, stop))


@pytest.mark.parametrize(("make_all", "regenerated", "compared"), [(False, 3, 3), (True, 10, 10)])
def test_right_rows_hold_and_what_was_checked_is_counted(make_all, regenerated, compared):
    audit = audit_of(task("addition"), [0, 5, 9], make_all)
    assert [audit.check_table(rows_of(audit, *part), part[0], "f") for part in ((0, 6), (6, 10))] == [2, 1]
    assert audit.results(", some") == {
        "regenerated rows": (True, f"{regenerated} rows" + ("" if make_all else ", some")),
        ANSWERS: (True, "3 rows, some"),
        RESERVE: (True, "3 rows, some"),
        "no question twice": (True, f"{compared} rows"),
    }


def test_the_picked_rows_of_a_range():
    audit = audit_of(task("addition"), [0, 5, 9])
    ranges = ((0, 10), (0, 9), (1, 5), (5, 6), (6, 9))
    assert [audit.sample_within(*part).tolist() for part in ranges] == [[0, 5, 9], [0, 5], [], [5], []]


def test_the_first_wrong_answer_is_told_and_only_where_it_is_picked():
    for picked, detail in (([2, 7], "f, row 7: the answer to {} is 'x' and should be '{}'"), ([2, 6], "")):
        audit = audit_of(task("addition"), picked)
        right = rows_of(audit)
        question, answer = right["question"][7].as_py(), right["answer"][7].as_py()
        audit.check_table(changed(right, "answer", {7: "x", 8: "y"}), 0, "f")
        audit.check_table(changed(rows_of(audit, 10, 20), "answer", {0: "z"}), 10, "g")
        found = audit.results("")[ANSWERS]
        assert found == (not detail, detail.format(question, answer) or "2 rows")


def test_a_problem_of_another_reserve_is_told():
    audit, other = audit_of(task("addition"), range(10)), audit_of(task("addition"), [], split="validation")
    question = rows_of(other)["question"][0].as_py()
    audit.check_table(changed(rows_of(audit), "question", {4: question}), 0, "f")
    assert audit.results("")[RESERVE] == (False, f"f, row 4: {question} belongs to the validation reserve")


def test_questions_that_come_again_are_counted():
    audit = audit_of(task("addition"), range(20))
    first = rows_of(audit)["question"].to_pylist()
    audit.check_table(rows_of(audit), 0, "f")
    audit.check_table(
        changed(rows_of(audit, 10, 20), "question", {0: first[3], 1: first[3], 9: first[0]}), 10, "f"
    )
    assert audit.results("")["no question twice"] == (False, "3 of 20")


def test_train_of_a_sampled_task_may_repeat():
    audit = audit_of(Evens(), range(10))
    table = rows_of(audit)
    first = table["question"][0].as_py()
    audit.check_table(changed(table, "question", {1: first}), 0, "f")
    assert audit.results("")["questions repeated, which train may"] == (True, "1 of 10")


def test_questions_are_compared_as_far_as_they_fit_in_memory(monkeypatch):
    assert split_audit.MAX_QUESTION_BYTES == 64 * 2**20
    for limit, compared in ((0, 0), (1, 10), (1 << 20, 30)):
        monkeypatch.setattr(split_audit, "MAX_QUESTION_BYTES", limit)
        audit = audit_of(task("addition"), range(30))
        for start in (0, 10, 20):
            audit.check_table(rows_of(audit, start, start + 10), start, "f")
        assert audit.results("")["no question twice"] == (True, f"{compared} rows")


@pytest.mark.parametrize("flipped", [0, 258, 259, -258, -259])
def test_labels_are_balanced_up_to_half_a_block(flipped):
    """Row 1,608 ends a block of 1,032 rows, so as many are true as false; 516 rows more or less are allowed."""
    audit, other = (audit_of(task("divisible-v1", k=7), []) for _ in range(2))
    table = rows_of(other, 0, 1608)
    labels = table["label"].to_pylist()
    assert sum(labels) == 804
    rows = [row for row, label in enumerate(labels) if label == (flipped < 0)][: abs(flipped)]
    audit.check_table(changed(table, "label", {row: int(flipped > 0) for row in rows}), 0, "f")
    assert audit.label_balance() == (abs(flipped) <= 258, f"{804 + flipped:,} true of 1,608")


def test_rows_are_made_anew_where_they_are_picked_or_all():
    for make_all in (False, True):
        audit = audit_of(task("addition"), [2, 6], make_all)
        right = rows_of(audit)
        audit.check_table(changed(right, "answer", {8: "y"}), 0, "f")
        audit.check_table(changed(rows_of(audit, 10, 20), "answer", {1: "z"}), 10, "g")
        told = f"f, row 8: answer is 'y' and should be {right['answer'][8].as_py()!r}"
        assert audit.results("")["regenerated rows"] == ((False, told) if make_all else (True, "2 rows"))
    audit.check_table(changed(right, "answer", {2: "y"}), 0, "f")
    assert audit.results("")["regenerated rows"] == (False, told)  # the first stays
    audit = audit_of(task("addition"), [2, 6])
    audit.check_table(changed(right, "answer", {2: "y"}), 0, "f")
    assert audit.results("")["regenerated rows"][1].startswith("f, row 2: answer is 'y' and should be ")


def test_a_sampled_task_has_reserves_of_its_own_that_are_not_looked_at():
    audit = audit_of(Evens(), [1])
    audit.check_table(rows_of(audit), 0, "f")
    assert list(audit.results("")) == ["regenerated rows", ANSWERS, "questions repeated, which train may"]


def test_rows_of_another_type_are_not_solved():
    audit = audit_of(task("divisible", k=7), [1, 2])
    assert audit.check_table(rows_of(audit).drop_columns(["label"]), 0, "f") == 2
    found = audit.results("")
    assert not found["regenerated rows"][0] and found[ANSWERS] == (True, "0 rows")
    assert audit.label_balance() == (True, "0 true of 0")


def test_no_rows_have_no_true_label():
    audit = audit_of(task("divisible", k=7), [1])
    assert audit.check_table(rows_of(audit).slice(0, 0), 0, "f") == 0 and audit.label_balance() == (
        True,
        "0 true of 0",
    )


def test_text_that_is_no_question_is_told():
    audit = audit_of(task("addition"), range(10))
    audit.check_table(changed(rows_of(audit), "question", {4: "ideas"}), 0, "f")
    told = "f, row 4: 'ideas' cannot be parsed as a question (ValueError)"
    assert audit.results("")[ANSWERS] == audit.results("")[RESERVE] == (False, told)


def test_a_question_that_is_not_in_its_format_is_told():
    made = task("addition", format="spaced")
    audit = audit_of(made, range(10))
    audit.check_table(changed(rows_of(audit), "question", {4: "12+3", 6: "4+5"}), 0, "f")
    assert audit.results("")[ANSWERS] == (False, f"f, row 4: '12+3' is not in the format {made.format}")


def test_rows_beyond_the_end_of_a_split_are_told():
    audit = audit_of(task("addition", digits=1), [90])  # of the 55 sums of two digits
    audit.check_table(rows_of(audit), 85, "f")
    told = audit.results("")["regenerated rows"][1]
    assert told.startswith("f, addition-base10-digits1: train holds ")
