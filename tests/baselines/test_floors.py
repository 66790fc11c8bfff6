import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.shortcuts.floors import PRIMES
from mathbench.baselines.shortcuts.number_columns import NumberColumns, to_texts
from mathbench.baselines.shortcuts.questions import number_texts, parse_operands
from mathbench.baselines.spec import check_applies
from mathbench.baselines.table import BASELINES, baseline
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import FAMILIES, task
from mathbench.registry import load

FLOORS = [entry for entry in BASELINES.values() if entry.kind in ("floor", "ceiling")]
SIZES = {"train": 200, "validation": 20, "interpolate": 60}


def fitted(name, data):
    return load(baseline(name).target).fit(data.task, data.splits["train"], data.splits["validation"])


def columns(data, split="interpolate"):
    table = data.splits[split]
    return table["question"].to_pylist(), table["answer"].to_pylist()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_floor_answers_and_comes_back_from_its_state(family):
    data = Data.generate(task(family), SIZES)
    questions, answers = columns(data)
    for entry in FLOORS:
        kind = load(entry.target)
        if applies_to(kind, data.task):
            made = fitted(entry.name, data)
            given = made.predict(questions)
            assert len(given) == len(questions)
            assert kind(data.task, **made.state()).predict(questions) == given
            if entry.kind == "ceiling":
                assert given == answers


@given(
    st.lists(st.text("0123456789abdmozg()+-*=% ", max_size=45), min_size=1, max_size=4),
    st.sampled_from([2, 3, 10, 11, 16, 36]),
    st.booleans(),
)
def test_numbers_in_columns_are_those_of_single_questions(questions, base, signed):
    numbers = NumberColumns.read(questions, base, signed)
    single = [parse_operands(q, base, signed) if number_texts(q, base) else [0] for q in questions]
    rows = [values[:n] for values, n in zip(numbers.values.tolist(), numbers.counts.tolist(), strict=True)]
    assert rows == single
    assert numbers.first.tolist() == [row[0] for row in single]
    assert numbers.last.tolist() == [row[-1] for row in single]
    assert numbers.smallest.tolist() == [min(row) for row in single]
    assert numbers.largest.tolist() == [max(row) for row in single]
    for sign, result in (("+", sum), ("*", math.prod)):
        assert numbers.results_modulo(sign, 9).tolist() == [result(row[:-1]) % 9 for row in single]


def test_numbers_of_one_column_are_written_as_they_are():
    values = [0, 7, 255, 10**30]
    assert to_texts(np.array(values[:3]), 16) == ["0", "7", "ff"]
    assert to_texts(np.array(values, dtype=object), 10) == [str(value) for value in values]


def test_constant_is_the_commonest_training_answer(multiples):
    counts = Counter(multiples.splits["train"]["answer"].to_pylist())
    assert counts[fitted("constant", multiples).answer] == max(counts.values())


@pytest.mark.parametrize("base", [2, 10])
def test_statements_by_brute_force(base):
    data = Data.generate(task("correct-addition", base=base, digits=8), SIZES)
    questions, _ = columns(data)
    nines, last = fitted("casting-out-nines", data), fitted("last-digit", data)
    for question, by_nines, by_last in zip(
        questions, nines.predict(questions), last.predict(questions), strict=True
    ):
        left, _, right = question.partition("=")
        difference = sum(int(word, base) for word in left.split("+")) - int(right, base)
        assert by_nines == str(difference % (base - 1) == 0).lower()
        assert by_last == str(difference % base == 0).lower()


def test_trial_division_by_brute_force():
    data = Data.generate(task("prime", digits=4), SIZES)
    floor, (questions, _) = fitted("trial-division", data), columns(data)
    primes = [p for p in PRIMES if p <= floor.limit]
    expected = [str(all(int(q) % p for p in primes) or int(q) in primes).lower() for q in questions]
    assert floor.predict(questions) == expected


def test_copy_operand_finds_the_best_operand(sums):
    train = sums.splits["train"].to_pylist()
    floor = fitted("copy-operand", sums)

    def right(rule):
        return sum(rule([int(n) for n in r["question"].split("+")]) == int(r["answer"]) for r in train)

    rules = {"first": lambda n: n[0], "last": lambda n: n[-1], "smallest": min, "largest": max}
    counts = {which: right(rule) for which, rule in rules.items()}
    assert counts[floor.which] == max(counts.values()) > min(counts.values())
    questions = [r["question"] for r in train[:50]]
    assert floor.predict(questions) == [
        str(rules[floor.which]([int(n) for n in q.split("+")])) for q in questions
    ]


def test_last_digit_learns_divisibility_by_the_base():
    data = Data.generate(task("divisible", k=5, digits=4), SIZES)
    questions, answers = columns(data)
    assert fitted("last-digit", data).predict(questions) == answers


def test_unknown_names_and_files():
    with pytest.raises(InputError, match="Did you mean 'lstm-seq2seq'"):
        baseline("lstm-seq2sec")
    with pytest.raises(InputError, match="there is no file"):
        load("./nothing.py:Model")


@pytest.mark.parametrize(
    ("docstring", "reason"),
    [("", ""), ('"""Requires\n        primes.\n\n        More.\n        """', " Requires primes.")],
)
def test_the_error_quotes_the_first_paragraph_of_applies(docstring, reason, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        f"class Mine:\n    @classmethod\n    def applies(cls, task):\n        {docstring}\n        return False\n"
        "    @classmethod\n    def fit(cls, task, train, validation): ...\n    def predict(self, questions): ...\n"
    )
    with pytest.raises(InputError) as refused:
        check_applies(baseline(f"{path}:Mine"), task("gcd"))
    assert str(refused.value) == f"the baseline '{path}:Mine' does not apply to {task('gcd').name}.{reason}"
