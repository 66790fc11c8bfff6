"""Datasets in an object store, against a real S3 server on loopback: uploads in parts, kills, resumption, refusals."""

import json
import logging
import subprocess
import sys
import time
from urllib import request

import pytest

import mathbench
from mathbench.dataset import manifest, shard
from mathbench.dataset import write as dataset
from mathbench.dataset.manifest import Config
from mathbench.dataset.read import open_dataset
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.dataset.write import generate
from mathbench.errors import CheckFailed, InputError
from mathbench.families import task
from mathbench.storage import atomic, location

s3fs = pytest.importorskip("s3fs")
server = pytest.importorskip("moto.server")

PART = 5 << 20  # the smallest part that S3 takes
FEW = {"train": 300, "validation": 40, "interpolate": 50, "extrapolate": 60}
NONE = {"validation": 0, "extrapolate": 0}
LARGE = {"base": 2, "digits": 60, "shortest": 57, "longer": 0, "train": 105_000, "interpolate": 1000, **NONE}
ROWS = 35_000  # per shard: more than one part when they are not compressed

CHILD = """
import json, sys, time
import mathbench, s3fs
from tests.dataset.test_s3 import enlarge
out, asked, moment, done = json.loads(sys.argv[1])
shards, commit = 0, s3fs.S3File.commit

def stop(here):
    if (here, shards) == (moment, done):
        print("here", flush=True)
        time.sleep(600)

def slow(file):
    global shards
    if file.path.endswith(".parquet"):
        stop("during an upload")
    commit(file)
    if file.path.endswith((".parquet", ".generating.json")):
        shards += file.path.endswith(".parquet")
        stop("between shards")

s3fs.S3File.commit = slow
enlarge(setattr)
mathbench.generate("addition", out, **asked)
"""


@pytest.fixture(scope="module")
def endpoint():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    yield "http://{}:{}".format(*running.get_host_and_port())
    running.stop()


@pytest.fixture
def store(endpoint, monkeypatch):
    """A bucket, reached by nothing but the environment, as users do."""
    for name, value in {
        "ACCESS_KEY_ID": "a",
        "SECRET_ACCESS_KEY": "b",
        "DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    s3fs.S3FileSystem.clear_instance_cache()
    made = s3fs.S3FileSystem(default_block_size=PART)
    made.mkdir("bucket")
    monkeypatch.setattr(s3fs.S3FileSystem, "default_block_size", PART)
    yield made
    for upload in uploads(made):
        made.abort_mpu("bucket", upload["Key"], upload["UploadId"])
    made.rm("bucket", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def uploads(store):
    """Uploads that have begun and not completed."""
    return store.list_multipart_uploads("bucket")


def parts(store, path):
    """How many parts an object was uploaded in; S3 says so in its ETag."""
    return int(store.info(path, refresh=True)["ETag"].strip('"').partition("-")[2] or 0)


def enlarge(patch):
    """Make shards of few rows large."""
    patch(manifest, "SHARD_ROWS", ROWS)
    options = {**shard._OPTIONS, "compression": "none"}
    del options["compression_level"]
    patch(shard, "_OPTIONS", options)


@pytest.fixture
def large(monkeypatch):
    enlarge(monkeypatch.setattr)


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """What the shards of the large dataset hold."""
    with pytest.MonkeyPatch.context() as patch:
        enlarge(patch.setattr)
        return mathbench.generate("addition", tmp_path_factory.mktemp("right"), **LARGE).contents


def failed(folder, depth=None):
    return [check for check in verify(open_dataset(folder), depth) if not check.passed]


def test_a_dataset_on_s3_is_the_dataset_on_a_disk(store, tmp_path):
    made = mathbench.generate("divisible", "s3://bucket/some/ds", k=7, **FEW)
    assert made.contents == mathbench.generate("divisible", tmp_path, k=7, **FEW).contents
    there = {path.removeprefix("bucket/some/ds/") for path in store.find("bucket")}
    assert there == set(made.contents) | {"manifest.json", "README.md"}
    for depth in (VerifyOptions(), VerifyOptions(regenerate_all=True), VerifyOptions(5, read_all=False)):
        assert not failed("s3://bucket/some/ds", depth)
    assert open_dataset("s3://bucket/some/ds").data().splits["train"].num_rows == 300


def test_shards_are_uploaded_in_parts(store, large, right):
    assert mathbench.generate("addition", "s3://bucket/ds", **LARGE).contents == right
    sizes = {path: parts(store, f"bucket/ds/{path}") for path in right}
    assert [n >= 2 for n in sizes.values()] == [True, True, True, False], sizes
    assert not uploads(store) and not failed("s3://bucket/ds")


@pytest.mark.parametrize("done", [0, 1, 2])
@pytest.mark.parametrize("moment", ["between shards", "during an upload"])
def test_a_killed_generation_is_resumed_by_shard(store, large, right, monkeypatch, done, moment):
    monkeypatch.setenv("FSSPEC_S3", json.dumps({"default_block_size": PART}))
    asked = json.dumps(["s3://bucket/ds", LARGE, moment, done])
    process = subprocess.Popen([sys.executable, "-c", CHILD, asked], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "here\n"
    process.kill()
    process.wait()

    def shards():
        store.invalidate_cache()
        return {path: store.info(path)["LastModified"] for path in store.glob("bucket/ds/*/*.parquet")}

    assert len(uploads(store)) == (moment == "during an upload")
    kept = shards()
    assert len(kept) == done
    with pytest.raises(InputError, match="interrupted"):
        open_dataset("s3://bucket/ds")
    time.sleep(1.1)  # S3 keeps times to the second
    assert mathbench.generate("addition", "s3://bucket/ds", **LARGE).contents == right
    assert kept.items() <= shards().items(), "a whole shard was made again"
    assert not uploads(store) and not failed("s3://bucket/ds")


def test_an_upload_that_fails_is_aborted_and_leaves_no_object(store):
    place = location.storage_path("s3://bucket/ds") / "file"
    with pytest.raises(KeyboardInterrupt), atomic.atomic_write(place) as file:
        file.write(bytes(PART + 1))
        assert len(uploads(store)) == 1
        raise KeyboardInterrupt
    assert not uploads(store) and not store.exists("bucket/ds/file")
    atomic.write(place, b"old")
    with pytest.raises(ZeroDivisionError), atomic.atomic_write(place) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert location.read(place) == b"old"


def test_a_failure_of_a_generation_uploads_nothing_more(store, monkeypatch):
    """The shard that fails does not appear; those before stay, and are kept."""
    write, written = shard.ShardFile.write, []

    def fail(file, table):
        written.append(table)
        if len(written) == 3:
            raise MemoryError
        write(file, table)

    with monkeypatch.context() as patched:
        patched.setattr(shard.ShardFile, "write", fail)
        with pytest.raises(MemoryError):
            mathbench.generate("divisible", "s3://bucket/ds", k=7, **FEW)
    assert len(store.glob("bucket/ds/*/*.parquet")) == 2
    mathbench.generate("divisible", "s3://bucket/ds", k=7, **FEW)
    assert not failed("s3://bucket/ds")


def test_datasets_loads_the_files(store, endpoint, tmp_path):
    from datasets import ClassLabel, load_dataset

    mathbench.generate("divisible", "s3://bucket/ds", k=7, **FEW)
    places = {split: f"s3://bucket/ds/data/{split}-*.parquet" for split in FEW}
    options = {"key": "a", "secret": "b", "endpoint_url": endpoint}
    loaded = load_dataset("parquet", data_files=places, storage_options=options, cache_dir=str(tmp_path))
    assert {split: rows.num_rows for split, rows in loaded.items()} == FEW
    assert loaded["train"].features["label"] == ClassLabel(names=["false", "true"])
    stream = load_dataset("parquet", data_files=places, storage_options=options, streaming=True)
    assert next(iter(stream["train"]))["row"] == 0


def test_another_dataset_is_refused_or_replaced_and_other_objects_stay(store):
    store.pipe_file("bucket/ds/mine.txt", b"precious")
    with pytest.raises(InputError, match="not empty"):
        mathbench.generate("divisible", "s3://bucket/ds", k=7, **FEW)
    store.rm("bucket/ds/mine.txt")
    store.pipe_file("bucket/ds/", b"")  # how consoles mark an empty folder
    mathbench.generate("divisible", "s3://bucket/ds", k=7, **FEW)
    store.pipe_file("bucket/ds/mine.txt", b"precious")
    store.pipe_file("bucket/ds/deep/er/train-00000-of-00001.parquet", b"precious")
    with pytest.raises(InputError, match="contains another dataset"):
        mathbench.generate("divisible", "s3://bucket/ds", k=9, **FEW)
    mathbench.generate("divisible", "s3://bucket/ds", k=9, force=True, **FEW)
    assert not failed("s3://bucket/ds") and not store.glob("bucket/ds/data/*divisible-7*")
    assert store.cat("bucket/ds/mine.txt") == b"precious"
    assert store.exists("bucket/ds/deep/er/train-00000-of-00001.parquet")


def test_of_two_that_begin_at_one_time_one_is_refused(store, monkeypatch):
    """Between looking and claiming, another generation claims the folder."""
    configs = [Config(t.name, t, 0, FEW) for t in [task("gcd")]]
    stored_request = dataset.stored_request

    def slow(folder, force):
        found = stored_request(folder, force)
        store.pipe_file("bucket/ds/.generating.json", b"{}")
        return found

    monkeypatch.setattr(dataset, "stored_request", slow)
    with pytest.raises(InputError, match="another process has just written"):
        generate(configs, "s3://bucket/ds")
    assert store.find("bucket") == ["bucket/ds/.generating.json"]


def test_damage_on_s3_is_found(store):
    mathbench.generate("divisible", "s3://bucket/ds", k=7, **FEW)
    path = "bucket/ds/data/train-00000-of-00001-divisible-7-base10.parquet"
    content = bytearray(store.cat(path))
    content[len(content) // 3] ^= 1
    store.pipe_file(path, bytes(content))
    assert any(check.what == "content digests" for check in failed("s3://bucket/ds"))
    store.rm(path)
    assert [check.detail for check in failed("s3://bucket/ds") if check.what == "files"] == [
        "data/train-00000-of-00001-divisible-7-base10.parquet is missing"
    ]
    with pytest.raises(CheckFailed, match="cannot be read"):
        open_dataset("s3://bucket/ds").data()


def refusal(capsys, *arguments):
    """What the command line says, in one line, with exit code 2."""
    from mathbench.cli import main

    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in arguments])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.startswith("error: ") and said.count("\n") == 1, said
    return said


GENERATE = ["generate", "--task", "gcd", "--train", "20", "--out"]


def test_a_missing_bucket_is_one_line(store, capsys):
    assert "The specified bucket does not exist" in refusal(capsys, *GENERATE, "s3://nowhere/ds")
    assert "The specified bucket does not exist" in refusal(capsys, "verify", "s3://nowhere/ds")
    assert "s3://bucket/none does not exist" in refusal(capsys, "verify", "s3://bucket/none")
    assert "does not name a folder" in refusal(capsys, "verify", "s3://")
    assert store.ls("") == ["bucket"]


def test_no_connection_is_one_line(store, capsys, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    assert "Could not connect to the endpoint" in refusal(capsys, *GENERATE, "s3://bucket/ds")
    assert "Could not connect to the endpoint" in refusal(capsys, "verify", "s3://bucket/ds")


@pytest.fixture
def strict(endpoint):
    """From here on the server wants real credentials."""

    def check_after(requests):
        asked = request.Request(f"{endpoint}/moto-api/reset-auth", data=requests.encode(), method="POST")
        asked.add_header("Content-Type", "text/plain")
        request.urlopen(asked).close()

    yield lambda: check_after("0")
    check_after("inf")


def test_no_permission_is_one_line(store, strict, capsys):
    mathbench.generate("divisible", "s3://bucket/ds", k=7, **FEW)
    strict()
    denied = "Access Key Id you provided does not exist"
    assert denied in refusal(capsys, *GENERATE, "s3://bucket/other")
    assert "s3://bucket/ds/manifest.json: Forbidden" in refusal(capsys, "verify", "s3://bucket/ds")


def test_no_credentials_is_one_line(store, capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(tmp_path / "none"))
    s3fs.S3FileSystem.clear_instance_cache()
    assert "Unable to locate credentials" in refusal(capsys, *GENERATE, "s3://bucket/ds")


@pytest.mark.parametrize("variable", ["FSSPEC_S3_ENDPOINT_URL", "FSSPEC_S3"])
def test_the_endpoint_may_come_from_fsspec(store, endpoint, variable):
    """fsspec reads its variables when it is imported, so a fresh process is asked."""
    import os

    value = endpoint if variable != "FSSPEC_S3" else json.dumps({"endpoint_url": endpoint})
    environment = {k: v for k, v in os.environ.items() if k != "AWS_ENDPOINT_URL"} | {variable: value}
    command = [sys.executable, "-m", "mathbench", *GENERATE, "s3://bucket/ds"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert store.exists("bucket/ds/manifest.json")
