"""Names of files, shared columns and names of rows: one folder that every loader reads as it was written."""

import importlib.util
import json
import re
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Value, load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

import mathbench
from mathbench import families
from mathbench.baselines.run import predict_splits, with_ids
from mathbench.dataset import layout, manifest
from mathbench.dataset.digest import difference
from mathbench.dataset.manifest import Config, share_columns
from mathbench.dataset.read import open_dataset
from mathbench.dataset.request import dataset_request
from mathbench.dataset.suite import load
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.dataset.write import check_configs, generate, merge
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.generators.gcd import Gcd
from mathbench.parameters import parameter
from mathbench.reserve import SPLITS
from mathbench.rows import Rows
from mathbench.streaming.huggingface import dataset as as_hf
from tests.conftest import absent
from tests.variants import VARIANTS

SIZES = {"train": 30, "validation": 11, "interpolate": 12, "extrapolate": 13}
COLUMNS = ["question", "answer", "task", "stratum", "row", "label"]
# the name of one ends with that of another
NAMES = {"k7": task("divisible", k=7), "base10-k7": task("addition"), "x.csv": task("gcd")}


def mixed(ids=False, seed=3):
    columns = ("id",) if ids else ()
    return [Config(name, made, seed, SIZES, columns) for name, made in NAMES.items()]


@pytest.fixture
def folder(tmp_path):
    generate(mixed(), tmp_path / "ds")
    return tmp_path / "ds"


def failed(folder, options=None):
    return [check for check in verify(open_dataset(folder), options) if not check.passed]


# loaders


@pytest.mark.parametrize("streaming", [False, True])
def test_a_suite_loads_by_the_name_of_its_folder_alone(folder, tmp_path, streaming):
    options = {"cache_dir": str(tmp_path / "cache"), "streaming": streaming}
    whole = {split: 3 * rows for split, rows in SIZES.items()}
    for loaded in (
        load_dataset("parquet", data_dir=str(folder), **options),
        load_dataset(str(folder), **options),
        load_dataset(str(folder), "all", **options),
    ):
        rows = {split: list(table) for split, table in loaded.items()}
        assert {split: len(found) for split, found in rows.items()} == whole
        for split, found in rows.items():
            assert list(loaded[split].features) == COLUMNS
            assert loaded[split].features["label"] == ClassLabel(names=["false", "true"])
            assert sorted(row["row"] for row in found) == sorted(3 * list(range(SIZES[split])))
            assert len({row["task"] for row in found}) == 3
            for row in found:
                right = (
                    ["false", "true"].index(row["answer"]) if row["task"].startswith("divisible") else None
                )
                assert row["label"] == right


def test_a_configuration_has_its_own_files_alone(folder, tmp_path):
    for name, made in NAMES.items():
        loaded = load_dataset(str(folder), name, cache_dir=str(tmp_path / "cache"))
        assert {split: rows.num_rows for split, rows in loaded.items()} == SIZES
        for rows in loaded.values():
            assert set(rows["task"]) == {made.name} and rows.column_names == COLUMNS


def test_a_single_task_loads_by_its_folder(tmp_path):
    mathbench.generate("gcd", tmp_path / "ds", **SIZES)
    for given_ in ({"path": "parquet", "data_dir": str(tmp_path / "ds")}, {"path": str(tmp_path / "ds")}):
        loaded = load_dataset(**given_, cache_dir=str(tmp_path / "cache"))
        assert {split: rows.num_rows for split, rows in loaded.items()} == SIZES
        assert loaded["train"].column_names == COLUMNS[:-1]


def test_the_footers_of_a_dataset_agree(folder):
    footers = {
        pq.read_metadata(file).metadata[b"huggingface"] for file in (folder / "data").glob("*.parquet")
    }
    assert len(footers) == 1
    assert list(json.loads(footers.pop())["info"]["features"]) == COLUMNS


def test_arrow_and_pandas_read_a_split_of_all_configurations(folder):
    import pandas

    for split, rows in SIZES.items():
        files = sorted((folder / "data").glob(f"{split}-*.parquet"))
        table = pyarrow.dataset.dataset(files).to_table()
        assert (table.num_rows, table.column_names) == (3 * rows, COLUMNS)
        assert table["label"].null_count == 2 * rows
        frame = pandas.concat(map(pandas.read_parquet, files))
        assert list(frame.columns) == COLUMNS and len(frame) == 3 * rows


def test_tensorflow_reads_questions_and_labels(folder, tmp_path):
    if importlib.util.find_spec("tensorflow") is None:
        absent("tensorflow is not installed")
    rows = load_dataset(str(folder), "k7", split="train", cache_dir=str(tmp_path / "cache"))
    batches = list(rows.to_tf_dataset(batch_size=20, columns="question", label_cols="label"))
    assert [text.decode() for questions, _ in batches for text in questions.numpy()] == rows["question"][:]
    assert [int(label) for _, labels in batches for label in labels] == rows["label"][:]


def test_predictions_have_the_names_of_the_rows(tmp_path):
    """Also of a dataset without names, with a format, and of which some splits are predicted."""
    made = task("divisible", k=7, format="reversed-all")
    generate([Config("x", made, "a-b", SIZES)], tmp_path / "ds")
    data = open_dataset(tmp_path / "ds").data()
    table = with_ids(predict_splits(lambda asked: asked, data, ("extrapolate", "validation")), data)
    assert table.column_names == ["split", "row", "prediction", "task", "id"]
    named = mathbench.load("divisible", k=7, format="reversed-all", seed="a-b", ids=True, **SIZES)
    assert table["id"].to_pylist() == [*named["extrapolate"]["id"], *named["validation"]["id"]]


# columns


def test_shared_columns_are_part_of_the_configuration_and_not_of_the_digest(folder, tmp_path):
    stored = open_dataset(folder)
    assert {name: config.columns for name, config in stored.configs.items()} == {
        "k7": (),
        "base10-k7": ("label",),
        "x.csv": ("label",),
    }
    alone = generate([mixed()[1]], tmp_path / "alone")
    assert alone.configs[0].columns == () and "columns" not in alone.configs[0].spec()
    assert alone.digest(alone.configs[0]) == stored.manifest.digest(stored.configs["base10-k7"])


def test_columns_that_a_task_has_anyway_are_no_difference():
    plain, given_ = (Config("k7", NAMES["k7"], 3, SIZES, columns) for columns in ((), ["label", "label"]))
    assert plain == given_ and plain.spec() == given_.spec()
    assert Config("x", NAMES["k7"], 3, SIZES, ["id", "label"]).columns == ("id",)
    both = Config("x", task("gcd"), 3, SIZES, ["id", "label"])
    assert both.columns == ("label", "id") and both.column_names == (*COLUMNS, "id")
    assert Config.from_spec("x", both.spec()) == both


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["ids"], "unknown column 'ids'. Did you mean 'id'?"),
        ("id", "columns must be a list of names. Received: 'id'."),
        (None, "columns must be a list of names"),
        ([3], "unknown column 3"),
    ],
)
def test_unknown_columns_are_refused(columns, words):
    with pytest.raises(InputError, match=re.escape(words)):
        Config("x", task("gcd"), 0, SIZES, columns)


def test_a_file_without_the_shared_column_is_made_again(folder):
    file = folder / "data/train-00000-of-00001-base10-k7.parquet"
    right = file.read_bytes()
    pq.write_table(pq.read_table(file).drop_columns(["label"]), file)
    assert "the columns are" in next(c.detail for c in failed(folder) if c.what == "regenerated rows")
    generate(mixed(), folder)
    assert file.read_bytes() == right and not failed(folder)


def test_a_difference_is_in_the_first_row_that_differs_not_in_missing_values():
    expected = pa.table({"label": pa.array([None, None, 1], pa.int64()), "row": [5, 6, 7]})
    stored = expected.set_column(0, "label", pa.array([None, 0, 1], pa.int64()))
    assert difference(stored, expected) == "row 6: label is 0 and should be None"
    assert difference(expected, stored) == "row 6: label is None and should be 0"


# names of files


def test_every_file_name_is_found_by_the_pattern_of_its_configuration_alone():
    names = ["k7", "base10-k7", "7", "k7-k7", "x.csv", "a+b_c", "k7.parquet"]
    for version in layout.LAYOUTS:
        for name in names:
            for split in SPLITS:
                file = layout.shard_file(version, name, split, 3, 12)
                assert layout.config_of(version, file) == name
                found = [
                    (other, of)
                    for other in names
                    for of in SPLITS
                    if re.fullmatch(as_regex(layout.split_pattern(version, other, of)), file)
                ]
                assert found == [(name, split)]


def as_regex(pattern):
    return re.escape(pattern).replace(r"\?", "[^/]").replace(r"\*", "[^/]*")


@pytest.mark.parametrize("name", ["00000-of-00001", "x-00000-of-00001", "x" * 181, "é" * 91])
def test_names_that_loaders_or_file_systems_do_not_take_are_refused(name):
    with pytest.raises(InputError, match="a configuration cannot have the name"):
        check_configs([Config(name, task("gcd"), 0, SIZES)])


def test_the_longest_names_can_be_written(tmp_path):
    for name in ("x" * 180, "README.md"):
        generate([Config(name, task("gcd"), 0, {"extrapolate": 3})], tmp_path / name[:9])
        loaded = load_dataset("parquet", data_dir=str(tmp_path / name[:9]), cache_dir=str(tmp_path / "cache"))
        assert loaded["extrapolate"].num_rows == 3


def test_files_that_loaders_would_read_too_are_found(folder):
    """Also files of no configuration, and of other formats."""
    for stray in (
        "train-00000-of-00001-k8.parquet",
        "test-00000-of-00001.csv",
        "train-00001-of-00002-k7.parquet",
    ):
        (folder / "data" / stray).write_bytes(b"")
        assert [(c.config, c.detail) for c in failed(folder)] == [
            ("k7", f"data/{stray} is not part of the dataset")
        ]
        (folder / "data" / stray).unlink()
    for other in ("train.parquet", "notes.txt", ".train-00000-of-00001-k7.parquet.0.tmp"):
        (folder / "data" / other).write_bytes(b"")
    assert not failed(folder)


# earlier layouts


def earlier():
    return [replace(config, layout=1) for config in mixed()]


def start_earlier(folder):
    folder.mkdir()
    (folder / manifest.UNFINISHED_FILE).write_text(json.dumps(dataset_request(earlier())))


def test_an_unfinished_dataset_is_continued_in_its_own_layout(tmp_path):
    start_earlier(tmp_path / "ds")
    written = generate(mixed(), tmp_path / "ds")
    assert written.to_json()["schema_version"] == 1 and not (tmp_path / "ds/data").exists()
    assert sorted(written.contents) == sorted(
        f"{name}/{split}-00000-of-00001.parquet" for name in NAMES for split in SIZES
    )
    # the columns are those of each task, so that no configuration has all rows
    assert "label" not in pq.read_schema(tmp_path / "ds/base10-k7/train-00000-of-00001.parquet").names
    assert "config_name: all" not in (tmp_path / "ds/README.md").read_text()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "ds").rglob("*.parquet")}
    assert generate(mixed(), tmp_path / "ds") == merge(tmp_path / "ds") == written
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "ds").rglob("*.parquet")} == before
    assert not failed(tmp_path / "ds", VerifyOptions(regenerate_all=True))
    latest = generate(mixed(), tmp_path / "latest")
    assert [latest.digest(c) for c in latest.configs] == [written.digest(c) for c in written.configs]


def test_a_dataset_of_an_earlier_layout_is_replaced_by_one_of_the_latest(tmp_path):
    start_earlier(tmp_path / "ds")
    generate(mixed(), tmp_path / "ds")
    with pytest.raises(InputError, match="contains another dataset"):
        generate(mixed(seed=4), tmp_path / "ds")
    generate(mixed(seed=4), tmp_path / "ds", force=True)
    assert {path.parent.name for path in (tmp_path / "ds").rglob("*.parquet")} == {"data"}
    assert not failed(tmp_path / "ds")


def test_a_layout_of_a_later_version_is_refused(folder):
    stated = json.loads((folder / manifest.MANIFEST_FILE).read_text())
    assert stated["schema_version"] == 2
    (folder / manifest.MANIFEST_FILE).write_text(json.dumps({**stated, "schema_version": 3}))
    with pytest.raises(InputError, match=r"unknown schema version 3.*Allowed: 1, 2"):
        open_dataset(folder)
    # the files have other names in another layout
    (folder / manifest.MANIFEST_FILE).write_text(json.dumps({**stated, "schema_version": 1}))
    with pytest.raises(mathbench.errors.CheckFailed, match="missing or unexpected file"):
        open_dataset(folder)


# names of rows


def test_names_of_rows_on_disk_in_memory_and_in_streams_are_the_same(tmp_path):
    options = {"k": 7, "seed": "a-b", "ids": True}
    mathbench.generate("divisible", tmp_path / "ds", **SIZES, **options)
    stored = open_dataset(tmp_path / "ds").data().splits
    memory = mathbench.load("divisible", **SIZES, **options)
    for split, rows in SIZES.items():
        right = [f"divisible-7-base10-v2-seeda%2Db-{split}-{i}" for i in range(rows)]
        assert stored[split]["id"].to_pylist() == memory[split]["id"][:] == right
        assert memory[split].column_names == [*COLUMNS, "id"]
        assert memory[split].features["id"] == Value("string")
        stream = mathbench.stream("divisible", split, rows=rows, batch_size=7, **options)
        assert [name for batch in stream for name in batch["id"]] == right
        assert [row["id"] for row in as_hf(stream)] == right
    loaded = load_dataset("parquet", data_dir=str(tmp_path / "ds"), cache_dir=str(tmp_path / "cache"))
    assert loaded["extrapolate"]["id"][:] == stored["extrapolate"]["id"].to_pylist()


def test_names_change_no_digest_and_are_another_dataset(tmp_path, folder):
    named = generate(mixed(ids=True), tmp_path / "named")
    plain = open_dataset(folder).manifest
    assert [named.digest(c) for c in named.configs] == [plain.digest(c) for c in plain.configs]
    assert [c.columns for c in named.configs] == [("id",), ("label", "id"), ("label", "id")]
    with pytest.raises(InputError, match="contains another dataset"):
        generate(mixed(ids=True), folder)
    # `datasets` caches by the text of the card
    cards = [(path / "README.md").read_text() for path in (folder, tmp_path / "named")]
    assert cards[0] != cards[1]
    assert not failed(tmp_path / "named", VerifyOptions(regenerate_all=True))


def test_a_wrong_name_is_found(tmp_path):
    generate(mixed(ids=True), tmp_path / "ds")
    name = "data/interpolate-00000-of-00001-x.csv.parquet"
    table = pq.read_table(tmp_path / "ds" / name)
    ids = table["id"].to_pylist()
    wrong = [*ids[:5], ids[4], *ids[6:]]
    pq.write_table(table.set_column(6, "id", pa.array(wrong)), tmp_path / "ds" / name)
    found = {check.what: check.detail for check in failed(tmp_path / "ds")}
    assert found["regenerated rows"] == f"{name}, row 5: id is '{ids[4]}' and should be '{ids[5]}'"
    assert "different bytes for the same rows" in found["content digests"]


def test_names_are_unique_over_datasets():
    """Over tasks, versions, seeds and splits: every variant of every family, and names that look alike."""
    made = [*VARIANTS, *(families.task(name) for name in families.names()), *alike()]
    made = list({(t.id, json.dumps(t.parameters)): t for t in made}.values())
    assert len({t.unique_name + f"-v{t.version}" for t in made}) == len(made)
    seeds = [
        0,
        1,
        -1,
        "a",
        "a-b",
        "a/b",
        "a b",
        "a%2Db",
        "seed0-train-1",
        "0-train-0",
        "é",
        "0.0",
        "1e3",
        "-",
    ]
    names = [
        Rows(made, split, seed, ["id"]).batch([0, 1])["id"].to_pylist()
        for made in (task("gcd"), task("divisible"), task("divisible-v1"))
        for split in SPLITS
        for seed in seeds
    ]
    assert len({name for pair in names for name in pair}) == 2 * len(names)


def alike():
    """Tasks whose names are the same although their parameters differ."""
    pairs = [
        ("addition", {"format": "padded:width=8"}, {"format": "padded:width=8,answer=9"}),
        ("comparison", {"places": 1, "kinds": "random:1"}, {"places": 1, "kinds": "random:2,prefix:1"}),
        ("correct-addition", {"errors": "digit:1"}, {"errors": "digit:12"}),
        ("deepmind/numbers__gcd", {"difficulty": "easy"}, {"difficulty": "hard"}),
    ]
    return [task(name, **parameters) for name, *both in pairs for parameters in both]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=12) | st.integers(-(2**63), 2**64 - 1), st.integers(0, 60)),
        min_size=2,
        max_size=2,
        unique=True,
    )
)
def test_no_seed_looks_like_another_part_of_a_name(pair):
    try:
        names = [Rows(task("gcd"), "train", seed, ["id"]) for seed, _ in pair]
    except InputError:
        return
    first, second = (rows.batch([row])["id"][0].as_py() for rows, (_, row) in zip(names, pair, strict=True))
    same = (names[0].seed, pair[0][1]) == (names[1].seed, pair[1][1])
    assert (first == second) == same
    assert re.fullmatch(r"gcd-base10-v\d+-seed[\w.~%]+-train-\d+", first, re.ASCII)


def test_names_of_any_rows_in_any_order():
    rows = Rows(task("gcd"), "train", 5, ["id"])
    numbers = [17, 3, 100_000, 3]
    batch = rows.batch(numbers)
    assert batch["id"].to_pylist() == [f"gcd-base10-v1-seed5-train-{i}" for i in numbers]
    assert rows.batch(range(0)).column_names == [*COLUMNS[:-1], "id"]
    assert rows.batch(np.array([17]))["id"].to_pylist() == batch["id"].to_pylist()[:1]


def test_rows_with_names_share_the_plan_of_those_without():
    plain = mathbench.rows.open_rows(task("gcd"), "train", 8)
    named = mathbench.rows.open_rows(task("gcd"), "train", 8, ("id",))
    assert named.source is plain.source and plain.columns == () and named.columns == ("id",)
    assert plain.batch([0]).column_names == COLUMNS[:-1]


@dataclass(frozen=True)
class Wordy(Gcd):
    """A family of another package, in which two parameters have the same values."""

    first: str = parameter("few", "one", choices=("few", "many"))
    second: str = parameter("few", "two", choices=("few", "many"))


def test_a_word_that_two_parameters_may_have_does_not_make_one_name():
    one, two = Wordy(first="many"), Wordy(second="many")
    assert one.name == two.name == "gcd-base10-many"
    assert len({one.unique_name, two.unique_name, Wordy(first="many", second="many").unique_name}) == 3
    assert Wordy().unique_name == Wordy().name


def test_a_suite_asks_for_names_in_its_file(tmp_path):
    text = 'name = "mine"\nids = {}\n[[tasks]]\ntask = "gcd"\n[[tasks]]\ntask = "prime"\n'
    for value, columns in (("true", ("id",)), ("false", ())):
        (tmp_path / "mine.toml").write_text(text.format(value))
        assert [c.columns for c in load(str(tmp_path / "mine.toml")).configs] == [columns] * 2
    assert [c.columns for c in load(str(tmp_path / "mine.toml"), ids=True).configs] == [("id",)] * 2
    for value in ('"yes"', "1"):
        (tmp_path / "mine.toml").write_text(text.format(value))
        with pytest.raises(InputError, match=r"ids must be true or false\. Received: "):
            load(str(tmp_path / "mine.toml"))


def test_a_mixture_of_streams_has_the_columns_that_all_have():
    both = mathbench.stream(["gcd", "divisible"], ids=True, batch_size=4)
    assert list(both[0]) == [*COLUMNS[:-1], "id"]
    assert both[0]["id"][0].endswith("-seed0-train-0")
    some = mathbench.stream([mathbench.stream("gcd", ids=True), mathbench.stream("divisible")], batch_size=4)
    assert list(some[0]) == COLUMNS[:-1]
    assert list(as_hf(mathbench.stream(["gcd", "prime"], ids=True, rows=9)).features) == list(both[0])


def test_the_state_of_a_stream_with_names_is_not_that_of_one_without():
    state = mathbench.stream("gcd", rows=9, ids=True).state_dict()
    with pytest.raises(InputError, match="its columns is"):
        mathbench.stream("gcd", rows=9).load_state_dict(state)
    assert "columns" not in mathbench.stream("gcd", rows=9).spec


def test_all_names_of_a_large_dataset_differ(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "SHARD_ROWS", 100)
    generate(load("hofstadter", {split: 250 for split in SPLITS}, ids=True).configs, tmp_path / "ds")
    files = list((tmp_path / "ds/data").glob("*.parquet"))
    ids = pa.chunked_array([chunk for f in files for chunk in pq.read_table(f)["id"].chunks])
    assert len(ids) > 1000 and pc.count_distinct(ids).as_py() == len(ids) and not ids.null_count


def test_share_columns_takes_them_in_the_order_of_files():
    shared = share_columns(
        [Config("a", task("gcd"), 0, SIZES, ("id",)), Config("b", task("prime"), 0, SIZES)]
    )
    assert [config.columns for config in shared] == [("label", "id"), ("id",)]
    assert {config.column_names for config in shared} == {(*COLUMNS, "id")}


def test_a_chat_and_a_plain_task_share_a_folder(tmp_path):
    made = [
        Config("chat", task("gcd", format="messages"), 0, SIZES),
        Config("k7", task("divisible"), 0, SIZES),
    ]
    generate(made, tmp_path / "ds")
    assert not failed(tmp_path / "ds")
    loaded = load_dataset("parquet", data_dir=str(tmp_path / "ds"), cache_dir=str(tmp_path / "cache"))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {s: 2 * n for s, n in SIZES.items()}
    assert loaded["train"].column_names == [*COLUMNS, "messages"]
    for row in loaded["extrapolate"]:
        assert (
            (row["messages"] is None) == (row["task"] == "divisible-7-base10") == (row["label"] is not None)
        )
