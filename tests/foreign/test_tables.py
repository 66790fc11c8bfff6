"""Tables of other tools: columns, splits, and values that are no answers."""

import csv
import gzip
import io
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.dataset.read import open_dataset
from mathbench.errors import InputError
from mathbench.interop import tables, untrusted_files
from mathbench.interop.tables import Columns, Cut
from tests.commands import run

ROWS = [
    {"question": f"{n} + {n}", "answer": str(2 * n), "topic": "odd" if n % 2 else "even"} for n in range(100)
]


def write(path, rows):
    """Write rows as the format that a path names."""
    if path.name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    buffer = io.StringIO()
    if ".csv" in path.name:
        writer = csv.DictWriter(buffer, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    else:
        buffer.write("".join(json.dumps(row) + "\n" for row in rows))
    data = buffer.getvalue().encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.name.endswith(".gz") else data)
    return path


def kind_of(path):
    """The command for a file."""
    return re.search("csv|jsonl|parquet", str(path))[0]


def imported(folder, *words, kind, name):
    """Import files that are good; return the rows by split."""
    done = run("import", kind, *words, "--out", folder / "out", "--name", name, cwd=folder)
    assert done.returncode == 0, done.stderr
    data = open_dataset(folder / "out").data()
    return {split: table.to_pylist() for split, table in data.splits.items()}


def refused(folder, kind, *words):
    """Import what is refused; return the message. Nothing is written."""
    before = sorted(folder.rglob("*"))
    done = run("import", kind, *words, "--out", folder / "out", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert sorted(folder.rglob("*")) == before
    return done.stderr


@pytest.mark.parametrize("file", ["e.csv", "e.jsonl", "e.parquet", "e.csv.gz", "e.jsonl.gz"])
def test_every_format_gives_the_same_rows(tmp_path, file):
    write(tmp_path / file, ROWS)
    found = imported(tmp_path, file, "--stratum-column", "topic", kind=kind_of(file), name="e")
    assert list(found) == ["train", "validation", "interpolate"]
    rows = sorted((row for split in found.values() for row in split), key=lambda row: int(row["answer"]))
    assert [(row["question"], row["answer"], row["stratum"]) for row in rows] == [
        tuple(row.values()) for row in ROWS
    ]
    assert all([row["row"] for row in split] == list(range(len(split))) for split in found.values())
    # the same data, whatever the format, has the same name
    assert rows[0]["task"] == "imported-e-10b8a2edbf6a"


def test_the_split_of_a_row_depends_on_its_question_alone(tmp_path):
    write(tmp_path / "a.csv", ROWS)
    write(
        tmp_path / "b.csv",
        [{**row, "question": f"  {row['question']} ".replace("+", " +")} for row in ROWS[::-1]],
    )
    first = imported(tmp_path, "a.csv", kind="csv", name="a")
    again = imported(tmp_path, "b.csv", "--force", kind="csv", name="b")
    for split in first:
        assert [row["answer"] for row in first[split]] == [row["answer"] for row in again[split]][::-1]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_splits_are_named_by_files_or_by_a_column(tmp_path, kind):
    names = ("train", "valid", "test", "extrapolate")
    parts = {name: ROWS[10 * i : 10 * i + 10] for i, name in enumerate(names)}
    for name, rows in parts.items():
        write(tmp_path / f"{name}.{kind}", rows)
    by_file = imported(tmp_path, *(f"{name}={name}.{kind}" for name in names), kind=kind, name="x")
    (tmp_path / "one").mkdir()
    rows = [{**row, "split": name} for name, some in parts.items() for row in some]
    write(tmp_path / "one" / f"all.{kind}", rows)
    by_column = imported(tmp_path / "one", f"all.{kind}", "--split-column", "split", kind=kind, name="x")
    assert by_file == by_column
    assert [row["answer"] for row in by_file["interpolate"]] == [str(n) for n in range(40, 60, 2)]


def test_other_columns_and_shares(tmp_path):
    write(tmp_path / "e.csv", [{"q": row["question"], "a": row["answer"], "a2": "x"} for row in ROWS])
    found = imported(
        tmp_path,
        "e.csv",
        "--question",
        "q",
        "--answer",
        "a",
        "--shares",
        "interpolate=1",
        kind="csv",
        name="e",
    )
    assert list(found) == ["interpolate"] and [row["answer"] for row in found["interpolate"]] == [
        row["answer"] for row in ROWS
    ]


@pytest.mark.parametrize("file", ["e.jsonl", "e.parquet"])
def test_integers_are_answers_of_all_their_digits(tmp_path, file):
    big = 2**63 - 1
    write(tmp_path / file, [{"question": "a", "answer": big}, {"question": "b", "answer": -7}])
    found = imported(tmp_path, file, "--shares", "train=1", kind=kind_of(file), name="e")
    assert [row["answer"] for row in found["train"]] == [str(big), "-7"]


@pytest.mark.parametrize("file", ["e.jsonl", "e.parquet"])
@pytest.mark.parametrize("value", [1.0, True, None, [1], float("nan")])
def test_values_that_are_no_answers_are_refused(tmp_path, file, value):
    write(tmp_path / file, [{"question": "a", "answer": value}])
    error = refused(tmp_path, kind_of(file), file)
    assert "answer must be text or an integer" in error and file in error


@pytest.mark.parametrize("file", ["e.jsonl", "e.parquet"])
@pytest.mark.parametrize("value", [5, None, True])
def test_questions_must_be_text(tmp_path, file, value):
    write(tmp_path / file, [{"question": value, "answer": "1"}])
    assert "question must be text" in refused(tmp_path, kind_of(file), file)


@pytest.mark.parametrize("file", ["e.csv", "e.jsonl", "e.parquet"])
def test_empty_texts_are_refused(tmp_path, file):
    for row in ({"question": " ", "answer": "1"}, {"question": "a", "answer": " "}):
        write(tmp_path / file, [{"question": "b", "answer": "2"}, row])
        error = refused(tmp_path, kind_of(file), file, "--shares", "train=1")
        assert f"has an empty {'answer' if row['question'] == 'a' else 'question'}" in error


@pytest.mark.parametrize("file", ["e.csv", "e.jsonl", "e.parquet"])
def test_a_missing_column_is_named(tmp_path, file):
    write(tmp_path / file, [{"prompt": "a", "answer": "1"}])
    error = refused(tmp_path, kind_of(file), file)
    assert "the column 'question' is missing" in error and "prompt" in error


def test_columns_that_are_there_twice_are_refused(tmp_path):
    (tmp_path / "e.csv").write_text("question,answer,answer\na,1,2\n")
    assert "the column 'answer' appears twice" in refused(tmp_path, "csv", "e.csv")
    names = ["question", "answer", "answer"]
    pq.write_table(pa.table([["a"], ["1"], ["2"]], names=names), tmp_path / "e.parquet")
    assert "the column 'answer' appears twice" in refused(tmp_path, "parquet", "e.parquet")
    (tmp_path / "e.jsonl").write_text('{"question": "a", "answer": "1", "answer": "2"}\n')
    assert "line 1: a key appears twice" in refused(tmp_path, "jsonl", "e.jsonl")
    write(tmp_path / "e.csv", ROWS)
    assert "need columns of their own" in refused(tmp_path, "csv", "e.csv", "--answer", "question")
    for column in ("question", "answer"):
        assert f"{column} must be the name of a column" in refused(
            tmp_path, "csv", "e.csv", f"--{column}", ""
        )


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("e.csv", b"", "the column 'question' is missing"),
        ("e.csv", b"question,answer\n", "e.csv has no rows"),
        ("e.csv", b"question,answer\na,1,2\n", "line 2 must have 2 fields, as the header. Received: 3"),
        ("e.csv", b'question,answer\na,"1\n', "is not CSV: line 2"),
        ("e.csv", b"question,answer\na,\xff\n", "line 2 is not UTF-8 text"),
        ("e.csv", b"question,answer\n" + b"x" * 9001, "line 2 has more than 9,000 bytes"),
        ("e.jsonl", b"", "e.jsonl has no rows"),
        ("e.jsonl", b"[1]\n", "line 1: it must be one object"),
        ("e.jsonl", b'{"question": "a", "answer": "\xff"}\n', "line 1: it is not UTF-8 text"),
        ("e.jsonl", b'{"question": "' + b"a" * 9000, "line 1 has more than 9,000 bytes"),
        ("e.jsonl", b'{"a":' * 1000, "line 1: it is nested too deeply"),
        (
            "e.jsonl",
            gzip.compress(b'{"question": "a", "answer": "1"}\n', mtime=0)[:-9],
            "is cut off or damaged",
        ),
        (
            "e.csv",
            gzip.compress(b"question,answer\n" + b"a,1\n" * 9000, mtime=0)[:-30],
            "is cut off or damaged",
        ),
        ("e.parquet", b"PAR1" + b"x" * 99, "is damaged or not Parquet"),
        ("e.parquet", b"", "is damaged or not Parquet"),
    ],
)
def test_damaged_files_are_refused(tmp_path, monkeypatch, file, content, message):
    monkeypatch.setattr(untrusted_files, "MAX_LINE", 9000)
    (tmp_path / file).write_bytes(content)
    assert message in refused(tmp_path, kind_of(file), file)


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(untrusted_files, "FREE_BYTES", 1 << 16)
    (tmp_path / "e.csv").write_bytes(gzip.compress(b"question,answer\n" + b"a,1\n" * 200_000, 9, mtime=0))
    assert "expands to more than 200 times" in refused(tmp_path, "csv", "e.csv")


def test_wrong_requests_are_refused(tmp_path):
    write(tmp_path / "e.csv", [{**row, "split": "training"} for row in ROWS])
    assert "there is no file missing.csv" in refused(tmp_path, "csv", "missing.csv")
    assert "unknown split 'training'. Did you mean 'train'?" in refused(
        tmp_path, "csv", "e.csv", "--split-column", "split"
    )
    assert "unknown split 'tset'. Did you mean 'test'?" in refused(tmp_path, "csv", "tset=e.csv")
    assert "not by both" in refused(tmp_path, "csv", "test=e.csv", "--split-column", "split")
    for shares in (
        "train=0.5",
        "train=2,interpolate=-1",
        "train=nan,interpolate=1",
        "train",
        "trian=1",
        "train=x",
    ):
        assert "share" in (error := refused(tmp_path, "csv", "e.csv", "--shares", shares)) or "trian" in error
    for name in ("a/b", "a/../b", ""):
        assert "the name of a configuration" in refused(tmp_path, "csv", "e.csv", "--name", name)
    assert "names no user's home folder" in refused(tmp_path, "csv", "~nosuchuser/x")


def test_memory_is_bounded_by_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK_ROWS", 7)
    write(tmp_path / "e.jsonl", ROWS)
    pieces = list(tables.read_json_lines(tmp_path / "e.jsonl", Columns()))
    assert [table.num_rows for table in pieces] == [7] * 14 + [2]


def test_a_local_folder_is_loaded_by_datasets(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    folder = tmp_path / "exam"
    folder.mkdir()
    write(folder / "train.jsonl", ROWS[:60])
    write(folder / "test.jsonl", ROWS[60:])
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    found = imported(tmp_path, folder, "--stratum-column", "topic", kind="hf", name="exam")
    assert [len(found[split]) for split in found] == [60, 40] and list(found) == ["train", "interpolate"]
    assert found["interpolate"][0]["question"] == "60 + 60"
    assert "the column 'target' is missing" in refused(
        tmp_path, "hf", folder, "--answer", "target", "--force"
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "cannot be loaded by datasets.load_dataset" in refused(tmp_path, "hf", empty, "--force")


def test_a_share_is_about_what_is_asked_for(tmp_path):
    write(tmp_path / "e.csv", [{"question": f"{n}?", "answer": "1"} for n in range(4000)])
    found = imported(tmp_path, "e.csv", "--shares", "train=0.7,interpolate=0.3", kind="csv", name="e")
    # six standard deviations of 4,000 draws
    assert abs(len(found["train"]) - 2800) < 174 and len(found["train"]) + len(found["interpolate"]) == 4000


def test_shares_of_a_cut():
    with pytest.raises(InputError, match="add up to 1"):
        Cut({"train": 0.5})
    assert Cut.parse("train=0.25, interpolate=0.75").rule() == "train=0.25, interpolate=0.75"
