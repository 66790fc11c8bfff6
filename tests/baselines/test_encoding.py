import itertools
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines.encoding import Encoding, fit_encoding, vocabulary_of
from mathbench.baselines.prefix_labels import prefix_labels
from mathbench.baselines.settings import EncodingOptions
from mathbench.baselines.training.lengths import _with_short_numbers as with_short_numbers
from mathbench.dataset.data import Data
from mathbench.dataset.question_lists import excluding
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.reserve import fingerprint, reserve_of

ALL = [
    EncodingOptions(query=q, padding=p, answer=a)
    for q, p, a in itertools.product(
        ("reversed", "forward"), ("right", "left", "operands"), ("first", "last")
    )
]
# leading zeros too; integers are drawn many times as fast as text from a regular expression
NUMBERS = st.builds(lambda value, zeros: f"{value:0{zeros}}", st.integers(0, 99_999), st.integers(1, 5))
SUMS = st.lists(st.lists(NUMBERS, min_size=2, max_size=3).map("+".join), min_size=1, max_size=20)
ANSWERS = st.lists(st.builds(str.__add__, st.sampled_from(["", "-"]), NUMBERS), min_size=1, max_size=20)


def column(values):
    return pa.array(values, pa.string())


@pytest.mark.parametrize("choices", ALL, ids=lambda c: f"{c.query}-{c.padding}-{c.answer}")
@given(questions=SUMS, answers=ANSWERS)
def test_answers_come_back_and_questions_lose_nothing(choices, questions, answers):
    encoding = fit_encoding(choices, "+-0123456789", column(questions), column(answers))
    assert encoding.decoded(encoding.answers(column(answers))).to_pylist() == answers
    tokens = encoding.questions(column(questions))
    if choices.query == "reversed":
        tokens = tokens[:, ::-1]
    symbols = np.array(list(" " + encoding.alphabet))
    assert ["".join(row).replace(" ", "") for row in symbols[tokens]] == questions


@given(questions=SUMS)
def test_operands_are_padded_one_by_one(questions):
    encoding = fit_encoding(
        EncodingOptions("forward", "operands"), "+0123456789", column(questions), column(["1"])
    )
    tokens = encoding.questions(column(questions))
    symbols = np.array(list(" " + encoding.alphabet))
    parts = [question.split("+") for question in questions]
    widths = [max((len(p[i]) for p in parts if i < len(p)), default=0) for i in range(3)]
    for row, part in zip(symbols[tokens], parts, strict=True):
        fields = [word.rjust(width) for word, width in itertools.zip_longest(part, widths, fillvalue="")]
        wanted = "+".join(fields) if len(part) == 3 else "+".join(fields[:2]).ljust(len(row))
        assert "".join(row) == wanted


def test_reversed_questions_of_one_digit_are_laid_out_forward():
    """PyTorch takes no array with negative strides, and NumPy calls a reversed column contiguous."""
    encoding = fit_encoding(EncodingOptions("reversed"), "0123456789", column(["7"]), column(["7"]))
    tokens = encoding.questions(column(["1", "2"]))
    assert tokens.tolist() == [[2], [3]] and min(tokens.strides) > 0


def test_longer_questions_get_wider_and_unknown_characters_are_refused():
    encoding = fit_encoding(EncodingOptions(), "+0123456789", column(["1+2"]), column(["3"]))
    assert encoding.questions(column(["1+2", "123+456"])).shape == (2, 7)
    with pytest.raises(InputError, match=re.escape("does not contain '*'")):
        encoding.questions(column(["1*2"]))


def test_slices_chunks_and_dictionaries_are_read_right():
    plain = column(["7", "12+3", "4+5", "10+20"])
    encoding = fit_encoding(EncodingOptions(), "+0123456789", plain, plain)
    wanted = encoding.questions(column(["12+3", "4+5"]))
    chunked = pa.chunked_array([plain.slice(1, 1), plain.slice(2, 1)])
    for form in (plain.slice(1, 2), chunked, plain.slice(1, 2).dictionary_encode()):
        assert np.array_equal(encoding.questions(form), wanted)


def test_the_classic_sizes():
    data = Data.generate(task("addition", digits=3), {"train": 2000})
    train = data.splits["train"]
    alphabet = vocabulary_of(data.task, [train["question"], train["answer"]])
    encoding = fit_encoding(EncodingOptions(), alphabet, train["question"], train["answer"])
    assert (encoding.symbols, encoding.question_width, encoding.answer_width) == (12, 7, 4)
    assert Encoding.from_json(encoding.to_json()) == encoding


def test_classes_and_prefix_labels(multiples):
    train = multiples.splits["train"]
    choices = EncodingOptions(query="forward", padding="left", labels="prefix")
    encoding = fit_encoding(choices, "0123456789", train["question"], train["answer"], classify=True)
    assert encoding.classes == ("false", "true")
    assert encoding.decoded(encoding.answers(train["answer"])).to_pylist() == train["answer"].to_pylist()
    labels = prefix_labels(encoding, encoding.questions(train["question"]), multiples.task)
    for question, row in zip(train["question"].to_pylist(), labels, strict=True):
        numbers = [int(question[: i + 1]) for i in range(len(question))]
        # a held-out number is no training problem, not even as the beginning of another one
        ours = [reserve_of(multiples.task.reserve_family, (number,)) == "train" for number in numbers]
        prefixes = [int(number % 3 == 0) if mine else -1 for number, mine in zip(numbers, ours, strict=True)]
        assert prefixes[-1] >= 0
        assert row.tolist() == [-1] * (len(row) - len(question)) + prefixes


def test_excluded_numbers_are_neither_prefixes_nor_short_numbers():
    """Training that makes problems of its own keeps out what train keeps out."""
    made = excluding(task("divisible", k=3, train_share=0.5), [str(n) for n in range(0, 1000, 2)])
    train = Data.generate(made, {"train": 500}).splits["train"]
    choices = EncodingOptions(query="forward", padding="left", labels="prefix")
    encoding = fit_encoding(choices, "0123456789", train["question"], train["answer"], classify=True)
    labels = prefix_labels(encoding, encoding.questions(train["question"]), made)
    for question, row in zip(train["question"].to_pylist(), labels, strict=True):
        for length, label in enumerate(row[len(row) - len(question) :].tolist(), 1):
            number = int(question[:length])
            allowed = fingerprint("divisible", (number,)) < 0.5 * 2**64 and (
                number >= 1000 or number % 2 == 1
            )
            assert label == (int(number % 3 == 0) if allowed else -1)
    short = [int(q) for q in with_short_numbers(train, made, 3)["question"].to_pylist() if len(q) <= 3]
    assert short == [n for n in range(1, 1000, 2) if fingerprint("divisible", (n,)) < 0.5 * 2**64]


@pytest.mark.parametrize("choices", ALL, ids=lambda c: f"{c.query}-{c.padding}-{c.answer}")
@given(questions=SUMS)
def test_in_groups_every_question_has_the_tokens_it_has_alone(choices, questions):
    encoding = fit_encoding(choices, "+0123456789", column(["12+3", "4+56"]), column(["1"]))
    seen = []
    for rows, tokens in encoding.group_by_width(column(questions)):
        for row, line in zip(rows, tokens, strict=True):
            assert np.array_equal(line, encoding.questions(column([questions[row]]))[0])
            seen.append(row)
    assert sorted(seen) == list(range(len(questions)))
