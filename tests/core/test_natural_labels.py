"""Labels as frequent as they are: every number of a length is equally likely, short or long."""

from collections import Counter
from math import log, sqrt

import numpy as np
import pytest
import sympy

from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.table import BASELINES
from mathbench.dataset.data import Data
from mathbench.dataset.manifest import Config
from mathbench.dataset.read import open_dataset
from mathbench.dataset.verify import verify
from mathbench.dataset.write import generate
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.registry import load
from mathbench.rows import Rows
from tests import solvers

ROWS = 6000
SIGMAS = 5


def whole(made, split):
    rows = Rows(made, split)
    return rows.batch(range(len(rows)))


@pytest.mark.parametrize(
    "family, parameters, first",
    [
        ("divisible", {"k": 7, "digits": 3}, 0),
        ("divisible", {"k": 150, "base": 2, "digits": 11}, 0),
        ("prime", {"digits": 3, "shortest": 1}, 2),
        ("prime", {"base": 3, "digits": 6, "shortest": 2}, 3),
    ],
)
def test_every_number_of_a_small_range_is_in_exactly_one_split(family, parameters, first):
    made = task(family, labels="natural", **parameters)
    found = []
    for split in ("train", "validation", "interpolate"):
        table = whole(made, split)
        found += [int(question, made.base) for question in table["question"].to_pylist()]
        for question, answer in zip(table["question"].to_pylist(), table["answer"].to_pylist(), strict=True):
            assert answer == solvers.solve(made, question)
    assert sorted(found) == list(range(first, made.base**made.digits))


def true_shares(family, k, base, longest):
    """The share of true labels among all numbers of each length, by brute force."""
    found = {}
    for length in range(1, longest + 1):
        numbers = range(base ** (length - 1) if length > 1 else 0, base**length)
        labels = [n % k == 0 if family == "divisible" else sympy.isprime(n) for n in numbers if k or n > 1]
        found[length] = sum(labels) / max(len(labels), 1)
    return found


def within(true, rows, share):
    """Whether a number of true rows is likely where each is true with this probability."""
    return abs(true - rows * share) <= SIGMAS * sqrt(rows * share * (1 - share)) + 1


@pytest.mark.parametrize("split", ["train", "validation", "interpolate", "extrapolate"])
@pytest.mark.parametrize(
    "family, parameters",
    [
        ("divisible", {"k": 3, "digits": 4, "longer": 1}),
        ("divisible", {"k": 128, "digits": 4, "longer": 1, "distribution": "numbers"}),
        ("prime", {"digits": 4, "longer": 1}),
        ("prime", {"digits": 12, "longer": 2, "base": 2}),
    ],
)
def test_the_share_of_true_rows_is_that_of_the_numbers_of_each_length(family, parameters, split):
    made = task(family, labels="natural", **parameters)
    rows = Rows(made, split)
    table = rows.batch(range(rows.capacity_up_to(ROWS)))
    shares = true_shares(family, parameters.get("k", 0), made.base, made.digits + made.longer)
    labels, lengths = table["label"].to_numpy(), [len(q) for q in table["question"].to_pylist()]
    for length, count in Counter(lengths).items():
        true = int(labels[np.array(lengths) == length].sum())
        assert within(true, count, shares[length]), (length, true, count)


@pytest.mark.parametrize("family, k", [("divisible", 13), ("prime", 0)])
def test_long_numbers_have_the_true_share_and_all_digits(family, k):
    options = {"k": k} if k else {}
    made = task(family, digits=30, shortest=30, longer=1, labels="natural", **options)
    questions, answers = (
        Rows(made, "train").batch(range(ROWS))[name].to_pylist() for name in ("question", "answer")
    )
    # by the prime number theorem; 0.744 is how far the mean logarithm of these numbers lies below the largest
    share = 1 / k if k else 1 / (30 * log(10) - 0.744 - 1)
    assert within(answers.count("true"), ROWS, share)
    for place in (0, 15, 29):
        digits = Counter(question[place] for question in questions)
        assert all(within(count, ROWS, 1 / (10 if place else 9)) for count in digits.values())
        assert len(digits) == (10 if place else 9)
    assert [solvers.solve(made, q) for q in questions[:300]] == answers[:300]


def test_natural_labels_go_with_labels_and_all_composites():
    with pytest.raises(InputError, match="labels=natural goes with answer=label"):
        task("divisible", answer="residue", labels="natural")
    with pytest.raises(InputError, match="labels=natural goes with negatives=natural"):
        task("prime", negatives="hard", labels="natural")
    with pytest.raises(InputError, match="correct-addition has no parameter 'labels'"):
        task("correct-addition", labels="natural")


def test_balanced_labels_are_not_written_down():
    assert task("divisible", labels="balanced") == task("divisible")
    assert "labels" not in task("prime").parameters
    assert task("prime", labels="natural").name == "prime-base10-natural"


def test_a_dataset_with_natural_labels_verifies(tmp_path):
    configs = [
        Config(name, task(name, labels="natural"), 0, {"train": 3000, "extrapolate": 500})
        for name in ("divisible", "prime")
    ]
    generate(configs, tmp_path)
    checks = list(verify(open_dataset(tmp_path)))
    assert all(check.passed for check in checks)
    assert not any(check.what == "labels balanced" for check in checks)


@pytest.mark.parametrize("family", ["divisible", "prime"])
def test_floors_answer_natural_labels(family):
    data = Data.generate(task(family, labels="natural"), {"train": 500, "validation": 50, "interpolate": 100})
    questions, answers = (data.splits["interpolate"][name].to_pylist() for name in ("question", "answer"))
    for entry in BASELINES.values():
        if entry.kind in ("floor", "ceiling") and applies_to(kind := load(entry.target), data.task):
            made = kind.fit(data.task, data.splits["train"], data.splits["validation"])
            given = made.predict(questions)
            assert len(given) == len(questions)
            if entry.name == "constant":
                assert set(given) == {"false"}
            if entry.kind == "ceiling":
                assert given == answers
