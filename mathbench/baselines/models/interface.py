"""The interface of a network in any framework: training steps on arrays, predictions, state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.columns import ColumnLayout
from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.baselines.models.layer_table import Layer
from mathbench.baselines.models.reading_limit import ReadingLimit
from mathbench.errors import InputError
from mathbench.numbers import text

Arrays = Mapping[str, NDArray[np.generic]]
States = NDArray[np.float64]

IGNORE_INDEX = -1  # a label without a loss
PREDICT_BATCH = 2048  # rows per prediction, to bound memory


@dataclass(frozen=True)
class NetworkShape:
    """The sizes of inputs and outputs that a network is built for.

    Args:
        symbols: vocabulary size of the inputs.
        outputs: vocabulary size of the outputs, or the number of classes.
        question: tokens of a training question. At prediction there may be more.
        answer: output positions.
        prefix: whether every position of the question has a label.
        digits: the tokens of digits.
        classes: the answers of a classifier.
        layout: how questions are laid out in columns; None for other questions.
        ascending: whether the numbers of questions and of answers are read and generated from the units on; None
            where this is not known.
        blank: whether padding has a token of its own, 0; otherwise no token of a question is 0.
    """

    symbols: int
    outputs: int
    question: int
    answer: int
    prefix: bool = False
    digits: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    layout: ColumnLayout | None = None
    ascending: tuple[bool, bool] | None = None
    blank: bool = True

    @property
    def inputs(self) -> int:
        """The number of different tokens of a question: `symbols`, or one less without a blank."""
        return self.symbols if self.blank else self.symbols - 1

    def one_hot(self, questions: Tokens) -> NDArray[np.float32]:
        """Return the tokens of questions (B, T) as one-hot vectors, float32 (B, T, inputs)."""
        return one_hot(questions if self.blank else questions - 1, self.inputs)

    @classmethod
    def of(cls, encoding: Encoding) -> "NetworkShape":
        """Return the sizes that follow from an encoding.

        >>> from mathbench.baselines.settings import EncodingOptions
        >>> NetworkShape.of(Encoding(EncodingOptions(), "+01", (5,), 3)).digits
        (2, 3)
        """
        prefix = bool(encoding.classes) and encoding.choices.labels == "prefix"
        digits = tuple(i for i, c in enumerate(encoding.alphabet, start=1) if c in text.DIGITS)
        width, answer = encoding.question_width, encoding.answer_width
        sizes = (encoding.symbols, encoding.outputs, width, answer)
        blank = encoding.choices.pad_with == "blank"
        return cls(*sizes, prefix, digits, encoding.classes, encoding.layout, _ascending(encoding), blank)


def _ascending(encoding: Encoding) -> tuple[bool, bool] | None:
    """Return whether numbers of questions and of answers come to the network with their units first."""
    if encoding.units_first is None:
        return None
    question, answer = encoding.units_first
    return question != (encoding.choices.query == "reversed"), answer != (encoding.choices.answer == "last")


@dataclass(frozen=True)
class DeviceConfig:
    """The device a network runs on.

    Args:
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or a name of the framework.
        threads: CPU threads for one operation. Small networks are fastest, and reproducible, with one.
    """

    device: str = "auto"
    threads: int = 1


@dataclass(frozen=True)
class StateMachine:
    """A recurrent network as a map of states, one token of the question at a time.

    Args:
        start: the state before the first token, (H,).
        step: maps states (n, H) and tokens int64 (n,) to the next states, (n, H).
        logits: maps states (n, H) to the outputs that answer there, (n, C).
        parts: the names of what a state consists of, in parts of equal size, such as its layers.
        skips_padding: whether padding leaves a state as it is.
    """

    start: States
    step: Callable[[States, Tokens], States]
    logits: Callable[[States], States]
    parts: tuple[str, ...]
    skips_padding: bool = False

    def read(self, questions: Tokens) -> States:
        """Return the states after each token of questions (n, T), float64 (n, T, H)."""
        state, states = np.tile(self.start, (len(questions), 1)), []
        for column in questions.T:
            state = self.step(state, column)
            states.append(state)
        return np.stack(states, axis=1)


class Network(Protocol):
    """A network and its optimiser.

    Attributes:
        device: the device that it runs on.
        parameters: number of trained weights.
    """

    device: str
    parameters: int

    @property
    def limit(self) -> ReadingLimit | None:
        """How long a question it reads; None for any length."""

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> float:
        """Update the weights on a batch.

        Args:
            questions: tokens (B, T).
            labels: tokens or classes (B, positions).
            rate: the learning rate.
            random_bits: 64-bit key of this seed and step. It alone seeds what is random in the step (dropout), so that
                a resumed run draws the same.
            noise: standard deviation of the noise on recurrent states. Networks in Keras have none.

        Returns:
            The mean loss in nats.
        """

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """Return the likeliest output tokens, int64 (n, positions). An answer ends at its first padding token.

        Args:
            questions: tokens (n, T).
            beam: beam width. 1 is greedy, None the width of the recipe. Has no effect on networks that answer in one
                pass: their positions are independent, so the likeliest tokens are the likeliest answer.
        """

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, NDArray[np.float32]]:
        """Return `predict` and the probability of each token given those before it, both (n, positions)."""

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """Return activations for questions, tokens (n, T), and their answers, (n, positions), by name.

        ``hidden/...`` are states (n, positions, units), ``attention/...`` weights (n, queries, keys). Networks that
        answer in one pass ignore the answers.
        """

    def layers(self, questions: Tokens, answers: Tokens) -> tuple[Layer, ...]:
        """Return the layers, with the shapes of their outputs for questions (n, T) and answers (n, positions).

        Their weights sum up to `parameters`.
        """

    def state_machine(self) -> StateMachine | None:
        """Return the network as a map of states; None where it does not read the question token by token."""

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """Return all weights by name."""

    def load_weights(self, weights: Arrays) -> None:
        """Restore weights."""

    def swap_average(self) -> None:
        """Exchange the weights and the moving average of the setting ``average``; called in pairs, around a validation.

        Does nothing without an average, and before the first step. The average is part of `state`.
        """

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the state of the optimiser by name."""

    def load_state(self, state: Arrays) -> None:
        """Restore the optimiser state."""

    def save(self, folder: Path) -> str:
        """Write the weights in a format without pickle, and return the name of the file."""

    def load(self, folder: Path) -> None:
        """Read the weights from the file that `save` wrote."""


def part_names(kinds: Sequence[str], layers: int) -> tuple[str, ...]:
    """Return the names of the parts of a recurrent state: kind by kind, and layer by layer.

    >>> part_names(("h",), 1), part_names(("h", "c"), 2)
    (('reader/h',), ('reader0/h', 'reader1/h', 'reader0/c', 'reader1/c'))
    """
    names = ("reader",) if layers == 1 else tuple(f"reader{layer}" for layer in range(layers))
    return tuple(f"{name}/{kind}" for kind in kinds for name in names)


def one_hot(tokens: Tokens, symbols: int, positions: int = 0) -> NDArray[np.float32]:
    """Return tokens as one-hot vectors, optionally followed by the one-hot position.

    Args:
        tokens: int (B, T).
        symbols: vocabulary size.
        positions: number of positions that are marked, 0 for none. Positions beyond are zero.

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


def logit_count(shape: NetworkShape, output: str) -> int:
    """Return the number of logits that a classifier computes: one per class, with ``sigmoid`` one for two classes.

    The logit of the first class is then 0: softmax and cross-entropy over both classes are sigmoid and binary
    cross-entropy of the other one.

    Raises:
        InputError: for a sigmoid and another number of classes.

    >>> logit_count(NetworkShape(10, 2, 5, 1), "sigmoid"), logit_count(NetworkShape(10, 7, 5, 1), "softmax")
    (1, 7)
    """
    if output == "sigmoid" and shape.outputs != 2:
        raise InputError(f"output=sigmoid requires two different answers. Received: {shape.outputs:,}.")
    return 1 if output == "sigmoid" else shape.outputs


def column_layout(shape: NetworkShape) -> ColumnLayout:
    """Return the layout of questions in columns.

    Raises:
        InputError: for other questions.
    """
    if shape.layout is None:
        raise InputError("a network over columns requires padding=columns.")
    return shape.layout


def check_poolable(shape: NetworkShape) -> None:
    """Check that questions can be pooled, which halves their length and leaves no position for every prefix.

    Raises:
        InputError: for questions of one token, or a label at every prefix.
    """
    if shape.prefix:
        raise InputError(
            "cnn-lstm-classifier requires labels=last, because it pools tokens. Received: labels=prefix."
        )
    if shape.question < 2:
        raise InputError("cnn-lstm-classifier needs questions of at least 2 tokens. Received: 1.")
