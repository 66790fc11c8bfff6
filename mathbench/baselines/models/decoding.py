"""Greedy decoding and beam search in batches with a cached state, in any framework."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX, PREDICT_BATCH

Float = NDArray[np.float32]
UNBOUNDED_WIDTH = 256  # tokens of a question up to which `PREDICT_BATCH` rows are answered together


class StepDecoder(Protocol):
    """A network that decodes one token at a time. Token 0 is padding and ends an answer. States are opaque.

    Attributes:
        start: the token before the first one of an answer.
    """

    start: int

    def begin(self, questions: Tokens) -> Any:
        """Return the state after questions (B, T), before the first token."""

    def advance(self, state: Any, tokens: Tokens) -> tuple[Float, Any]:
        """Return logits (B, V) after tokens (B,), and the state after them."""

    def select(self, state: Any, rows: Tokens) -> Any:
        """Return the state of the given rows, int64 (n,), in that order. Rows may repeat."""


def decode(decoder: StepDecoder, questions: Tokens, longest: int, beam: int) -> tuple[Tokens, Float]:
    """Decode with `greedy` for a beam of 1, with `beam_search` otherwise."""
    return (
        greedy(decoder, questions, longest) if beam == 1 else beam_search(decoder, questions, longest, beam)
    )


def rows_at_once(width: int) -> int:
    """Return how many questions of a width are answered together: attention takes memory for each pair of tokens.

    >>> rows_at_once(60), rows_at_once(2 * UNBOUNDED_WIDTH)
    (2048, 512)
    """
    pairs = PREDICT_BATCH * UNBOUNDED_WIDTH**2
    return max(1, min(PREDICT_BATCH, pairs // max(width, 1) ** 2))


def strip_end(answer: Tokens) -> Tokens:
    """Cut one answer, (1, longest), behind the padding token that ends it.

    >>> strip_end(np.array([[3, 1, 0, 0]])).tolist()
    [[3, 1, 0]]
    """
    return answer[:, : int((answer != 0).sum()) + 1]


def greedy(decoder: StepDecoder, questions: Tokens, longest: int) -> tuple[Tokens, Float]:
    """Take the likeliest token at each step until every answer has ended.

    Args:
        decoder: the network.
        questions: tokens (n, T).
        longest: largest number of tokens.

    Returns:
        Tokens int64 (n, longest), padded behind the end, and their probabilities float32 (n, longest), 1 there.
    """
    rows = rows_at_once(questions.shape[1])
    parts = [_greedy(decoder, questions[i : i + rows], longest) for i in range(0, len(questions), rows)]
    tokens, probabilities = zip(*parts, strict=True)
    return np.concatenate(tokens), np.concatenate(probabilities)


def beam_search(decoder: StepDecoder, questions: Tokens, longest: int, beam: int) -> tuple[Tokens, Float]:
    """Keep the likeliest `beam` beginnings of every answer.

    Args:
        decoder: the network.
        questions: tokens (n, T).
        longest: largest number of tokens.
        beam: beam width.

    Returns:
        The likeliest answers found, int64 (n, longest), padded behind the end, and the probability of each token
        given those before it, float32 (n, longest), 1 behind the end. Their product is that of the answer.
    """
    rows = max(1, rows_at_once(questions.shape[1]) // beam)
    parts = [_beams(decoder, questions[i : i + rows], longest, beam) for i in range(0, len(questions), rows)]
    tokens, probabilities = zip(*parts, strict=True)
    return np.concatenate(tokens), np.concatenate(probabilities)


def _greedy(decoder: StepDecoder, questions: Tokens, longest: int) -> tuple[Tokens, Float]:
    rows = len(questions)
    tokens, probabilities = np.zeros((rows, longest), np.int64), np.ones((rows, longest), np.float32)
    last, ended = np.full(rows, decoder.start), np.zeros(rows, dtype=bool)
    state = decoder.begin(questions)
    for at in range(longest):
        logits, state = decoder.advance(state, last)  # (B, V)
        last = np.where(ended, 0, logits.argmax(axis=1))  # (B,)
        probabilities[:, at] = np.where(ended, 1.0, np.exp(log_softmax(logits).max(axis=1)))
        tokens[:, at] = last
        ended |= last == 0
        if ended.all():
            break
    return tokens, probabilities


def _beams(decoder: StepDecoder, questions: Tokens, longest: int, beam: int) -> tuple[Tokens, Float]:
    rows = len(questions)
    first = np.arange(rows)[:, None] * beam  # (B, 1): first beam of each question
    state = decoder.select(decoder.begin(questions), np.repeat(np.arange(rows), beam))
    tokens = np.zeros((rows * beam, longest), np.int64)
    probabilities = np.ones((rows * beam, longest), np.float32)
    scores = np.full((rows, beam), -np.inf, np.float32)
    scores[:, 0] = 0.0  # the beams of a question are equal at first, so only one may grow
    last, ended = np.full(rows * beam, decoder.start), np.zeros(rows * beam, dtype=bool)
    for at in range(longest):
        logits, state = decoder.advance(state, last)  # (B * k, V)
        log_probs = _pad_ended(log_softmax(logits), ended)
        vocabulary = log_probs.shape[1]
        totals = (scores.ravel()[:, None] + log_probs).reshape(rows, -1)  # (B, k * V)
        chosen = np.argsort(-totals, axis=1, kind="stable")[:, :beam]  # (B, k), best first
        scores = np.take_along_axis(totals, chosen, axis=1)
        source, last = (first + chosen // vocabulary).ravel(), (chosen % vocabulary).ravel()  # (B * k,)
        state, tokens, probabilities = decoder.select(state, source), tokens[source], probabilities[source]
        tokens[:, at], probabilities[:, at] = last, np.exp(log_probs[source, last])
        ended = ended[source] | (last == 0)
        if ended.reshape(rows, beam)[:, 0].all():  # unfinished answers can only become less likely
            break
    return tokens[first[:, 0]], probabilities[first[:, 0]]


def log_softmax(logits: Float) -> Float:
    """Return log-probabilities from logits (B, V).

    >>> np.exp(log_softmax(np.array([[0.0, 0.0]], dtype=np.float32))).tolist()
    [[0.5, 0.5]]
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), dtype=np.float32)


def _pad_ended(log_probs: Float, ended: NDArray[np.bool_]) -> Float:
    """Let ended answers go on with padding only, at no cost."""
    padding_only = np.full(log_probs.shape[1], -np.inf, dtype=np.float32)
    padding_only[0] = 0.0
    return np.where(ended[:, None], padding_only, log_probs)


def append_end(labels: Tokens) -> Tokens:
    """Pad labels by one column and ignore all but the first padding token of each row.

    >>> append_end(np.array([[3, 0, 0], [1, 2, 3]])).tolist()
    [[3, 0, -1, -1], [1, 2, 3, 0]]
    """
    padded = np.pad(labels, ((0, 0), (0, 1)))
    return np.where(np.cumsum(padded == 0, axis=1) > 1, IGNORE_INDEX, padded)
