"""Streams in plain Python: the sequence, epochs, random access, states, bad input."""

import itertools
import json
import pickle
import subprocess
import sys
import threading

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mathbench
from mathbench import errors
from mathbench.dataset.read import open_dataset
from mathbench.errors import InputError
from mathbench.families import FAMILIES, task
from mathbench.reserve import reserve_of
from mathbench.streaming import blocks as blocks_module
from mathbench.streaming.blocks import BlockCache
from mathbench.streaming.order import BLOCK, EpochOrder
from mathbench.streaming.share import WorkerShard

MODULAR = 7544  # rows that train of `modular` holds


def flat(lists):
    return list(itertools.chain.from_iterable(lists))


def numbers(items):
    return [row["row"] for row in items]


@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_same_sequence_as_the_dataset_on_disk(family, tmp_path):
    sizes = {"train": 300, "validation": 40, "interpolate": 0, "extrapolate": 70}
    mathbench.generate(family, tmp_path / "ds", seed="winter", **sizes)
    written = open_dataset(tmp_path / "ds")
    config = written.config(None)
    for split, rows in sizes.items():
        if rows:
            table = written.table(config, split)
            stream = mathbench.stream(family, split, seed="winter", rows=rows, batch_size=rows)
            assert stream.table(0).equals(table.cast(stream.table(0).schema))
            assert list(mathbench.stream(family, split, seed="winter", rows=rows)) == table.to_pylist()
            assert stream[0] == table.to_pydict()


def test_rows_beyond_one_block_and_slices_and_negative_indices():
    stream = mathbench.stream("addition", rows=BLOCK + 100)
    assert len(stream) == BLOCK + 100
    around = stream[BLOCK - 2 : BLOCK + 2]
    assert numbers(around) == list(range(BLOCK - 2, BLOCK + 2))
    assert around == [stream[i] for i in range(BLOCK - 2, BLOCK + 2)]
    assert stream[-1]["row"] == BLOCK + 99 and stream[np.int64(5)]["row"] == 5
    assert numbers(stream[10:0:-4]) == [10, 6, 2] and stream[5:5] == []
    for index in (BLOCK + 100, -BLOCK - 101):
        with pytest.raises(IndexError):
            stream[index]
    batches = mathbench.stream("addition", rows=BLOCK + 100, batch_size=1000)
    assert list(itertools.chain(*(batch["row"] for batch in batches))) == list(range(BLOCK + 100))
    assert [batches[i] for i in (16, 0)] == [list(batches)[16], next(iter(batches))]


def test_a_size_is_a_prefix():
    assert list(mathbench.stream("gcd", rows=50)) == mathbench.stream("gcd", rows=90)[:50]
    assert mathbench.stream("gcd")[:50] == mathbench.stream("gcd", rows=90)[:50]


@pytest.mark.parametrize("batch_size", [None, 1000])
def test_epochs_show_every_row_once_in_ever_other_orders(batch_size):
    stream = mathbench.stream("modular", batch_size=batch_size, epochs=3)
    items = list(stream)
    assert len(items) == len(stream)
    rows = [row["row"] for row in items] if batch_size is None else flat(b["row"] for b in items)
    epochs = [rows[i : i + MODULAR] for i in range(0, 3 * MODULAR, MODULAR)]
    assert epochs[0] == list(range(MODULAR))
    assert all(sorted(epoch) == epochs[0] for epoch in epochs)
    assert epochs[1] != epochs[2] and abs(np.corrcoef(epochs[1], epochs[2])[0, 1]) < 0.05
    assert [stream[i] for i in range(len(stream) - 3, len(stream))] == items[-3:]
    assert list(mathbench.stream("modular", batch_size=batch_size).set_epoch(2)) == items[-len(items) // 3 :]


def test_an_endless_stream_goes_on():
    stream = mathbench.stream("divisible", k=3, digits=2, rows=20, batch_size=8, epochs=None)
    batches = list(itertools.islice(stream, 30))
    assert [len(b["row"]) for b in batches[:6]] == [8, 8, 4, 8, 8, 4]
    assert all(sorted(flat(b["row"] for b in batches[i : i + 3])) == list(range(20)) for i in range(0, 30, 3))
    assert stream[29] == batches[29] and len(stream[10**9]["row"]) in (4, 8)
    with pytest.raises(TypeError):
        len(stream)
    full = mathbench.stream("modular", rows=20, batch_size=8, epochs=None, drop_last=True)
    assert {len(b["row"]) for b in itertools.islice(full, 9)} == {8}


@pytest.mark.parametrize("name", ["modular", "divisible"])
def test_training_never_meets_an_evaluation_row(name):
    made = task(name)
    seen = {row["question"] for row in mathbench.stream(name, epochs=3)}
    for split in ("validation", "interpolate", "extrapolate"):
        for seed in (0, "other"):
            assert seen.isdisjoint(row["question"] for row in mathbench.stream(name, split, seed=seed))
    operands = [made.operands_of(question) for question in seen]
    assert {reserve_of(made.reserve_family, o) for o in operands} == {"train"}


@given(st.integers(1, 3 * BLOCK + 5), st.integers(0, 5), st.integers(0, 2**64 - 1))
def test_an_order_is_a_permutation(rows, epoch, key):
    found = EpochOrder(rows, key).rows_at(epoch, np.arange(rows))
    assert np.array_equal(np.sort(found), np.arange(rows))
    few = np.array([0, rows - 1, rows // 2])
    assert np.array_equal(EpochOrder(rows, key).rows_at(epoch, few), found[few])


def test_the_short_block_comes_anywhere():
    order = EpochOrder(3 * BLOCK + 10, key=5)
    at = {int(np.argmax(order.rows_at(e, np.arange(order.rows)) >= 3 * BLOCK)) // BLOCK for e in range(1, 30)}
    assert at == {0, 1, 2, 3}


def test_orders_reach_far():
    order = EpochOrder(1 << 61, key=1)
    found = order.rows_at(7, np.array([0, 1 << 60, (1 << 61) - 1]))
    assert len(set(found.tolist())) == 3 and found.max() < 1 << 61


@pytest.mark.parametrize("kept", [1, 2, 16])
def test_blocks_give_the_rows_asked_for_whatever_they_keep(kept, monkeypatch):
    monkeypatch.setattr(blocks_module, "CACHED_BLOCKS", kept)
    made, rng = task("addition"), np.random.default_rng(0)
    blocks = BlockCache(made, "train", 0, 5 * BLOCK + 7)
    for sequential in (False, True):
        for requested in ([3], [4], [5], [BLOCK], [0, BLOCK], [1, BLOCK + 1], [4 * BLOCK, 3, 2 * BLOCK, 3]):
            assert blocks.take(np.array(requested), sequential)["row"].to_pylist() == requested
        many = rng.integers(0, 5 * BLOCK + 7, 500)
        assert blocks.take(many, sequential)["row"].to_pylist() == many.tolist()
        everything = np.arange(5 * BLOCK + 7)
        assert np.array_equal(blocks.take(everything, sequential)["row"], everything)
    assert blocks.take(np.array([], dtype=np.int64)).num_rows == 0
    assert len(blocks._cache) <= kept


def test_a_block_is_made_at_the_second_visit_only(monkeypatch):
    monkeypatch.setattr(blocks_module, "CACHED_BLOCKS", 2)
    blocks = BlockCache(task("addition"), "train", 0, 20 * BLOCK)
    made = []
    monkeypatch.setattr(
        blocks, "_generate", lambda n, real=blocks._generate: (made.append(len(n)), real(n))[1]
    )
    for requested in ([5], [BLOCK], [3 * BLOCK], [3 * BLOCK + 1], [3 * BLOCK + 2]):
        blocks.take(np.array(requested))
    blocks.take(np.arange(0, 20 * BLOCK, BLOCK))  # all over: in one go, but for the block at hand
    assert made == [1, 1, 1, BLOCK, 19]


def test_threads_share_a_stream():
    stream = mathbench.stream("addition", rows=5 * BLOCK, batch_size=777)
    expected = {i: stream[i] for i in range(0, len(stream), 7)}
    fresh, wrong = mathbench.stream("addition", rows=5 * BLOCK, batch_size=777), []

    def read(order):
        wrong.extend(i for i in order if fresh[i] != expected[i])

    threads = [
        threading.Thread(target=read, args=(np.random.default_rng(i).permutation(list(expected)).tolist(),))
        for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_stream_travels_without_its_rows():
    stream = mathbench.stream("addition", rows=1000, batch_size=100)
    list(stream)
    sent = pickle.dumps(stream.source)
    assert len(sent) < 5000
    assert pickle.loads(sent).table(0, np.arange(5))["row"].to_pylist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("batch_size", [None, 7])
@given(stop=st.integers(0, 60), epoch=st.integers(0, 3))
def test_a_state_resumes_exactly(batch_size, stop, epoch):
    def stream():
        return mathbench.stream("gcd", rows=31, batch_size=batch_size, epochs=2)

    whole, begun, again = list(stream().set_epoch(epoch)), stream().set_epoch(epoch), stream()
    head = list(itertools.islice(begun, stop))
    again.load_state_dict(json.loads(json.dumps(begun.state_dict())))
    assert head + list(again) == whole
    assert list(again) == whole  # the loop after that is whole
    assert again.state_dict() == {**begun.state_dict(), "done": len(whole)}


def test_a_state_is_that_of_the_latest_loop_or_the_loaded_one():
    stream = mathbench.stream("gcd", rows=31)
    assert stream.state_dict()["done"] == 0
    next(iter(stream))
    assert stream.state_dict()["done"] == 1
    stream.load_state_dict({**stream.state_dict(), "done": 5})
    assert stream.state_dict()["done"] == 5
    reader = iter(stream)
    assert (next(reader)["row"], stream.state_dict()["done"]) == (5, 6)
    stream.set_epoch(1)  # a loop that runs is not disturbed
    assert next(reader)["row"] == 6


@pytest.mark.parametrize(
    ("other", "named"),
    [({"rows": 32}, "rows"), ({"seed": 1}, "seed"), ({"split": "validation"}, "split"), ({"digits": 2}, "param"),
     ({"batch_size": 3}, "batch_size")],
)  # fmt: skip
def test_a_foreign_state_is_refused(other, named):
    state = mathbench.stream("gcd", rows=31).state_dict()
    with pytest.raises(InputError, match=f"another stream: its {named}"):
        mathbench.stream("gcd", **{"rows": 31, **other}).load_state_dict(state)
    for broken in ({}, None, {"stream": 3}, [1], {"stream": state["stream"]}, {**state, "done": -1}):
        with pytest.raises(InputError):
            mathbench.stream("gcd", rows=31).load_state_dict(broken)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"task": "modlar"}, "Did you mean 'modular'"),
        ({"task": "gcd", "digts": 3}, "Did you mean 'digits'"),
        ({"task": "modular", "rows": 10**6}, r"train holds 7,544 different rows\. Received: 1,000,000"),
        ({"task": "gcd", "rows": 0}, "rows must be a positive integer"),
        ({"task": "gcd", "rows": 2.5}, "rows must be a positive integer"),
        ({"task": "gcd", "batch_size": True}, "batch_size must be a positive integer"),
        ({"task": "gcd", "epochs": 0}, "epochs must be a positive integer"),
        ({"task": "gcd", "split": "test"}, "unknown split 'test'"),
        ({"task": "gcd", "seed": 1.5}, "seed must be"),
        ({"task": "gcd", "drop_last": True}, "drop_last requires batch_size"),
        (
            {"task": "gcd", "rows": 10, "batch_size": 20, "drop_last": True},
            "10 rows do not fill a batch of 20",
        ),
        ({"task": "gcd", "weights": [1]}, "weights require a list of tasks"),
        ({"task": 5}, "a stream requires a task or a list of tasks"),
        ({"task": task("gcd"), "digits": 3}, "a Task already has its parameters"),
        ({"task": ["gcd"], "digits": 3}, "parameters require a single task"),
    ],
)
def test_bad_input_is_one_clear_line(words, message):
    with pytest.raises(InputError, match=message) as caught:
        mathbench.stream(**words)
    assert "\n" not in str(caught.value)


def test_bad_use_is_one_clear_line():
    stream = mathbench.stream("gcd", rows=5)
    for epoch in (-1, 1.5, "1", True):
        with pytest.raises(InputError, match="an epoch must be an integer"):
            stream.set_epoch(epoch)
    with pytest.raises(InputError, match=r"tables\(\) requires batch_size"):
        stream.tables()
    endless = mathbench.stream("gcd", rows=5, epochs=None)
    for part in (slice(3, None), slice(-3, 5), slice(0, -1), slice(5, 0, -1)):
        with pytest.raises(InputError, match="requires an end"):
            endless[part]
    with pytest.raises(IndexError, match="infinitely many items"):
        endless[-1]


def test_nothing_heavy_is_imported():
    code = (
        "import sys, mathbench; s = mathbench.stream('gcd', rows=9, batch_size=3); list(s); s[1];"
        "mathbench.stream(['gcd', 'addition'])[5];"
        "print([m for m in ('torch', 'tensorflow', 'keras', 'datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("method", "module", "extra"),
    [("torch", "torch", "torch"), ("torch_rows", "torch", "torch"), ("torch_sampler", "torch", "torch"),
     ("keras", "keras", "keras"), ("tf", "tensorflow", "keras")],
)  # fmt: skip
def test_a_missing_framework_is_named(method, module, extra, monkeypatch):
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name == module else 1)
    with pytest.raises(
        InputError, match=rf"{module} is not installed: pip install 'mathbench-toolkit\[{extra}\]'"
    ):
        getattr(mathbench.stream("gcd", rows=9, batch_size=3), method)()


@given(
    total=st.integers(0, 60), world=st.integers(1, 4), workers=st.integers(1, 4), turn=st.integers(1, 5),
    begin=st.integers(0, 5),
)  # fmt: skip
def test_shares_are_a_partition(total, world, workers, turn, begin):
    dealt, counts = [], []
    for rank in range(world):
        whole = WorkerShard(rank, world, chunk=turn)
        counts.append(whole.count(total))
        assert np.array_equal(whole.items(0, 99, total), whole.items(0, counts[-1], total))
        mine = [
            WorkerShard(rank, world, w, workers, turn, begin).items(0, 99, total).tolist()
            for w in range(workers)
        ]
        assert sorted(flat(mine)) == whole.items(begin, 99, total).tolist()
        if turn == 1:  # a loader that collects in turn has the order of one worker
            columns = itertools.chain(*itertools.zip_longest(*mine))
            assert [i for i in columns if i is not None] == whole.items(begin, 99, total).tolist()
        dealt += whole.items(0, 99, total).tolist()
        even = WorkerShard(rank, world, chunk=turn, even=True)
        assert (
            len(even.items(0, 99, total))
            == even.count(total)
            == WorkerShard(world - 1, world, chunk=turn).count(total)
        )
    assert sorted(dealt) == list(range(total))
    assert max(counts) - min(counts) <= turn


def test_a_rank_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"rank must be from 0 to 1\. Received: 2"):
        WorkerShard(2, 2)


def test_tables_are_arrow():
    stream = mathbench.stream("divisible", rows=10, batch_size=4)
    tables = list(stream.tables())
    assert [t.num_rows for t in tables] == [4, 4, 2] and isinstance(tables[0], pa.Table)
    assert tables[0].schema.field("label").type == pa.int64()
