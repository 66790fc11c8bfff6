"""Attentional LSTM in Keras: an LSTM reads in one or both directions, another writes and looks back at each step.

Source: Bahdanau, Cho, Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate" (2015), with
the attention of Luong, Pham, Manning, "Effective Approaches to Attention-based Neural Machine Translation" (2015).
"""

from typing import Any

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.keras.autoregressive import (
    KerasAutoregressiveModel,
    KerasSubmodels,
    attention_output,
    read_mask,
    shift_right,
)
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.model import layer_seeds, make_lstm
from mathbench.baselines.settings import AttentionalLSTMSettings


class AttentionalLSTM:
    """The layers; tensors of a state are ``memory`` (B, T, R), ``reads`` (B, T), and of the writer h and c."""

    def __init__(self, kind: Any, shape: NetworkShape, settings: AttentionalLSTMSettings, seed: int | str):
        self.kind, self.settings, self.start = kind, settings, shape.symbols
        seeds = iter(layer_seeds(seed, 8 + 2 * settings.layers))
        whole = {"return_sequences": True, "return_state": True}
        directions = ("onward", "back") if settings.reading == "both" else ("onward",)

        def reader(name: str) -> Any:
            return make_lstm(
                kind,
                settings.reader,
                [next(seeds), next(seeds)],
                settings.gain,
                name=f"readers_{name}",
                **whole,
            )

        def dense(name: str, units: int, **options: Any) -> Any:
            glorot = kind.initializers.GlorotUniform(seed=next(seeds))
            return kind.layers.Dense(units, kernel_initializer=glorot, name=name, **options)

        def writer(i: int) -> Any:
            gain = settings.gain if i == 0 else 1.0
            return make_lstm(
                kind, settings.hidden, [next(seeds), next(seeds)], gain, name=f"writer{i}", **whole
            )

        self.readers = {name: reader(name) for name in directions}
        self.bridge = dense("bridge", settings.layers * settings.hidden, activation="tanh")
        self.writers = [writer(i) for i in range(settings.layers)]
        self.query = dense("attention_query", settings.reader)
        self.merge = dense("attention_merge", settings.hidden, activation="tanh")
        self.output = dense("output", shape.outputs)
        self.drop = kind.layers.Dropout(settings.dropout, seed=0)  # each step sets its own

    def begin(self, questions: Any) -> list[Any]:
        """Questions (B, T) to the state before the first token."""
        ops, masked = self.kind.ops, self.settings.blanks == "masked"
        reads = read_mask(self.kind, questions, masked)  # (B, T)
        parts = [self._read(name, questions, reads if masked else None) for name in self.readers]
        memory, end = (sum(found) for found in zip(*parts, strict=True))  # (B, T, R), (B, R)
        h = self.kind.layers.Reshape((self.settings.layers, self.settings.hidden))(self.bridge(end))
        return [memory, reads, h, ops.zeros_like(h)]  # h and c: (B, layers, H)

    def decode(self, tokens: Any, state: list[Any]) -> tuple[Any, list[Any], dict[str, Any]]:
        """Tokens (B, A) through the writer: logits (B, A, V), the state after them, what there is to look at."""
        ops, (memory, reads, h, c) = self.kind.ops, state
        states, stops = self._one_hot(tokens), []
        for i, writer in enumerate(self.writers):
            states, *end = writer(states, initial_state=[h[:, i], c[:, i]])  # (B, A, H)
            stops.append(end)
        q, k = self.query(states)[:, None], memory[:, None]  # (B, 1, A, R), (B, 1, T, R)
        found, weights = attention_output(self.kind, q, k, k, reads[:, None, None])
        found = self.merge(ops.concatenate([states, found[:, 0]], axis=2))  # (B, A, H)
        h, c = (ops.stack(parts, axis=1) for parts in zip(*stops, strict=True))
        looks = {"attention/attention": weights, "hidden/writer": states, "hidden/reader": memory}
        return self.output(self.drop(found)), [memory, reads, h, c], looks

    def _read(self, name: str, questions: Any, mask: Any) -> tuple[Any, Any]:
        """What one LSTM reads: its states in the order of the tokens, (B, T, R), and its last one, (B, R)."""
        ops, back = self.kind.ops, name == "back"
        if back:
            questions, mask = ops.flip(questions, axis=1), None if mask is None else ops.flip(mask, axis=1)
        states, end, _ = self.readers[name](self._one_hot(questions), mask=mask)
        return ops.flip(states, axis=1) if back else states, end

    def _one_hot(self, tokens: Any) -> Any:
        return self.kind.ops.one_hot(tokens, self.start + 1)


def build_submodels(
    kind: Any, shape: NetworkShape, settings: AttentionalLSTMSettings, seed: int | str
) -> KerasSubmodels:
    """The three models (see `mathbench.baselines.models.keras.autoregressive.KerasSubmodels`)."""
    net = AttentionalLSTM(kind, shape, settings, seed)
    questions, answers = (kind.Input((None,), dtype="int32") for _ in range(2))
    state = net.begin(questions)
    logits, _, looks = net.decode(shift_right(kind, answers, net.start), state)
    token = kind.Input((), dtype="int32")
    known = [kind.Input(part.shape[1:], dtype=part.dtype) for part in state]
    step, after, _ = net.decode(token[:, None], known)  # (B, 1, V)
    return KerasSubmodels(
        net.start,
        kind.Model([questions, answers], logits),
        kind.Model(questions, state),
        kind.Model([token, *known], [step[:, 0], *after]),
        looks,
    )


def build(
    shape: NetworkShape, settings: AttentionalLSTMSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.
    """
    return KerasAutoregressiveModel(
        build_submodels(load_keras(device_config.threads), shape, settings, seed),
        shape,
        settings,
        device_config,
    )
