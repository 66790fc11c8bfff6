"""Datasets that are exported: which part of them, and that damaged ones are refused with nothing written."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.errors import CheckFailed, InputError
from mathbench.interop.source import Measures, open_source
from tests.commands import outcome

FILE = "data/interpolate-00000-of-00001-subtraction-base10-digits2.parquet"
KINDS = ("lm-eval", "inspect", "hub", "jsonl", "csv", "txt", "npz", "tfrecord")


@pytest.fixture
def damaged(differences, tmp_path):
    """A copy of the dataset whose interpolate split is damaged in a way."""

    def damage(way):
        folder = tmp_path / "data"
        shutil.copytree(differences, folder)
        path = folder / FILE
        if way == "missing":
            path.unlink()
        elif way == "cut":
            path.write_bytes(path.read_bytes()[:-100])
        elif way == "other answers":
            table = pq.read_table(path)
            answers = pa.array([*table["answer"].to_pylist()[:-1], "7"])
            pq.write_table(table.set_column(1, "answer", answers), path)
        else:
            pq.write_table(pq.read_table(path), path, compression="gzip")
        return folder

    return damage


@pytest.mark.parametrize("way", ["missing", "cut", "other answers", "other bytes"])
def test_a_damaged_file_is_an_error_that_names_it(damaged, way):
    with pytest.raises(CheckFailed, match="interpolate-00000-of-00001"):
        open_source(str(damaged(way))).check()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_of_a_damaged_dataset(damaged, kind, tmp_path):
    folder = damaged("other answers")
    code, out, err = outcome("export", kind, folder, tmp_path / "out")
    assert (code, out, err.count("\n")) == (1, "", 1) and "is damaged" in err and FILE in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_only_what_is_exported_is_read(damaged, tmp_path):
    folder = damaged("missing")
    assert outcome("export", "jsonl", folder, tmp_path / "out", "--split", "train")[0] == 0
    assert [path.name for path in (tmp_path / "out").rglob("*.jsonl")] == ["train.jsonl"]


def test_solved_examples_are_checked_too(differences, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(differences, folder)
    next(folder.glob("data/train-*")).unlink()
    code, _, err = outcome("export", "lm-eval", folder, tmp_path / "out")
    assert code == 1 and "train-00000-of-00001" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--split", "test"], "no split 'test' to export"),
        (["--config", "sums"], "no configuration 'sums'"),
        (["--config", "subtraction-base10"], "Did you mean 'subtraction-base10-digits2'?"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest_one(differences, tmp_path, words, message):
    code, out, err = outcome("export", "csv", differences, tmp_path / "out", *words)
    assert (code, out, err.count("\n")) == (2, "", 1) and message in err
    assert not any(tmp_path.iterdir())


def test_a_folder_that_is_no_dataset_is_refused(tmp_path):
    code, _, err = outcome("export", "jsonl", tmp_path, tmp_path / "out")
    assert code == 2 and "manifest.json is missing" in err
    with pytest.raises(InputError, match="does not exist"):
        open_source(str(tmp_path / "none"))


def test_measures_are_those_of_the_text():
    table = pa.table({"question": ["1+1", "12+3"], "answer": ["2", "15"], "stratum": ["a", "bcd"]})
    measures = Measures()
    measures.update(table)
    measures.update(pa.table({"question": ["é\n"], "answer": ["ß"], "stratum": ["x"]}))
    assert (measures.question, measures.answer, measures.stratum) == (4, 2, 3)
    assert measures.characters == set("1+2351é\nß")
    assert measures.lines


def test_a_dry_run_checks_and_writes_nothing(damaged, differences, tmp_path):
    code, _, err = outcome("export", "npz", differences, tmp_path / "out", "--dry-run")
    assert code == 0 and "86 rows would be written" in err and not (tmp_path / "out").exists()
    assert outcome("export", "npz", damaged("cut"), tmp_path / "out", "--dry-run")[0] == 1
