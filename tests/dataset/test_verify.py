"""What `verify` finds: every flipped bit, edited numbers, foreign shards, and the first difference exactly."""

import json
import random
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.dataset import manifest, shard
from mathbench.dataset.digest import difference
from mathbench.dataset.manifest import Config
from mathbench.dataset.read import open_dataset
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.dataset.write import generate
from mathbench.errors import CheckFailed, InputError, MathbenchError
from mathbench.families import task
from mathbench.storage import location

SIZES = {"train": 2300, "validation": 100, "interpolate": 100, "extrapolate": 100}
FLIPS = 150


def configs(seed=3):
    return [Config("k7", task("divisible", k=7), seed, SIZES), Config("sums", task("addition"), seed, SIZES)]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(manifest, "SHARD_ROWS", 1000)
    monkeypatch.setattr(shard, "BATCH_ROWS", 250)


@pytest.fixture
def folder(tmp_path):
    generate(configs(), tmp_path / "ds")
    return tmp_path / "ds"


def failed(folder, depth=None):
    return [check for check in verify(open_dataset(folder), depth) if not check.passed]


def test_every_flipped_bit_is_found(folder):
    """At random places, and at every byte of the last 600: the footer, where readers trust what they find."""
    file = folder / "data" / "train-00001-of-00003-k7.parquet"
    right, rng = file.read_bytes(), random.Random(5)
    some = [rng.randrange(len(right)) for _ in range(FLIPS)] + list(range(len(right) - 600, len(right), 7))
    other = location.files(folder)
    for at in some:
        content = bytearray(right)
        content[at] ^= 1 << rng.randrange(8)
        file.write_bytes(content)
        found = list(verify_file(folder, "k7", "train"))
        assert found, f"byte {at}"
    file.write_bytes(right)
    assert location.files(folder) == other and not failed(folder)


def verify_file(folder, config, split):
    from mathbench.dataset import verify as module

    opened = open_dataset(folder)
    checks = module._check_split(opened, opened.config(config), split, VerifyOptions(5), lambda rows: None)
    return (check for check in checks if not check.passed)


def test_a_flip_that_the_digest_of_rows_does_not_see_is_found(folder):
    """The label, the task and the row are in no content digest; the footer is not in the rows."""
    file = folder / "data" / "train-00000-of-00003-k7.parquet"
    table = pq.read_table(file)
    for name, wrong in {"label": 1 - table["label"][7].as_py(), "task": "k8", "row": 70}.items():
        values = table[name].to_pylist()
        right, values[7] = values[7], wrong
        place = table.column_names.index(name)
        pq.write_table(table.set_column(place, table.schema.field(name), [values]), file)
        details = {check.what: check.detail for check in failed(folder, VerifyOptions(regenerate_all=True))}
        found = f"data/train-00000-of-00003-k7.parquet, row 7: {name} is {wrong!r} and should be {right!r}"
        assert details["regenerated rows"] == found
        assert "different bytes for the same rows" in details["content digests"]


def test_running_again_mends_what_verify_finds(folder):
    before = open_dataset(folder).manifest
    file = folder / "data" / "train-00001-of-00003-k7.parquet"
    right, rng = file.read_bytes(), random.Random(6)
    for at in [rng.randrange(len(right)) for _ in range(6)] + [len(right) - 20, len(right) - 150]:
        content = bytearray(right)
        content[at] ^= 4
        file.write_bytes(content)
        generate(configs(), folder)
        assert file.read_bytes() == right and open_dataset(folder).manifest == before


@pytest.mark.parametrize("at", range(0, 4000, 271))
def test_a_truncated_manifest_is_refused(folder, at):
    path = folder / manifest.MANIFEST_FILE
    path.write_bytes(path.read_bytes()[:at])
    with pytest.raises((CheckFailed, InputError), match=r"damaged|manifest.json"):
        open_dataset(folder)


def leaves(value, path=()):
    if not isinstance(value, dict | list):
        yield path
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaves(inner, (*path, key))


def test_every_edited_number_of_a_manifest_is_found(folder):
    """One figure after another; the version of mathbench alone decides nothing."""
    path = folder / manifest.MANIFEST_FILE
    right = path.read_text()
    edited = [place for place in leaves(json.loads(right)) if place != ("mathbench",)]
    assert len(edited) > 100
    for place in edited[:: 1 + len(edited) // 120]:
        value = json.loads(right)
        inner = value
        for key in place[:-1]:
            inner = inner[key]
        old = inner[place[-1]]
        inner[place[-1]] = old + 1 if isinstance(old, int) else old[:-1] + ("0" if old[-1] != "0" else "1")
        path.write_text(json.dumps(value))
        try:
            found = failed(folder, VerifyOptions(20))
        except MathbenchError:
            continue
        assert found, place


@pytest.mark.parametrize(
    "depth", [VerifyOptions(), VerifyOptions(regenerate_all=True), VerifyOptions(20, read_all=False)]
)
def test_shards_of_other_places_and_seeds_are_found(folder, tmp_path, depth):
    one, two = (folder / "data" / f"train-0000{i}-of-00003-sums.parquet" for i in range(2))
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(kept)
    assert {"regenerated rows"} < {check.what for check in failed(folder, depth)}
    generate(configs(seed=4), tmp_path / "other")
    two.write_bytes(one.read_bytes())
    shutil.copy(tmp_path / "other" / "data" / one.name, one)
    assert {"regenerated rows"} < {check.what for check in failed(folder, depth)}


@pytest.mark.parametrize(
    "depth", [VerifyOptions(), VerifyOptions(regenerate_all=True), VerifyOptions(20, read_all=False)]
)
def test_files_too_many_or_too_few_are_found(folder, depth):
    first = folder / "data" / "train-00000-of-00003-sums.parquet"
    shutil.copy(first, first.with_name("train-00003-of-00004-sums.parquet"))
    found = failed(folder, depth)
    assert [check.detail for check in found] == [
        "data/train-00003-of-00004-sums.parquet is not part of the dataset"
    ]
    first.with_name("train-00003-of-00004-sums.parquet").unlink()
    first.unlink()
    details = [check.detail for check in failed(folder, depth)]
    assert "data/train-00000-of-00003-sums.parquet is missing" in details


def test_a_sample_reads_the_row_groups_it_needs_and_no_others(folder, monkeypatch):
    read, groups_read = pq.ParquetFile.read_row_group, []
    monkeypatch.setattr(
        pq.ParquetFile,
        "read_row_group",
        lambda self, i, **rest: groups_read.append(i) or read(self, i, **rest),
    )
    assert not failed(folder, VerifyOptions(2, read_all=False, seed=1))
    groups = {row // 250 for row in VerifyOptions(2, seed=1).sample_rows(2300)}
    others = 3  # the other splits have one each
    assert len(groups) < 10 and len(groups_read) == 2 * (len(groups) + others)


RESERVES = {"train": "train", "validation": "validation", "interpolate": "test", "extrapolate": "test"}


def checks_of(config, options, folder):
    """The checks of a right dataset, as they are told."""
    yield config, "", "files", "6 file(s)"
    for split, rows in SIZES.items():
        sample, chosen = len(options.sample_rows(rows)), f", chosen by seed {options.seed}"
        solved = f"{sample:,} rows{chosen if sample < rows else ''}"
        digests = "content digests" if options.read_all else "digests in the footers"
        yield config, split, digests, f"{3 if split == 'train' else 1} file(s)"
        yield config, split, "regenerated rows", f"{rows:,} rows" if options.regenerate_all else solved
        yield config, split, "answers, by an independent solver", solved
        yield config, split, f"problems in the {RESERVES[split]} reserve", solved
        yield config, split, "no question twice", f"{rows if options.regenerate_all else sample:,} rows"
        if options.read_all and config == "k7":
            files = folder.glob(f"data/{split}-*-k7.parquet")
            right = sum(pq.read_table(file)["label"].to_pylist().count(1) for file in files)
            yield config, split, "labels balanced", f"{right:,} true of {rows:,}"


@pytest.mark.parametrize(
    "options",
    [
        VerifyOptions(20, seed=5),
        VerifyOptions(99, read_all=False, seed=5),
        VerifyOptions(100, regenerate_all=True, seed=5),
        VerifyOptions(2299, seed=5),
        VerifyOptions(2300, seed=5),
    ],
)
def test_what_is_told_of_a_right_dataset(folder, options):
    progress = []
    found = list(verify(open_dataset(folder), options, progress.append))
    assert all(check.passed for check in found)
    told = [(check.config, check.split, check.what, check.detail) for check in found]
    assert told == [check for config in ("k7", "sums") for check in checks_of(config, options, folder)]
    assert sum(progress) == 2 * sum(map(options.row_count, SIZES.values()))
    assert options.row_count(2300) == (2300 if options.read_all else len(options.sample_rows(2300)))


def test_a_thousand_rows_are_sampled_unless_said_otherwise(folder):
    details = {(c.config, c.split, c.what): c.detail for c in verify(open_dataset(folder))}
    assert details["sums", "train", "regenerated rows"] == "1,000 rows, chosen by seed 0"
    assert VerifyOptions() == VerifyOptions(1000, True, False, 0)


def test_only_shards_count_as_files_of_a_dataset(folder):
    (folder / "data" / "notes.txt").write_text("mine")
    assert not failed(folder)
    (folder / "data" / "train-00000-of-00003-k7.parquet").rename(
        folder / "data" / "train-00009-of-00003-k7.parquet"
    )
    assert [(check.config, check.detail) for check in failed(folder) if check.what == "files"] == [
        ("k7", "data/train-00000-of-00003-k7.parquet is missing")
    ]


def test_the_first_difference_from_the_manifest_is_told(folder, tmp_path):
    generate(configs(seed=4), tmp_path / "other")
    file = "data/train-00001-of-00003-sums.parquet"
    stated, other = (open_dataset(path).manifest.contents[file] for path in (folder, tmp_path / "other"))
    table = pq.read_table(folder / file)

    def told(options):
        found = [check for check in failed(folder, options) if "digests" in check.what]
        assert [(check.config, check.split) for check in found] == [("sums", "train")]
        return found[0].detail

    shutil.copy(tmp_path / "other" / file, folder / file)
    assert told(VerifyOptions(9)) == f"{file}: digest {other.digest}; the manifest states {stated.digest}"
    assert told(VerifyOptions(9, read_all=False)) == (
        f"{file}: its footer states (1000, '{other.digest}'), the manifest (1000, '{stated.digest}')"
    )
    pq.write_table(table, folder / file)
    words = f"{file}: different bytes for the same rows; the manifest states {stated.sha256}"
    assert told(VerifyOptions(9)) == words
    pq.write_table(table.slice(0, 999), folder / file)
    assert told(VerifyOptions(9)) == f"{file}: rows 999; the manifest states 1000"
    (folder / file).write_bytes(b"PAR1")
    for read_all in (True, False):
        assert told(VerifyOptions(9, read_all)).startswith(f"{folder / file} cannot be read: ")
    # a file in which no row of the sample lies is not opened
    untouched = next(seed for seed in range(99) if not middle(VerifyOptions(1, seed=seed)))
    assert not failed(folder, VerifyOptions(1, read_all=False, seed=untouched))


def middle(options):
    return [row for row in options.sample_rows(2300) if 1000 <= row < 2000]


def test_a_seed_repeats_a_sample_and_another_takes_other_rows():
    first, again, other = (VerifyOptions(50, seed=seed).sample_rows(10**9) for seed in (1, 1, 2))
    assert (first == again).all() and len(set(first) & set(other)) == 2  # the first row and the last
    assert list(VerifyOptions(10).sample_rows(4)) == list(VerifyOptions(4).sample_rows(4)) == [0, 1, 2, 3]
    ends = VerifyOptions(1).sample_rows(10**9)
    assert len(ends) == 3 and (ends[0], ends[-1]) == (0, 10**9 - 1)
    many = VerifyOptions(50).sample_rows(60)
    assert 50 <= len(many) == len(set(many)) <= 52 and list(many) == sorted(many)


def test_verify_reads_in_flat_memory(folder):
    """Whatever the number of rows, no more than a row group and the questions compared are held."""
    pool = pa.default_memory_pool()
    sizes = []

    def watch(rows):
        sizes.append(pool.bytes_allocated())

    before = pool.bytes_allocated()
    assert all(
        check.passed for check in verify(open_dataset(folder), VerifyOptions(regenerate_all=True), watch)
    )
    assert max(sizes) - before < 4 << 20


def test_a_garbled_question_is_a_failed_check_and_no_traceback(folder):
    file = folder / "data" / "validation-00000-of-00001-sums.parquet"
    table = pq.read_table(file)
    questions = ["colourless green ideas", None, *table["question"].to_pylist()[2:]]
    pq.write_table(table.set_column(0, "question", pa.array(questions, pa.string())), file)
    details = {check.what: check.detail for check in failed(folder)}
    assert "'colourless green ideas' and should be" in details["regenerated rows"]
    assert "cannot be parsed as a question" in details["answers, by an independent solver"]


def test_another_type_or_column_is_a_failed_check(folder):
    file = folder / "data" / "validation-00000-of-00001-k7.parquet"
    table = pq.read_table(file)
    for wrong in (table.drop_columns(["label"]), table.set_column(4, "row", table["row"].cast(pa.int32()))):
        pq.write_table(wrong, file)
        for depth in (VerifyOptions(), VerifyOptions(regenerate_all=True), VerifyOptions(9, read_all=False)):
            assert failed(folder, depth)


def test_a_missing_value_differs_from_any_other():
    made = pa.table({"answer": ["1", "2"], "row": [6, 7]})
    stored = pa.table({"answer": pa.array(["1", None], pa.string()), "row": [6, 7]})
    assert difference(stored, made) == "row 7: answer is None and should be '2'"


def test_manifests_without_the_sha256_of_files_still_open(folder):
    path = folder / manifest.MANIFEST_FILE
    value = json.loads(path.read_text())
    for config in value["configs"].values():
        for content in config["files"].values():
            del content["sha256"]
    path.write_text(json.dumps(value))
    assert not failed(folder)
