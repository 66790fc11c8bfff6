"""The function of a tiny transformer: the logits that the weights of several members give, all at once.

Sources: as in `mathbench.baselines.models.torch.tiny_transformer`.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.decoding import append_end
from mathbench.baselines.models.interface import NetworkShape
from mathbench.baselines.models.settings.tiny import TinyTransformerSettings
from mathbench.errors import InputError

Weights = Mapping[str, Tensor]
Sizes = dict[str, tuple[tuple[int, ...], float]]  # shapes of weights, and the scale of their first values

NORM_EPSILON = 1e-5


class TinyFunction(nn.Module):
    """The function of a tiny transformer, of the weights of several members at once.

    Shapes: S members, B rows, L tokens, the last N of which are followed by a prediction, V token vectors of width D,
    H heads, positions of width P.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
    """

    positions: Tensor
    vector_of: Tensor
    one_hot: Tensor
    numbers: Tensor

    def __init__(self, shape: NetworkShape, settings: TinyTransformerSettings):
        super().__init__()
        self.settings, self.outputs = settings, shape.outputs
        self.start = shape.symbols
        self.written = shape.digits if settings.vocabulary == "digits" else tuple(range(shape.outputs))
        self.vectors = len(shape.digits) if settings.vocabulary == "digits" else shape.symbols + 1
        self.period = settings.period or (shape.question + 1) // 2
        # the vector of each token; with digits only, that of 0 for every other token
        vector_of = np.arange(shape.symbols + 1)
        if settings.vocabulary == "digits":
            vector_of = np.zeros(shape.symbols + 1, dtype=np.int64)
            vector_of[list(shape.digits)] = np.arange(len(shape.digits))
        self.register_buffer("vector_of", torch.from_numpy(vector_of), persistent=False)
        self.register_buffer("one_hot", torch.eye(self.vectors), persistent=False)
        numbers = torch.arange(self.vectors, dtype=torch.float32) - (self.vectors - 1) / 2
        self.register_buffer("numbers", numbers[:, None] / 3, persistent=False)
        length = 2 * (shape.question + settings.max_tokens(shape.answer) + 1)
        self.register_buffer("positions", self._positions(length), persistent=False)

    def _positions(self, length: int) -> Tensor:
        """Return fixed positions (L, P): cosines, then sines."""
        harmonics = torch.arange(1, self.settings.harmonics + 1)
        angles = torch.arange(length)[:, None] * harmonics * (2 * torch.pi / self.period)
        return torch.cat([angles.cos(), angles.sin()], dim=1)

    def initial_weights(self, rng: torch.Generator) -> dict[str, Tensor]:
        """Draw the first weights of one member."""
        sizes = {**self._vector_sizes(), **self._attention_sizes(), **self._hidden_sizes()}
        drawn = {
            name: torch.empty(*size).normal_(0.0, scale, generator=rng)
            for name, (size, scale) in sizes.items()
        }
        if self.settings.skip == "learned":
            drawn["skip"] = torch.ones(self.settings.hidden)
        return drawn

    def _vector_sizes(self) -> Sizes:
        width = self.settings.hidden
        if self.settings.digits == "table":
            return {"vectors": ((self.vectors, width), 0.5)}
        axes = 1 if self.settings.digits == "axes" else width
        return {"linear": ((1, axes), 0.3), "square": ((1, axes), 0.3), "constant": ((1, width), 0.5)}

    def _attention_sizes(self) -> Sizes:
        settings, position = self.settings, 2 * self.settings.harmonics
        width, heads, scale = settings.hidden, settings.heads, settings.start_scores
        value: Sizes = {"value": ((heads, width), 1.0)}
        if settings.values == "matrices":
            size, part = width**-0.5, width // heads
            value = {"value": ((heads, width, part), size), "output": ((heads, part, width), size)}
        if settings.scores == "content":
            read = width + position
            return {
                name: ((heads, read, settings.key), scale / read**0.5) for name in ("query", "key")
            } | value
        if settings.queries == "matrix":
            return {"query": ((heads, position, position), scale / position**0.5), **value}
        return {"query": ((2, heads, settings.harmonics), scale), **value}

    def _hidden_sizes(self) -> Sizes:
        width, inner = self.settings.hidden, self.settings.inner
        return {
            "inner": ((width, inner), width**-0.5),
            "bias": ((inner,), 0.3),
            "outer": ((inner, width), 0.5 / inner**0.5),
        }

    def forward(self, weights: Weights, tokens: Tensor, size: int) -> Tensor:
        """Return logits (S, W, N, B) of the tokens after the last `size` of tokens (B, L); W are those written."""
        rows, length = tokens.shape
        vectors = self._vectors(weights)  # (S, V, D)
        members, _, width = vectors.shape
        # a product with one-hot vectors: the gradient of an index is many times slower
        one_hot = self.one_hot[self.vector_of[tokens.T].flatten()]  # (L * B, V)
        x = one_hot @ vectors.transpose(0, 1).flatten(1)  # (L * B, S * D)
        x = x.view(length, rows, members, width).permute(2, 0, 1, 3).reshape(members, length, rows * width)
        attended = self._attended(weights, x, rows, size)  # (S, N * B, D)
        x = x[:, length - size :].reshape(members, size * rows, width)
        h = (x * weights["skip"][:, None] if "skip" in weights else x) + attended
        h = h + self._hidden(weights, h)
        written = vectors[:, : len(self.written)]
        # a softmax over 10 values is six times as fast where they do not lie side by side
        return (written @ h.transpose(1, 2)).view(members, -1, size, rows)

    def all_logits(self, logits: Tensor) -> Tensor:
        """Return logits (B, N, V) of all tokens from those of the tokens that can be written, (W, N, B)."""
        logits = logits.permute(2, 1, 0)
        if len(self.written) == self.outputs:
            return logits
        full = logits.new_full((*logits.shape[:2], self.outputs), -torch.inf)
        full[:, :, list(self.written)] = logits
        return full

    def targets(self, labels: Tokens) -> Tokens:
        """Return labels (B, A) as targets: with an end, or of digits alone as they are.

        Raises:
            InputError: with digits alone, for other tokens, such as the end of a shorter answer.
        """
        if self.settings.vocabulary == "all":
            return append_end(labels)
        if not np.isin(labels, self.written).all():
            raise InputError("vocabulary=digits requires answers of digits alone, all of one length.")
        return labels

    def _vectors(self, weights: Weights) -> Tensor:
        """Return the token vectors (S, V, D)."""
        if "vectors" in weights:
            return weights["vectors"]
        linear, square = self.numbers * weights["linear"], self.numbers**2 * weights["square"]
        if self.settings.digits == "axes":
            return torch.cat([linear, square], dim=-1) + weights["constant"]
        return linear + square + weights["constant"]

    def _attended(self, weights: Weights, x: Tensor, rows: int, size: int) -> Tensor:
        """Return what attention adds to the last `size` tokens, (S, N * B, D), from x (S, L, B * D)."""
        members, length, _ = x.shape
        heads, width = self.settings.heads, self.settings.hidden
        if self.settings.scores == "content":
            x = x.view(members, length, rows, width)
            mixed = torch.einsum("shbql,slbd->shqbd", self.content_shares(weights, x, size), x)
        else:
            shares = self.position_shares(weights, length, size).flatten(1, 2)  # (S, H * N, L)
            mixed = shares @ x
        mixed = mixed.reshape(members, heads, size * rows, width)
        if self.settings.values == "diagonal":
            return (mixed * weights["value"][:, :, None]).sum(1)
        return (mixed @ weights["value"] @ weights["output"]).sum(1)

    def weights(self, weights: Weights, tokens: Tensor, size: int) -> Tensor:
        """Return the attention weights of the first member, (B, H, N, L)."""
        rows, length = tokens.shape
        if self.settings.scores == "positions":
            return self.position_shares(weights, length, size)[0].expand(rows, -1, -1, -1)
        x = self._vectors(weights)[:, self.vector_of[tokens.T]]  # (S, L, B, D)
        return self.content_shares(weights, x, size)[0].transpose(0, 1)

    def position_shares(self, weights: Weights, length: int, size: int) -> Tensor:
        """Return attention weights (S, H, N, L) of the last `size` of `length` tokens, which depend on places alone."""
        place = self._placed(length)
        at = place[length - size :]  # (N, P)
        if self.settings.queries == "matrix":
            query = at @ weights["query"]  # (S, H, N, P)
        else:
            a, b = weights["query"][:, 0, :, None], weights["query"][:, 1, :, None]  # (S, H, 1, P / 2)
            cosine, sine = at.chunk(2, dim=1)
            query = torch.cat([cosine * a - sine * b, cosine * b + sine * a], dim=-1)
        scores = query @ place.T * self.settings.sharpness
        return torch.softmax(scores + self._mask(length, size), dim=-1)

    def content_shares(self, weights: Weights, x: Tensor, size: int) -> Tensor:
        """Return attention weights (S, H, B, N, L), which depend on tokens (S, L, B, D) and places."""
        members, length, rows, _ = x.shape
        place = self._placed(length)[None, :, None].expand(members, -1, rows, -1)
        read = torch.cat([x, place], dim=-1)  # (S, L, B, D + P)
        query = torch.einsum("sqbf,shfk->shbqk", read[:, length - size :], weights["query"])
        key = torch.einsum("slbf,shfk->shbkl", read, weights["key"])
        return torch.softmax(query @ key * self.settings.sharpness + self._mask(length, size), dim=-1)

    def _hidden(self, weights: Weights, h: Tensor) -> Tensor:
        """Return what the hidden layer adds to (S, N * B, D)."""
        if self.settings.norm == "rms":
            h = h * torch.rsqrt(h.square().mean(-1, keepdim=True) + NORM_EPSILON)
        units = torch.baddbmm(weights["bias"][:, None], h, weights["inner"])
        kinds = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "gelu": functional.gelu}
        return kinds[self.settings.activation](units) @ weights["outer"]

    def _placed(self, length: int) -> Tensor:
        """Return the positions (L, P) of the first `length` tokens, which may be more than in training."""
        if length > len(self.positions):
            return self._positions(length).to(self.positions.device)
        return self.positions[:length]

    def _mask(self, length: int, size: int) -> Tensor:
        """Return -inf (N, L) where a token comes later than the one of the last `size` that reads it."""
        blocked = torch.full((size, length), -torch.inf, device=self.positions.device)
        return blocked.triu(length - size + 1)
