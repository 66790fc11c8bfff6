"""Reading and checking a run: what is scored, what is refused, and that no manifest can cause a traceback."""

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.submission import Manifest, Submission, open_submission
from mathbench.scores import strict_json

from .conftest import SIZES, manifest, replaced, right, truth, write_run


def scores(run):
    return {split: scored.total for split, scored in check_submission(open_submission(run)).scores.items()}


def test_right_answers_score_1(run):
    checked = check_submission(open_submission(run()))
    assert all(scored.total.exact_match == 1 for scored in checked.scores.values())
    assert checked.differences == ()
    assert all(solved.exact_match == 1 for solved in checked.solver.values())


def test_perturbed_answers_score_0(run):
    assert {score.correct for score in scores(run(wrong=1000)).values()} == {0}


def test_only_the_whole_answer_counts(run, task):
    for change in (
        lambda p: " " + p,
        lambda p: p + " ",
        lambda p: "0" + p,
        lambda p: p[:-1],
        lambda p: "+" + p,
    ):
        table = right(task)
        changed = pa.array([change(p) for p in table["prediction"].to_pylist()])
        assert scores(run(predictions=table.set_column(2, "prediction", changed)))["interpolate"].correct == 0


def test_strata_add_up(run):
    scored = check_submission(open_submission(run(wrong=40))).scores["interpolate"]
    assert sum(s.n for s in scored.strata.values()) == scored.total.n == 300
    assert sum(s.correct for s in scored.strata.values()) == scored.total.correct == 260


def test_the_order_of_predictions_does_not_matter(run, task):
    table = right(task)
    mixed = table.take(np.random.default_rng(0).permutation(len(table)))
    one, other = open_submission(run()), open_submission(run(predictions=mixed))
    assert one.predictions_digest == other.predictions_digest
    assert check_submission(other).scores["extrapolate"].total.correct == 200


def test_missing_rows_count_as_wrong(run, task):
    assert scores(run(predictions=right(task).slice(100, 300))) == {
        "interpolate": scored(300, 200),
        "extrapolate": scored(200, 100),
    }
    none = scores(run(predictions=truth(task, "interpolate", 300)))
    assert none["extrapolate"] == scored(200, 0)


def scored(n, correct):
    from mathbench.scores.results import Score

    return Score(n, correct)


def changed(table, column, row, value):
    values = table[column].to_pylist()
    values[row] = value
    kind = table.schema.field(column).type
    return table.set_column(table.schema.get_field_index(column), column, pa.array(values, kind))


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("row", 300, "1 unknown, the first: 300"),
        ("row", -1, "1 unknown, the first: -1"),
        ("row", 7, "1 repeated, the first: 7"),
        ("split", "train ", "'train '"),
        ("task", "gcd", "1 rows of tasks other than addition"),
        ("prediction", "9" * 10_001, "more than 10,000 bytes in 1 rows"),
        ("prediction", None, "missing or null in 1 row"),
    ],
)
def test_foreign_rows_are_refused(run, task, column, value, words):
    with pytest.raises(InputError, match=words):
        check_submission(open_submission(run(predictions=changed(right(task), column, 0, value))))


def test_many_foreign_rows_are_counted(run, task):
    table = right(task)
    for row, value in enumerate((500, 400, 900, 800)):
        table = changed(table, "row", row, value)
    with pytest.raises(InputError, match="4 unknown, the first: 400, 500, 800"):
        check_submission(open_submission(run(predictions=table)))


def test_a_split_without_rows_is_refused(run, task):
    with pytest.raises(InputError, match=r"have no rows\. Received: 'extrapolate'"):
        check_submission(
            open_submission(run(data={"seed": 0, "sizes": {"interpolate": 300}, "digest": None}))
        )


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"row": [1]}),
        pa.table({"split": ["interpolate"], "row": [1.0], "prediction": ["1"], "task": ["t"]}),
        pa.table({"split": ["interpolate"], "row": [1], "prediction": [1], "task": ["t"]}),
        pa.table({"split": ["a"], "row": [1], "prediction": ["1"], "task": ["t"], "answer": ["1"]}),
    ],
)
def test_other_columns_are_refused(run, table):
    with pytest.raises(InputError, match=r"predictions\.parquet"):
        open_submission(run(predictions=table))


def test_dictionaries_and_large_strings_are_read(run, task):
    table = right(task)
    for kind in (pa.dictionary(pa.int32(), pa.string()), pa.large_string()):
        other = table.set_column(2, "prediction", table["prediction"].cast(kind))
        assert scores(run(predictions=other))["interpolate"].correct == 300


def test_a_text_repeated_beyond_measure_is_refused(run, task):
    table = pa.table(
        {
            "split": pa.array(["interpolate"] * 50_000),
            "row": np.arange(50_000),
            "prediction": pa.array(["9" * 9_999] * 50_000),
            "task": pa.array([task.name] * 50_000),
        }
    )
    path = run(predictions=table)
    assert (path / "predictions.parquet").stat().st_size < 1_000_000
    with pytest.raises(InputError, match="decompresses to more than"):
        open_submission(path)


def test_predictions_of_another_run_are_refused(run):
    path, other = run(), run(wrong=3)
    (path / "predictions.parquet").write_bytes((other / "predictions.parquet").read_bytes())
    with pytest.raises(InputError, match="does not match the manifest"):
        open_submission(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"a": NaN}',
        '{"a": 1, "a": 1}',
        "[" * 100_000,
        '"\\ud800"',
        "\xff",
        "1" * 5000,
        "1e999",
    ],
)
def test_broken_json_is_refused(run, text):
    path = run()
    (path / "result.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError):
        open_submission(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"surprise": 1}, "unknown key 'surprise'"),
        ({"schema_version": 2}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
        ({"baseline": ""}, "baseline"),
        ({"baseline": "x" * 201}, "at most 200"),
        ({"baseline": "a\nb"}, "printable"),
        ({"baseline": "\x1b[31mred"}, "printable"),
        ({"baseline": "a\u202eb"}, "printable"),
        ({"baseline": ["a"]}, "baseline"),
        ({"parameters": float("nan")}, "NaN is not a number"),
        ({"parameters": -1}, "parameters"),
        ({"parameters": 1 << 70}, "parameters"),
        ({"recipe": {"lr": float("inf")}}, "Infinity is not a number"),
        ({"recipe": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "nested"),
        ({"task": {"id": "aditon-v1", "name": "x", "parameters": {}}}, "Did you mean 'addition'"),
        ({"task": {"id": "addition-v9", "name": "x", "parameters": {}}}, "unknown version"),
        ({"task": {"id": "addition-v1", "name": "x", "parameters": {"name": 3}}}, "no parameter 'name'"),
        ({"task": {"id": "addition-v1", "name": "x", "parameters": {"digits": 0}}}, "digits"),
        ({"task": {"id": "addition-v1", "name": "x", "parameters": {"digits": None}}}, "digits"),
        ({"task": {"id": "addition-v1", "name": "x", "parameters": {}}}, "of the task 'addition-base10'"),
        ({"data": {"seed": 0, "sizes": {"test": 5}, "digest": None}}, "unknown key 'test'"),
        ({"data": {"seed": 1 << 64, "sizes": {"interpolate": 5}, "digest": None}}, "seed"),
        (
            {"data": {"seed": 0, "sizes": {"interpolate": 10**12, "extrapolate": 200}, "digest": None}},
            "at most 1,000,000 rows",
        ),
        ({"data": {"seed": 0, "sizes": {}, "digest": None}}, "have no rows"),
    ],
)
def test_a_wrong_manifest_is_refused(run, changes, words):
    with pytest.raises(InputError, match=words) as refusal:
        check_submission(open_submission(run(**changes)))
    assert (
        "\n" not in str(refusal.value) and len(str(refusal.value)) < 400 and str(refusal.value).isprintable()
    )


def test_more_rows_than_a_split_holds_are_refused(run):
    small = make_task("addition", digits=1)
    document = manifest(small, sizes=SIZES, predictions_sha256="0" * 64)
    with pytest.raises(InputError, match="holds"):
        check_submission(
            Submission(Manifest(document), right(small, {"interpolate": 1}).drop_columns("task"))
        )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def leaves(document, path=()):
    yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, (*path, key))


PLACES = sorted(leaves(manifest(make_task("addition", digits=2))))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.sampled_from(PLACES), value=ANYTHING, drop=st.booleans(), extra=st.text(max_size=5))
def test_no_manifest_causes_a_traceback(place, value, drop, extra):
    """Whatever stands anywhere in a manifest: it is read, or refused with one printable line."""
    document = json.loads(json.dumps(manifest(make_task("addition", digits=2), predictions_sha256="0" * 64)))
    if not place:
        document = value
    else:
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        if drop:
            inner[extra] = inner.pop(place[-1])
    try:
        assert len(Manifest(strict_json.parse(json.dumps(document).encode())).digest) == 64
    except InputError as error:
        assert str(error).isprintable(), error


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_no_bytes_cause_a_traceback(data):
    try:
        Manifest(strict_json.parse(data))
    except InputError as error:
        assert str(error).isprintable(), error


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_damage_to_predictions_causes_a_traceback(tmp_path, data):
    task = make_task("addition", digits=2)
    path = write_run(tmp_path / "run", manifest(task), replaced(right(task), 3))
    file = path / "predictions.parquet"
    raw = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    damaged = bytes(raw[:cut]) if data.draw(st.booleans()) else bytes(raw)
    file.write_bytes(damaged)
    told = json.loads((path / "result.json").read_text())
    told["predictions_sha256"] = hashlib.sha256(damaged).hexdigest()
    (path / "result.json").write_text(json.dumps(told))
    try:
        check_submission(open_submission(path))
    except InputError as error:
        assert str(error).isprintable(), error


def test_what_was_packed_is_unpacked_again(run):
    sent = open_submission(run(wrong=4))
    back = Submission.from_stored(sent.manifest.document, sent.predictions_bytes())
    assert back.digest == sent.digest and back.predictions.equals(sent.predictions)


def test_the_digest_sees_what_matters(run, task):
    digests = {
        open_submission(path).digest for path in (run(), run(wrong=1), run(seed=1), run(baseline="other"))
    }
    assert len(digests) == 4
    table = right(task)
    moved = changed(
        changed(table, "prediction", 0, table["prediction"][0].as_py() + "1"), "prediction", 1, ""
    )
    assert (
        open_submission(run(predictions=moved)).predictions_digest
        != open_submission(run()).predictions_digest
    )


def test_predictions_may_be_dictionary_encoded_in_the_store(run, tmp_path):
    sent = open_submission(run())
    table = sent.predictions.set_column(0, "split", sent.predictions["split"].dictionary_encode())
    pq.write_table(table, tmp_path / "p.parquet")
    back = Submission.from_stored(sent.manifest.document, (tmp_path / "p.parquet").read_bytes())
    assert back.digest == sent.digest
