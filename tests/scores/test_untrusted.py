"""Files from strangers: every limit lies exactly where it is documented, and what is damaged is refused in one line."""

import gzip
import json
import zlib
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.errors import InputError
from mathbench.scores import untrusted
from mathbench.scores.predictions import COLUMNS, COLUMNS_WITH_TASK
from mathbench.scores.untrusted import compress_predictions, read_limited, read_untrusted


def made(texts):
    """A table of predictions; the split is short, so that only the texts are long."""
    return pa.table(
        {
            "split": pa.array(["s"] * len(texts), pa.string()),
            "row": pa.array(range(len(texts)), pa.int64()),
            "prediction": pa.array(texts, pa.string()),
        }
    )


def parquet(table, **options):
    sink = BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def lines(table):
    return "\n".join(json.dumps(row) for row in table.to_pylist()).encode()


FORMS = {"p.parquet": parquet, "p.jsonl": lines, "p.jsonl.gz": lambda table: gzip.compress(lines(table))}


def refusal(data, name, *shapes):
    with pytest.raises(InputError) as error:
        read_untrusted(data, name, *(shapes or (COLUMNS,)))
    return str(error.value)


def read(data, name):
    return read_untrusted(data, name, COLUMNS).num_rows


@pytest.mark.parametrize("name", FORMS)
def test_what_was_written_is_read(name):
    table = made(["1", "", "two\nlines", "9" * 10_000, "1"])
    found = read_untrusted(FORMS[name](table), name, COLUMNS_WITH_TASK, COLUMNS)
    assert found.equals(table) and found.schema.types == [pa.string(), pa.int64(), pa.string()]


@pytest.mark.parametrize("name", FORMS)
def test_no_row_more_than_allowed(name, monkeypatch):
    monkeypatch.setattr(untrusted, "MAX_ROWS", 5)
    write = FORMS[name]
    assert read(write(made("12345")), name) == 5
    assert refusal(write(made("123456")), name) == f"{name} has more than 5 rows. Received: 6."


def test_a_line_more_than_rows_allowed_is_refused_unread(monkeypatch):
    monkeypatch.setattr(untrusted, "MAX_ROWS", 5)
    assert read(lines(made("12345")) + b"\n", "p.jsonl") == 5
    message = "p.jsonl has more than 5 rows. Received: 6 lines."
    assert refusal(b"no JSON\n" * 6, "p.jsonl") == message


def test_rows_count_that_the_footer_or_its_groups_announce(monkeypatch):
    monkeypatch.setattr(untrusted, "MAX_ROWS", 5)
    data = parquet(made("123456"))
    # the first 64-bit integer of a footer is the number of rows, here 6
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for announced, most in ((1, 6), (60, 60)):
        forged = data[:start] + data[start:].replace(b"\x16\x0c", bytes([0x16, 2 * announced]), 1)
        assert refusal(forged, "p.parquet") == f"p.parquet has more than 5 rows. Received: {most}."


@pytest.mark.parametrize("name", FORMS)
def test_no_byte_of_a_prediction_more_than_allowed(name):
    write = FORMS[name]
    assert read(write(made(["1", "9" * 10_000])), name) == 2
    message = f"{name}: prediction has text of more than 10,000 bytes in 2 rows."
    assert refusal(write(made(["9" * 10_001, "9" * 10_000, "é" * 5_001])), name) == message


def test_no_byte_unpacked_more_than_allowed(monkeypatch):
    different = made([str(i) for i in range(1_000)])
    data = parquet(different, use_dictionary=False)
    announced = pq.ParquetFile(BytesIO(data)).metadata.row_group(0).total_byte_size
    monkeypatch.setattr(untrusted, "MAX_TEXT", announced)
    assert read(data, "p.parquet") == 1_000
    monkeypatch.setattr(untrusted, "MAX_TEXT", announced - 1)
    message = f"p.parquet decompresses to more than {announced - 1:,} bytes. Received: {announced:,}."
    assert refusal(data, "p.parquet") == message


def test_no_byte_of_repeated_text_more_than_allowed(monkeypatch):
    data = parquet(made(["9" * 100] * 1_000))
    monkeypatch.setattr(untrusted, "MAX_TEXT", 100_000)
    assert read(data, "p.parquet") == 1_000
    monkeypatch.setattr(untrusted, "MAX_TEXT", 99_999)
    message = "p.parquet: prediction decompresses to more than 99,999 bytes of text."
    assert refusal(data, "p.parquet") == message


def test_gzip_is_one_complete_stream_of_limited_size(monkeypatch):
    text = lines(made("123"))
    packed = gzip.compress(text)
    monkeypatch.setattr(untrusted, "MAX_JSON", len(text))
    assert read(packed, "p.jsonl.gz") == 3
    whole = "p.jsonl.gz must be a single complete gzip stream."
    for damaged in (packed[:-1], packed[:-9], packed + b"x", packed + packed):
        assert refusal(damaged, "p.jsonl.gz") == whole
    assert refusal(zlib.compress(text), "p.jsonl.gz").startswith("p.jsonl.gz is not gzip: ")
    monkeypatch.setattr(untrusted, "MAX_JSON", len(text) - 1)
    assert refusal(packed, "p.jsonl.gz") == f"p.jsonl.gz decompresses to more than {len(text) - 1:,} bytes."


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_limited(path, 5) == b"12345"
    with pytest.raises(InputError, match=r"^file is larger than 4 bytes\.$"):
        read_limited(path, 4)


def test_limits_are_those_of_the_documentation():
    assert (untrusted.MAX_FILE, untrusted.MAX_TEXT, untrusted.MAX_JSON) == (2**26, 2**28, 2**27)
    assert (untrusted.MAX_ROWS, untrusted.MAX_LINE) == (1_000_000, 2**17)


@pytest.mark.parametrize("name", FORMS)
def test_the_task_may_be_named_in_every_row_and_nothing_may_be_missing(name):
    table = made(["1", "2"])
    with_task = table.append_column("task", pa.array(["sums", "sums"]))
    for given in (with_task, table):
        assert read_untrusted(FORMS[name](given), name, COLUMNS_WITH_TASK, COLUMNS).equals(given)
    for column in COLUMNS_WITH_TASK:
        kind = COLUMNS_WITH_TASK[column]
        nulls = pa.array([None, with_task[column][1].as_py()], kind)
        spoilt = with_task.set_column(with_task.column_names.index(column), column, nulls)
        said = refusal(FORMS[name](spoilt), name, COLUMNS_WITH_TASK, COLUMNS)
        assert said.startswith(f"{name}: {column} is missing or null in 1 row")


@pytest.mark.parametrize("kind", [pa.float64(), pa.bool_()])
def test_only_text_is_an_answer(kind):
    table = made(["1", "0"])
    numbers = pa.array([1, 0]).cast(kind)
    assert f"Received: {kind}" in refusal(parquet(table.set_column(2, "prediction", numbers)), "p.parquet")
    refusal(lines(table.set_column(2, "prediction", numbers)), "p.jsonl")


def test_the_size_of_a_footer_is_limited():
    def announced(size):
        return refusal(b"PAR1" + b"\xff" * 20 + size.to_bytes(4, "little") + b"PAR1", "p.parquet")

    words = "p.parquet has a footer of more than 4,194,304 bytes. Received: 4,194,305."
    assert announced(4_194_305) == words
    assert "Received: 2,130,706,432." in announced(0x7F000000)
    assert announced(4_194_304).startswith("p.parquet is not a readable Parquet file: ")


def test_texts_and_lists_of_a_footer_are_limited():
    def with_metadata(values):
        sink, table = BytesIO(), made("1")
        with pq.ParquetWriter(sink, table.schema, store_schema=False) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata(values)
        return sink.getvalue()

    assert read(with_metadata({"k": "v" * 2**20}), "p.parquet") == 1
    assert read(with_metadata({f"k{i}": "" for i in range(20_000)}), "p.parquet") == 1
    for values in ({"k": "v" * (2**20 + 1)}, {f"k{i}": "" for i in range(20_001)}):
        assert "Exceeded size limit" in refusal(with_metadata(values), "p.parquet")


def test_text_may_be_dictionary_encoded_or_large_and_comes_back_plain():
    table = made(["1", "22", "1"])
    for kind in (pa.dictionary(pa.int32(), pa.string()), pa.large_string()):
        given = parquet(table.set_column(2, "prediction", table["prediction"].cast(kind)))
        assert read_untrusted(given, "p.parquet", COLUMNS).equals(table)
    data = compress_predictions(table)
    assert read_untrusted(data, "p.parquet", COLUMNS).equals(table)
    assert pq.ParquetFile(BytesIO(data)).metadata.row_group(0).column(2).compression == "ZSTD"


def test_a_file_of_another_format_is_told_the_names_of_this_one():
    hint = " Names of JSON lines end in .jsonl or .jsonl.gz."
    for name, end in (("p.parquet", ""), ("p.json", hint), (".jsonl.x", hint)):
        said = refusal(bytes(99), name)
        assert said.startswith(f"{name} is not a readable Parquet file: 'Parquet magic bytes not found")
        assert said.endswith("'." + end)


def test_lists_are_refused_before_they_are_read():
    table = made("12").set_column(2, "prediction", pa.array([["1"], ["2"]]))
    words = "p.parquet: prediction must be string. Received: list<element: string>."
    assert refusal(parquet(table), "p.parquet") == words


def test_shared_prefixes_are_refused():
    plain = {"split": "PLAIN", "row": "PLAIN", "prediction": "DELTA_BYTE_ARRAY"}
    data = parquet(made("12"), use_dictionary=False, column_encoding=plain)
    assert "DELTA_BYTE_ARRAY" in refusal(data, "p.parquet")


def test_a_text_repeated_beyond_measure_is_refused_before_it_is_repeated_in_memory(monkeypatch):
    data = parquet(made(["9" * 9_999] * 3_000))
    monkeypatch.setattr(untrusted, "MAX_TEXT", 1 << 20)
    before = pa.default_memory_pool()
    counted = pa.proxy_memory_pool(before)
    pa.set_memory_pool(counted)
    try:
        assert "decompresses to more than 1,048,576 bytes of text" in refusal(data, "p.parquet")
    finally:
        pa.set_memory_pool(before)
    assert counted.max_memory() < 9_999 * 300


def test_columns_are_exactly_those_of_a_shape():
    table = made("12")
    repeated = pa.Table.from_arrays([*table.columns, table["row"]], [*table.column_names, "row"])
    further = table.append_column("answer", table["prediction"])
    words = "p.parquet must have the columns split, row, prediction. Received: 'split', 'row', 'prediction'"
    assert refusal(parquet(repeated), "p.parquet") == words + "."
    assert refusal(parquet(further), "p.parquet") == words + ", 'answer'."


@pytest.mark.parametrize("name", FORMS)
def test_names_of_rows_may_be_there_and_are_not_read(name):
    table = made("12")
    for ids in (
        pa.array(["a", "b"]),
        pa.nulls(2, pa.string()),
        pa.array([[1], [2]]),
        pa.array(["9" * 20_000] * 2),
    ):
        given = FORMS[name](table.append_column("id", ids))
        assert read_untrusted(given, name, COLUMNS_WITH_TASK, COLUMNS).equals(table)
    other = FORMS[name](table.append_column("ids", table["prediction"]))
    assert "'ids'" in refusal(other, name)


def test_text_that_is_no_unicode_is_refused():
    values = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff")]
    )
    table = made("1").set_column(2, "prediction", values)
    for dictionary in (True, False):
        said = refusal(parquet(table, use_dictionary=dictionary), "p.parquet")
        assert said.startswith("p.parquet is not a readable Parquet file: '") and "Invalid UTF8" in said
        assert len(said) <= len("p.parquet is not a readable Parquet file: ''.") + 100


def test_a_file_without_rows_has_no_predictions():
    assert read(parquet(made(""), use_dictionary=False), "p.parquet") == 0
