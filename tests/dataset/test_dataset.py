"""Datasets on disk: whole or refused, resumed, verified, and loaded by `datasets` as they were written."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, load_dataset

import mathbench
from mathbench.dataset import manifest, shard, shard_reader
from mathbench.dataset.manifest import Config, share_columns
from mathbench.dataset.read import open_dataset
from mathbench.dataset.request import dataset_request
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.dataset.write import generate
from mathbench.errors import CheckFailed, InputError, SpaceExhausted
from mathbench.families import task

SIZES = {"train": 300, "validation": 40, "interpolate": 50, "extrapolate": 60}


def configs(**changes):
    made = [task("divisible", k=7), task("addition", digits=2)]
    return [Config(t.name, t, 3, {**SIZES, **changes}) for t in made]


@pytest.fixture
def folder(tmp_path):
    generate(configs(), tmp_path / "ds")
    return tmp_path / "ds"


ALL = VerifyOptions(regenerate_all=True)


def failures(folder, depth=ALL):
    return [c for c in verify(open_dataset(folder), depth) if not c.passed]


def test_load_dataset_gives_all_splits_with_their_features(folder, tmp_path):
    for name, recognition in (("divisible-7-base10", True), ("addition-base10-digits2", False)):
        loaded = load_dataset(str(folder), name, cache_dir=str(tmp_path / "cache"))
        assert {split: len(rows) for split, rows in loaded.items()} == SIZES
        for split, rows in loaded.items():
            assert rows.column_names == ["question", "answer", "task", "stratum", "row", "label"]
            assert rows.features["label"] == ClassLabel(names=["false", "true"])
            assert (rows["label"].count(None) == 0) == recognition
            again = open_dataset(folder).data(name).splits[split]
            assert rows["question"][:] == again["question"].to_pylist()
        streamed = load_dataset(str(folder), name, streaming=True)
        assert list(streamed) == list(SIZES)
        assert [row["answer"] for row in streamed["extrapolate"]] == loaded["extrapolate"]["answer"][:]
        assert streamed["train"].features["label"] == ClassLabel(names=["false", "true"])


def test_two_folders_of_one_name_do_not_share_a_cache(tmp_path):
    for parent, seed in (("a", 1), ("b", 2)):
        made = task("addition")
        generate([Config("x", made, seed, {"train": 20})], tmp_path / parent / "ds")
    first, second = (
        load_dataset(str(tmp_path / p / "ds"), "x", cache_dir=str(tmp_path / "cache"))["train"]["question"][:]
        for p in ("a", "b")
    )
    assert first != second


def test_load_in_memory_equals_the_files(folder):
    loaded = mathbench.load("divisible", k=7, seed=3, **SIZES)
    assert (
        loaded["train"]["question"][:]
        == open_dataset(folder).data("divisible-7-base10").splits["train"]["question"].to_pylist()
    )
    assert loaded["train"].features["label"] == ClassLabel(names=["false", "true"])


def test_a_small_dataset_is_the_prefix_of_a_large_one(folder, tmp_path):
    generate(configs(train=900), tmp_path / "large")
    for name in open_dataset(folder).configs:
        small, large = (open_dataset(f).data(name).splits["train"] for f in (folder, tmp_path / "large"))
        assert large.slice(0, small.num_rows).equals(small)


def test_shards_of_fixed_rows_and_resume(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "SHARD_ROWS", 100)
    generate(configs(), tmp_path / "ds")
    whole = open_dataset(tmp_path / "ds").manifest
    files = sorted(p.name for p in (tmp_path / "ds" / "data").glob("train*divisible*"))
    assert files == [f"train-{i:05d}-of-00003-divisible-7-base10.parquet" for i in range(3)]
    (tmp_path / "ds" / "data" / files[1]).unlink()
    (tmp_path / "ds" / manifest.MANIFEST_FILE).unlink()
    (tmp_path / "ds" / manifest.UNFINISHED_FILE).write_text(
        json.dumps(dataset_request(share_columns(configs())))
    )
    written = []
    write = shard.write
    monkeypatch.setattr(shard, "write", lambda path, *rest: written.append(path.name) or write(path, *rest))
    generate(configs(), tmp_path / "ds")
    assert written == [files[1]]
    assert open_dataset(tmp_path / "ds").manifest == whole


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.15, 0.3])
def test_killed_generation_is_never_believed_and_finishes_on_a_rerun(tmp_path, moment):
    out = tmp_path / "ds"
    command = [
        sys.executable,
        "-m",
        "mathbench",
        "generate",
        "--task",
        "addition",
        "--digits",
        "6",
        "--train",
        "400000",
    ]
    command += ["--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.time() + 60
    while not (out.exists() and any(out.iterdir())) and time.time() < deadline:
        time.sleep(0.01)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if not (out / manifest.MANIFEST_FILE).exists():
        with pytest.raises(InputError, match=r"interrupted|not a mathbench dataset"):
            open_dataset(out)
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert not list(out.rglob(".*.tmp")) and not failures(out, VerifyOptions(200))


def test_running_again_changes_nothing(folder):
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*.parquet")}
    generate(configs(), folder)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.parquet")} == before


def test_another_dataset_in_the_folder_is_refused_unless_forced(folder):
    with pytest.raises(InputError, match="contains another dataset"):
        generate(configs(train=301), folder)
    assert not failures(folder)
    generate(configs(train=301), folder, force=True)
    assert open_dataset(folder).data("divisible-7-base10").splits["train"].num_rows == 301


def test_a_folder_with_other_things_is_refused_even_when_forced(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        generate(configs(), tmp_path, force=True)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_too_many_rows_leave_nothing_behind(tmp_path):
    with pytest.raises(SpaceExhausted, match=r"train holds 44 different rows. Received: 45"):
        mathbench.generate("addition", tmp_path / "ds", digits=1, train=45)
    assert not (tmp_path / "ds").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_an_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError):
        generate(configs(), tmp_path / "ds")


@pytest.mark.parametrize("row", [0, 17, 299])
def test_verify_reports_the_first_difference_exactly(folder, row):
    path = folder / "data" / "train-00000-of-00001-addition-base10-digits2.parquet"
    table = pq.read_table(path)
    answers = table["answer"].to_pylist()
    right, answers[row] = answers[row], "999"
    pq.write_table(table.set_column(1, "answer", pa.array(answers)), path)
    restate(folder, path)
    first = failures(folder)[0]
    assert first.what == "regenerated rows"
    file = path.relative_to(folder).as_posix()
    assert first.detail == f"{file}, row {row}: answer is '999' and should be '{right}'"


def restate(folder, path):
    """Make the manifest agree with a tampered file, as a careful forger would."""
    stated = json.loads((folder / manifest.MANIFEST_FILE).read_text())
    for name, spec in stated["configs"].items():
        for file, content in spec["files"].items():
            if path == folder / file:
                content.update(asdict(shard_reader.read_content(path)))
        config = Config.from_spec(name, spec)
        spec["digest"] = mathbench.dataset.digest.combined(
            [spec["files"][s.file]["digest"] for s in config.shards()]
        )
    (folder / manifest.MANIFEST_FILE).write_text(json.dumps(stated))


def test_a_flipped_byte_is_found(folder):
    path = folder / "data" / "train-00000-of-00001-divisible-7-base10.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert any(c.what == "content digests" for c in failures(folder, VerifyOptions(10)))


def test_a_missing_shard_is_found(folder):
    (folder / "data" / "train-00000-of-00001-divisible-7-base10.parquet").unlink()
    assert failures(folder, VerifyOptions(10))


@pytest.mark.parametrize("damage", ["", "{", '{"schema_version": 1}', "[]"])
def test_a_damaged_manifest_is_an_error_and_not_a_traceback(folder, damage):
    (folder / manifest.MANIFEST_FILE).write_text(damage)
    with pytest.raises((CheckFailed, InputError)):
        open_dataset(folder)


def test_rows_moved_to_another_split_are_found(folder):
    source = folder / "data" / "train-00000-of-00001-addition-base10-digits2.parquet"
    target = folder / "data" / "interpolate-00000-of-00001-addition-base10-digits2.parquet"
    pq.write_table(pq.read_table(source).slice(0, 50), target)
    restate(folder, target)
    assert {"regenerated rows", "problems in the test reserve"} <= {c.what for c in failures(folder)}


def test_the_card_carries_the_digest_of_every_configuration(folder):
    card = (folder / "README.md").read_text()
    opened = open_dataset(folder)
    for config in opened.manifest.configs:
        assert f'description: "{" ".join([opened.manifest.digest(config), *config.columns])}"' in card


def test_manifest_round_trip(folder):
    opened = open_dataset(folder).manifest
    shutil.copytree(folder, folder.parent / "copy")
    assert open_dataset(folder.parent / "copy").manifest == opened


def test_one_configuration_may_be_left_unnamed_and_several_may_not(folder, tmp_path):
    with pytest.raises(InputError, match="choose one"):
        open_dataset(folder).config()
    with pytest.raises(InputError, match="Did you mean 'divisible-7-base10'"):
        open_dataset(folder).config("divisible-7-base1")


def test_generation_imports_nothing_that_it_does_not_need(tmp_path):
    """Each worker process pays for what is imported: pandas and school mathematics would double its start."""
    script = (
        "import sys; from mathbench.__main__ import main; sys.argv = ['mathbench', 'generate', '--task', 'prime', "
        f"'--train', '100', '--out', {str(tmp_path / 'ds')!r}]\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"pandas", "datasets", "torch", "sympy", "scipy", "mathbench.generators.deepmind"}
    assert not heavy & set(done.stdout.split())
