"""Tasks go to other processes: every family, its class, its rows and its streams can be pickled and copied."""

import copy
import multiprocessing
import pickle

import pytest

import mathbench
from mathbench import families
from mathbench.rows import Rows, open_rows

SCHOOL_EARLIER = ("deepmind/numbers__gcd_composed-v1", "deepmind/arithmetic__mul_big-v1", "deepmind/all-v1")
NAMES = [*families.names(), *families.EARLIER, *SCHOOL_EARLIER]
WAYS = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "oldest protocol": lambda value: pickle.loads(pickle.dumps(value, protocol=2)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


def split_of(task):
    return "train" if task.strata("train") else "extrapolate"


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_the_same_task_of_the_same_class(way):
    for name in NAMES:
        task = families.task(name)
        task.strata(split_of(task))
        again = WAYS[way](task)
        assert type(again) is type(task) and again == task and hash(again) == hash(task), name
        assert (again.id, again.name, again.parameters) == (task.id, task.name, task.parameters)
        assert WAYS[way](type(task)) is type(task)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("deepmind/comparison__sort", {"difficulty": "hard"}),
        ("deepmind/all", {"format": "spaced"}),
        ("divisible", {"k": 7, "answer": "residue"}),
    ],
)
def test_parameters_are_copied_too(name, parameters):
    task = families.task(name, **parameters)
    for way in WAYS.values():
        assert way(task).parameters == task.parameters


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_rows_that_were_used_gives_the_same_rows(way):
    for name in ("addition", "gcd", "deepmind/numbers__gcd_composed", "deepmind/arithmetic__mul_big"):
        task = families.task(name)
        rows = Rows(task, split_of(task), "seed")
        made = rows.batch(range(5))
        again = WAYS[way](rows)
        assert (again.task, again.split, again.seed) == (task, rows.split, "seed")
        assert again.batch(range(5)).equals(made)


def first_questions(names):
    """The first question of some tasks, made in another process."""
    return [open_rows(task, split_of(task), 0).batch(range(1))["question"][0].as_py() for task in names]


def test_tasks_go_to_a_process_that_has_imported_nothing():
    tasks = [families.task(name) for name in NAMES if not name.endswith("_composed")]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(first_questions, (tasks,)) == first_questions(tasks)


@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
def test_a_stream_is_copied(way):
    stream = mathbench.stream(["deepmind/measurement__time", "addition"], rows=20, batch_size=8)
    again = WAYS[way](stream)
    assert list(again) == list(stream)
