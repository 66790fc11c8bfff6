"""Hyperparameters of the classic models that answer in one go; see `mathbench.baselines.settings`."""

from dataclasses import dataclass

from mathbench.baselines.network import Shape
from mathbench.baselines.settings import Seq2Seq, Training
from mathbench.errors import InputError
from mathbench.parameters import parameter


@dataclass(frozen=True)
class Bidirectional(Training):
    """An LSTM in each direction that reads, one in each direction that writes."""

    hidden: int = parameter(20, "units of an LSTM in each direction", low=1, high=8192)


@dataclass(frozen=True)
class Small(Seq2Seq):
    """An LSTM that reads and a smaller one that writes."""

    hidden: int = parameter(75, "units of the LSTM that reads", low=1, high=8192)
    writer: int = parameter(50, "units of an LSTM that writes; 0: as many as read", low=0, high=8192)


@dataclass(frozen=True)
class Convolved(Training):
    """A convolution, then an LSTM that reads, then one decision."""

    hidden: int = parameter(100, "units of the LSTM", low=1, high=8192)
    filters: int = parameter(32, "filters of the convolution", low=1, high=8192)
    width: int = parameter(3, "tokens that a filter sees", low=1, high=99)
    dropout: float = parameter(0.1, "share of the LSTM's inputs dropped", low=0.0, high=0.99)
    recurrent_dropout: float = parameter(0.1, "share of the LSTM's state dropped", low=0.0, high=0.99)


@dataclass(frozen=True)
class Simple(Training):
    """One LSTM that reads, thinks and writes."""

    thinking: int = parameter(16, "steps on blanks between question and answer", low=0, high=1024)
    layers: int = parameter(1, "LSTMs, one upon the other", low=1, high=16)


@dataclass(frozen=True)
class Perceptron(Training):
    """Dense layers on the whole question."""

    hidden: int = parameter(256, "units of a layer", low=1, high=65536)
    layers: int = parameter(2, "hidden layers", low=1, high=64)


@dataclass(frozen=True)
class Convolutions(Training):
    """Residual convolutions over question and answer positions."""

    hidden: int = parameter(64, "channels", low=1, high=8192)
    width: int = parameter(3, "tokens that a filter sees", low=3, high=99)
    layers: int = parameter(
        1, "times that the blocks are gone through with their own weights", low=1, high=16
    )


def check_poolable(shape: Shape) -> None:
    """Check that a pooled question is one: pooling halves its length, so no prefix keeps a position of its own.

    Raises:
        InputError: for one-token questions, or a label at every prefix.
    """
    if shape.prefix:
        raise InputError("cnn-lstm-classifier pools tokens, so it cannot decide at every one: labels=prefix.")
    if shape.question < 2:
        raise InputError("cnn-lstm-classifier needs questions of at least 2 tokens. Received: 1.")
