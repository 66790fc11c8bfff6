"""Wrong answers as a file: with the truth they are all answers, and nothing else is read as such a file."""

import io
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.store import wrong_answers
from mathbench.leaderboard.store.wrong_answers import COLUMNS, from_submission, read
from mathbench.leaderboard.submission import Manifest, Submission, sort_predictions
from mathbench.scores import untrusted
from mathbench.scores.untrusted import MAX_PREDICTION, MAX_ROWS, fits_prediction

from .conftest import from_anybody, right

SIZES = {"interpolate": 12, "extrapolate": 7}
TASKS = [
    ("addition", {"format": kind})
    for kind in (
        *("plain", "reversed", "reversed-all", "padded", "padded+reversed", "index-hints", "grouped"),
        *("scratchpad", "spaced", "scratchpad+spaced", "choices:n=4", "prompt", "prompt+choices+shots"),
        *("reversed+scratchpad", "padded+scratchpad+spaced:separator=comma"),
    )
] + [
    ("gcd", {}),
    ("gcd", {"format": "padded+spaced"}),
    ("divisible", {"k": 7}),
    ("divisible", {"k": 7, "answer": "residue", "base": 3}),
    ("divisible", {"k": 3, "format": "reversed-all+spaced"}),
    ("correct-addition", {"format": "spaced"}),
    ("multiplication", {"digits": 2, "longer": 1, "format": "scratchpad"}),
    ("subtraction", {"format": "reversed"}),
    ("deepmind/arithmetic__add_or_sub", {}),
    ("deepmind/polynomials__expand", {"format": "spaced:separator=bar+prompt"}),
]


@cache
def made(index):
    name, parameters = TASKS[index]
    return make_task(name, **parameters)


@cache
def truth(index):
    return right(made(index), SIZES).drop_columns("task").to_pylist()


def submission(index, rows, sizes=SIZES):
    """A submission of rows with split, row and prediction."""
    document = from_anybody(made(index), sizes)
    document["predictions"] = {"file": "p.parquet", "sha256": "0" * 64}
    columns = {name: COLUMNS[name] for name in ("split", "row", "prediction")}
    table = pa.Table.from_pylist(list(rows), schema=pa.schema(columns))
    return Submission(Manifest(document), sort_predictions(table))


KEPT, LEFT_OUT, SPOILT, ANOTHER, SPACES, STEPS, WORDS = range(7)


def answer(index, position, kind, text):
    """One of the answers that a model may give to a row; None for none."""
    rows = truth(index)
    exact = rows[position]["prediction"]
    return {
        KEPT: exact,
        LEFT_OUT: None,
        SPOILT: f"{exact}x",
        ANOTHER: rows[position - 1]["prediction"],
        SPACES: f" {exact} ",
        STEPS: f"9+9=0#{exact.rpartition('#')[2]}",
        WORDS: text,
    }[kind]


@st.composite
def submissions(draw):
    index = draw(st.integers(0, len(TASKS) - 1))
    rows = truth(index)
    # mostly right, as models are
    kinds = st.one_of(st.just(KEPT), st.integers(0, WORDS))
    text = st.text(st.characters(codec="utf-8"), max_size=12)
    given = [row | {"prediction": answer(index, i, draw(kinds), draw(text))} for i, row in enumerate(rows)]
    return submission(index, [row for row in given if row["prediction"] is not None])


@settings(max_examples=150, deadline=None)
@given(submissions())
def test_the_predictions_and_what_is_right_come_back(sent):
    checked = check_submission(sent)
    data = from_submission(sent, checked.scores).to_bytes()
    found = read(data, "a.parquet", SIZES)
    again = Submission(sent.manifest, found.predictions(sent.manifest, checked.scores))
    assert (again.predictions_digest, again.digest) == (sent.predictions_digest, sent.digest)
    assert again.predictions.equals(sent.predictions)
    for split, which in found.right(SIZES).items():
        assert np.array_equal(which, checked.right[split])
    assert found.to_bytes() == data == from_submission(again, checked.scores).to_bytes()


@pytest.mark.parametrize("index", range(len(TASKS)), ids=lambda i: f"{TASKS[i][0]}-{TASKS[i][1]}")
def test_of_right_answers_nothing_is_kept(index):
    sent = submission(index, truth(index))
    checked = check_submission(sent)
    assert all(score.total.exact_match == 1 for score in checked.scores.values())
    found = from_submission(sent, checked.scores)
    assert found.table.num_rows == 0 and read(found.to_bytes(), "a.parquet", SIZES).table.equals(found.table)


def test_a_right_answer_in_other_words_is_kept_as_right():
    index = TASKS.index(("addition", {"format": "scratchpad"}))
    rows = [dict(row) for row in truth(index)]
    rows[0]["prediction"] = "9+9=0#" + rows[0]["prediction"].rpartition("#")[2]  # its steps are not read
    sent = submission(index, rows)
    checked = check_submission(sent)
    found = from_submission(sent, checked.scores)
    assert found.table.to_pylist() == [rows[0] | {"right": True}]
    assert all(score.total.exact_match == 1 for score in checked.scores.values())


def test_without_any_answer_there_is_a_row_for_each():
    sent = submission(0, [])
    checked = check_submission(sent)
    found = from_submission(sent, checked.scores)
    assert found.table.num_rows == sum(SIZES.values()) == found.table["prediction"].null_count
    again = read(found.to_bytes(), "a.parquet", SIZES)
    assert again.predictions(sent.manifest, checked.scores).num_rows == 0
    assert not any(which.any() for which in again.right(SIZES).values())


def test_more_splits_than_the_required_ones():
    sizes = {"validation": 5, **SIZES}
    rows = [{"split": "validation", "row": row, "prediction": "no"} for row in range(3)]
    sent = submission(0, [*truth(0), *rows], sizes)
    # the manifest of another model states a score for a split only if it was answered
    document = dict(sent.manifest.document) | {"data": {"seed": 0, "sizes": sizes}}
    sent = Submission(Manifest(document), sent.predictions)
    checked = check_submission(sent)
    assert set(checked.scores) == set(sizes)
    found = read(from_submission(sent, checked.scores).to_bytes(), "a.parquet", sizes)
    assert found.predictions(sent.manifest, checked.scores).equals(sent.predictions)
    assert found.right(sizes)["validation"].sum() == 0


def test_the_longest_predictions_come_back():
    longest = "é" * (MAX_PREDICTION // 2)
    assert fits_prediction(longest) and not fits_prediction(longest + "1")
    rows = [row | {"prediction": longest[: len(longest) - i]} for i, row in enumerate(truth(0))]
    sent = submission(0, rows)
    found = read(from_submission(sent, SIZES).to_bytes(), "a.parquet", SIZES)
    assert found.predictions(sent.manifest, SIZES).equals(sent.predictions)


# from strangers


def file(rows, **kinds):
    """The bytes of a file with rows."""
    schema = pa.schema({**COLUMNS, **kinds})
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink)
    return sink.getvalue()


ROW = {"split": "interpolate", "row": 3, "prediction": "5", "right": False}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (file([ROW | {"row": 12}]), "a.parquet: interpolate: rows must be from 0 to 11. Received: 1 unknown"),
        (file([ROW | {"row": -1}]), "a.parquet: interpolate: rows must be from 0 to 11"),
        (file([ROW, ROW]), "a.parquet: interpolate: each row may be answered only once"),
        (file([ROW | {"split": "train"}]), "a.parquet: split must be one of interpolate, extrapolate. Received: 'tr"),
        (file([ROW | {"split": "\n" * 99}]), r"split must be one of interpolate, extrapolate. Received: '\n"),
        (file([ROW | {"split": None}]), "a.parquet: split must have no null values. Received: 1"),
        (file([ROW | {"row": None}]), "a.parquet: row must have no null values. Received: 1"),
        (file([ROW | {"right": None}]), "a.parquet: right must have no null values. Received: 1"),
        (file([ROW | {"prediction": None, "right": True}]), "a.parquet: a row without an answer is not right"),
        (file([ROW | {"prediction": "1" * 10_001}]), "a.parquet: prediction has text of more than 10,000 bytes"),
        (file([ROW], row=pa.int32()), "a.parquet: row must be int64. Received: int32"),
        (file([ROW | {"right": 1}], right=pa.int64()), "a.parquet: right must be bool. Received: int64"),
        (file([ROW | {"prediction": 5}], prediction=pa.int64()), "prediction must be string. Received: int64"),
        (file([ROW], more=pa.int64()), "must have the columns split, row, prediction, right. Received: 'split'"),
        (b"PAR1", "a.parquet is not a readable Parquet file"),
        (b"", "a.parquet is not a readable Parquet file"),
        (b"x" * 1000, "a.parquet"),
    ],
    ids=range(17),
)  # fmt: skip
def test_other_files_are_refused_in_one_line(data, message):
    with pytest.raises(InputError) as caught:
        read(data, "a.parquet", SIZES)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_the_limits_of_what_is_read(monkeypatch):
    data = file([ROW | {"row": row, "prediction": str(row) * 50} for row in range(10)])
    monkeypatch.setattr(wrong_answers, "MAX_BYTES", 500)
    with pytest.raises(InputError, match="decompresses to more than 500 bytes"):
        read(data, "a.parquet", SIZES)
    monkeypatch.setattr(untrusted, "MAX_ROWS", 9)
    with pytest.raises(InputError, match=r"has more than 9 rows\. Received: 10"):
        read(data, "a.parquet", SIZES)
    with pytest.raises(InputError, match=r"at most 1,000,000 rows can be scored\. Received: 1,000,001"):
        read(data, "a.parquet", {"interpolate": MAX_ROWS + 1})


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 6_000),
)
def test_damage_is_one_line_or_harmless(edits, end):
    data = bytearray(file([ROW | {"row": row} for row in range(12)]))
    for at, byte in edits:
        data[at % len(data)] = byte
    damaged = bytes(data[:end] if end < len(data) // 2 else data)
    try:
        found = read(damaged, "a.parquet", SIZES)
        found.right(SIZES)
    except InputError as error:
        assert "\n" not in str(error)
