"""Croissant metadata describes the files that lie beside it; `scripts/test-interop croissant` reads rows by it."""

import json
from fnmatch import fnmatch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mathbench
from mathbench.interop import croissant
from mathbench.rows import COLUMNS, OPTIONAL_COLUMNS
from tests.commands import outcome

FEW = {"train": 12, "validation": 0, "interpolate": 5, "extrapolate": 3}


def exported(tmp_path, folder, *words):
    """Export a dataset; return the folder and the metadata."""
    code, _, err = outcome("export", "croissant", folder, tmp_path / "out", *words)
    assert code == 0, err
    return tmp_path / "out", json.loads((tmp_path / "out" / "croissant.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def talking(tmp_path_factory):
    """A dataset with chats, labels and ids."""
    folder = tmp_path_factory.mktemp("data") / "talking"
    mathbench.generate("divisible", folder, ids=True, k=3, digits=3, messages=True, **FEW)
    return folder


def test_each_split_has_its_files_and_every_column_but_chats(tmp_path, talking):
    out, found = exported(tmp_path, talking)
    kinds = {pa.int64(): "sc:Integer", pa.string(): "sc:Text"}
    names = [path.relative_to(out).as_posix() for path in out.rglob("*.parquet")]
    assert len(found["distribution"]) == len(found["recordSet"]) == len(names) == 3
    for files, records in zip(found["distribution"], found["recordSet"], strict=True):
        (name,) = [name for name in names if fnmatch(name, files["includes"])]
        schema = pq.read_schema(out / name)
        columns = {f.name: f.type for f in schema if f.name != "messages"}
        assert records["@id"].endswith(name.split("/")[1].split("-")[0])
        assert {f["source"]["extract"]["column"]: f["dataType"] for f in records["field"]} == {
            name: kinds.get(getattr(kind, "value_type", kind)) for name, kind in columns.items()
        }
        assert {f["source"]["fileSet"]["@id"] for f in records["field"]} == {files["@id"]}


def test_every_column_has_a_description():
    assert {*croissant._DESCRIPTIONS, "messages"} == {*COLUMNS, *OPTIONAL_COLUMNS}


def test_what_is_left_out_is_not_described(tmp_path, talking):
    out, found = exported(tmp_path, talking, "--split", "train")
    assert [records["@id"].rpartition("/")[2] for records in found["recordSet"]] == ["train"]
    assert len(list(out.rglob("*.parquet"))) == 1


def test_generated_data_is_free_and_imported_data_is_not_said_to_be(tmp_path, talking, monkeypatch):
    assert exported(tmp_path / "own", talking)[1]["license"] == croissant.CC0
    lines = [{"question": f"{i}+1", "answer": str(i + 1), "split": "train"} for i in range(9)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.setenv("MATHBENCH_IMPORTED", str(tmp_path / "imported"))
    code, _, err = outcome("import", "jsonl", tmp_path / "rows.jsonl", "--out", tmp_path / "foreign")
    assert code == 0, err
    assert "license" not in exported(tmp_path / "their", tmp_path / "foreign")[1]
