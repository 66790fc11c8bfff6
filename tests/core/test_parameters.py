"""Parameters: what is allowed works, what is not is one clear line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.families import FAMILIES, task
from mathbench.rows import Rows
from tests import solvers
from tests.variants import SMALL


@pytest.mark.parametrize(
    "name, parameters, message",
    [
        ("addition", {"digits": 0}, "digits must be an integer from 1 to 4096. Received: 0"),
        ("addition", {"base": 37}, "base must be an integer from 2 to 36. Received: 37"),
        ("addition", {"base": "ten"}, "base must be an integer from 2 to 36. Received: 'ten'"),
        ("gcd", {"digits": 40}, "results must stay below 2^63"),
        ("addition", {"digits": 2, "shortest": 3}, "shortest must be at most digits"),
        ("addition", {"longer": 0, "more": 0}, "at least one of longer, more"),
        ("addition", {"largest": 5000}, "largest must be from"),
        ("addition", {"base": 2, "digits": 40, "operands": 6}, "strata; at most 8,192"),
        ("divisible", {"k": 1}, "k must be an integer from 2"),
        (
            "divisible",
            {"k": 99, "digits": 2},
            "digits must be at least 3 for k=99 in base 10, as shorter numbers ",
        ),
        (
            "divisible",
            {"k": 7, "digits": 1},
            "fewer than ten multiples, too few for train and tests. Received: 1.",
        ),
        ("divisible", {"k": 5, "digits": 2, "base": 2}, "digits must be at least 6 for k=5 in base 2"),
        ("divisible", {"digits": True}, "digits must be an integer"),
        ("divisible", {"answer": "residues"}, "answer must be one of label, residue"),
        ("prime", {"negatives": "easy"}, "negatives must be one of natural, coprime, hard"),
        ("prime", {"digits": 2, "base": 2}, "too few primes"),
        ("modular", {"train_share": 0.9}, "train_share must be a number from 0.01 to 0.8"),
        (
            "modular",
            {"operation": "+"},
            "operation must be one of plus, minus, times, divide, conditional, x^2+y^2",
        ),
        ("modular", {"operation": "divide", "modulus": 91}, "divide requires a prime modulus. Received: 91"),
        ("modular", {"operation": "conditional", "modulus": 9}, "conditional requires a prime modulus"),
        (
            "modular-chain",
            {"modulus": 4, "operands": 8},
            "a modulus below 5 has too few different chains of 11",
        ),
        ("modular-chain", {"operands": 2}, "operands must be an integer from 3 to 16"),
        ("permutation", {"size": 7}, "size must be an integer from 3 to 6"),
        ("permutation", {"format": "reversed"}, "its text is not integers and signs alone"),
        ("correct-addition", {"errors": "digt:1"}, "unknown kind of error 'digt'. Did you mean 'digit'"),
        ("correct-addition", {"errors": "digit:0"}, "at least one kind of error"),
        ("correct-addition", {"errors": "digit:x"}, "must be an integer from 0 to 99"),
        ("gcd", {"kk": 3}, "no parameter 'kk'"),
        ("gdc", {}, "unknown task 'gdc'. Did you mean 'gcd'"),
        ("addition-v9", {}, "unknown version"),
    ],
)
def test_bad_parameters_are_one_clear_line(name, parameters, message):
    with pytest.raises(InputError) as caught:
        task(name, **parameters)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", [True, 1.5, None, "", 1 << 64, -(1 << 63) - 1])
def test_bad_seeds(seed):
    with pytest.raises(InputError, match="seed"):
        Rows(task("gcd"), "train", seed)


def test_seeds_that_only_look_alike_differ_and_text_that_is_a_number_is_that_number():
    def questions(seed):
        return Rows(task("addition"), "train", seed).batch(range(20))["question"].to_pylist()

    assert questions("5") == questions(5)
    assert len({str(questions(s)) for s in (5, -5, "five", (1 << 64) - 5, (5.0).hex())}) == 5


def test_an_unknown_split():
    with pytest.raises(InputError, match="Did you mean 'train'"):
        Rows(task("gcd"), "trian")


@pytest.mark.parametrize("family", FAMILIES)
@settings(deadline=None, max_examples=12)
@given(data=st.data(), split=st.sampled_from(["train", "extrapolate"]))
def test_any_allowed_parameters_give_right_answers(family, data, split):
    made = task(family, **data.draw(st.fixed_dictionaries(SMALL[family])))
    rows = Rows(made, split, data.draw(st.integers(0, 2**64 - 1)))
    start = data.draw(st.integers(0, max(len(rows) - 20, 0)))
    for row in rows.batch(range(start, min(start + 20, len(rows)))).to_pylist():
        assert row["answer"] == solvers.solve(made, row["question"])
