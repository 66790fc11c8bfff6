"""What the runner needs of a network in any framework: steps on arrays, predictions, its whole state."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.errors import InputError
from mathbench.numbers import text

Arrays = Mapping[str, NDArray[np.generic]]

IGNORE_INDEX = -1  # a label that no loss is taken of
PREDICT_BATCH = 2048  # rows predicted at once, which bounds the memory


@dataclass(frozen=True)
class NetworkShape:
    """The sizes that a network is built for.

    Args:
        symbols: different input tokens.
        outputs: different output tokens, or classes.
        question: tokens of a training question; at prediction there may be more.
        answer: output positions.
        prefix: whether a label is given at every position of the question.
        digits: tokens that numbers are written with.
    """

    symbols: int
    outputs: int
    question: int
    answer: int
    prefix: bool = False
    digits: tuple[int, ...] = ()

    @classmethod
    def of(cls, encoding: Encoding) -> "NetworkShape":
        """The sizes that follow from an encoding.

        >>> from mathbench.baselines.encoding import EncodingOptions
        >>> NetworkShape.of(Encoding(EncodingOptions(), "+01", (5,), 3)).digits
        (2, 3)
        """
        prefix = bool(encoding.classes) and encoding.choices.labels == "prefix"
        digits = tuple(i for i, c in enumerate(encoding.alphabet, start=1) if c in text.DIGITS)
        width, answer = encoding.question_width, encoding.answer_width
        return cls(encoding.symbols, encoding.outputs, width, answer, prefix, digits)


@dataclass(frozen=True)
class DeviceConfig:
    """Where a network computes.

    Args:
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or what the framework calls it.
        threads: CPU threads for one operation; small networks are fastest and repeatable with one.
    """

    device: str = "auto"
    threads: int = 1


class Network(Protocol):
    """A network and its optimiser."""

    device: str
    parameters: int

    def step(self, questions: Tokens, labels: Tokens, rate: float, random_bits: int) -> float:
        """One update on a batch.

        Args:
            questions: tokens (B, T).
            labels: tokens or classes (B, positions).
            rate: the learning rate.
            random_bits: 64-bit key of this seed and step; whatever is random in the step (dropout) follows from it
                alone, so that a resumed run draws the same.

        Returns:
            The mean loss in nats.
        """

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """The likeliest output tokens, int64 (n, positions); an answer ends at its first blank.

        Args:
            questions: tokens (n, T).
            beam: beginnings of an answer that are followed at once; 1 is greedy, None what the recipe says.
                Networks that answer in one go choose each position by itself, which is the likeliest answer
                whatever the beam.
        """

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, NDArray[np.float32]]:
        """What `predict` answers and the probability of each token given those before it, both (n, positions)."""

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """What the network computed for one question, tokens (1, T), and its answer, (1, positions): matrices by name.

        Networks that answer in one go do not look at the answer.

        ``hidden/...`` are states (positions, units), ``attention/...`` weights (looking, looked at).
        """

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """All weights."""

    def load_weights(self, weights: Arrays) -> None:
        """Put weights back."""

    def state(self) -> dict[str, NDArray[np.generic]]:
        """What the optimiser remembers."""

    def load_state(self, state: Arrays) -> None:
        """Put the optimiser back."""

    def save(self, folder: Path) -> str:
        """Write the weights, never as pickle; returns the name of the file."""

    def load(self, folder: Path) -> None:
        """Read them."""


def one_hot(tokens: Tokens, symbols: int, positions: int = 0) -> NDArray[np.float32]:
    """Tokens as one-hot vectors, the position one-hot behind; positions beyond the trained ones are zero.

    Args:
        tokens: int (B, T).
        symbols: different tokens.
        positions: how many positions are marked; 0 for none.

    Returns:
        float32 (B, T, symbols + positions).

    >>> one_hot(np.array([[1, 0]]), 2, positions=2).tolist()
    [[[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]]]
    """
    inputs = np.eye(symbols, dtype=np.float32)[tokens]
    if not positions:
        return inputs
    marks = np.eye(tokens.shape[1], positions, dtype=np.float32)
    return np.concatenate([inputs, np.broadcast_to(marks, (len(tokens), *marks.shape))], axis=2)


def check_poolable(shape: NetworkShape) -> None:
    """Check that a pooled question is one: pooling halves its length, so no prefix keeps a position of its own.

    Raises:
        InputError: for one-token questions, or a label at every prefix.
    """
    if shape.prefix:
        raise InputError("cnn-lstm-classifier pools tokens, so it cannot decide at every one: labels=prefix.")
    if shape.question < 2:
        raise InputError("cnn-lstm-classifier needs questions of at least 2 tokens. Received: 1.")
