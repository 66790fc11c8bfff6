"""Every module: answers agree with the independent solver, on every level of every split."""

import re
from functools import lru_cache

import pytest

from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.rows import Rows

SPLITS = ("train", "validation", "interpolate", "extrapolate")
SEED = 11
COMPOSED = [name for name in MODULES if name.endswith("_composed")]
ALL = [  # composed questions take seconds each time: most of them run with -m slow
    pytest.param(name, marks=pytest.mark.slow) if name in COMPOSED[1:] else name for name in MODULES
]


@lru_cache(maxsize=len(SPLITS))
def first_rows(name, split, many):
    return Rows(TASKS[f"deepmind/{name}"](), split, SEED).batch(range(many))


@pytest.mark.parametrize("name", MODULES)
def test_rows(name, questions):
    """`--questions N` sets how many are answered per level and split, and ten times as many are looked at."""
    task, seen = TASKS[f"deepmind/{name}"](), {}
    for split in SPLITS:
        rows = first_rows(name, split, 10 * questions).to_pylist()
        for row in rows[: questions * len(task.strata(split))]:
            assert task.oracle(row["question"]) == row["answer"], row
        for row in rows:
            well_formed(row["question"], row["answer"])
        seen[split] = {row["question"] for row in rows}
    for split in SPLITS[1:]:
        assert not seen["train"] & seen[split]


def well_formed(question, answer):
    assert 0 < len(question) <= 160 and 0 < len(answer) <= 30, question
    assert question.isascii() and question.isprintable() and "  " not in question, question
    assert question == question.strip() and answer == answer.strip(), question
    assert not re.search(r"\{\w+\}", question), question  # a gap that was not filled


@pytest.mark.parametrize("name", ALL)
def test_rows_depend_on_nothing_but_their_number(name, questions):
    many = 10 * questions
    for split in SPLITS:
        rows, whole = Rows(TASKS[f"deepmind/{name}"](), split, SEED), first_rows(name, split, many)
        some = [0, many - 1, 7, 7, many // 2]
        assert rows.batch(some).equals(whole.take(some))
        assert all(rows.batch([row]).equals(whole.slice(row, 1)) for row in (1, many // 3, many - 2))


@pytest.mark.parametrize("name", ALL)
def test_splits_share_no_problem(name, questions):
    """By the canonical problem, over two seeds; and test splits repeat nothing."""
    seen = {}
    for split in SPLITS:
        for seed in (1, 2):
            prints = (
                Rows(TASKS[f"deepmind/{name}"](), split, seed).source.prints(range(10 * questions)).tolist()
            )
            if split != "train":
                assert len(set(prints)) == len(prints)
            seen.setdefault(split, set()).update(prints)
    for split, other in ((a, b) for a in SPLITS for b in SPLITS if a < b):
        assert not seen[split] & seen[other], (split, other)
