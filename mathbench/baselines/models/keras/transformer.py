"""Encoder-decoder transformer in Keras: encoder, and decoder with cross-attention.

Source: Vaswani et al., "Attention Is All You Need" (2017). Computes the same function as the network in PyTorch.
"""

from typing import Any

import numpy as np

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.keras.autoregressive import (
    KerasAutoregressiveModel,
    attention_output,
    build_submodels,
    read_mask,
)
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import layer_seeds, make_dense
from mathbench.baselines.models.settings.writing import TransformerSettings


class Transformer:
    """The layers.

    A state is ``reads`` (B, T), ``at`` (B,), the position of the next token, and per block four tensors
    (B, h, T or longest, D/h): keys and values of the question, and of the answer so far.
    """

    def __init__(self, keras: Any, shape: NetworkShape, settings: TransformerSettings, seed: int | str):
        self.keras, self.settings, self.start = keras, settings, shape.symbols
        self.longest = settings.max_tokens(shape.answer)
        self._seeds, width = iter(layer_seeds(seed, 2 + 12 * settings.layers)), settings.hidden
        normal = keras.initializers.RandomNormal(0.0, width**-0.5, seed=next(self._seeds))
        self.embedding = keras.layers.Embedding(
            shape.symbols + 1, width, embeddings_initializer=normal, name="embedding"
        )
        self.encoder = [self._block(f"encoder_{i}", cross=False) for i in range(settings.layers)]
        self.decoder = [self._block(f"decoder_{i}", cross=True) for i in range(settings.layers)]
        self.norm, self.norm_read = self._norm("norm"), self._norm("norm_read")
        self.output = self._dense("output", shape.outputs)

    def begin(self, questions: Any) -> list[Any]:
        """Return the state after questions (B, T), before the first token."""
        ops = self.keras.ops
        reads = read_mask(self.keras, questions, self.settings.blanks == "masked")  # (B, T)
        positions = ops.maximum(ops.cumsum(ops.cast(reads, "int32"), axis=1) - 1, 0)
        x = self._embed(questions, positions)  # (B, T, D)
        for block in self.encoder:
            q, k, v = self._heads(block["attention_inward"](block["norm1"](x)), 3)
            attended, _ = attention_output(self.keras, q, k, v, reads[:, None, None])
            x = x + self._drop(block["attention_outward"](self._merge(attended)))  # (B, T, D)
            x = x + self._feed(block, block["norm2"](x))
        x = self.norm_read(x)
        state = [reads, ops.zeros_like(questions[:, 0])]
        empty = ops.zeros((1, self.settings.heads, self.longest, self.settings.hidden // self.settings.heads))
        for block in self.decoder:
            k, v = self._heads(block["cross_other"](x), 2)  # (B, h, T, D/h)
            state += [k, v, *(ops.zeros_like(k[:, :, :1]) + empty for _ in range(2))]
        return state

    def decode(self, tokens: Any, state: list[Any]) -> tuple[Any, dict[str, Any]]:
        """Return logits (B, A, V) after each of the first tokens (B, A) of an answer, and activations by name."""
        ops = self.keras.ops
        positions = ops.cumsum(ops.ones_like(tokens), axis=1) - 1  # (B, A)
        mask = positions[:, None, None, :] <= positions[:, None, :, None]  # (B, 1, A, A)
        x, activations = self._embed(tokens, positions), dict[str, Any]()
        for i, block in enumerate(self.decoder):
            q, k, v = self._heads(block["attention_inward"](block["norm1"](x)), 3)
            x, weights = self._decoder_block(
                block, x, (q, k, v), mask, state[2 + 4 * i : 4 + 4 * i], state[0]
            )
            activations |= {f"attention/decoder/{i}/{name}": matrix for name, matrix in weights.items()}
        return self.output(self.norm(x)), activations

    def advance(self, token: Any, state: list[Any]) -> list[Any]:
        """Return logits (B, V) after one more token (B,) of each answer, and the state after it."""
        ops, (reads, at) = self.keras.ops, state[:2]
        positions = np.arange(self.longest)
        here = ops.equal(positions[None], at[:, None])[:, None, :, None]  # (B, 1, L, 1)
        mask = ops.less_equal(positions[None], at[:, None])[:, None, None]  # (B, 1, 1, L)
        x, after = self._embed(token[:, None], at[:, None]), [reads, at + 1]
        for i, block in enumerate(self.decoder):
            read_k, read_v, k, v = state[2 + 4 * i : 6 + 4 * i]
            q, new_k, new_v = self._heads(block["attention_inward"](block["norm1"](x)), 3)  # (B, h, 1, D/h)
            k, v = ops.where(here, new_k, k), ops.where(here, new_v, v)  # (B, h, L, D/h)
            x, _ = self._decoder_block(block, x, (q, k, v), mask, [read_k, read_v], reads)
            after += [read_k, read_v, k, v]
        return [self.output(self.norm(x))[:, 0], *after]

    def _decoder_block(
        self,
        block: dict[str, Any],
        x: Any,
        own: tuple[Any, Any, Any],
        mask: Any,
        memory: list[Any],
        reads: Any,
    ) -> tuple[Any, dict[str, Any]]:
        """Pass x (B, A, D) through a decoder block. Returns (B, A, D) and the attention weights by name."""
        attended, to_self = attention_output(self.keras, *own, mask)
        x = x + self._drop(block["attention_outward"](self._merge(attended)))  # (B, A, D)
        (q,) = self._heads(block["cross_query"](block["norm2"](x)), 1)
        attended, to_memory = attention_output(self.keras, q, memory[0], memory[1], reads[:, None, None])
        x = x + self._drop(block["cross_outward"](self._merge(attended)))  # (B, A, D)
        return x + self._feed(block, block["norm3"](x)), {"attention": to_self, "cross": to_memory}

    def _feed(self, block: dict[str, Any], x: Any) -> Any:
        inner = self.keras.ops.gelu(block["feed_inward"](x), approximate=False)
        return self._drop(block["feed_outward"](inner))

    def _heads(self, x: Any, parts: int) -> list[Any]:
        """Split x (B, S, parts * D) into parts of shape (B, h, S, D/h)."""
        heads, width = self.settings.heads, self.settings.hidden
        cut = self.keras.layers.Reshape((-1, parts, heads, width // heads))(x)  # (B, S, parts, h, D/h)
        return [self.keras.ops.swapaxes(cut[:, :, i], 1, 2) for i in range(parts)]

    def _merge(self, attended: Any) -> Any:
        """Concatenate heads (B, h, S, D/h) to (B, S, D)."""
        return self.keras.layers.Reshape((-1, self.settings.hidden))(self.keras.ops.swapaxes(attended, 1, 2))

    def _embed(self, tokens: Any, positions: Any) -> Any:
        """Embed tokens (B, S) at positions (B, S) as vectors (B, S, D)."""
        ops, width = self.keras.ops, self.settings.hidden
        frequencies = (10_000.0 ** (-np.arange(0, width, 2) / width)).astype(np.float32)
        angles = ops.cast(positions, "float32")[:, :, None] * frequencies
        marks = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=2)
        return self._drop(self.embedding(tokens) * width**0.5 + marks)

    def _drop(self, x: Any) -> Any:
        """Apply dropout. Every step sets its seed."""
        share = self.settings.dropout
        return self.keras.layers.Dropout(share, seed=0)(x) if share else x

    def _block(self, name: str, cross: bool) -> dict[str, Any]:
        width, inner = self.settings.hidden, self.settings.inner
        sizes = {"attention_inward": 3 * width, "attention_outward": width}
        sizes |= {"cross_query": width, "cross_other": 2 * width, "cross_outward": width} if cross else {}
        sizes |= {"feed_inward": inner, "feed_outward": width}
        layers = {part: self._dense(f"{name}_{part}", units) for part, units in sizes.items()}
        return layers | {f"norm{i}": self._norm(f"{name}_norm{i}") for i in range(1, 4 if cross else 3)}

    def _dense(self, name: str, units: int) -> Any:
        return make_dense(self.keras, units, next(self._seeds), name=name)

    def _norm(self, name: str) -> Any:
        return self.keras.layers.LayerNormalization(epsilon=1e-5, name=name)


def build(
    shape: NetworkShape, settings: TransformerSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.
    """
    net = Transformer(load_keras(device_config.threads), shape, settings, seed)
    return KerasAutoregressiveModel(build_submodels(net), shape, settings, device_config)
