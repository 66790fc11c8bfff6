"""Every module: answers agree with the independent solver, on every level of every split."""

import re

import pytest

from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.rows import Rows
from tests.deepmind.shared import SEED, SPLITS, first_rows, held, rows_of

COMPOSED = [name for name in MODULES if name.endswith("_composed")]
ALL = [  # composed questions take seconds each time: most of them run with -m slow
    pytest.param(name, marks=pytest.mark.slow) if name in COMPOSED[1:] else name for name in MODULES
]


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
    for split in ("train", "extrapolate"):  # the others have the levels of train
        many = held(name, split, 10 * questions)
        rows, whole = Rows(TASKS[f"deepmind/{name}"](), split, SEED), first_rows(name, split, many)
        some = [0, many - 1, 7, 7, many // 2]
        assert rows.batch(some).equals(whole.take(some))
        assert rows.batch([many // 3]).equals(whole.slice(many // 3, 1))


@pytest.mark.parametrize("name", MODULES)
def test_splits_share_no_problem(name, questions):
    """By the canonical problem; and test splits repeat nothing."""
    seen = [
        rows_of(name, split).source.fingerprints(range(held(name, split, 10 * questions))).tolist()
        for split in SPLITS
    ]
    apart(seen)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_splits_of_another_seed_share_no_problem_either(name, questions):
    made = TASKS[f"deepmind/{name}"]()
    splits = [Rows(made, split, seed) for split, seed in zip(SPLITS, (1, 2, 3, 4), strict=True)]
    apart([rows.source.fingerprints(range(rows.capacity_up_to(10 * questions))).tolist() for rows in splits])


def apart(prints):
    """Train has some problems and each other split others, each once."""
    train, *others = prints
    different = set(train).union(*others)
    assert len(different) == len(set(train)) + sum(map(len, others))
