"""PyTorch layers with the first weights of Keras, drawn from a generator."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import NetworkShape, logit_count

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def make_recurrent(
    cell: str,
    inputs: int,
    hidden: int,
    rng: torch.Generator,
    layers: int = 1,
    gain: float = 1.0,
    both: bool = False,
) -> nn.RNNBase:
    """Return a recurrent layer with Keras' first weights, which learn sums in half the steps of PyTorch's own.

    Glorot for the inputs, orthogonal for the recurrence, 1 for the bias of an LSTM's forget gate. PyTorch has two
    biases. Where one is enough (LSTM and plain RNN), the second stays at zero and is not trained.

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        inputs: features of a token.
        hidden: units in each direction.
        rng: source of the first weights.
        layers: stacked layers.
        gain: factor on the input weights of the first layer.
        both: whether a second direction reads from the end.

    >>> layer = make_recurrent("lstm", 13, 20, torch.Generator(), both=True)
    >>> sum(p.numel() for p in layer.parameters() if p.requires_grad)
    5440
    """
    net = CELLS[cell](inputs, hidden, layers, batch_first=True, bidirectional=both)
    with torch.no_grad():
        for name, p in net.named_parameters():
            first = name.removesuffix("_reverse").endswith("l0")
            if name.startswith("weight_ih"):
                nn.init.xavier_uniform_(p, gain=gain if first else 1.0, generator=rng)
            elif name.startswith("weight_hh"):
                nn.init.orthogonal_(p, generator=rng)
            else:
                p.zero_()
            if cell == "lstm" and name.startswith("bias_ih"):
                p[hidden : 2 * hidden] = 1.0  # gates come in the order input, forget, cell, output
            if cell != "gru" and name.startswith("bias_hh"):
                p.requires_grad_(False)
    return net


def make_lstm(inputs: int, hidden: int, layers: int, rng: torch.Generator, gain: float = 1.0) -> nn.RNNBase:
    """Return an LSTM (see `make_recurrent`)."""
    return make_recurrent("lstm", inputs, hidden, rng, layers, gain)


def make_dense(inputs: int, outputs: int, rng: torch.Generator) -> nn.Linear:
    """Return a linear layer with Glorot weights and zero bias."""
    return _glorot(nn.Linear(inputs, outputs), rng)


class SigmoidOutput(nn.Linear):
    """A linear layer with one logit, that of the second of two classes; the logit of the first is 0."""

    def forward(self, states: Tensor) -> Tensor:
        """Map states (..., H) to logits (..., 2)."""
        return functional.pad(super().forward(states), (1, 0))


def make_output(inputs: int, shape: NetworkShape, output: str, rng: torch.Generator) -> nn.Linear:
    """Return the output layer of a classifier, from states (..., inputs) to logits (..., classes).

    Args:
        inputs: units of a state.
        shape: the number of classes.
        output: ``softmax``, a logit per class, or ``sigmoid``, one logit for the second of two classes.
        rng: source of the first weights.

    >>> layer = make_output(100, NetworkShape(10, 2, 5, 1), "sigmoid", torch.Generator())
    >>> sum(p.numel() for p in layer.parameters()), layer(torch.zeros(1, 100)).tolist()
    (101, [[0.0, 0.0]])
    """
    kind = SigmoidOutput if output == "sigmoid" else nn.Linear
    return _glorot(kind(inputs, logit_count(shape, output)), rng)


def make_embedding(symbols: int, width: int, rng: torch.Generator) -> nn.Embedding:
    """Return an embedding of `symbols` tokens with vectors of length about 1."""
    table = nn.Embedding(symbols, width)
    with torch.no_grad():
        table.weight.normal_(0.0, width**-0.5, generator=rng)
    return table


def _glorot(layer: nn.Linear, rng: torch.Generator) -> nn.Linear:
    with torch.no_grad():
        nn.init.xavier_uniform_(layer.weight, generator=rng)
        layer.bias.zero_()
    return layer
