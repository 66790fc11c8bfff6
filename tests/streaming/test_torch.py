"""Streams in PyTorch: shares of workers and ranks, epochs, resume, random access."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import mathbench
from mathbench.errors import InputError
from mathbench.streaming.encoder import Encoder
from mathbench.streaming.order import BLOCK
from mathbench.tokenizer import Characters

torch = pytest.importorskip("torch")
from torch.utils.data import DataLoader, RandomSampler  # noqa: E402

MODULAR = 7544
ROOT = Path(__file__).resolve().parents[2]


def loader(dataset, workers=0, batch_size=None, **words):
    return DataLoader(dataset, batch_size=batch_size, num_workers=workers, **words)


def rows(batches):
    return [row for batch in batches for row in batch["row"].tolist()]


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("drop_last", [False, True])
def test_any_number_of_workers_gives_the_same_order(workers, drop_last):
    stream = mathbench.stream("modular", batch_size=100, drop_last=drop_last)
    given = loader(stream.torch(), workers)
    assert rows(given) == list(range(7500 if drop_last else MODULAR))
    assert len(given) == 75 + (not drop_last)


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize(("batch_size", "deal"), [(None, "batches"), (None, "blocks"), (100, "blocks")])
def test_no_row_twice_and_none_lost(workers, batch_size, deal):
    dataset = mathbench.stream("modular", batch_size=batch_size).torch(deal=deal)
    given = loader(dataset, workers, batch_size=None if batch_size else 50)
    assert sorted(rows(given)) == list(range(MODULAR))


@pytest.mark.parametrize("deal", ["batches", "blocks"])
@pytest.mark.parametrize("workers", [0, 3])
def test_ranks_share_without_overlap_and_with_uneven_tails(workers, deal):
    size = 100 if deal == "batches" else 1000  # of blocks there are only a few
    stream = mathbench.stream("addition", rows=3 * BLOCK + 50, batch_size=size)
    parts = [stream.torch(rank=r, world=4, deal=deal) for r in range(4)]
    seen = [list(loader(part, workers)) for part in parts]
    assert Counter(rows(itertools.chain(*seen))) == Counter(range(3 * BLOCK + 50))
    assert [len(part) for part in parts] == [len(batches) for batches in seen]
    even = [stream.torch(rank=r, world=4, deal=deal, even=True) for r in range(4)]
    steps = [len(list(loader(part, workers))) for part in even]
    assert len(set(steps)) == 1 and steps[0] == len(even[0]) == min(map(len, seen))


def test_the_ranks_together_see_what_one_sees():
    stream = mathbench.stream("gcd", rows=1200, batch_size=50)
    steps = zip(*(loader(stream.torch(rank=r, world=3), 2) for r in range(3)), strict=True)
    assert rows(itertools.chain(*steps)) == list(range(1200))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_either_kind(method):
    stream = mathbench.stream(["modular", "gcd"], rows=500, seed="text", batch_size=64)
    dataset = stream.torch(encode=True, rank=1, world=2)
    given = [b["question"] for b in loader(dataset, 2, multiprocessing_context=method)]
    expected = [b["question"] for b in dataset]
    assert len(given) == 4 and all(map(torch.equal, given, expected))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_read_classes_that_are_made_at_run_time(method):
    names = ["deepmind/measurement__time", "deepmind/numbers__gcd", "deepmind/probability__swr_p_sequence"]
    dataset = mathbench.stream(names, rows=200, batch_size=64).torch()
    given = [b["question"] for b in loader(dataset, 1, multiprocessing_context=method)]
    assert given == [b["question"] for b in dataset]


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (2, False), (2, True)])
def test_set_epoch_reaches_the_workers(workers, persistent):
    stream = mathbench.stream("modular", rows=1000, batch_size=100)
    dataset = stream.torch()
    given, passes = loader(dataset, workers, persistent_workers=persistent), []
    for epoch in (0, 1, 1, 2, 0):
        dataset.set_epoch(epoch)
        passes.append(rows(given))
    assert passes[1] == passes[2] and passes[0] == passes[4] == list(range(1000))
    assert len(set(map(tuple, passes))) == 3
    assert passes[3] == [row for batch in stream.set_epoch(2) for row in batch["row"]]


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (1, False), (3, False), (3, True)])
@pytest.mark.parametrize("resumed", [0, 2])
def test_a_plain_loader_resumes_by_counting(workers, persistent, resumed):
    def dataset():
        return mathbench.stream("modular", rows=1000, batch_size=64).torch()

    first = dataset()
    first.set_epoch(3)
    whole = rows(first)
    iterator = iter(loader(first, workers))
    head = [next(iterator) for _ in range(5)]
    state = json.loads(json.dumps(first.state_after(5)))
    del iterator
    second = dataset()
    given = loader(second, resumed, persistent_workers=persistent and resumed > 0)
    second.load_state_dict(state)
    second.set_epoch(3)
    assert rows(head) + rows(given) == whole
    assert rows(given) == whole  # only the next pass is a part
    second.set_epoch(4)
    assert sorted(rows(given)) == list(range(1000))
    second.load_state_dict(state)  # and again, in workers that are running
    assert rows(head) + rows(given) == whole


@pytest.mark.parametrize("world", [(2, 4), (4, 2), (3, 3)])
def test_a_job_resumes_with_other_ranks(world):
    before, after = world
    stream = mathbench.stream("modular", batch_size=10)
    done, state = [], None
    for rank in range(before):
        dataset = stream.torch(rank=rank, world=before)
        done += rows(itertools.islice(dataset, 8))
        state = dataset.state_after(8)
    rest = []
    for rank in range(after):
        dataset = stream.torch(rank=rank, world=after)
        dataset.load_state_dict(state)
        rest += rows(loader(dataset, 2))
    assert sorted(done + rest) == list(range(MODULAR))
    odd = stream.torch(rank=0, world=7)
    if 8 * before % 7:
        with pytest.raises(InputError, match="cannot be divided among 7 ranks"):
            odd.load_state_dict(state)


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize(("batch_size", "deal"), [(512, "batches"), (512, "blocks"), (None, "batches")])
def test_a_stateful_loader_resumes(workers, batch_size, deal):
    stateful = pytest.importorskip("torchdata.stateful_dataloader")

    def given():
        stream = mathbench.stream("addition", rows=2 * BLOCK + 5, batch_size=batch_size)
        words = {"batch_size": None if batch_size else 500, "num_workers": workers}
        return stateful.StatefulDataLoader(stream.torch(deal=deal), **words)

    whole, begun = rows(given()), given()
    head = list(itertools.islice(begun, 33))
    state, again = begun.state_dict(), given()
    again.load_state_dict(state)
    assert rows(head) + rows(again) == whole
    assert rows(again) == whole


def test_the_state_of_a_pass_in_this_process():
    dataset = mathbench.stream("gcd", rows=100, batch_size=10).torch()
    assert dataset.state_dict() == dataset.state_after(0)
    list(itertools.islice(dataset, 4))
    assert rows(itertools.islice(dataset, 3)) == list(range(30))
    state = dataset.state_dict()
    again = mathbench.stream("gcd", rows=100, batch_size=10).torch()
    again.load_state_dict(state)
    assert again.state_dict() == {**state, "begin": 3, "done": 0}
    assert rows(again) == list(range(30, 100))


def test_an_endless_stream_in_a_loader():
    stream = mathbench.stream("modular", rows=90, batch_size=20, epochs=None)
    given = iter(loader(stream.torch(), 3))
    seen = [next(given) for _ in range(15)]
    assert rows(seen) == [row for batch in stream[:15] for row in batch["row"]]
    assert Counter(rows(seen)) == Counter(list(range(90)) * 3)
    with pytest.raises(TypeError):
        len(loader(stream.torch()))


TRAINING = """
import json, os, sys, time
import mathbench
from pathlib import Path
from torch.utils.data import DataLoader

if __name__ == "__main__":
    state, log, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    dataset = mathbench.stream("modular", batch_size=64, seed="s").torch(encode="0123456789+-*%()")
    begun = 0
    if state.exists():
        saved = json.loads(state.read_text())
        dataset.load_state_dict(saved["data"])
        begun = saved["batches"]
    batches = DataLoader(dataset, batch_size=None, num_workers=workers)
    for epoch in range(dataset.epoch, 2):
        dataset.set_epoch(epoch)
        for count, batch in enumerate(batches, begun + 1):
            part = state.with_suffix(".part")
            line = {"batches": count, "data": dataset.state_after(count), "rows": batch["row"].tolist()}
            part.write_text(json.dumps(line))
            os.replace(part, state)
            with log.open("a") as file:
                file.write(json.dumps([epoch, count, line["rows"]]) + "\\n")
        begun = 0
"""


def test_a_killed_run_goes_on_where_it_stood(tmp_path):
    """Killed hard at arbitrary moments, with other numbers of workers each time: every batch once in each epoch."""
    (tmp_path / "training.py").write_text(TRAINING)
    state, log = tmp_path / "state.json", tmp_path / "log"

    def start(workers):
        command = [sys.executable, tmp_path / "training.py", state, log, str(workers)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, env=environment, start_new_session=True)

    for workers, lines in ((2, 30), (0, 150)):
        process = start(workers)
        while process.poll() is None and (not log.exists() or log.read_text().count("\n") < lines):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert start(3).wait() == 0
    seen = {}
    for line in log.read_text().splitlines():
        epoch, count, numbers = json.loads(line)
        assert (
            seen.setdefault((epoch, count), numbers) == numbers
        )  # a kill between state and log repeats none
    for epoch in (0, 1):
        expected = mathbench.stream("modular", batch_size=64, seed="s").set_epoch(epoch)
        missing = [i for i in range(1, len(expected) + 1) if (epoch, i) not in seen]
        assert len(missing) <= 3  # at most the batch whose state was written and whose line was not, per kill
        assert all(
            seen[epoch, i] == expected[i - 1]["row"] for i in range(1, len(expected) + 1) if i not in missing
        )


RANKS = """
import json, sys
from pathlib import Path
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.utils.data import DataLoader
import mathbench

def job(rank, dataset, folder, method):
    dist.init_process_group("gloo", init_method="file://" + folder + "/store", rank=rank, world_size=2)
    batches = DataLoader(dataset, batch_size=None, num_workers=2, multiprocessing_context=method)
    passes = [[row for batch in batches for row in batch["row"].tolist()] for _ in range(2)]
    Path(folder, str(rank)).write_text(json.dumps(passes))
    dist.barrier()
    dist.destroy_process_group()

if __name__ == "__main__":
    dataset = mathbench.stream("modular", batch_size=100).torch()
    dataset.load_state_dict(dataset.state_after(10))
    mp.spawn(job, args=(dataset, *sys.argv[1:]), nprocs=2)
"""


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_processes_of_a_job_find_their_rank(method, tmp_path):
    """The dataset is made, and its state loaded, before there are ranks: two, with two workers each."""
    (tmp_path / "ranks.py").write_text(RANKS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, tmp_path / "ranks.py", tmp_path, method]
    subprocess.run(command, env=environment, check=True, timeout=300)
    (first, whole), (second, rest) = (json.loads((tmp_path / rank).read_text()) for rank in "01")
    assert sorted(first + second) == list(range(1000, MODULAR))
    assert sorted(whole + rest) == list(range(MODULAR))
    assert [len(whole), len(rest)] == [3800, 3744]


def test_torchrun_tells_the_rank(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert rows(mathbench.stream("gcd", rows=40, batch_size=10).torch()) == [*range(10, 20), *range(30, 40)]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("encode", [None, "0123456789+-*()%"])
def test_shuffled_rows_by_index(workers, encode):
    stream = mathbench.stream("modular", rows=900)
    given = DataLoader(stream.torch_rows(encode=encode), batch_size=64, shuffle=True, num_workers=workers)
    batches = list(given)
    assert sorted(rows(batches)) == list(range(900)) and rows(batches) != list(range(900))
    text = stream[int(batches[0]["row"][3])]["question"]
    shown = batches[0]["question"][3]
    assert (shown if encode is None else Characters(encode).decode(shown[None].numpy())[0].as_py()) == text


@pytest.mark.parametrize("epoch", [0, 1, 4])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_sampler_draws_blocks(epoch, workers):
    stream = mathbench.stream("addition", rows=2 * BLOCK + 77, batch_size=500)
    sampler = stream.torch_sampler()
    sampler.set_epoch(epoch)
    given = rows(DataLoader(stream.torch_rows(), sampler=sampler, batch_size=None, num_workers=workers))
    assert sorted(given) == list(range(2 * BLOCK + 77)) and len(sampler) == 66
    assert (given == list(range(len(given)))) == (epoch == 0)
    sampler.skip(60)
    assert [row for batch in sampler for row in batch] == given[30_000:]
    parts = [stream.torch_sampler(rank=r, world=3) for r in range(3)]
    for part in parts:
        part.set_epoch(epoch)
    assert [len(part) for part in parts] == [len(list(part)) for part in parts] == [22, 22, 22]
    assert sorted(itertools.chain(*itertools.chain(*parts))) == list(range(2 * BLOCK + 77))


def test_a_sampler_of_many_rows_starts_at_once():
    sampler = mathbench.stream("addition", digits=6, batch_size=64).torch_sampler()
    sampler.set_epoch(1)
    assert len(next(iter(sampler))) == 64


def test_rows_by_any_kind_of_index():
    dataset = mathbench.stream("gcd", rows=100).torch_rows()
    assert dataset[-1] == dataset[99] == dataset[np.int64(99)] == dataset[torch.tensor(99)]
    for index in ([3, 1], (3, 1), np.array([3, 1]), torch.tensor([3, 1])):
        assert dataset[index]["row"].tolist() == [3, 1]
    assert [row["row"] for row in dataset.__getitems__([5, 2])] == [5, 2]
    for index in (100, -101, [0, 100]):
        with pytest.raises(IndexError):
            dataset[index]
    sampler = RandomSampler(dataset, generator=torch.Generator().manual_seed(0))
    assert len(list(DataLoader(dataset, sampler=sampler, batch_size=30))) == 4


def test_encoded_batches_are_tensors_of_the_same_text():
    stream = mathbench.stream("divisible", k=7, rows=300, batch_size=100)
    encoder = Encoder(Characters("0123456789"), question_width=9, left=True)
    for batch, plain in zip(stream.torch(encode=encoder), stream, strict=True):
        assert batch["question"].shape == (100, 9) and batch["question"].dtype == torch.int64
        assert batch["label"].tolist() == plain["label"]
        assert batch["question_length"].tolist() == [len(text) for text in plain["question"]]
        for lengths in (batch["question_length"].numpy(), None):
            shown = encoder.characters.decode(batch["question"].numpy(), lengths, left=True)
            assert shown.to_pylist() == plain["question"]
        assert "answer" not in batch  # the label is the answer
    table = next(iter(stream.torch(encode=lambda table: table.num_rows)))
    assert table == 100


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s, b: s.torch(encode=True), "encode requires batches: give batch_size to the stream"),
        (lambda s, b: b.torch(encode=5), "encode must be True, an alphabet, or a function"),
        (lambda s, b: b.torch(encode="aa"), "without repeated characters"),
        (lambda s, b: b.torch(deal="block"), "Did you mean 'blocks'"),
        (lambda s, b: b.torch(rank=1), "rank and world require each other"),
        (lambda s, b: b.torch(rank=2, world=2), "rank must be from 0 to 1"),
        (lambda s, b: b.torch_sampler(rank=-1, world=2), "rank must be from 0 to 1"),
        (lambda s, b: s.torch_sampler(), "a sampler requires batches"),
        (lambda s, b: s.torch().state_after(3), "requires batch_size and deal="),
        (lambda s, b: b.torch(deal="blocks").state_after(3), "requires batch_size and deal="),
        (lambda s, b: b.torch().load_state_dict(s.torch().state_dict()), "its batch_size is None"),
        (lambda s, b: b.torch().load_state_dict(b.state_dict()), "a state must be the result of state_dict"),
        (
            lambda s, b: b.torch().load_state_dict({**b.torch().state_dict(), "workers": 3}),
            "one of 3 workers",
        ),
        (lambda s, b: b.torch_rows(encode=lambda t: 5)[3], "a dict of tensors"),
        (lambda s, b: mathbench.stream(["gcd"]).torch_rows(), "give rows=N"),
        (lambda s, b: next(iter(b.torch(encode="01"))), "does not contain"),
        (lambda s, b: next(iter(b.torch(encode=Encoder(question_width=2)))), "question_width=2"),
    ],
)
def test_bad_use_is_one_clear_line(make, message):
    words = {"rows": 50}
    with pytest.raises(InputError, match=message) as caught:
        make(mathbench.stream("gcd", **words), mathbench.stream("gcd", batch_size=10, **words))
    assert "\n" not in str(caught.value)
