"""Every module: answers agree with the independent solver, on every level of every split."""

import re

import pytest

from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.rows import Rows

SPLITS = ("train", "validation", "interpolate", "extrapolate")


@pytest.mark.parametrize("name", MODULES)
def test_answers(name, questions):
    """`--questions N` sets how many are checked per level and split."""
    task = TASKS[f"deepmind/{name}"]()
    for split in SPLITS:
        rows = Rows(task, split, seed=11)
        table = rows.batch(range(questions * len(rows.strata))).select(["question", "answer"])
        for row in table.to_pylist():
            assert task.oracle(row["question"]) == row["answer"], row


@pytest.mark.parametrize("name", MODULES)
def test_rows_depend_on_nothing_but_their_number(name):
    for split in SPLITS:
        rows = Rows(TASKS[f"deepmind/{name}"](), split)
        whole, some = rows.batch(range(300)), [0, 299, 7, 7, 123]
        assert rows.batch(some).equals(whole.take(some))
        assert all(rows.batch([row]).equals(whole.slice(row, 1)) for row in (1, 150, 298))


@pytest.mark.parametrize("name", MODULES)
def test_lengths_and_characters(name):
    for split in SPLITS:
        for row in Rows(TASKS[f"deepmind/{name}"](), split).batch(range(2000)).to_pylist():
            question, answer = row["question"], row["answer"]
            assert 0 < len(question) <= 160 and 0 < len(answer) <= 30, row
            assert question.isascii() and question.isprintable() and "  " not in question, row
            assert question == question.strip() and answer == answer.strip(), row
            assert not re.search(r"\{\w+\}", question), row  # a gap that was not filled


@pytest.mark.parametrize("name", MODULES)
def test_splits_share_no_problem(name):
    """By the canonical problem, over two seeds; and test splits repeat nothing."""
    seen = {}
    for split in SPLITS:
        for seed in (1, 2):
            rows = Rows(TASKS[f"deepmind/{name}"](), split, seed)
            prints = rows.source.prints(range(2000)).tolist()
            if split != "train":
                assert len(set(prints)) == len(prints)
            seen.setdefault(split, set()).update(prints)
    for split, other in ((a, b) for a in SPLITS for b in SPLITS if a < b):
        assert not seen[split] & seen[other], (split, other)


@pytest.mark.parametrize("name", MODULES)
def test_questions_are_not_shared_either(name):
    """No wording, order or choice of letters makes a test question of one that train shows."""
    texts = {
        split: set(
            Rows(TASKS[f"deepmind/{name}"](), split)
            .batch(range(20_000 if split == "train" else 2000))["question"]
            .to_pylist()
        )
        for split in SPLITS
    }
    for split in SPLITS[1:]:
        assert not texts["train"] & texts[split]
