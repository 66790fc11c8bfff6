"""Mixtures: shares, order, epochs of the parts, random access, resume."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mathbench
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.streaming.mixture import SLOTS, Mixture


def tasks(item):
    return Counter(item["task"])


def test_shares_follow_the_weights_in_every_block():
    stream = mathbench.stream(["addition", "gcd", "modular"], weights=[5, 2, 1], batch_size=SLOTS)
    for batch in stream[:5]:
        assert sorted(tasks(batch).values()) == [128, 256, 640]
    assert (
        tasks(mathbench.stream(["addition", "gcd"], batch_size=SLOTS)[3]).most_common(1)[0][1] == SLOTS // 2
    )


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20))
def test_every_weight_has_its_slots(weights):
    sources = [mathbench.stream("modular").source] * len(weights)
    counts = Mixture(sources, weights, 0, None)._counts
    exact = np.array(weights) / sum(weights) * SLOTS
    assert counts.sum() == SLOTS and counts.min() >= 1
    assert np.abs(counts - exact).max() <= 1 + len(weights)


def test_each_part_comes_in_its_own_order_and_begins_again():
    whole = mathbench.stream(["modular", "addition"], seed="s", weights=[3, 1], batch_size=10_000)[:2]
    of_task = [(name, row) for batch in whole for name, row in zip(batch["task"], batch["row"], strict=True)]
    modular = [row for name, row in of_task if name.startswith("modular")]
    assert modular[:7544] == list(range(7544))  # the order of the dataset, to its end
    again = mathbench.stream("modular", seed="s").set_epoch(1)
    assert modular[7544:] == [row["row"] for row in again][: len(modular) - 7544]
    assert [row for name, row in of_task if name.startswith("add")] == list(range(20_000 - len(modular)))


def test_random_access_and_batches_agree():
    parts = [task("gcd"), "modular", mathbench.stream("divisible", k=3, digits=2, rows=10)]
    rows = list(itertools.islice(mathbench.stream(parts, weights=[1, 1, 4]), 3000))
    stream = mathbench.stream(parts, weights=[1, 1, 4])
    assert [stream[i] for i in (2999, 0, 1024, 1023)] == [rows[i] for i in (2999, 0, 1024, 1023)]
    batches = mathbench.stream(parts, weights=[1, 1, 4], batch_size=700)
    assert batches[3]["question"] == [row["question"] for row in rows[2100:2800]]
    assert len({row["question"] for row in rows if row["task"].startswith("divisible")}) == 10


def test_the_order_depends_on_seed_and_weights():
    names = ["gcd", "modular"]
    first, same, seed, weights = (
        mathbench.stream(names, batch_size=200, **words)[0]["task"]
        for words in ({}, {"weights": [1, 1]}, {"seed": "x"}, {"weights": [1, 2]})
    )
    assert first == same and first != seed and first != weights


def test_epochs_of_a_mixture_go_on():
    stream = mathbench.stream(["gcd", "addition"], rows=1500, epochs=2)
    endless = mathbench.stream(["gcd", "addition"])
    assert list(stream) == endless[:3000] and len(stream) == 3000
    assert stream.set_epoch(5)[3] == endless[7503]


@pytest.mark.parametrize("stop", [0, 1, 1024, 1500])
def test_a_mixture_resumes(stop):
    def stream():
        return mathbench.stream(["gcd", "modular"], weights=[1, 2], rows=2000)

    whole, begun, again = list(stream()), stream(), stream()
    head = list(itertools.islice(begun, stop))
    again.load_state_dict(begun.state_dict())
    assert head + list(again) == whole


def test_labels_only_where_every_task_has_them():
    both = mathbench.stream(["divisible", "prime"], batch_size=10)[0]
    assert [str(bool(label)).lower() for label in both["label"]] == both["answer"]
    assert "label" not in mathbench.stream(["divisible", "gcd"], batch_size=10)[0]
    assert "label" not in mathbench.stream(["gcd", "divisible"])[0]


def test_splits_of_a_mixture():
    train = mathbench.stream(["modular", "divisible"], batch_size=40_000)[0]["question"]
    test = mathbench.stream(["modular", "divisible"], "interpolate", batch_size=5_000)[0]["question"]
    assert not set(train) & set(test)


@pytest.mark.parametrize(
    ("parts", "words", "message"),
    [
        ([], {}, "at least one task"),
        (["gcd"], {"weights": []}, "one for each of the 1 tasks"),
        (["gcd", "modular"], {"weights": [1]}, "one for each of the 2 tasks"),
        (["gcd", "modular"], {"weights": [1, 0]}, "positive numbers"),
        (["gcd", "modular"], {"weights": [1, float("nan")]}, "positive numbers"),
        (["gcd", "modular"], {"weights": [1, "2"]}, "positive numbers"),
        (["gcd", "modular"], {"weights": "12"}, "positive numbers"),
        (["gcd", "modular"], {"weights": 3}, "positive numbers"),
        (["gcd", 5], {}, "a task must be a name, a Task or a stream"),
        (["gcd", "modlar"], {}, "Did you mean 'modular'"),
        (["gcd"], {"digits": 3}, "parameters require a single task"),
    ],
)
def test_what_cannot_be_mixed_is_one_clear_line(parts, words, message):
    with pytest.raises(InputError, match=message) as caught:
        mathbench.stream(parts, **words)
    assert "\n" not in str(caught.value)


def test_the_end_of_a_mixture_is_far():
    with pytest.raises(InputError, match="a mixture ends at row"):
        mathbench.stream(["gcd"], rows=1 << 61).set_epoch(2)[5]
