"""Attentional LSTM in PyTorch: an encoder in one or both directions, a decoder with attention.

Source: Bahdanau, Cho, Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate" (2015), with
the attention of Luong, Pham, Manning, "Effective Approaches to Attention-based Neural Machine Translation" (2015):
it comes after the decoder LSTM, so that training on an answer needs no loop.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.settings.writing import AttentionalLSTMSettings
from mathbench.baselines.models.torch.attention import attention_weights, read_mask
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.layers import make_dense, make_lstm
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.writing import State, WritingModule


class Attention(nn.Module):
    """Attention of the decoder's states to those of the encoder."""

    def __init__(self, hidden: int, reader: int, rng: torch.Generator):
        super().__init__()
        self.query, self.merge = make_dense(hidden, reader, rng), make_dense(hidden + reader, hidden, rng)

    def forward(self, states: Tensor, memory: Tensor, reads: Tensor) -> Tensor:
        """Return (B, A, H) from states (B, A, H) that attend to memory (B, T, R) where reads (B, T) is True."""
        attended = self.weights(states, memory, reads)[:, 0] @ memory  # (B, A, R)
        return torch.tanh(self.merge(torch.cat([states, attended], dim=2)))  # (B, A, H)

    def weights(self, states: Tensor, memory: Tensor, reads: Tensor) -> Tensor:
        """Return the attention weights, (B, 1, A, T)."""
        return attention_weights(self.query(states)[:, None], memory[:, None], reads[:, None, None])


class AttentionalLSTM(WritingModule):
    """Encoder, decoder with attention, one softmax.

    A state holds ``memory`` (B, T, R), ``reads`` (B, T), and the decoder's ``h`` and ``c`` (B, layers, H).
    """

    def __init__(self, shape: NetworkShape, settings: AttentionalLSTMSettings, rng: torch.Generator):
        super().__init__()
        hidden, size = settings.hidden, settings.reader
        self.start, self.layers, self.masked = shape.symbols, settings.layers, settings.blanks == "masked"
        directions = ("onward", "back") if settings.reading == "both" else ("onward",)
        self.readers = nn.ModuleDict(
            {d: make_lstm(shape.symbols + 1, size, 1, rng, settings.gain) for d in directions}
        )
        self.bridge = make_dense(size, settings.layers * hidden, rng)
        self.writer = make_lstm(shape.symbols + 1, hidden, settings.layers, rng, settings.gain)
        self.attention = Attention(hidden, size, rng)
        self.output, self.drop = make_dense(hidden, shape.outputs, rng), nn.Dropout(settings.dropout)

    def begin(self, questions: Tensor) -> State:
        """Return the state after questions (B, T), before the first token."""
        reads = read_mask(questions, self.masked)  # (B, T)
        order = (~reads).long().argsort(dim=1, stable=True)  # (B, T): tokens that are read, then the padding
        last = reads.sum(dim=1, keepdim=True) - 1  # (B, 1)
        parts = [self._read(direction, questions, order, last) for direction in self.readers]
        # (B, T, R), (B, R)
        memory, end = (torch.stack(states).sum(dim=0) for states in zip(*parts, strict=True))
        h = torch.tanh(self.bridge(end))  # (B, layers * H)
        h = h.view(len(h), self.layers, -1)  # (B, layers, H)
        return {"memory": memory, "reads": reads, "h": h, "c": torch.zeros_like(h)}

    def _read(self, direction: str, questions: Tensor, order: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states of one encoder in the order of the tokens, (B, T, R), and the last one, (B, R)."""
        if direction == "back":
            at = torch.arange(order.shape[1], device=order.device)
            order = order.gather(1, torch.where(at <= last, last - at, at))  # (B, T)
        tokens = questions.gather(1, order)  # (B, T)
        states, _ = self.readers[direction](self._one_hot(tokens))  # (B, T, R)
        wide = (-1, -1, states.shape[2])
        end = states.gather(1, last[:, :, None].expand(wide))[:, 0]  # (B, R)
        return states.gather(1, order.argsort(dim=1)[:, :, None].expand(wide)), end

    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, A, V) after each of tokens (B, A), and the state after them."""
        before = tuple(state[name].transpose(0, 1).contiguous() for name in ("h", "c"))  # (layers, B, H)
        states, (h, c) = self.writer(self._one_hot(tokens), before)  # (B, A, H)
        attended = self.attention(states, state["memory"], state["reads"])  # (B, A, H)
        after = {**state, "h": h.transpose(0, 1), "c": c.transpose(0, 1)}
        return self.output(self.drop(attended)), after

    def _one_hot(self, tokens: Tensor) -> Tensor:
        return functional.one_hot(tokens, self.start + 1).to(self.output.weight.dtype)


def build(
    shape: NetworkShape, settings: AttentionalLSTMSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), AttentionalLSTMSettings(), 0, DeviceConfig("cpu")).parameters
    155468
    """
    rng = generator_for_seed(seed, device_config)
    return AutoregressiveModel(AttentionalLSTM(shape, settings, rng), shape, settings, device_config)
