"""Imported data in use: named by its digest, read by runs and boards, verified, and refused where it is not known."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench import families
from mathbench.baselines.shortcuts.exact_solver import ExactSolver
from mathbench.baselines.shortcuts.floors import LastDigit
from mathbench.dataset import manifest
from mathbench.dataset.data import Data
from mathbench.dataset.imported import known, task, write
from mathbench.dataset.imported.blocks import Block
from mathbench.dataset.imported.overlap import SplitKeys, hash_texts, measure
from mathbench.dataset.imported.write import write_imported
from mathbench.dataset.read import open_dataset
from mathbench.errors import InputError
from mathbench.rows import Rows, open_rows
from tests.commands import run

SPLITS = {
    "train": range(20),
    "validation": range(20, 25),
    "interpolate": range(25, 35),
    "extrapolate": range(50, 55),
}


def block(split, numbers, config="sums", stratum="all"):
    columns = [f"{n}+{n}" for n in numbers], [str(2 * n) for n in numbers], [stratum] * len(numbers)
    return Block(config, split, *(pa.array(column, pa.string()) for column in columns))


def made(folder, splits=SPLITS, **options):
    """Write a dataset of sums; return its task."""
    blocks = [block(split, numbers) for split, numbers in splits.items()]
    return write_imported(blocks, folder, {"source": "a test"}, **options).configs[0].task


@pytest.fixture(autouse=True)
def forgotten():
    """No dataset is known from another test."""
    known._opened.clear()
    task._dataset.cache_clear()
    open_rows.cache_clear()


def test_the_task_is_named_by_its_rows(tmp_path):
    first = made(tmp_path / "a")
    assert first.name == first.unique_name == f"imported-sums-{first.digest[:12]}"
    assert made(tmp_path / "b") == first
    changed = {**SPLITS, "interpolate": range(25, 36)}
    assert made(tmp_path / "c", changed) != first
    moved = {**SPLITS, "train": range(21), "validation": range(21, 25)}
    assert made(tmp_path / "d", moved) != first
    # the digest is part of every manifest, run and submission
    assert first.name == "imported-sums-3b9a8e29ddf9"
    assert families.from_spec(first.id, first.parameters) == first
    assert "imported" not in families.names()


def test_rows_are_those_of_the_files_in_any_order(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "BATCH_ROWS", 3)
    rows = Rows(made(tmp_path / "a"), "train")
    assert len(rows) == 20 and rows.capacity_up_to(7) == 7
    chosen = rows.batch([17, 0, 17, 5])
    assert chosen["question"].to_pylist() == ["17+17", "0+0", "17+17", "5+5"]
    assert chosen["row"].to_pylist() == [17, 0, 17, 5]
    whole = open_dataset(tmp_path / "a").data().splits["train"]
    for name in ("question", "answer", "task", "stratum", "row"):
        assert rows.batch(range(20))[name].to_pylist() == whole[name].to_pylist()
    with pytest.raises(InputError, match="holds 20 different rows"):
        rows.batch([20])


def test_shards_have_a_fixed_range_of_rows(tmp_path, monkeypatch):
    for module in (manifest, write):
        monkeypatch.setattr(module, "SHARD_ROWS", 6)
    found = made(tmp_path / "a")
    files = sorted(path.name for path in (tmp_path / "a" / "data").glob("train*"))
    assert files == [f"train-0000{i}-of-00004-sums.parquet" for i in range(4)]
    assert Rows(found, "train").batch([5, 6, 19])["answer"].to_pylist() == ["10", "12", "38"]
    assert [pq.read_table(tmp_path / "a" / "data" / name).num_rows for name in files] == [6, 6, 6, 2]
    assert run("verify", tmp_path / "a").returncode == 0


def test_blocks_come_in_the_order_of_their_parts(tmp_path):
    parts = [(2, range(3)), (0, range(3, 5)), (1, range(5, 6)), (0, range(6, 7))]
    blocks = [dataclasses.replace(block("train", numbers), part=part) for part, numbers in parts]
    write_imported(blocks, tmp_path / "a", {})
    table = open_dataset(tmp_path / "a").data().splits["train"]
    assert table["question"].to_pylist() == [f"{n}+{n}" for n in (3, 4, 6, 5, 0, 1, 2)]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "the name of imported data"),
        ({"data": "x"}, "digest must be the 64 hexadecimal digits"),
        ({"data": "x", "digest": "0" * 63}, "digest must be the 64 hexadecimal digits"),
        ({"data": "x", "digest": "0" * 64, "format": "reversed"}, "format"),
        ({"data": "x", "digest": "0" * 64, "train_share": 0.5}, "no train_share"),
        ({"data": "x", "digest": "0" * 64, "exclude": "0" * 64}, "does not support exclude"),
        ({"data": "../x", "digest": "0" * 64}, "the name of imported data"),
    ],
)
def test_other_parameters_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        families.task("imported", **parameters)


def test_unknown_data_is_one_line():
    unknown = families.task("imported", data="x", digest="0" * 64)
    with pytest.raises(InputError, match="'x' \\(000000000000\\) is not known here: import it"):
        Rows(unknown, "train")
    assert run("tasks", "imported").returncode == 2
    assert run("generate", "--task", "imported", "--data", "x", "--digest", "0" * 64).returncode == 2


def test_data_that_was_moved_is_made_known_again(tmp_path):
    found = made(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    with pytest.raises(
        InputError, match=r"is not in .* any more\. Give its folder to `mathbench import known`"
    ):
        Rows(found, "train")
    assert run("import", "known", tmp_path / "b").returncode == 0
    known._opened.clear()
    assert len(Rows(found, "train")) == 20


def test_changed_rows_are_refused(tmp_path):
    found, folder = made(tmp_path / "a"), tmp_path / "a"
    path = folder / "data" / "interpolate-00000-of-00001-sums.parquet"
    table = pq.read_table(path)
    easier = table.set_column(1, "answer", pa.array(["0"] * table.num_rows, pa.string()))
    pq.write_table(easier, path)
    with pytest.raises(InputError, match="does not hold the rows of imported-sums"):
        Rows(found, "interpolate")
    assert len(Rows(found, "train")) == 20
    failed = run("verify", folder, "--json")
    checks = [c for c in json.loads(failed.stdout)["checks"] if not c["passed"]]
    assert failed.returncode == 1 and [c["split"] for c in checks] == ["interpolate"]
    known_again = run("import", "known", folder)
    assert (known_again.returncode, known_again.stderr.count("\n")) == (1, 1)


def test_a_manifest_cannot_claim_the_digest_of_other_rows(tmp_path):
    found = made(tmp_path / "a")
    other = made(tmp_path / "b", {**SPLITS, "interpolate": range(60, 70)})
    stated = (tmp_path / "b" / "manifest.json").read_text()
    (tmp_path / "b" / "manifest.json").write_text(stated.replace(other.digest, found.digest))
    known.remember(found.digest, tmp_path / "b")
    with pytest.raises(InputError, match="does not hold the rows of imported-sums"):
        Rows(found, "interpolate")
    checks = json.loads(run("verify", tmp_path / "b", "--json").stdout)["checks"]
    assert not next(c for c in checks if c["what"] == "digest of the data")["passed"]


def test_another_seed_is_no_other_data(tmp_path):
    with pytest.raises(InputError, match="imported data has the seed 0"):
        Rows(made(tmp_path / "a"), "train", seed=1)


def test_what_needs_a_generator_is_refused(tmp_path):
    found = made(tmp_path / "a")
    with pytest.raises(InputError, match="no independent solver"):
        found.oracle("1+1")
    assert not ExactSolver.applies(found) and LastDigit.applies(found)
    for words in (
        ["generate", "--out", tmp_path / "a"],
        ["run-baseline", "exact-solver", "--data", tmp_path / "a"],
    ):
        done = run(*words, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


def test_runs_scores_and_boards_work(tmp_path):
    found, folder = made(tmp_path / "a"), tmp_path / "a"

    def good(*words):
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    for name in ("constant", "copy-operand"):
        result = json.loads(good("run-baseline", name, "--data", folder, "--out", name, "--json"))
        assert result["ceiling"] == {} and "last-digit" in result["floors"]
        good("submit", name, "--name", f"my-{name}")
    assert result["task"]["name"] == found.name
    again = json.loads(good("score", "constant", "--json"))
    assert again["interpolate"]["n"] == 10
    good("predict", "constant", "--data", folder, "--out", "p.parquet")
    assert json.loads(good("score", "p.parquet", "--data", folder, "--json"))["extrapolate"]["n"] == 5
    tables = json.loads(good("leaderboard", "show", "--open", "--json"))["tables"]
    shown = {(line["kind"], line["model"]) for table in tables for line in table["lines"]}
    assert shown == {("model", "my-constant"), ("model", "my-copy-operand")}
    good("leaderboard", "verify")
    good("leaderboard", "compare", "my-constant", "my-copy-operand")
    good("leaderboard", "export", "--format", "json", "--out", "results")
    good("leaderboard", "verify", "--board", "results")
    good("leaderboard", "export", "--format", "html", "--out", "site")
    good("describe", folder, "--plot", "x.png")
    good("leaderboard", "verify")
    # a board that does not have the data
    shutil.rmtree(tmp_path / "known")
    known._opened.clear()
    task._dataset.cache_clear()
    open_rows.cache_clear()
    refused = run("submit", "constant", "--board", tmp_path / "other.sqlite", cwd=tmp_path)
    assert refused.returncode == 2 and "is not known here: import it" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_run_of_one_data_answers_other_data(tmp_path):
    made(tmp_path / "a")
    other = {"train": range(5), "validation": range(5, 8), "interpolate": range(100, 104)}
    blocks = [block(split, numbers, config="other") for split, numbers in other.items()]
    strange = pa.array(["7 plus 7", "8+8"]), pa.array(["14", "16"]), pa.array(["all", "all"])
    write_imported([*blocks, Block("other", "extrapolate", *strange)], tmp_path / "b", {})
    words = ("--set", "hidden=8", "--set", "steps=2", "--set", "evaluate=2", "--no-submit", "--no-plots")
    assert (
        run("run-baseline", "mlp", "--data", tmp_path / "a", *words, "--out", tmp_path / "r").returncode == 0
    )
    done = run("predict", tmp_path / "r", "--data", tmp_path / "b", "--out", tmp_path / "p.parquet")
    assert done.returncode == 0 and "1 questions have characters that the run has never seen" in done.stderr
    scored = run("score", tmp_path / "p.parquet", "--data", tmp_path / "b", "--json")
    assert json.loads(scored.stdout)["extrapolate"]["n"] == 2
    generated = run("generate", "--task", "gcd", "--train", 5, "--interpolate", 5, "--out", tmp_path / "gcd")
    assert generated.returncode == 0
    assert (
        run("predict", tmp_path / "r", "--data", tmp_path / "gcd", "--split", "interpolate").returncode == 0
    )


def test_what_splits_share_is_measured_and_shown(tmp_path):
    rows = {
        "train": (["1+2", "What is 3?", "5+6 ", "7", "7"], ["3", "3", "11", "a", "b"]),
        "interpolate": (["1+2", " what  IS 3?", "6 and 5", "no number", "8"], ["3", "3", "11", "x", "y"]),
    }
    blocks = [
        Block("x", split, *(pa.array(c, pa.string()) for c in (*columns, ["s"] * 5)))
        for split, columns in rows.items()
    ]
    overlap = write_imported(blocks, tmp_path / "a", {}).configs[0].imported["overlap"]
    assert overlap == {
        "repeats": {
            "train": {"rows": 5, "same_question": 1},
            "interpolate": {"rows": 5, "same_question": 0},
        },
        "shared": [
            {
                "split": "interpolate",
                "with": "train",
                "rows": 5,
                "same_question": 1,
                "same_up_to_case_and_space": 2,
                "same_numbers_and_answer": 3,
            }
        ],
        "contradictions": 1,
    }
    described = json.loads(run("describe", tmp_path / "a", "--json").stdout)
    assert described["imported"]["x"]["overlap"] == overlap
    assert "| interpolate | train | 5 | 1 | 2 | 3 |" in (tmp_path / "a" / "README.md").read_text()
    shown = run("describe", tmp_path / "a").stdout
    assert "questions with several answers: 1; no answer has been checked" in shown


TEXTS = st.lists(
    st.tuples(st.text("ab 1", min_size=1, max_size=3), st.text("12", min_size=1, max_size=1)), max_size=30
)


@given(TEXTS, TEXTS)
def test_counts_are_those_of_sets(train, test):
    def keys(rows):
        found = SplitKeys()
        for part in (rows[:7], rows[7:]):
            columns = list(zip(*part, strict=True)) or [(), ()]
            found.add(*(pa.array(list(column), pa.string()) for column in columns))
        return found

    found = measure({"train": keys(train), "interpolate": keys(test)})
    questions = [[question for question, _ in rows] for rows in (train, test)]
    assert found["shared"][0]["same_question"] == sum(q in set(questions[0]) for q in questions[1])
    loose = [[" ".join(q.split()).lower() for q in some] for some in questions]
    assert found["shared"][0]["same_up_to_case_and_space"] == sum(q in set(loose[0]) for q in loose[1])
    assert found["repeats"]["train"]["same_question"] == len(train) - len(set(questions[0]))
    answers = {}
    for question, answer in train + test:
        answers.setdefault(question, set()).add(answer)
    assert found["contradictions"] == sum(len(several) > 1 for several in answers.values())


@given(st.lists(st.text(max_size=6), max_size=20), st.data())
def test_hashes_depend_on_the_text_alone(texts, data):
    whole = hash_texts(pa.array(texts, pa.string()))
    cut = data.draw(st.integers(0, len(texts)))
    parts = [hash_texts(pa.array(part, pa.string())) for part in (texts[:cut], texts[cut:])]
    assert np.array_equal(whole, np.concatenate(parts))
    assert len(set(whole.tolist())) == len(set(texts))


def test_hashes_of_long_texts_are_made_in_parts(monkeypatch):
    texts = pa.array(["a" * 100, "", "b" * 300, "ab", "ba"])
    whole = hash_texts(texts)
    monkeypatch.setattr("mathbench.dataset.imported.overlap._CHUNK_BYTES", 50)
    assert np.array_equal(hash_texts(texts), whole)


def test_hashes_never_change():
    # they decide which rows of train become validation
    assert hash_texts(pa.array(["", "1+2", "é"])).tolist() == HASHES


HASHES = [0, 15619171354347705509, 15563085460469564415]


def test_a_killed_import_leaves_nothing_that_lasts(tmp_path):
    code = (
        "import sys, time\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from tests.foreign.test_imported_data import block, write_imported\n"
        "def slow():\n"
        "    yield block('train', range(5))\n"
        "    print('started', flush=True)\n"
        "    time.sleep(60)\n"
        "write_imported(slow(), sys.argv[1], {})\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "a"), os.getcwd()]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "started\n"
        assert [path.name[:13] for path in tmp_path.iterdir()] == [".a.importing-"]
        # another import into the same place leaves a living one alone
        made(tmp_path / "a")
        assert len(list(tmp_path.glob(".a.importing-*"))) == 1
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / "a" / "manifest.json").is_file()
    made(tmp_path / "a", force=True)
    assert not list(tmp_path.glob(".*"))


def test_an_error_in_the_middle_leaves_nothing(tmp_path):
    def broken():
        yield block("train", range(5))
        raise InputError("broken")

    with pytest.raises(InputError, match="broken"):
        write_imported(broken(), tmp_path / "new" / "a", {})
    with pytest.raises(InputError, match="has no rows"):
        write_imported([], tmp_path / "new" / "a", {})
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file, not a folder"):
        made(tmp_path / "file" / "a")
    with pytest.raises(InputError, match="is written to a local folder"):
        made("memory://x/y")


def test_data_in_memory_is_that_of_the_files(tmp_path):
    found = made(tmp_path / "a")
    stored = open_dataset(tmp_path / "a").data()
    sizes = {split: len(numbers) for split, numbers in SPLITS.items()}
    assert Data.generate(found, sizes).digest == stored.digest


def test_other_tools_read_the_files(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    made(tmp_path / "a")
    loaded = datasets.load_dataset(str(tmp_path / "a"), "sums", cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {s: len(n) for s, n in SPLITS.items()}
    assert loaded["train"][3]["answer"] == "6"


def test_a_killed_process_holds_no_lock(tmp_path):
    # a folder of an import that is gone, without a lock
    (tmp_path / ".a.importing-dead").mkdir()
    (tmp_path / ".a.importing-dead" / "x").write_text("x")
    (tmp_path / ".b.importing-dead").mkdir()
    made(tmp_path / "a")
    assert sorted(path.name for path in tmp_path.glob(".*")) == [".b.importing-dead"]


def test_time_is_not_part_of_the_data(tmp_path):
    first = made(tmp_path / "a")
    time.sleep(0.01)
    made(tmp_path / "b")
    names = ("manifest.json", "data/train-00000-of-00001-sums.parquet", "README.md")
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    assert first.digest


def named(stratum, count=1):
    return [block("train", range(i, i + 1), stratum=stratum.format(i)) for i in range(count)]


@pytest.mark.parametrize("stratum", ["", " ", "a\nb", "\x1b[31m", "x" * 101])
def test_strata_need_names_that_tables_can_show(tmp_path, stratum):
    with pytest.raises(
        InputError, match="the name of a stratum must be printable text of at most 100 characters"
    ):
        write_imported(named(stratum), tmp_path / "a", {})


def test_strata_are_few(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "MAX_STRATA", 3)
    write_imported(named("s{}", 3), tmp_path / "a", {})
    with pytest.raises(InputError, match=r"at most 3 strata\. Received: 4"):
        write_imported(named("s{}", 4), tmp_path / "b", {})


@pytest.mark.parametrize("names", [["con"], ["a-00000-of-00001"], ["sums", "Sums"], ["x" * 181]])
def test_names_that_files_cannot_have_are_refused(tmp_path, names):
    with pytest.raises(InputError, match=r"cannot have the name|two configurations"):
        write_imported([block("train", range(3), config=name) for name in names], tmp_path / "a", {})
    assert not (tmp_path / "a").exists()


def test_texts_of_others_are_shown_as_they_are(tmp_path):
    texts = pa.array(["[/x] \x1b[31m"]), pa.array(["[bold]|\n!"]), pa.array(["[/s]"])
    blocks = [Block("odd", split, *texts) for split in ("train", "validation", "interpolate")]
    write_imported(blocks, tmp_path / "a", {})
    shown = run("describe", tmp_path / "a").stdout
    assert "[/x] \\x1b[31m → [bold]|\\n!" in shown and "\x1b" not in shown
    assert "`[bold]\\|\\n!`" in (tmp_path / "a" / "README.md").read_text()
    assert "\x1b" not in run("run-baseline", "constant", "--data", tmp_path / "a", cwd=tmp_path).stdout


def test_networks_refuse_text_that_they_cannot_read(tmp_path):
    texts = pa.array(["é", "b"]), pa.array(["1", "2"]), pa.array(["s", "s"])
    write_imported(
        [Block("odd", split, *texts) for split in ("train", "validation", "interpolate")], tmp_path / "a", {}
    )
    done = run("run-baseline", "mlp", "--data", tmp_path / "a", cwd=tmp_path)
    assert (
        done.returncode == 2
        and "networks read ASCII text only" in done.stderr
        and done.stderr.count("\n") == 1
    )
