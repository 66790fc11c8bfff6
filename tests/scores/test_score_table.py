"""Tables of predictions against a dataset: what counts as right, and which tables are refused."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.scores.predictions import COLUMNS, from_mapping, read_predictions, score_table
from mathbench.scores.results import Score

DATA = Data.generate(task("addition", digits=2), {"validation": 5, "interpolate": 6})


def answers(data=DATA, **changes):
    """The right answers of the splits `changes`, with these answers in front of them."""
    columns = {name: [] for name in COLUMNS}
    for split, spoilt in changes.items():
        rows = data.splits[split].to_pydict()
        columns["split"] += [split] * len(rows["row"])
        columns["row"] += rows["row"]
        columns["prediction"] += spoilt + rows["answer"][len(spoilt) :]
    return pa.table({name: pa.array(columns[name], kind) for name, kind in COLUMNS.items()})


def refused(table):
    with pytest.raises(InputError) as error:
        score_table(table, DATA)
    return str(error.value)


def test_every_split_of_a_table_is_scored():
    scores = score_table(answers(validation=["x"], interpolate=["x", None]), DATA)
    assert {split: score.total for split, score in scores.items()} == {
        "validation": Score(5, 4),
        "interpolate": Score(6, 4),
    }
    assert all(score.steps is None for score in scores.values())
    for split, score in scores.items():
        strata = DATA.splits[split]["stratum"].to_pylist()
        assert {name: s.n for name, s in score.strata.items()} == {
            name: strata.count(name) for name in strata
        }
        assert list(score.strata) == sorted(score.strata)


def test_steps_are_scored_besides_the_answer():
    data = Data.generate(task("addition", digits=2, format="scratchpad"), {"interpolate": 3})
    written, other, _ = data.splits["interpolate"]["answer"].to_pylist()
    assert written.count("=") == other.count("=") > 0
    plain = written.rpartition("=")[2]
    score = score_table(answers(data, interpolate=[other.rpartition("=")[0] + "=" + plain]), data)[
        "interpolate"
    ]
    assert (score.total, score.steps) == (Score(3, 3), Score(3, 2))


def test_a_table_that_belongs_to_something_else_is_refused():
    table = answers(interpolate=[])
    splits = pa.array(["train"] * 6)
    assert refused(table.set_column(0, "split", splits)) == (
        "the data has no split 'train'. Allowed: validation, interpolate."
    )
    for tasks, foreign in ((["gcd", "addition"], "gcd"), (["gcd", "addition", "gcd", "b"], "b, gcd")):
        names = [DATA.task.name if name == "addition" else name for name in tasks]
        mixed = table.slice(0, len(names)).append_column("task", pa.array(names))
        assert refused(mixed) == (
            f"predictions must be for {DATA.task.name}. Received: predictions for {foreign}."
        )
    ours = table.append_column("task", pa.array([DATA.task.name] * 6))
    assert score_table(ours, DATA) == score_table(table, DATA)


def test_a_table_without_rows_or_a_column_is_refused():
    table = answers(interpolate=[])
    assert refused(table.slice(0, 0)) == "there is nothing to score. Received: 0 predictions."
    for name in COLUMNS:
        missing = f"predictions require the columns split, row and prediction. '{name}' is missing."
        assert refused(table.drop_columns(name)) == missing


def test_a_run_directory_is_read(tmp_path):
    table = answers(interpolate=[])
    pq.write_table(table, tmp_path / "predictions.parquet")
    assert read_predictions(tmp_path) == read_predictions(tmp_path / "predictions.parquet") == table


@pytest.mark.parametrize("name", ["split", "row"])
def test_a_file_without_rows_or_splits_is_refused(tmp_path, name):
    table, path = answers(interpolate=[]), tmp_path / "p.parquet"
    nulls = pa.array([None, *table[name].to_pylist()[1:]], COLUMNS[name])
    pq.write_table(table.set_column(list(COLUMNS).index(name), name, nulls), path)
    with pytest.raises(InputError, match=f"{name} is missing or null in 1 row"):
        read_predictions(path)
    pq.write_table(table.drop_columns(name), path)
    with pytest.raises(InputError, match=f"the column '{name}' is missing"):
        read_predictions(path)


def test_a_file_with_text_that_is_no_unicode_is_refused(tmp_path):
    table, path = answers(interpolate=[]), tmp_path / "p.parquet"
    raw = pa.py_buffer(b"\xff"), pa.py_buffer(np.array([0, 1, 1, 1, 1, 1, 1], np.int32))
    values = pa.Array.from_buffers(pa.string(), 6, [None, *raw[::-1]])
    pq.write_table(table.set_column(2, "prediction", values), path)
    with pytest.raises(InputError, match=r"is damaged or not Parquet: .*Invalid UTF8"):
        read_predictions(path)


def test_an_entry_of_a_mapping_is_named_by_its_number():
    with pytest.raises(InputError, match=r"entry 2\.$"):
        from_mapping({0: "1", 5: 1.5}, "interpolate")


def test_a_file_that_is_no_parquet_is_refused_in_one_line(tmp_path):
    path = tmp_path / "p.parquet"
    path.write_bytes(bytes(99))
    with pytest.raises(InputError) as error:
        read_predictions(path)
    assert str(error.value).startswith(f"{path} is damaged or not Parquet: ")
    assert "Parquet magic bytes not found" in str(error.value) and str(error.value).isprintable()
