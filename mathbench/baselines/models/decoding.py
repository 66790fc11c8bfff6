"""Writing an answer token by token: greedily or with a beam, in batches, from a cached state, in any framework."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX, PREDICT_BATCH

Float = NDArray[np.float32]


class StepDecoder(Protocol):
    """What can write; token 0 is the blank, which ends an answer. What a state is, only the scribe knows.

    Attributes:
        start: the token that stands before the first one of an answer.
    """

    start: int

    def begin(self, questions: Tokens) -> Any:
        """The state after questions (B, T), before the first token."""

    def advance(self, state: Any, tokens: Tokens) -> tuple[Float, Any]:
        """Logits (B, V) of what follows tokens (B,), and the state after them."""

    def select(self, state: Any, rows: Tokens) -> Any:
        """The state of some rows, int64 (n,), in that order; a row may come more than once."""


def decode(decoder: StepDecoder, questions: Tokens, longest: int, beam: int) -> tuple[Tokens, Float]:
    """The likeliest answers that are found, and how likely each token is, as `greedy` and `beam_search` give them."""
    return (
        greedy(decoder, questions, longest) if beam == 1 else beam_search(decoder, questions, longest, beam)
    )


def strip_end(answer: Tokens) -> Tokens:
    """One answer, (1, longest), with the blank that ends it and nothing behind.

    >>> strip_end(np.array([[3, 1, 0, 0]])).tolist()
    [[3, 1, 0]]
    """
    return answer[:, : int((answer != 0).sum()) + 1]


def greedy(decoder: StepDecoder, questions: Tokens, longest: int) -> tuple[Tokens, Float]:
    """Take the likeliest token each time, until every answer has ended.

    Args:
        decoder: what writes.
        questions: tokens (n, T).
        longest: tokens written at most.

    Returns:
        Tokens int64 (n, longest), blank behind the end, and their probabilities float32 (n, longest), 1 there.
    """
    parts = [
        _greedy(decoder, questions[i : i + PREDICT_BATCH], longest)
        for i in range(0, len(questions), PREDICT_BATCH)
    ]
    tokens, chances = zip(*parts, strict=True)
    return np.concatenate(tokens), np.concatenate(chances)


def beam_search(decoder: StepDecoder, questions: Tokens, longest: int, beam: int) -> tuple[Tokens, Float]:
    """Follow the likeliest `beam` beginnings of every answer.

    Args:
        decoder: what writes.
        questions: tokens (n, T).
        longest: tokens written at most.
        beam: beginnings followed at once.

    Returns:
        The likeliest answers found, int64 (n, longest), blank behind the end, and the probability of each token
        given those before it, float32 (n, longest), 1 behind the end; their product is that of the answer.
    """
    rows = max(1, PREDICT_BATCH // beam)
    parts = [_beams(decoder, questions[i : i + rows], longest, beam) for i in range(0, len(questions), rows)]
    tokens, chances = zip(*parts, strict=True)
    return np.concatenate(tokens), np.concatenate(chances)


def _greedy(scribe: StepDecoder, questions: Tokens, longest: int) -> tuple[Tokens, Float]:
    rows = len(questions)
    written, chances = np.zeros((rows, longest), np.int64), np.ones((rows, longest), np.float32)
    last, ended = np.full(rows, scribe.start), np.zeros(rows, dtype=bool)
    state = scribe.begin(questions)
    for at in range(longest):
        logits, state = scribe.advance(state, last)  # (B, V)
        last = np.where(ended, 0, logits.argmax(axis=1))  # (B,)
        chances[:, at] = np.where(ended, 1.0, np.exp(log_softmax(logits).max(axis=1)))
        written[:, at] = last
        ended |= last == 0
        if ended.all():
            break
    return written, chances


def _beams(scribe: StepDecoder, questions: Tokens, longest: int, beam: int) -> tuple[Tokens, Float]:
    rows = len(questions)
    first = np.arange(rows)[:, None] * beam  # (B, 1): where the beams of a question begin
    state = scribe.select(scribe.begin(questions), np.repeat(np.arange(rows), beam))
    written, shares = np.zeros((rows * beam, longest), np.int64), np.ones((rows * beam, longest), np.float32)
    scores = np.full((rows, beam), -np.inf, np.float32)
    scores[:, 0] = 0.0  # all beams of a question are the same at first, so only one of them may grow
    last, ended = np.full(rows * beam, scribe.start), np.zeros(rows * beam, dtype=bool)
    for at in range(longest):
        logits, state = scribe.advance(state, last)  # (B * k, V)
        chances = _ended_stay(log_softmax(logits), ended)
        symbols = chances.shape[1]
        grown = (scores.ravel()[:, None] + chances).reshape(rows, -1)  # (B, k * V)
        chosen = np.argsort(-grown, axis=1, kind="stable")[:, :beam]  # (B, k), best first
        scores = np.take_along_axis(grown, chosen, axis=1)
        source, last = (first + chosen // symbols).ravel(), (chosen % symbols).ravel()  # (B * k,)
        state, written, shares = scribe.select(state, source), written[source], shares[source]
        written[:, at], shares[:, at] = last, np.exp(chances[source, last])
        ended = ended[source] | (last == 0)
        if ended.reshape(rows, beam)[:, 0].all():  # what has not ended can only become less likely
            break
    return written[first[:, 0]], shares[first[:, 0]]


def log_softmax(logits: Float) -> Float:
    """Logarithms of probabilities from logits (B, V).

    >>> np.exp(log_softmax(np.array([[0.0, 0.0]], dtype=np.float32))).tolist()
    [[0.5, 0.5]]
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), dtype=np.float32)


def _ended_stay(chances: Float, ended: NDArray[np.bool_]) -> Float:
    """An answer that has ended goes on with blanks, which costs nothing, and with nothing else."""
    stay = np.full(chances.shape[1], -np.inf, dtype=np.float32)
    stay[0] = 0.0
    return np.where(ended[:, None], stay, chances)


def append_end(labels: Tokens) -> Tokens:
    """Labels with a blank behind the longest answer; only the first blank of a row is learnt.

    >>> append_end(np.array([[3, 0, 0], [1, 2, 3]])).tolist()
    [[3, 0, -1, -1], [1, 2, 3, 0]]
    """
    requested = np.pad(labels, ((0, 0), (0, 1)))
    blank = requested == 0
    return np.where(np.cumsum(blank, axis=1) > 1, IGNORE_INDEX, requested)
