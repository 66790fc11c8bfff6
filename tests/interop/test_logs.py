"""Logs of harnesses: what becomes of them, and that every kind of damage is one line with nothing written."""

import json
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mathbench
from mathbench.dataset.read import open_dataset
from mathbench.errors import InputError
from mathbench.interop.logs import inspect, lm_eval, model_log, submission, unpacking
from mathbench.interop.origin import Origin
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.submission import open_submission
from tests.commands import outcome

TASK, STAMP = "mathbench_x_interpolate", "2026-11-30T03-47-20.891129"
REVISION = ("--revision", "v1")


def origin_of(folder, split="interpolate"):
    dataset = open_dataset(folder)
    return Origin.of(dataset.config(), split).to_json()


def answers_to(rows):
    """Right, wrong, unsigned and chatty answers in turn."""
    forms = (
        lambda a: f" {a}\n",
        lambda a: f"{int(a) + 1}",
        lambda a: a.lstrip("-"),
        lambda a: f"It is {a}.",
    )
    return [forms[i % 4](row["answer"]) for i, row in enumerate(rows)]


def write_lm_eval_log(folder, rows, texts, origin, results=None, lines=None, filters=("strict",)):
    """Write a log as the harness does; return its folder."""
    folder.mkdir()
    document = {
        "configs": {
            TASK: {"task": TASK, "doc_to_text": "Q", "metadata": {"version": 1, "mathbench": origin}}
        },
        "config": {"model": "local-chat", "model_args": {"model": "parrot", "base_url": "http://secret"}},
        "n-shot": {TASK: 3},
        "n-samples": {TASK: {"original": origin["rows"], "effective": len(rows)}},
        "lm_eval_version": "0.4.13",
    }
    (folder / f"results_{STAMP}.json").write_text(json.dumps(document | (results or {})))
    made = [
        json.dumps({"doc": row, "resps": [[text]], "filter": name})
        for name in filters
        for row, text in zip(rows, texts, strict=True)
    ]
    (folder / f"samples_{TASK}_{STAMP}.jsonl").write_text("\n".join(made if lines is None else lines))
    return folder


def inspect_sample(row, text, split="interpolate", epoch=1, **changes):
    metadata = {"config": "c", "split": split, "row": row["row"], "question": row["question"]}
    sample = {"id": f"{split}-{row['row']}", "epoch": epoch, "target": row["answer"], "metadata": metadata}
    return sample | {"output": {"completion": text}} | changes


def inspect_header(origin, **changes):
    about = {
        "task": "sums",
        "model": "mockllm/parrot",
        "task_args": {"shots": 2},
        "metadata": {"mathbench": origin},
        "packages": {"inspect_ai": "0.3.285"},
        "config": {},
    }
    plan = {"steps": [{"solver": "generate", "params": {}}]}
    return {"version": 2, "status": "success", "plan": plan, "eval": about | changes}


def write_json_log(path, samples, header):
    path.write_text(json.dumps(header | {"samples": samples}))
    return path


def write_eval_log(path, samples, header, compression=zipfile.ZIP_DEFLATED):
    """Write an `.eval` file, of the entries of an archive or of samples."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("header.json", json.dumps(header))
        for sample in samples:
            archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
    return path


def with_zstandard(path):
    """Compress the members of an archive as Inspect does, which Python's own module cannot write."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    data, directory = b"", b""
    for name, plain in content.items():
        packed = pa.compress(plain, codec="zstd", asbytes=True)
        fields = (20, 0, 93, 0, 0, zlib.crc32(plain), len(packed), len(plain), len(name), 0)
        sizes = (2, 2, 2, 2, 2, 4, 4, 4, 2, 2)
        head = b"".join(value.to_bytes(size, "little") for value, size in zip(fields, sizes, strict=True))
        start = len(data).to_bytes(4, "little")
        directory += b"PK\x01\x02\x14\0" + head + bytes(10) + start + name.encode()
        data += b"PK\x03\x04" + head + name.encode() + packed
    numbers = (len(content), len(content), len(directory), len(data))
    end = b"".join(n.to_bytes(size, "little") for n, size in zip(numbers, (2, 2, 4, 4), strict=True))
    path.write_bytes(data + directory + b"PK\x05\x06" + bytes(4) + end + bytes(2))
    return path


def imported(kind, log, out, *words):
    """Import a log; return the numbers of its only configuration, and the manifest."""
    code, printed, err = outcome("import", kind, log, out, *REVISION, "--json", *words)
    assert code == 0, err
    (config,) = json.loads(printed)["configs"].values()
    return config, json.loads((out / "submission.json").read_text())


def refused(kind, log, out, message, *words):
    code, printed, err = outcome("import", kind, log, out, *(words or REVISION))
    assert (code, printed, err.count("\n")) == (2, "", 1), err
    assert message in err and not Path(out).exists(), err


@pytest.mark.parametrize("extract", ["whole", "last-number"])
def test_a_log_of_lm_eval_is_graded_again(differences, rows, tmp_path, extract):
    texts = answers_to(rows)
    # filters repeat every sample
    filters = ("strict", "boxed-v1")
    log = write_lm_eval_log(tmp_path / "log", rows, texts, origin_of(differences), filters=filters)
    config, document = imported("lm-eval", log, tmp_path / "out", "--extract", extract)
    grades = mathbench.grade_all(texts, [row["answer"] for row in rows], extract=extract)
    assert config["interpolate"]["correct"] == int(grades.right.sum()) and config["interpolate"]["n"] == 30
    assert document["supervision"] == "prompted" and document["model"]["name"] == "parrot"
    assert document["prompting"]["shots"] == 3 and document["prompting"]["extract"] == f"{extract}-v1"
    assert document["prompting"]["words"] == "lm-eval, 3 shots"
    assert "http://secret" not in json.dumps(document)
    checked = check_submission(open_submission(tmp_path / "out"))
    assert checked.scores["interpolate"].total.correct == int(grades.right.sum())
    assert checked.differences == ()


@pytest.mark.parametrize("form", ["json", "deflate", "zstandard"])
def test_a_log_of_inspect_is_graded_again(differences, rows, tmp_path, form):
    samples = [inspect_sample(row, text) for row, text in zip(rows, answers_to(rows), strict=True)]
    header = inspect_header(origin_of(differences))
    if form == "json":
        log = write_json_log(tmp_path / "log.json", samples, header)
    else:
        log = write_eval_log(tmp_path / "log.eval", samples, header)
        log = with_zstandard(log) if form == "zstandard" else log
    config, document = imported(
        "inspect", log, tmp_path / "out", "--model", "parrot", "--trained-on", "the web"
    )
    right = mathbench.grade_all(answers_to(rows), [row["answer"] for row in rows]).right.sum()
    assert config["interpolate"]["correct"] == right and config["interpolate"]["extraction"] == "whole-v1"
    assert document["model"] == {
        "name": "parrot",
        "revision": "v1",
        **dict.fromkeys(("weights_sha256", "framework", "parameters")),
    }
    assert document["training"]["data_digest"] == "the web" and document["training"]["external_data"]
    assert document["prompting"]["solvers"] == [{"solver": "generate", "params": {}}]


def test_how_a_model_was_asked_is_part_of_its_identity(differences, rows, tmp_path):
    texts = [f" {row['answer']}" for row in rows]
    log = write_lm_eval_log(tmp_path / "log", rows, texts, origin_of(differences))
    identities = []
    for name in ("whole", "last-number"):
        imported("lm-eval", log, tmp_path / name, "--extract", name)
        summary = open_submission(tmp_path / name).manifest.summary
        identities.append(json.dumps(summary.identity))
        assert summary.encoding == {"name": f"lm-eval, 3 shots, {name}-v1"}
        assert outcome("submit", tmp_path / name, "--board", tmp_path / "board.sqlite")[0] == 0
    assert len(set(identities)) == 2
    shown = outcome("leaderboard", "show", "--open", "--board", tmp_path / "board.sqlite", "--json")[1]
    assert shown.count('"parrot') == 2


def test_rows_without_an_answer_are_wrong(differences, rows, tmp_path):
    samples = [inspect_sample(row, row["answer"]) for row in rows[5:]]
    samples[0] |= {"error": {"message": "boom"}}
    log = write_json_log(tmp_path / "log.json", samples, inspect_header(origin_of(differences)))
    config, _ = imported("inspect", log, tmp_path / "out")
    numbers = config["interpolate"]
    assert (numbers["n"], numbers["answered"], numbers["failed"], numbers["correct"]) == (30, 24, 1, 24)
    _, _, err = outcome("import", "inspect", log, tmp_path / "out", *REVISION, "--force")
    assert "6 of 30 rows have no answer and count as wrong" in err


def test_the_first_rows_are_a_smaller_split_if_the_log_says_so(differences, rows, tmp_path):
    texts = answers_to(rows)
    log = write_lm_eval_log(tmp_path / "first", rows[:8], texts[:8], origin_of(differences))
    assert imported("lm-eval", log, tmp_path / "a")[1]["data"]["sizes"] == {"interpolate": 8}
    samples = [inspect_sample(row, text) for row, text in zip(rows[:8], texts, strict=False)]
    for limit, n in ((8, 8), (None, 30)):
        header = inspect_header(origin_of(differences), config={"limit": limit})
        log = write_json_log(tmp_path / f"{n}.json", samples, header)
        assert imported("inspect", log, tmp_path / f"b{n}")[1]["data"]["sizes"] == {"interpolate": n}
    # a limit that took other rows leaves the others out
    header = inspect_header(origin_of(differences), config={"limit": [2, 8]})
    log = write_json_log(tmp_path / "some.json", samples[2:], header)
    assert imported("inspect", log, tmp_path / "c")[1]["data"]["sizes"] == {"interpolate": 30}


def test_one_of_several_epochs_is_chosen(differences, rows, tmp_path):
    first = [inspect_sample(row, row["answer"]) for row in rows]
    second = [inspect_sample(row, "no", epoch=2) for row in rows]
    log = write_eval_log(tmp_path / "log.eval", first + second, inspect_header(origin_of(differences)))
    refused(
        "inspect", log, tmp_path / "out", "the log has 2 answers to each row of interpolate. Give --epoch"
    )
    refused("inspect", log, tmp_path / "out", "no epoch 3. Allowed: 1, 2.", *REVISION, "--epoch", "3")
    for epoch, correct in ((1, 30), (2, 0)):
        config, _ = imported("inspect", log, tmp_path / str(epoch), "--epoch", epoch)
        assert config["interpolate"]["correct"] == correct


def test_several_configurations_are_several_submissions(differences, rows, tmp_path):
    mathbench.generate("gcd", tmp_path / "gcd", train=0, validation=0, interpolate=4, extrapolate=0)
    dataset = open_dataset(tmp_path / "gcd")
    other = dataset.table(dataset.config(), "interpolate").to_pylist()
    origin, config = origin_of(differences), {"metadata": {"mathbench": origin_of(tmp_path / "gcd")}}
    log = write_lm_eval_log(tmp_path / "log", rows, answers_to(rows), origin)
    results = next(log.glob("results*"))
    document = json.loads(results.read_text())
    document["configs"] |= {"second": config, "mmlu": {"metadata": {"version": 1}}}
    results.write_text(json.dumps(document))
    lines = [json.dumps({"doc": row, "resps": [[row["answer"]]], "filter": "strict"}) for row in other]
    (log / f"samples_second_{STAMP}.jsonl").write_text("\n".join(lines))
    code, printed, _ = outcome("import", "lm-eval", log, tmp_path / "out", *REVISION, "--json")
    found = json.loads(printed)
    assert code == 0 and set(found["out"]) == {"subtraction-base10-digits2", "gcd-base10"}
    for path in found["out"].values():
        assert outcome("submit", path, "--dry-run")[0] == 0


def bad_results(change):
    """A log of lm-eval with other results."""

    def write(folder, rows, origin):
        return write_lm_eval_log(folder, rows, answers_to(rows), origin, results=change)

    return write


def bad_lines(*lines):
    def write(folder, rows, origin):
        return write_lm_eval_log(folder, rows, answers_to(rows), origin, lines=lines)

    return write


def changed_rows(change):
    def write(folder, rows, origin):
        return write_lm_eval_log(folder, [row | change(row) for row in rows], answers_to(rows), origin)

    return write


def changed_origin(**change):
    def write(folder, rows, origin):
        return write_lm_eval_log(folder, rows, answers_to(rows), origin | change)

    return write


def repeated(folder, rows, origin):
    return write_lm_eval_log(folder, [*rows, rows[3]], answers_to([*rows, rows[3]]), origin)


def unread(folder, rows, origin):
    return write_lm_eval_log(folder, rows, ["no"] * len(rows), origin)


def without_samples(folder, rows, origin):
    log = write_lm_eval_log(folder, rows, answers_to(rows), origin)
    next(log.glob("samples*")).unlink()
    return log


def renamed(name):
    def write(folder, rows, origin):
        return bad_results({"configs": {name: {"metadata": {"mathbench": origin}}}})(folder, rows, origin)

    return write


def cut(folder, rows, origin):
    log = write_lm_eval_log(folder, rows, answers_to(rows), origin)
    path = next(log.glob("results*"))
    path.write_text(path.read_text()[:-20])
    return log


def twice(folder, rows, origin):
    log = write_lm_eval_log(folder, rows, answers_to(rows), origin)
    (log / "results_2027.json").write_text("{}")
    return log


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (
            bad_results({"configs": {"mmlu": {"metadata": {"version": 1}}}}),
            "no task of `mathbench export lm-eval`",
        ),
        (bad_results({"configs": []}), "configs must be an object"),
        (bad_results({"configs": {TASK: {"metadata": {"mathbench": 7}}}}), "does not name its rows"),
        (renamed("a/../b"), "a task whose name is none of"),
        (renamed("\0"), "a task whose name is none of"),
        (cut, "is damaged"),
        (twice, "2 of them; name one"),
        (without_samples, "Run the evaluation with --log_samples"),
        (bad_lines("{"), "line 1 is damaged"),
        (bad_lines("[1]"), "line 1 must be an object"),
        (bad_lines('{"doc": {}, "resps": [["1"]]}'), "line 1: the row is missing"),
        (bad_lines('{"doc": {"row": true}, "resps": [["1"]]}'), "the row is missing"),
        (bad_lines('{"doc": {"row": 0}, "resps": [["1", "2"]]}'), "one answer to each question"),
        (
            bad_lines('{"doc": {"row": 0, "question": "1-1", "answer": "0"}, "resps": [[7]]}'),
            "text of the model",
        ),
        (bad_lines(""), "no samples of interpolate"),
        (bad_lines("[" * 100_000), "nested too deeply"),
        (repeated, "interpolate: each row may be answered once. Received: 1 repeated, the first: 3."),
        (changed_rows(lambda row: {"row": row["row"] + 1}), "rows must be from 0 to 29. Received: 1 others"),
        (changed_rows(lambda row: {"question": "1-1"}), "row 0 of interpolate has the question"),
        (changed_rows(lambda row: {"answer": "7"}), "row 0 of interpolate has the answer"),
        (changed_origin(seed=1), "the log is of other rows than it names"),
        (changed_origin(split="extrapolate"), "the log is of other rows than it names"),
        (changed_origin(task="nothing-v1"), "unknown task"),
        (changed_origin(parameters={"digits": "x"}), "digits"),
        (changed_origin(parameters=[1]), "parameters an object"),
        (changed_origin(rows=10**30), "rows"),
        (changed_origin(rows=50_000), "holds 513 different rows"),
        (changed_origin(split="test"), "unknown split 'test'"),
    ],
)
def test_bad_logs_of_lm_eval_are_one_line(differences, rows, tmp_path, write, message):
    log = write(tmp_path / "log", rows, origin_of(differences))
    refused("lm-eval", log, tmp_path / "out", message)


def test_splits_of_one_configuration_are_of_the_same_rows(differences, rows, tmp_path):
    """Two tasks of one log: the same split twice, or another split of another seed."""
    origin = origin_of(differences)
    samples = [model_log.Sample(r["row"], r["question"], r["answer"], r["answer"]) for r in rows]
    for change, message in (
        ({}, "the log has interpolate of subtraction-base10-digits2 twice"),
        ({"split": "extrapolate", "seed": 1}, "in the log are of different tasks or seeds"),
    ):
        other = model_log.SplitLog(Origin(**(origin | change)), samples, limited=False)
        log = model_log.ModelLog("m", "v1", "x 1", {"harness": "x"}, {})
        log.splits.extend([model_log.SplitLog(Origin(**origin), samples, limited=False), other])
        with pytest.raises(InputError, match=message):
            submission.grade_log(log, submission.ImportOptions())


def test_two_splits_are_one_submission(differences, rows, tmp_path):
    dataset = open_dataset(differences)
    far = dataset.table(dataset.config(), "extrapolate").to_pylist()
    log = write_lm_eval_log(tmp_path / "log", rows, answers_to(rows), origin_of(differences))
    results = next(log.glob("results*"))
    document = json.loads(results.read_text())
    document["configs"]["far"] = {"metadata": {"mathbench": origin_of(differences, "extrapolate")}}
    results.write_text(json.dumps(document))
    lines = [json.dumps({"doc": row, "resps": [[row["answer"]]], "filter": "strict"}) for row in far]
    (log / f"samples_far_{STAMP}.jsonl").write_text("\n".join(lines))
    config, manifest = imported("lm-eval", log, tmp_path / "out")
    assert manifest["data"]["sizes"] == {"interpolate": 30, "extrapolate": 10}
    assert config["extrapolate"]["correct"] == 10


def test_a_name_of_a_dataset_cannot_leave_the_docstring(tmp_path):
    name = 'a"""b\\'
    mathbench.generate("gcd", tmp_path / name, train=0, validation=0, interpolate=2, extrapolate=0)
    assert outcome("export", "inspect", tmp_path / name, tmp_path / "out")[0] == 0
    for path in (tmp_path / "out").rglob("*.py"):
        compile(path.read_text("utf-8"), path.name, "exec")


def test_an_extraction_that_reads_nothing_is_refused(differences, rows, tmp_path):
    log = unread(tmp_path / "log", rows, origin_of(differences))
    words = (*REVISION, "--extract", "boxed")
    refused("lm-eval", log, tmp_path / "out", "boxed-v1 reads nothing in the 30 answers", *words)


def test_what_the_log_does_not_say_is_asked_for(differences, rows, tmp_path):
    log = write_lm_eval_log(tmp_path / "log", rows, answers_to(rows), origin_of(differences))
    refused(
        "lm-eval", log, tmp_path / "out", "no revision of the model: give --revision", "--extract", "whole"
    )
    document = {"config": {"model": None, "model_sha": "abc"}}
    log = write_lm_eval_log(tmp_path / "b", rows, answers_to(rows), origin_of(differences), document)
    refused("lm-eval", log, tmp_path / "out", "no name of the model: give --model", "--extract", "whole")
    code, _, _ = outcome("import", "lm-eval", log, tmp_path / "out", "--model", "parrot")
    assert code == 0
    assert json.loads((tmp_path / "out" / "submission.json").read_text())["model"]["revision"] == "abc"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is damaged"),
        (b"PK\x03\x04 no zip", "is damaged"),
        (b"[]", "must be an object"),
        (b'{"eval": {"task": "mmlu"}, "samples": []}', "no log of a task of `mathbench export inspect`"),
        (b'{"eval": {"task": "mmlu"}, "samples": 7}', "samples must be a list"),
        (b'{"eval": 1}', "eval must be an object"),
        (b"\xff\xfe", "is damaged"),
    ],
)
def test_files_that_are_no_logs_of_inspect_are_one_line(tmp_path, data, message):
    (tmp_path / "log.eval").write_bytes(data)
    refused("inspect", tmp_path / "log.eval", tmp_path / "out", message)
    refused("inspect", tmp_path / "none.eval", tmp_path / "out", "there is no log")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": {}}, "the row is missing"),
        ({"metadata": None}, "metadata must be an object"),
        ({"output": None}, "output must be an object"),
        ({"target": ["1", "2"]}, "the answer is missing"),
        ({"epoch": "x"}, "the epoch is missing"),
    ],
)
def test_bad_samples_of_inspect_are_one_line(differences, rows, tmp_path, change, message):
    samples = [inspect_sample(rows[0], "1", **change)]
    log = write_json_log(tmp_path / "log.json", samples, inspect_header(origin_of(differences)))
    refused("inspect", log, tmp_path / "out", message)


def test_members_that_unpack_to_too_much_are_refused(differences, rows, tmp_path, monkeypatch):
    """Whatever size a member states, not more is unpacked than allowed."""
    sample = inspect_sample(rows[0], "1" * 200_000)
    header = inspect_header(origin_of(differences))
    monkeypatch.setattr(inspect, "MAX_SAMPLE", 100_000)
    for compress in (lambda path: path, with_zstandard):
        log = compress(write_eval_log(tmp_path / "bomb.eval", [sample], header))
        assert log.stat().st_size < 5_000
        refused("inspect", log, tmp_path / "out", "unpacks to more than 100,000 bytes")
    monkeypatch.setattr(inspect, "MAX_SAMPLE", 1_000_000)
    monkeypatch.setattr(inspect, "MAX_LOG", 250_000)
    log = write_eval_log(tmp_path / "bomb.eval", [sample, sample | {"id": "x"}], header)
    refused("inspect", log, tmp_path / "out", "unpacks to more than 250,000 bytes")


def test_long_lines_are_refused_before_they_are_read(differences, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(model_log, "MAX_SAMPLE", 1_000)
    log = write_lm_eval_log(
        tmp_path / "log", rows, answers_to(rows), origin_of(differences), lines=["x" * 2_000]
    )
    refused("lm-eval", log, tmp_path / "out", "line 1 has more than 1,000 bytes")


def test_answers_that_no_submission_can_hold_are_wrong(differences, rows, tmp_path):
    texts = ["9" * 20_000, *(row["answer"] for row in rows[1:])]
    log = write_lm_eval_log(tmp_path / "log", rows, texts, origin_of(differences))
    config, _ = imported("lm-eval", log, tmp_path / "out")
    assert config["interpolate"]["too_long"] == 1 and config["interpolate"]["correct"] == 29


@pytest.mark.parametrize("compress", [lambda path: path, with_zstandard])
def test_a_damaged_member_is_one_line(differences, rows, tmp_path, compress):
    samples = [inspect_sample(row, "1") for row in rows]
    log = compress(write_eval_log(tmp_path / "log.eval", samples, inspect_header(origin_of(differences))))
    data = bytearray(log.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 60] = bytes(60)
    log.write_bytes(data)
    refused("inspect", log, tmp_path / "out", "log.eval")


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_to_a_log_is_read_or_one_line(differences, rows, tmp_path, place, change):
    path = tmp_path / "log.eval"
    samples = [inspect_sample(row, "1") for row in rows[:3]]
    with_zstandard(write_eval_log(path, samples, inspect_header(origin_of(differences))))
    data = bytearray(path.read_bytes())
    place %= len(data)
    data[place : place + len(change)] = change
    path.write_bytes(data)
    try:
        inspect.read_inspect(path)
    except InputError as error:
        assert "\n" not in str(error)


@given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_read_or_one_line(tmp_path, data):
    for name, read in (("results_1.json", lm_eval.read_lm_eval), ("log.json", inspect.read_inspect)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError):
            read(tmp_path / name)


def test_an_unknown_compression_is_one_line(differences, rows, tmp_path):
    path = write_eval_log(tmp_path / "log.eval", [], inspect_header(origin_of(differences)))
    data = bytearray(path.read_bytes())
    for start in (data.index(b"PK\x03\x04") + 8, data.index(b"PK\x01\x02") + 10):
        data[start : start + 2] = (77).to_bytes(2, "little")
    path.write_bytes(data)
    refused("inspect", path, tmp_path / "out", "log.eval is damaged: header.json")
    assert unpacking.ZSTANDARD == 93


def test_a_dry_run_writes_nothing(differences, rows, tmp_path):
    log = write_lm_eval_log(tmp_path / "log", rows, answers_to(rows), origin_of(differences))
    code, _, err = outcome("import", "lm-eval", log, tmp_path / "out", *REVISION, "--dry-run")
    assert code == 0 and "nothing was written" in err and not (tmp_path / "out").exists()
