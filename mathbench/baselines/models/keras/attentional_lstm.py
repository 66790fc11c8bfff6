"""Attentional LSTM in Keras: an encoder in one or both directions, a decoder with attention.

Source: Bahdanau, Cho, Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate" (2015), with
the attention of Luong, Pham, Manning, "Effective Approaches to Attention-based Neural Machine Translation" (2015).
"""

from typing import Any

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.keras.autoregressive import (
    KerasAutoregressiveModel,
    attention_output,
    build_submodels,
    read_mask,
)
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import layer_seeds, make_dense, make_lstm
from mathbench.baselines.models.settings.writing import AttentionalLSTMSettings


class AttentionalLSTM:
    """The layers. A state is ``memory`` (B, T, R), ``reads`` (B, T), and the decoder's h and c (B, layers, H)."""

    def __init__(self, keras: Any, shape: NetworkShape, settings: AttentionalLSTMSettings, seed: int | str):
        self.keras, self.settings, self.start = keras, settings, shape.symbols
        seeds = iter(layer_seeds(seed, 8 + 2 * settings.layers))
        outputs = {"return_sequences": True, "return_state": True}
        directions = ("onward", "back") if settings.reading == "both" else ("onward",)

        def reader(name: str) -> Any:
            return make_lstm(
                keras,
                settings.reader,
                [next(seeds), next(seeds)],
                settings.gain,
                name=f"readers_{name}",
                **outputs,
            )

        def dense(name: str, units: int, **options: Any) -> Any:
            return make_dense(keras, units, next(seeds), name=name, **options)

        def writer(i: int) -> Any:
            gain = settings.gain if i == 0 else 1.0
            return make_lstm(
                keras, settings.hidden, [next(seeds), next(seeds)], gain, name=f"writer{i}", **outputs
            )

        self.readers = {name: reader(name) for name in directions}
        self.bridge = dense("bridge", settings.layers * settings.hidden, activation="tanh")
        self.writers = [writer(i) for i in range(settings.layers)]
        self.query = dense("attention_query", settings.reader)
        self.merge = dense("attention_merge", settings.hidden, activation="tanh")
        self.output = dense("output", shape.outputs)
        self.drop = keras.layers.Dropout(settings.dropout, seed=0)  # every step sets the seed

    def begin(self, questions: Any) -> list[Any]:
        """Return the state after questions (B, T), before the first token."""
        ops, masked = self.keras.ops, self.settings.blanks == "masked"
        reads = read_mask(self.keras, questions, masked)  # (B, T)
        parts = [self._read(name, questions, reads if masked else None) for name in self.readers]
        memory, end = (sum(states) for states in zip(*parts, strict=True))  # (B, T, R), (B, R)
        h = self.keras.layers.Reshape((self.settings.layers, self.settings.hidden))(self.bridge(end))
        return [memory, reads, h, ops.zeros_like(h)]  # h and c: (B, layers, H)

    def decode(self, tokens: Any, state: list[Any]) -> tuple[Any, dict[str, Any]]:
        """Return logits (B, A, V) after each of tokens (B, A), and activations by name."""
        logits, _, activations = self._decode(tokens, state)
        return logits, activations

    def advance(self, token: Any, state: list[Any]) -> list[Any]:
        """Return logits (B, V) after one more token (B,) of each answer, and the state after it."""
        logits, after, _ = self._decode(token[:, None], state)
        return [logits[:, 0], *after]

    def _decode(self, tokens: Any, state: list[Any]) -> tuple[Any, list[Any], dict[str, Any]]:
        """Return logits (B, A, V) after each of tokens (B, A), the state after them, and activations by name."""
        ops, (memory, reads, h, c) = self.keras.ops, state
        states, ends = self._one_hot(tokens), []
        for i, writer in enumerate(self.writers):
            states, *end = writer(states, initial_state=[h[:, i], c[:, i]])  # (B, A, H)
            ends.append(end)
        q, k = self.query(states)[:, None], memory[:, None]  # (B, 1, A, R), (B, 1, T, R)
        attended, weights = attention_output(self.keras, q, k, k, reads[:, None, None])
        attended = self.merge(ops.concatenate([states, attended[:, 0]], axis=2))  # (B, A, H)
        h, c = (ops.stack(parts, axis=1) for parts in zip(*ends, strict=True))
        activations = {"attention/attention": weights, "hidden/writer": states, "hidden/reader": memory}
        return self.output(self.drop(attended)), [memory, reads, h, c], activations

    def _read(self, name: str, questions: Any, mask: Any) -> tuple[Any, Any]:
        """Return the states of one encoder in the order of the tokens, (B, T, R), and the last one, (B, R)."""
        ops, back = self.keras.ops, name == "back"
        if back:
            questions, mask = ops.flip(questions, axis=1), None if mask is None else ops.flip(mask, axis=1)
        states, end, _ = self.readers[name](self._one_hot(questions), mask=mask)
        return ops.flip(states, axis=1) if back else states, end

    def _one_hot(self, tokens: Any) -> Any:
        return self.keras.ops.one_hot(tokens, self.start + 1)


def build(
    shape: NetworkShape, settings: AttentionalLSTMSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.
    """
    net = AttentionalLSTM(load_keras(device_config.threads), shape, settings, seed)
    return KerasAutoregressiveModel(build_submodels(net), shape, settings, device_config)
