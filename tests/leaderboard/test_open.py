"""Submissions from anybody: what is read, and that nothing hostile costs memory or a traceback."""

import gzip
import hashlib
import json
import subprocess
import sys
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.ranking.rank import TableFilters, open_tables, season_tables
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from mathbench.leaderboard.submit import submit_run
from mathbench.scores.parquet_limits import check_pages

from .conftest import from_anybody, ranked, right, written_by_anybody

FORMS = ("predictions.parquet", "predictions.jsonl", "predictions.jsonl.gz")


@pytest.fixture
def sent(tmp_path, task):
    """Write a submission.json with its predictions; the path of the directory."""
    count = iter(range(1_000_000))

    def make(name="predictions.jsonl", table=None, data=None, **changes):
        folder = tmp_path / f"sent{next(count)}"
        rows = right(task).drop_columns("task") if table is None else table
        return written_by_anybody(folder, from_anybody(task), rows, name, data, changes)

    return make


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_scored(sent, name):
    folder = sent(name)
    for path in (folder, folder / "submission.json"):
        scores = check_submission(open_submission(path)).scores
        assert {split: s.total.exact_match for split, s in scores.items()} == {
            "interpolate": 1,
            "extrapolate": 1,
        }


def test_all_forms_are_the_same_predictions(sent):
    assert len({open_submission(sent(name)).predictions_digest for name in FORMS}) == 1


def test_a_column_with_the_task_is_allowed_and_checked(sent, task):
    table = right(task)
    assert open_submission(sent(table=table)).predictions.num_rows == 500
    foreign = table.set_column(3, "task", pa.array(["gcd"] * 4 + [task.name] * 496))
    with pytest.raises(InputError, match=r"4 rows of tasks other than addition.*'gcd', 'gcd', 'gcd'"):
        open_submission(sent(table=foreign))


def test_a_claim_that_does_not_hold_is_noted(sent):
    folder = sent(scores={"interpolate": {"n": 300, "correct": 200}})
    assert check_submission(open_submission(folder)).differences == (
        "interpolate: claimed 66.6667% (200 of 300), recomputed 100.0000% (300 of 300)",
    )


def test_seeds_of_one_model_are_one_entry(sent, board):
    send_seeds(sent, board)
    (table,) = open_tables(Board(board).records(), TableFilters(split="interpolate"))
    (line,) = table.lines
    assert (line.model, line.seeds, line.recipe, line.badge) == ("somebody's model", 2, "v1.2", "re-scored")
    assert line.rank is None and table.season == ""  # older submissions name no season


def test_seeds_of_one_model_are_one_entry_of_a_season(sent, season_board):
    model = {"name": "somebodys-model", "links": {"code": "https://example.org/code"}}
    own = {"schema_version": 3, "season": "small", "supervision": "examples"}
    send_seeds(sent, season_board, model, cpu_seconds=7.5, **own)
    opened = Board(season_board)
    assert ranked(opened).open == []
    (table,) = season_tables(ranked(opened), TableFilters("sums", split="interpolate"))
    (line,) = table.lines
    assert (line.model, line.seeds, line.recipe, line.badge) == ("somebodys-model", 2, "v1.2", "re-scored")
    assert (line.rank, line.attempt, line.attempts, line.n, table.season) == (1, 1, 1, 40, "small")
    assert line.cpu_seconds == 7.5 and line.revision == "v1.2"


def send_seeds(sent, board, model=(), cpu_seconds=None, **changes):
    """Submit two training seeds of one model."""
    for seed in (1, 2):
        training = from_anybody_training(seeds=[seed])
        training |= {} if cpu_seconds is None else {"cpu_seconds": cpu_seconds}
        weights = {"weights_sha256": f"{seed:064x}"}
        submit_run(sent(model=dict(model) | weights, training=training, **changes), board)


def from_anybody_training(**changes):
    return {"seeds": [0], "data_digest": None, "budget": "1h", "external_data": False} | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"surprise": 1}, "unknown key 'surprise'"),
        ({"training": {}}, "is missing the key 'seeds'"),
        ({"training": from_anybody_training(external_data="no")}, "true or false"),
        ({"model": {"revision": None, "weights_sha256": None}}, "must have a revision or a weights_sha256"),
        ({"model": {"weights_sha256": "abc"}}, "weights_sha256"),
        ({"model": {"name": "a\x1b[2Jb"}}, "printable"),
        ({"predictions": {"file": "../secret.jsonl"}}, r"predictions\.file"),
        ({"predictions": {"file": "/etc/passwd"}}, r"predictions\.file"),
        ({"predictions": {"file": "predictions.zip"}}, r"predictions\.file"),
        ({"predictions": {"file": "none.jsonl"}}, "must contain submission.json and none.jsonl"),
        ({"predictions": {"sha256": "0" * 64}}, "does not match the manifest"),
    ],
)
def test_a_wrong_manifest_is_refused(sent, changes, words):
    refused(sent(**changes), words)


def refused(folder, words):
    with pytest.raises(InputError, match=words) as refusal:
        check_submission(open_submission(folder))
    said = str(refusal.value)
    assert said.isprintable() and len(said) < 400


LINE = '{"split":"interpolate","row":%s,"prediction":%s}\n'


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (LINE % ("NaN", '"1"'), "NaN"),
        (LINE % ("1", "NaN"), "number"),
        (LINE % ("1.5", '"1"'), "1.5"),
        (LINE % ("1", "null"), "missing or null in 1 row"),
        ('{"split":"interpolate","row":1}\n', "missing or null in 1 row"),
        (LINE % ("1", '"1","answer":"1"'), "unexpected field"),
        (LINE % ("1", '"1","row":2'), "twice"),
        (LINE % ("300", '"1"') + LINE % ("-1", '"1"'), "2 unknown, the first: -1, 300"),
        (LINE % ("1", '"1"') * 2, "1 repeated, the first: 1"),
        (LINE % ("1", '"%s"' % ("9" * 10_001)), "more than 10,000 bytes in 1 rows"),
        (LINE % ("1", '"%s"' % ("9" * 300_000)), "not JSON lines"),
        ("[" * 100_000, "not JSON lines"),
        ("", "not JSON lines"),
        ("\x00\x00", "not JSON lines"),
        ("\n" * 10_000_000, "more than 1,000,000 rows. Received: 10,000,000 lines"),
    ],
    ids=range(15),
)
def test_wrong_lines_are_refused(sent, lines, words):
    refused(sent(data=lines.encode()), words)


def test_ten_million_rows_are_refused_from_the_footer(sent):
    column = pa.DictionaryArray.from_arrays(np.zeros(10_000_000, np.int8), ["interpolate"])
    table = pa.table({"split": column, "row": np.zeros(10_000_000, np.int64), "prediction": column})
    refused(sent("predictions.parquet", table), "more than 1,000,000 rows. Received: 10,000,000")


def gzip_bomb(blocks):
    """Gzip that holds so many MiB of spaces: after a full flush the same bytes mean the same block again."""
    machine, block = zlib.compressobj(9, wbits=31), b" " * (1 << 20)
    head, again = (machine.compress(block) + machine.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return head + again * (blocks - 1)


def test_a_gzip_bomb_is_refused(sent):
    assert zlib.decompressobj(31).decompress(gzip_bomb(3)) == b" " * (3 << 20)
    refused(sent("predictions.jsonl.gz", data=gzip_bomb(4096)), "decompresses to more than 134,217,728 bytes")


@pytest.mark.parametrize("damage", [lambda d: d[:-9], lambda d: d + b"x", lambda d: d + d, lambda d: b"PK"])
def test_damaged_gzip_is_refused(sent, damage):
    data = gzip.compress((LINE % ("1", '"1"')).encode())
    refused(sent("predictions.jsonl.gz", data=damage(data)), "gzip")


def test_a_text_encoding_without_bound_is_refused(sent, task):
    folder = sent("predictions.parquet")
    table = right(task).drop_columns("task")
    pq.write_table(
        table,
        folder / "predictions.parquet",
        use_dictionary=False,
        column_encoding={"prediction": "DELTA_BYTE_ARRAY", "split": "PLAIN", "row": "PLAIN"},
    )
    signed_anew(folder)
    refused(folder, "DELTA_BYTE_ARRAY")


def signed_anew(folder):
    document = json.loads((folder / "submission.json").read_text())
    data = (folder / document["predictions"]["file"]).read_bytes()
    document["predictions"]["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / "submission.json").write_text(json.dumps(document))


def test_a_parquet_bomb_with_an_honest_footer_is_refused(sent):
    texts = pa.array(["9" * 1_000_000] * 300)
    table = pa.table({"split": texts, "row": np.arange(300), "prediction": texts})
    folder = sent("predictions.parquet")
    pq.write_table(table, folder / "predictions.parquet", use_dictionary=False, compression="zstd")
    signed_anew(folder)
    assert (folder / "predictions.parquet").stat().st_size < 500_000
    refused(folder, "decompresses to more than")


def test_the_headers_of_pages_are_added_up(tmp_path):
    path = tmp_path / "p.parquet"
    table = pa.table({"split": ["a"] * 50_000, "row": np.arange(50_000), "prediction": ["17"] * 50_000})
    for options in ({}, {"use_dictionary": False}, {"data_page_version": "2.0", "compression": "gzip"}):
        pq.write_table(table, path, row_group_size=20_000, **options)
        file, data = pq.ParquetFile(path), path.read_bytes()
        said = sum(file.metadata.row_group(i).total_byte_size for i in range(3))
        found = check_pages(file, data, "p", 1 << 30)
        assert 0.9 * said < found <= said  # the footer counts the headers too


def forged(data, size):
    """The same file, but the first page says that it unpacks to `size` bytes; offsets stay as they were."""
    at = data.index(b"\x15", 4)
    # type (field 1), unpacked (field 2): both zigzag varints; the longer number takes the place of padding
    end = at + 3
    while data[end] & 128:
        end += 1
    number, value = b"", size << 1
    while value > 127:
        number, value = number + bytes([value & 127 | 128]), value >> 7
    return data[: at + 3] + number + bytes([value]) + data[end + 1 :]


def test_a_page_that_announces_gigabytes_is_refused(sent):
    folder = sent("predictions.parquet")
    path = folder / "predictions.parquet"
    path.write_bytes(forged(path.read_bytes(), 2_000_000_000))
    signed_anew(folder)
    refused(folder, "decompresses to more than")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_damage_causes_a_traceback(sent, data):
    name = data.draw(st.sampled_from(FORMS))
    folder = sent(name)
    raw = bytearray((folder / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    (folder / name).write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    signed_anew(folder)
    try:
        check_submission(open_submission(folder))
    except InputError as error:
        assert str(error).isprintable(), error


BOMBS = """
import resource, sys
from mathbench.leaderboard.submission import open_submission
from mathbench.errors import InputError
import mathbench.leaderboard.check
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        open_submission(path)
    except InputError:
        print("refused")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_bombs_cost_little_memory(sent, tmp_path):
    """Parquet that announces or holds 4 GB and gzip that holds 4 GB: refused within 200 MB."""
    liar, honest = sent("predictions.parquet"), sent("predictions.parquet")
    path = liar / "predictions.parquet"
    path.write_bytes(forged(path.read_bytes(), 2_000_000_000))
    texts = pa.DictionaryArray.from_arrays(np.zeros(900_000, np.int32), ["9" * 9_999])
    table = pa.table({"split": texts, "row": np.arange(900_000), "prediction": texts})
    pq.write_table(table, honest / "predictions.parquet", compression="zstd")
    gz = sent("predictions.jsonl.gz", data=gzip_bomb(4096))
    for folder in (liar, honest):
        signed_anew(folder)
    done = subprocess.run(
        [sys.executable, "-c", BOMBS, liar, honest, gz], capture_output=True, text=True, check=True
    )
    *said, grown = done.stdout.split()
    assert said == ["refused"] * 3 and int(grown) < 300_000, done.stdout
