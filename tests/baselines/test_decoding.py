"""What writing token by token promises, for every network that does."""

import itertools

import numpy as np
import pytest
import torch

from mathbench.baselines.models import decoding
from mathbench.baselines.models.decoding import beam_search, greedy
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.writing import POSITIONS
from mathbench.baselines.table import baseline
from mathbench.registry import load

SHAPE = NetworkShape(12, 12, 7, 4, digits=tuple(range(1, 11)), ascending=(True, True))
WRITERS = [
    ("attentional-lstm", {}),
    ("attentional-lstm", {"layers": 2, "reading": "forward"}),
    ("transformer", {}),
    *(("decoder-transformer", {"positions": positions}) for positions in POSITIONS),
    ("universal-transformer", {"positions": "abacus"}),
    ("universal-transformer", {"injection": "yes", "depth": "digits", "loops": 1}),
    ("relational-memory", {}),
]
every = pytest.mark.parametrize(
    "name, options",
    WRITERS,
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)


def writer(name, shape=SHAPE, seed=0, **options):
    entry = baseline(name)
    small = {"hidden": 16, "inner": 24, "heads": 2, "reader": 12}
    known = load(entry.settings).__dataclass_fields__
    settings = load(entry.settings)(**{k: v for k, v in small.items() if k in known} | options)
    return load(entry.frameworks["torch"])(shape, settings, seed, DeviceConfig("cpu"))


def asked(rows=6, width=7, seed=0):
    """Questions that end in blanks, of different lengths."""
    luck = np.random.default_rng(seed)
    tokens = luck.integers(1, 12, (rows, width))
    tokens[np.arange(width) >= luck.integers(2, width + 1, rows)[:, None]] = 0
    return tokens


def answered(rows=6, width=4, seed=1):
    return asked(rows, width, seed)


@torch.inference_mode()
def forced(network, questions, answers):
    return network.module.eval()(torch.from_numpy(questions), torch.from_numpy(answers)).numpy()


@every
def test_a_later_token_changes_no_earlier_logits(name, options):
    network, questions, answers = writer(name, **options), asked(), answered()
    before = forced(network, questions, answers)
    for at in range(3):
        other = answers.copy()
        other[:, at] = answers[:, at] % 11 + 1
        after = forced(network, questions, other)
        np.testing.assert_array_equal(after[:, : at + 1], before[:, : at + 1])
        assert not np.allclose(after[:, at + 1 :], before[:, at + 1 :])


@every
@torch.inference_mode()
def test_writing_step_by_step_gives_the_logits_of_the_whole_answer(name, options):
    network, questions, answers = writer(name, **options), asked(), answered()
    state = network.module.eval().begin(torch.from_numpy(questions))
    last, logits = torch.full((6,), network.module.start), []
    for tokens in torch.from_numpy(answers).T:
        made, state = network.module.advance(state, last)
        logits.append(made.numpy())
        last = tokens
    np.testing.assert_allclose(np.stack(logits, axis=1), forced(network, questions, answers), atol=1e-5)


@every
def test_neither_other_questions_nor_padding_matter(name, options):
    network, questions, answers = writer(name, **options), asked(), answered()
    together = forced(network, questions, answers)
    alone = [forced(network, questions[i : i + 1], answers[i : i + 1])[0] for i in range(6)]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    if "randomised" not in options.get("positions", ""):  # its positions are spread over the width
        for sides in ((0, 3), (3, 0), (2, 2)):
            padded = np.pad(questions, ((0, 0), sides))
            np.testing.assert_allclose(forced(network, padded, answers), together, atol=1e-5)
    seen = writer(name, **options, blanks="seen")
    padded = np.pad(questions, ((0, 0), (3, 0)))
    assert not np.allclose(forced(seen, padded, answers), forced(seen, questions, answers), atol=1e-5)


@every
def test_greedy_writes_its_likeliest_tokens_and_says_how_likely(name, options):
    network, questions = writer(name, **options), asked(20)
    tokens, chances = network.probabilities(questions)
    assert tokens.shape == chances.shape == (20, 2 * 4 + 16)
    logits = torch.from_numpy(forced(network, questions, tokens))
    inside = np.cumsum(tokens == 0, axis=1) - (tokens == 0) == 0  # up to the blank that ends an answer
    best, likeliest = logits.softmax(dim=2).max(dim=2)
    np.testing.assert_array_equal(tokens[inside], likeliest.numpy()[inside])
    np.testing.assert_allclose(chances[inside], best.numpy()[inside], atol=1e-5)
    assert (tokens[~inside] == 0).all()
    assert (chances[~inside] == 1).all()
    np.testing.assert_array_equal(network.predict(questions, beam=1), tokens)


@every
def test_a_beam_of_one_is_greedy_and_a_wider_one_seldom_worse(name, options):
    network, questions = writer(name, **options), asked(20)
    network.module.eval()
    one, chances = greedy(network, questions, 6)
    two, same = beam_search(network, questions, 6, 1)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(same, chances, rtol=1e-4)
    _, wider = beam_search(network, questions, 6, 5)
    assert (
        wider.prod(axis=1) >= chances.prod(axis=1) * 0.9999
    ).mean() > 0.8  # a beam may lose what greedy finds


class Table:
    """Knows what follows each of its tokens, whatever the question."""

    start = 3

    def __init__(self, table):
        with np.errstate(divide="ignore"):
            self.table = np.log(np.array(table, dtype=np.float32))

    def begin(self, questions):
        return None

    def advance(self, state, tokens):
        return self.table[tokens], None

    def select(self, state, rows):
        return None


TABLE = [[0.0, 0.5, 0.5], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05], [0.0, 0.6, 0.4]]  # after 0, 1, 2 and the start


def test_a_beam_finds_the_likelier_answer_that_greedy_misses():
    questions = np.ones((2, 1), dtype=np.int64)
    written, chances = greedy(Table(TABLE), questions, 4)
    assert written.tolist() == [[1, 0, 0, 0]] * 2  # 0.6 * 0.4
    np.testing.assert_allclose(chances.prod(axis=1), 0.24, rtol=1e-5)
    written, chances = beam_search(Table(TABLE), questions, 4, 2)
    assert written.tolist() == [[2, 0, 0, 0]] * 2
    np.testing.assert_allclose(chances, [[0.4, 0.9, 1, 1]] * 2, rtol=1e-5)


def test_a_beam_as_wide_as_all_answers_finds_the_best_of_all():
    luck = np.random.default_rng(0)
    for _ in range(20):
        table = Table(luck.dirichlet(np.ones(3), size=4))
        written, found = beam_search(table, np.ones((1, 1), dtype=np.int64), 4, 81)
        chances = {answer: likelihood(table.table, answer) for answer in answers_of(4)}
        best = max(chances, key=chances.get)
        assert written[0].tolist() == list(best)
        assert np.log(found[0]).sum() == pytest.approx(chances[best], abs=1e-5)


def answers_of(longest):
    """All answers of tokens 1 and 2, ended by a blank or by the limit."""
    for size in range(longest + 1):
        for answer in itertools.product((1, 2), repeat=size):
            yield (*answer, *(0,) * (longest - size))


def likelihood(table, answer):
    total, last = 0.0, Table.start
    for token in answer:
        total += table[last, token]
        last = token
        if token == 0:
            break
    return total


@every
def test_longer_questions_are_answered_with_longer_answers(name, options):
    network = writer(name, **options)
    questions = asked(5, width=60)
    for beam in (1, 3):
        assert network.predict(questions, beam=beam).shape == (5, 24)
    assert writer(name, **options, longest=40).predict(questions).shape == (5, 40)
    logits = forced(network, questions, answered(5, width=20))
    assert np.isfinite(logits).all()


@every
def test_an_empty_question_is_answered(name, options):
    network = writer(name, **options)
    _, chances = network.probabilities(np.zeros((2, 7), dtype=np.int64))
    assert np.isfinite(chances).all()


@every
def test_long_questions_are_answered_few_at_a_time(name, options, monkeypatch):
    monkeypatch.setattr(decoding, "UNBOUNDED_WIDTH", 7)
    monkeypatch.setattr(decoding, "PREDICT_BATCH", 4)
    network, sizes = writer(name, **options), []
    begin = network.begin
    monkeypatch.setattr(network, "begin", lambda questions: sizes.append(len(questions)) or begin(questions))
    for width, expected in ((7, [4, 2]), (14, [1] * 6)):
        greedy(network, asked(width=width), 3)
        assert sizes == expected
        sizes.clear()
