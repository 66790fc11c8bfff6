"""Streams as Hugging Face datasets: features, shards, nodes, workers, resume."""

import json
from itertools import islice

import datasets
import pytest
from datasets.distributed import split_dataset_by_node

import mathbench
from mathbench.errors import InputError
from mathbench.streaming import huggingface
from mathbench.streaming.order import BLOCK


def rows(dataset):
    return [row["row"] for row in dataset]


@pytest.mark.parametrize("name", ["divisible", "gcd"])
def test_rows_and_features_are_those_on_disk(name, tmp_path):
    mathbench.generate(name, tmp_path / "ds", train=500, validation=0, interpolate=0, extrapolate=0)
    stored = datasets.load_dataset(str(tmp_path / "ds"), split="train", cache_dir=str(tmp_path / "cache"))
    stream = mathbench.stream(name, rows=500).hf()
    assert stream.features == stored.features
    assert list(stream) == list(stored)


@pytest.mark.parametrize("nodes", [1, 2, 3, 8])
def test_nodes_share_the_rows(nodes):
    stream = mathbench.stream("modular", rows=6001).hf()
    parts = [rows(split_dataset_by_node(stream, rank, nodes)) for rank in range(nodes)]
    assert sorted(sum(parts, [])) == list(range(6001))  # noqa: RUF017
    assert max(map(len, parts)) - min(map(len, parts)) <= 8


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_workers_share_the_rows(workers):
    torch = pytest.importorskip("torch")
    stream = mathbench.stream("modular", rows=6001).hf().with_format("torch")
    given = torch.utils.data.DataLoader(stream, batch_size=100, num_workers=workers)
    assert sorted(int(row) for batch in given for row in batch["row"]) == list(range(6001))


@pytest.mark.parametrize("read", [0, 5, 2000, BLOCK + 1, 2 * BLOCK + 100])
def test_it_resumes_without_making_everything_again(read, monkeypatch):
    stream = mathbench.stream("addition", rows=2 * BLOCK + 100)
    begun = stream.hf(shards=4)
    head = rows(islice(begun, read))
    state = json.loads(json.dumps(begun.state_dict()))
    made = []
    tables = type(stream.source).table
    monkeypatch.setattr(
        type(stream.source),
        "table",
        lambda s, e, p, a=False, sequential=False: (made.append(p[0]), tables(s, e, p, True))[1],
    )
    again = stream.hf(shards=4)
    again.load_state_dict(state)
    assert head + rows(again) == list(range(2 * BLOCK + 100))
    shard = (2 * BLOCK + 100) // 4
    assert not made or made[0] >= read - shard - huggingface.READ_ROWS


def test_it_maps_shuffles_and_mixes():
    stream = mathbench.stream(["gcd", "modular"], weights=[1, 3], rows=4096).hf()
    assert sum(row["task"].startswith("modular") for row in stream) == 3072
    shuffled = rows(mathbench.stream("gcd", rows=3000).hf().shuffle(seed=1, buffer_size=500))
    assert sorted(shuffled) == list(range(3000)) and shuffled != list(range(3000))
    long = mathbench.stream("gcd", rows=50).hf().map(lambda row: {"length": len(row["question"])})
    assert all(row["length"] == len(row["question"]) for row in long)
    batch = next(iter(mathbench.stream("gcd", rows=50).hf().batch(20)))
    assert batch["row"] == list(range(20))


def test_the_epoch_of_the_stream_is_that_of_the_dataset():
    stream = mathbench.stream("gcd", rows=300).set_epoch(2)
    assert rows(stream.hf()) == rows(stream)


@pytest.mark.parametrize(("size", "shards"), [(1, 1), (7, 7), (1000, 8), (8 * BLOCK, 8), (8 * BLOCK + 1, 16)])
def test_shards_are_as_many_as_nodes_need(size, shards):
    stream = mathbench.stream("addition", rows=size).hf()
    assert stream.num_shards == shards
    assert mathbench.stream("addition", rows=1000).hf(shards=6).num_shards == 6


@pytest.mark.parametrize(
    ("words", "shards", "message"),
    [
        ({"task": ["gcd"]}, None, "give rows=N, at most 1,073,741,824. Received: endless"),
        ({"task": "addition", "digits": 6}, None, r"give rows=N"),
        ({"task": "gcd", "rows": 10}, 0, "shards must be 1 to 65,536"),
        ({"task": "gcd", "rows": 10}, 1 << 17, "shards must be 1 to 65,536"),
    ],
)
def test_what_cannot_be_listed_is_one_clear_line(words, shards, message):
    with pytest.raises(InputError, match=message):
        mathbench.stream(**words).hf(shards=shards)
