"""One contract, run over every task: right answers and strata, clean splits, rows that depend on nothing else."""

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mathbench.dataset import digest
from mathbench.dataset.manifest import Config
from mathbench.families import tasks
from mathbench.reserve import RESERVE_OF_SPLIT, reserve_of
from mathbench.rows import Rows
from mathbench.scores.scorer import score_split
from tests import solvers
from tests.variants import EARLIER_VARIANTS, SPLITS, VARIANTS, name

GOLDEN = Path(__file__).parent / "golden.json"
ROWS = 400
PLACES = 16
DEFAULTS = [family() for family in tasks().values()]

every_task = pytest.mark.parametrize("task", VARIANTS, ids=name, scope="module")
every_split = pytest.mark.parametrize("split", SPLITS)


def has_long_primes(task):
    """Primes of dozens of digits are found one by one."""
    return task.family == "prime" and task.parameters["digits"] > 18


def slowly(task):
    """Chains of carries need long plans."""
    chains = task.parameters.get("carries") == "uniform"
    return pytest.param(task, marks=pytest.mark.slow if chains or has_long_primes(task) else (), id=task.name)


every_quick_task = pytest.mark.parametrize("task", [slowly(task) for task in VARIANTS], scope="module")


@lru_cache(maxsize=48)
def rows_of(task, split, seed=0):
    """Rows, remembered from test to test: counting small strata takes a while."""
    return Rows(task, split, seed)


@lru_cache(maxsize=1000)
def some(task, split, seed=0, rows=ROWS):
    """The first rows, and as many from far away, a few at a time: random access reaches all phases of the plan."""
    source = rows_of(task, split, seed)
    last = min(len(source), 10**7)
    starts = np.linspace(0, max(last - rows // PLACES, 0), PLACES).astype(np.int64)
    far = (starts[:, None] + np.arange(rows // PLACES)).ravel()
    near = np.arange(min(rows, last))
    return source.batch(np.unique(np.concatenate([near, far[far < last]])))


@every_split
@every_task
def test_answers_agree_with_an_independent_solver(task, split):
    table = some(task, split)
    for question, answer in zip(table["question"].to_pylist(), table["answer"].to_pylist(), strict=True):
        assert answer == solvers.solve(task, question) == task.oracle(question), question


@every_split
@every_task
def test_strata_are_what_they_say(task, split):
    table = some(task, split)
    for question, stratum in zip(table["question"].to_pylist(), table["stratum"].to_pylist(), strict=True):
        assert solvers.in_stratum(task, question, stratum), (stratum, question)


@every_quick_task
def test_every_stratum_gives_right_answers(task):
    """At least one row of every stratum that is not used up at once is solved independently."""
    for split in ("train", "extrapolate"):
        table = some(task, split, rows=3000)
        first = {
            s: q for s, q in zip(table["stratum"].to_pylist(), table["question"].to_pylist(), strict=True)
        }
        answers = dict(zip(table["question"].to_pylist(), table["answer"].to_pylist(), strict=True))
        assert len(first) > 0
        for question in first.values():
            assert answers[question] == solvers.solve(task, question)


@every_split
@every_task
def test_problems_lie_in_the_reserve_of_their_split(task, split):
    wanted = RESERVE_OF_SPLIT[split].name
    for question in some(task, split)["question"].to_pylist():
        assert reserve_of(task.reserve_family, task.operands_of(question)) == wanted
        # the canonical form of chains and expressions is one word, made from all terms
        if task.family not in ("modular-chain", "expression"):
            assert set(task.operands_of(question)) == set(solvers.problem(task, question))


@every_quick_task
def test_splits_share_no_problem_even_across_seeds(task):
    train = {
        solvers.problem(task, q) for seed in (0, 1) for q in some(task, "train", seed)["question"].to_pylist()
    }
    for split in SPLITS[1:]:
        for seed in (0, 7):
            questions = some(task, split, seed)["question"].to_pylist()
            assert not train & {solvers.problem(task, q) for q in questions}


@every_task
def test_extrapolation_strata_are_never_shown_in_training(task):
    inner = {s.name for s in task.inner()}
    assert not inner & {s.name for s in task.outer()}
    assert not inner & set(some(task, "extrapolate")["stratum"].to_pylist())


@every_split
@every_task
def test_no_question_comes_twice(task, split):
    source = rows_of(task, split)
    questions = source.batch(range(min(len(source), 5000)))["question"].to_pylist()
    assert len(set(questions)) == len(questions)


@every_task
def test_rows_do_not_depend_on_batches_order_or_how_many(task):
    source = rows_of(task, "train")
    n = min(len(source), 300)
    whole = source.batch(range(n))
    shuffled = np.random.default_rng(0).permutation(n)
    assert Rows(task, "train").batch(shuffled).equals(whole.take(shuffled))
    for row in (0, n // 2, n - 1):
        assert source.batch([row]).equals(whole.slice(row, 1))
    assert source.batch(range(n // 3)).equals(whole.slice(0, n // 3))


@every_quick_task
def test_rows_far_in_do_not_depend_on_rows_before_them(task):
    """A range in a process that has made no other row, such as a shard, or rows one by one."""
    last = rows_of(task, "train").capacity_up_to(60_000)
    rows = range(max(last - 300 * len(task.strata("train")), 0), last)
    some = np.arange(0, len(rows), 97)
    far = Rows(task, "train").batch(rows).take(some)
    assert far.equals(Rows(task, "train").batch(rows.start + some))


@every_task
def test_seeds_differ(task):
    source = rows_of(task, "train")
    n = min(len(source), 40)
    first, second = (rows_of(task, "train", s).batch(range(n))["question"].to_pylist() for s in (0, 1))
    assert first != second or n < 10


def strata_labels(task, split, group) -> set[str]:
    """The labels of the strata of one group."""
    return {s.label for s in task.strata(split) if s.name.split(",")[0] == group}


@every_split
@every_task
def test_labels_are_balanced_in_every_group(task, split):
    if not task.balanced_labels:
        pytest.skip("labels are not balanced")
    source = rows_of(task, split)
    table = source.batch(range(min(len(source), 1200 if has_long_primes(task) else 6000)))
    groups: dict[str, list[int]] = {}
    for stratum, label, answer in zip(
        *(table[c].to_pylist() for c in ("stratum", "label", "answer")), strict=True
    ):
        assert answer == ("false", "true")[label]
        groups.setdefault(stratum.split(",")[0], []).append(label)
    block = source.source.block
    both = [labels for group, labels in groups.items() if len(strata_labels(task, split, group)) == 2]
    for labels in [table["label"].to_pylist(), *both]:
        assert abs(2 * sum(labels) - len(labels)) <= block


@every_task
def test_right_answers_score_one_and_perturbed_ones_zero(task):
    # the smallest spaces leave nothing for a balanced test split
    table = some(task, "interpolate" if len(rows_of(task, "interpolate")) else "train")
    answers = table["answer"]
    longer = pa.array([a + "0" for a in answers.to_pylist()])
    shorter = pa.array([a[:-1] for a in answers.to_pylist()])
    assert score_split(table, answers).total.exact_match == 1
    assert score_split(table, longer).total.exact_match == 0
    assert score_split(table, shorter).total.exact_match == 0


@every_task
def test_specification_round_trip(task):
    config = Config(task.name, task, "winter", {"train": 5, "interpolate": 0, "extrapolate": 2})
    again = Config.from_spec(task.name, json.loads(json.dumps(config.spec())))
    assert again.task == task and again.spec() == config.spec()


def test_names_tell_tasks_apart():
    names = [task.name for task in VARIANTS]
    assert len(set(names)) == len(names)
    assert all(c.isalnum() or c in "-_.+" for task_name in names for c in task_name)


def key(task) -> str:
    return f"{task.id} {task.name}"


def digests(task) -> dict[str, str]:
    """Digests of the first 64 rows of every split."""
    found = {}
    for split in SPLITS:
        source = rows_of(task, split)
        found[split] = digest.of_table(source.batch(range(min(64, len(source)))))
    return found


# within the module, so that they run beside the other tests of a task and share its counted strata
@pytest.mark.parametrize("task", [*VARIANTS, *EARLIER_VARIANTS], ids=key, scope="module")
def test_golden_digests(task):
    """Rows are promises. If this fails, rows changed: raise the version of the task, or undo the change."""
    assert digests(task) == json.loads(GOLDEN.read_text()).get(key(task))


def test_golden_digests_are_of_these_tasks():
    assert list(json.loads(GOLDEN.read_text())) == [key(task) for task in [*VARIANTS, *EARLIER_VARIANTS]]


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_rows_are_the_same_in_a_fresh_process(hash_seed):
    code = (
        "import json; from tests.core.test_contract import DEFAULTS, digests, key; "
        "print(json.dumps({key(task): digests(task) for task in DEFAULTS}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    expected = json.loads(GOLDEN.read_text())
    assert all(expected[key] == found for key, found in json.loads(output.stdout).items())


def add_golden_digests() -> None:
    """Write the digests of the tasks of `VARIANTS` that have none; those that are there stay as they are."""
    known = json.loads(GOLDEN.read_text())
    found = {key(task): known.get(key(task)) or digests(task) for task in [*VARIANTS, *EARLIER_VARIANTS]}
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n")


if (
    __name__ == "__main__"
):  # after a new version of a task, or with a new one: python -m tests.core.test_contract
    add_golden_digests()
