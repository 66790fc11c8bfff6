"""Which values are answers: text and exact integers, in every kind of file and in Python; all else is refused."""

import csv
import datetime
import gzip
import io
import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mathbench
from mathbench.errors import InputError
from mathbench.scores.predictions import COLUMNS, COLUMNS_WITH_TASK, from_mapping, read_predictions
from mathbench.scores.untrusted import read_untrusted

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
INTEGERS = st.one_of(st.integers(), st.integers(0, 6000).map(lambda n: 10**n + 1).map(lambda n: -n))
SMALL = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CORNERS = [
    "007",
    "1e3",
    "1.0",
    "true",
    "NaN",
    "null",
    "",
    " 7",
    "7 ",
    "\uff17",
    "2024-01-01",
    "-0",
    "a\nb",
    "a\0b",
    '"',
    ",",
]


def decimal(value):
    """The digits of an integer, without `str`, which has a limit."""
    return f"{Decimal(value):f}"


def line(answer, row="0", split='"interpolate"'):
    return f'{{"split":{split},"row":{row},"prediction":{answer}}}\n'.encode()


def own(path, data, name="p.jsonl"):
    (path / name).write_bytes(data)
    return read_predictions(path / name)


def foreign(path, data, name="p.jsonl"):
    return read_untrusted(data, name, COLUMNS_WITH_TASK, COLUMNS)


DOORS = pytest.mark.parametrize("read", [own, foreign])


def refused(read, *arguments):
    with pytest.raises(InputError) as caught:
        read(*arguments)
    said = str(caught.value)
    assert "\n" not in said and len(said) < 500
    return said


def parquet(answers, **columns):
    sink, n = io.BytesIO(), len(answers)
    made = {"split": pa.array(["interpolate"] * n), "row": pa.array(np.arange(n)), "prediction": answers}
    pq.write_table(pa.table(made | columns), sink)
    return sink.getvalue()


# JSON


@DOORS
@SMALL
@given(integer=INTEGERS)
def test_integers_of_json_are_their_digits(tmp_path, read, integer):
    digits = decimal(integer)
    assert read(tmp_path, line(digits))["prediction"].to_pylist() == [digits]


@DOORS
@SMALL
@given(text=TEXT)
def test_text_of_json_is_itself(tmp_path, read, text):
    assert read(tmp_path, line(json.dumps(text)))["prediction"].to_pylist() == [text]


@DOORS
@pytest.mark.parametrize("text", CORNERS)
def test_text_that_looks_like_something_else_is_itself(tmp_path, read, text):
    table = read(tmp_path, line(json.dumps("x")) + line(json.dumps(text), 1))
    assert table["prediction"].to_pylist() == ["x", text]


@DOORS
def test_minus_zero_is_zero(tmp_path, read):
    assert read(tmp_path, line("-0"))["prediction"].to_pylist() == ["0"]


OTHERS = {
    "1.0": "the number 1.0",
    "1e3": "the number 1e3",
    "-0.0": "the number -0.0",
    "12345678901234567.0": "the number 12345678901234567.0",
    "1e400": "the number 1e400",
    "NaN": "the number NaN",
    "-Infinity": "the number -Infinity",
    "true": "true",
    "false": "false",
    "[1]": "a list",
    '["65"]': "a list",
    '{"a": 1}': "an object",
    "[]": "a list",
}


@DOORS
@pytest.mark.parametrize("value", OTHERS)
def test_everything_else_is_refused_with_its_row(tmp_path, read, value):
    data = line('"1"', 5) + b"\r\n" + line("7", 9) + line(value, 12, '"extrapolate"') + line("2", 1)
    assert refused(read, tmp_path, data).startswith(
        f"an answer must be text or an integer. Received: {OTHERS[value]} in row 12 of extrapolate, line 4 of "
    )


@DOORS
@SMALL
@given(
    value=st.floats()
    | st.booleans()
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(TEXT, TEXT, max_size=2)
)
def test_no_other_value_of_json_is_an_answer(tmp_path, read, value):
    assert "in row 3 of interpolate" in refused(read, tmp_path, line(json.dumps(value), 3))


@DOORS
@pytest.mark.parametrize("data", [line("null", 3), b'{"split":"interpolate","row":3}\n'])
def test_null_is_refused_with_its_row(tmp_path, read, data):
    said = refused(read, tmp_path, line('"1"', 8) + data + data)
    assert "prediction is missing or null in 2 rows, the first is row 3 of interpolate" in said


@DOORS
@pytest.mark.parametrize(
    "row", ["1.0", "true", '"1"', "1e3", "NaN", "[1]", "9223372036854775808", "9" * 5000]
)
def test_a_row_is_an_integer(tmp_path, read, row):
    assert "row must be a 64-bit integer. Received:" in (said := refused(read, tmp_path, line("7", row)))
    assert " in line 1 of " in said


@DOORS
@pytest.mark.parametrize("split", ["1", "true", "1.5", '["interpolate"]'])
def test_a_split_is_text(tmp_path, read, split):
    assert "split must be text. Received:" in refused(read, tmp_path, line("7", 1, split))


@DOORS
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"null\n", "line 1: it must be one object"),
        (line("7") + b"null\n" + line("7", 1), "line 2: it must be one object"),
        (b"[" + line("7") + b"]", "line 1"),
        (line("7").strip() * 2, "line 1: it must be one object"),
        (line('"7","row":2'), "line 1: a key appears twice"),
        (line("7") + b"\xff", "line 2: it is not UTF-8 text"),
        (line("7").decode().encode("utf-16"), "line 1: it is not UTF-8 text"),
        (line('"a\tb"'), "line 1: Invalid control character"),
        (b"\n" + line("07"), "line 2: Expecting ',' delimiter, column"),
        (line("+7"), "line 1: Expecting value, column"),
        (b'{"split":' + b"[" * 100_000, "line 1: it is nested too deeply"),
        (line('"\\ud800"'), "that is valid Unicode. Received: '\\\\ud800' in row 0 of interpolate"),
        (b"\n \n", "it has no lines"),
        (b"", "it has no lines"),
    ],
)
def test_what_is_not_json_lines_is_refused_with_its_line(tmp_path, read, data, words):
    assert words in refused(read, tmp_path, data)


@DOORS
def test_byte_order_mark_line_ends_and_blank_lines_mean_nothing(tmp_path, read):
    data = b"\xef\xbb\xbf" + line('"1"').replace(b"\n", b"\r\n") + b"\r\n\n" + line("2", 1).strip()
    assert read(tmp_path, data)["prediction"].to_pylist() == ["1", "2"]


def test_a_column_of_the_task_in_some_lines_is_not_ignored(tmp_path):
    with_task = line("2", 1).replace(b"}", b',"task":"gcd"}')
    assert "line 2: unexpected field 'task'" in refused(own, tmp_path, line("1") + with_task)
    assert "task is missing or null in 1 row" in refused(own, tmp_path, with_task + line("1"))


# CSV


@SMALL
@given(
    answers=st.lists(TEXT | st.sampled_from(CORNERS), min_size=1, max_size=5),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_fields_of_csv_are_their_text(tmp_path, answers, ends):
    with (tmp_path / "p.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator=ends, quoting=csv.QUOTE_ALL)
        writer.writerows(
            [("split", "row", "prediction"), *(("interpolate", i, a) for i, a in enumerate(answers))]
        )
    assert read_predictions(tmp_path / "p.csv")["prediction"].to_pylist() == answers


def test_fields_without_quotes_are_their_text(tmp_path):
    plain = [text for text in CORNERS if not set(text) & set('\n\0",')]
    rows = [f"{text},interpolate,{i},0.5\n" for i, text in enumerate(plain)]
    data = "\ufeffprediction,split,row,sure\n" + "".join(rows)
    table = own(tmp_path, data.encode(), "p.csv")
    assert table["prediction"].to_pylist() == plain and table["row"].to_pylist() == list(range(len(plain)))
    assert table.column_names == ["split", "row", "prediction"]


HEADER = "split,row,prediction\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            HEADER + "interpolate,0,1\ninterpolate,1\n",
            "line 3 must have 3 fields, as the header. Received: 2",
        ),
        (HEADER + "interpolate,0,1,5\n", "line 2 must have 3 fields"),
        (HEADER + "interpolate,1.0,5\n", "row must be a 64-bit integer. Received: '1.0' in line 2"),
        (HEADER + "interpolate,007,5\n", "row must be a 64-bit integer. Received: '007' in line 2"),
        (HEADER + "interpolate, 7,5\n", "row must be a 64-bit integer. Received: ' 7' in line 2"),
        (HEADER + "interpolate,\uff17,5\n", "row must be a 64-bit integer. Received: '\\uff17' in line 2"),
        (HEADER + "interpolate,,5\n", "row must be a 64-bit integer. Received: '' in line 2"),
        ("split,row,row,prediction\n", "the column 'row' appears twice"),
        (
            "split;row;prediction\n",
            "the column 'split' is missing. Required: split, row, prediction. Received: ",
        ),
        ("", "the column 'split' is missing"),
        (HEADER + 'interpolate,0,"5', "is not CSV: line 2: unexpected end of data"),
        (HEADER + 'interpolate,0,"5"6', "is not CSV: line 2"),
        (HEADER + "interpolate,0," + "9" * 200_000, "is not CSV: line 2: field larger than field limit"),
        (HEADER + "interpolate,0,\udcff", "is not UTF-8 text"),
    ],
)
def test_wrong_csv_is_refused(tmp_path, text, words):
    assert words in refused(own, tmp_path, text.encode(errors="surrogateescape"), "p.csv")


# Parquet

BIG = 10**17 + 1
SIGNED = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
UNSIGNED = [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]


@DOORS
@pytest.mark.parametrize("kind", SIGNED + UNSIGNED, ids=str)
def test_integers_of_parquet_are_exact(tmp_path, read, kind):
    bits, signed = kind.bit_width, kind in SIGNED
    values = [-(1 << bits - 1), (1 << bits - 1) - 1, 0] if signed else [0, (1 << bits) - 1, 7]
    for column in (pa.array(values, kind), pa.array(values, kind).dictionary_encode()):
        table = read(tmp_path, parquet(column), "p.parquet")
        assert table["prediction"].to_pylist() == [str(value) for value in values]


@DOORS
@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())], ids=str
)
def test_text_of_parquet_is_itself(tmp_path, read, kind):
    values = pa.array(CORNERS)
    column = values.dictionary_encode() if pa.types.is_dictionary(kind) else values.cast(kind)
    assert read(tmp_path, parquet(column), "p.parquet")["prediction"].to_pylist() == CORNERS


@DOORS
@pytest.mark.parametrize(
    ("column", "received"),
    [
        (pa.array([None, 65.0]), "double, 65.0"),
        (pa.array([None, 65.0], pa.float32()), "float, 65.0"),
        (pa.array([None, float("nan")]), "double, nan"),
        (pa.array([None, True]), "bool, True"),
        (pa.array([None, Decimal("65")]), "decimal128(2, 0), Decimal('65')"),
        (pa.array([None, b"65"]), "binary, b'65'"),
        (pa.array([None, datetime.date(2024, 1, 1)]), "date32[day], datetime.date(2024, 1, 1)"),
    ],
    ids=str,
)
def test_other_columns_of_parquet_are_refused_with_their_row(tmp_path, read, column, received):
    said = refused(read, tmp_path, parquet(column, row=pa.array([5, 12])), "p.parquet")
    assert f"must be text or an integer. Received: {received} in row 12 of interpolate, record 2 of " in said


@DOORS
def test_nested_columns_of_parquet_are_refused(tmp_path, read):
    for column in (pa.array([["65"]]), pa.array([{"a": "65"}])):
        assert "Received: " in refused(read, tmp_path, parquet(column), "p.parquet")


@DOORS
@pytest.mark.parametrize("kind", [pa.string(), pa.int64(), pa.float64(), pa.null()], ids=str)
def test_null_of_parquet_is_refused_with_its_row(tmp_path, read, kind):
    said = refused(read, tmp_path, parquet(pa.nulls(2, kind), row=pa.array([5, 12])), "p.parquet")
    assert "prediction is missing or null in 2 rows, the first is row 5 of interpolate" in said


@DOORS
@pytest.mark.parametrize("row", [[1.0], [True], ["1"], [Decimal("1")]], ids=str)
def test_a_row_of_parquet_is_an_integer(tmp_path, read, row):
    said = refused(read, tmp_path, parquet(pa.array(["7"]), row=pa.array(row)), "p.parquet")
    assert "row must be a 64-bit integer. Received: " in said


@DOORS
def test_rows_of_parquet_may_have_any_width(tmp_path, read):
    for kind in SIGNED + UNSIGNED:
        table = read(tmp_path, parquet(pa.array(["7"]), row=pa.array([100], kind)), "p.parquet")
        assert table["row"].type == pa.int64() and table["row"].to_pylist() == [100]
    wide = parquet(pa.array(["7", "8"]), row=pa.array([1, 1 << 63], pa.uint64()))
    assert "Received: 9223372036854775808 in record 2" in refused(read, tmp_path, wide, "p.parquet")


def test_folders_and_names_do_not_change_what_a_file_is(tmp_path):
    """Not a column of a folder that is called name=value, and Parquet by any name is Parquet."""
    folder = tmp_path / "split=extrapolate"
    folder.mkdir()
    for name in ("p.parquet", "p", "p.csv", "p.jsonl"):
        assert own(folder, parquet(pa.array(["7"])), name)["split"].to_pylist() == ["interpolate"]


def test_files_may_be_compressed(tmp_path):
    text = (HEADER + "interpolate,0,007\n").encode()
    assert own(tmp_path, gzip.compress(text), "p.csv.gz")["prediction"].to_pylist() == ["007"]
    assert own(tmp_path, gzip.compress(line("7")), "P.JSONL.GZ")["prediction"].to_pylist() == ["7"]
    for data in (text, gzip.compress(text)[:-9], b""):
        assert "p.csv.gz" in refused(own, tmp_path, data, "p.csv.gz")


@pytest.mark.parametrize("name", ["p.parquet", "p.txt", "p", "p.tsv"])
def test_a_file_of_another_kind_is_refused(tmp_path, name):
    said = refused(own, tmp_path, line("7"), name)
    assert "is damaged or not Parquet" in said and ".jsonl, .json, .ndjson, .csv" in said


@DOORS
def test_a_column_twice_is_refused(tmp_path, read):
    arrays = [pa.array(["interpolate"]), pa.array([0]), pa.array(["7"]), pa.array(["8"])]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, ["split", "row", "prediction", "prediction"]), sink)
    refused(read, tmp_path, sink.getvalue(), "p.parquet")


@SMALL
@given(answers=st.lists(TEXT | st.integers(-(1 << 63), (1 << 63) - 1).map(str), min_size=1, max_size=6))
def test_all_kinds_of_files_say_the_same(tmp_path, answers):
    lines = b"".join(line(json.dumps(answer), row) for row, answer in enumerate(answers))
    with (tmp_path / "p.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
            [("split", "row", "prediction"), *(("interpolate", i, a) for i, a in enumerate(answers))]
        )
    tables = [
        own(tmp_path, lines),
        foreign(tmp_path, lines),
        own(tmp_path, parquet(pa.array(answers)), "p.parquet"),
        foreign(tmp_path, parquet(pa.array(answers)), "p.parquet"),
        read_predictions(tmp_path / "p.csv"),
        from_mapping(dict(enumerate(answers)), "interpolate"),
    ]
    assert all(table.equals(tables[0]) for table in tables)


# Python


@given(integer=INTEGERS)
@settings(deadline=None)
def test_integers_of_python_are_exact(integer):
    assert from_mapping({0: integer}, "train")["prediction"].to_pylist() == [decimal(integer)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(BIG), str(BIG)),
        (np.uint64(2**64 - 1), str(2**64 - 1)),
        (np.int8(-5), "-5"),
        (np.str_("007"), "007"),
        (0, "0"),
        (None, None),
    ],
)
def test_values_of_numpy_and_none(value, text):
    table = from_mapping({np.int32(3): value}, "train")
    assert table.to_pylist() == [{"split": "train", "row": 3, "prediction": text}]


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        1e300,
        float("nan"),
        np.float64(1),
        True,
        np.bool_(True),
        b"1",
        [1],
        {},
        (1,),
        Fraction(2, 1),
        Decimal(1),
        1j,
        np.array(1),
        np.array([1]),
        pa.scalar(1),
        object(),
    ],
    ids=range(17),
)
def test_no_other_value_of_python_is_an_answer(value):
    said = refused(from_mapping, {7: "1", 12: value}, "train")
    assert (
        said.startswith("an answer must be text or an integer. Received: ") and "in row 12 of train" in said
    )


@pytest.mark.parametrize(
    "row",
    [1.0, True, np.bool_(True), "1", None, (1,), float("nan"), 10**30, -(10**5000)],
    ids=range(9),
)
def test_a_key_is_a_row_number(row):
    assert "row" in refused(from_mapping, {row: "1"}, "train")


def test_a_lone_surrogate_is_refused():
    assert "in row 1 of train" in refused(from_mapping, {0: "\U0001f600", 1: "\ud800"}, "train")


@pytest.mark.parametrize(
    "predictions", [["1"], ("1",), None, 5, 1.5, b"p.jsonl", np.array(["1"]), pa.table({})], ids=repr
)
def test_only_a_mapping_or_a_file_has_predictions(predictions):
    said = refused(lambda: mathbench.score(predictions, "gcd"))
    assert "a dict from row number to answer, or a file. Received: " in said


LONG = {"digits": 18, "shortest": 17, "train": 0, "validation": 0, "interpolate": 30, "extrapolate": 0}


def test_long_integers_are_scored_right(tmp_path):
    """Answers of 17 to 19 digits, which a double does not hold."""
    rows = mathbench.load("addition", **LONG)["interpolate"]
    answers = {row["row"]: int(row["answer"]) for row in rows}
    assert sum(int(float(answer)) != answer for answer in answers.values()) > 15
    lines = b"".join(line(answer, row) for row, answer in answers.items())
    columns = pa.array(list(answers.values())), pa.array(list(answers))
    (tmp_path / "p.jsonl").write_bytes(lines)
    (tmp_path / "p.parquet").write_bytes(parquet(columns[0], row=columns[1]))
    (tmp_path / "p.csv").write_text(HEADER + "".join(f"interpolate,{r},{a}\n" for r, a in answers.items()))
    for given_ in (answers, *(tmp_path / name for name in ("p.jsonl", "p.parquet", "p.csv"))):
        assert mathbench.score(given_, "addition", **LONG).total.correct == 30
    assert mathbench.score({**answers, 0: answers[0] + 1}, "addition", **LONG).total.correct == 29


def test_nothing_is_normalised():
    """Spaces, digits of other scripts and leading zeros are other text."""
    rows = mathbench.load("addition", **LONG)["interpolate"]
    right = {row["row"]: row["answer"] for row in rows}
    full_width = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")
    for change in (" {}".format, "{} ".format, "{}\n".format, "{}\0".format, "0{}".format, "+{}".format):
        assert (
            mathbench.score({r: change(a) for r, a in right.items()}, "addition", **LONG).total.correct == 0
        )
    wide = {r: a.translate(full_width) for r, a in right.items()}
    assert mathbench.score(wide, "addition", **LONG).total.correct == 0
    assert mathbench.score(right, "addition", **LONG).total.correct == 30
