"""LSTM sequence to sequence in PyTorch: the last state of the encoder is repeated for the decoder.

Source: the Keras example addition_rnn; Sutskever, Vinyals, Le, "Sequence to Sequence Learning" (2014) for the
reversed query.
"""

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.reading_limit import unmarked
from mathbench.baselines.models.settings.one_pass import Seq2SeqSettings
from mathbench.baselines.models.torch.layers import make_dense, make_lstm
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork


class LSTMSeq2Seq(nn.Module):
    """Encoder, repeated state, decoder, one softmax per position."""

    def __init__(self, shape: NetworkShape, settings: Seq2SeqSettings, rng: torch.Generator):
        super().__init__()
        marked = settings.positions == "one-hot"
        inputs, written = shape.symbols + shape.question * marked, settings.hidden + shape.answer * marked
        self.reader = make_lstm(inputs, settings.hidden, 1, rng, settings.gain)
        self.writer = make_lstm(written, settings.writer_units, settings.layers, rng)
        self.output = make_dense(settings.writer_units, shape.outputs, rng)
        self.answer, self.from_reader = shape.answer, settings.start == "encoder"
        self.marks: Tensor | None
        self.register_buffer("marks", torch.eye(shape.answer) if marked else None, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, T, F) to logits (B, A, V)."""
        _, (h, c) = self.reader(features)  # (1, B, H) each
        repeated = h[0].unsqueeze(1).expand(-1, self.answer, -1)  # (B, A, H)
        if self.marks is not None:
            repeated = torch.cat([repeated, self.marks.expand(len(features), -1, -1)], dim=2)  # (B, A, H + A)
        layers = self.writer.num_layers
        state = (h.expand(layers, -1, -1).contiguous(), c.expand(layers, -1, -1).contiguous())
        written, _ = self.writer(repeated, state if self.from_reader else None)  # (B, A, W)
        logits: Tensor = self.output(written)  # (B, A, V)
        return logits


def build(
    shape: NetworkShape, settings: Seq2SeqSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), Seq2SeqSettings(), 0, DeviceConfig("cpu")).parameters
    205324
    """
    rng = generator_for_seed(seed, device_config)
    positions = shape.question if settings.positions == "one-hot" else 0
    module = LSTMSeq2Seq(shape, settings, rng)
    network = TorchNetwork(
        module, lambda tokens: one_hot(tokens, shape.symbols, positions), settings, device_config
    )
    network.limit = unmarked(shape.question, bool(positions))
    return network
