"""Decoder-only transformer in PyTorch: question and answer in one sequence, loss on the answer only.

Source: Radford et al., "Improving Language Understanding by Generative Pre-Training" (2018). Sources of
the positional encodings are in `mathbench.baselines.models.torch.positions`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.reading_limit import of_positions
from mathbench.baselines.models.settings.writing import DecoderTransformerSettings
from mathbench.baselines.models.torch.attention import Block, read_mask
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.fire import Fire, gather_bias
from mathbench.baselines.models.torch.layers import make_dense, make_embedding
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.positions import Positions
from mathbench.baselines.models.torch.writing import State, WritingModule


@dataclass(frozen=True)
class Pass:
    """One application of a block.

    Args:
        block: the index of the block.
        added: what is added to its input, (B, S, D), (D,) or 0.
        rows: the rows that it changes, bool (B, 1, 1); None for all.
    """

    block: int
    added: Tensor | float = 0.0
    rows: Tensor | None = None


class DecoderTransformer(WritingModule):
    """Tokens, positions, blocks with a causal mask, one softmax.

    A state holds keys and values per pass, ``reads`` (B, P), the mask of the P tokens so far, ``before`` (B,), the
    count of tokens or digits so far, and ``ruler`` (B, N), the position of each index (see `Positions`). With FIRE it
    holds ``indices`` (B, P) as well.
    """

    def __init__(self, shape: NetworkShape, settings: DecoderTransformerSettings, rng: torch.Generator):
        super().__init__()
        self.start = shape.symbols
        self.embedding = make_embedding(shape.symbols + 1, settings.hidden, rng)
        self.positions = Positions(shape, settings, rng)
        sizes = (settings.hidden, settings.heads, settings.inner, settings.dropout)
        self.blocks = nn.ModuleList(Block(*sizes, rng) for _ in range(settings.layers))
        fire = settings.positions.startswith("fire")
        self.biases = nn.ModuleList(Fire(settings.heads, rng) for _ in range(settings.layers if fire else 0))
        self.norm = nn.LayerNorm(settings.hidden)
        self.output = make_dense(settings.hidden, shape.outputs, rng)
        self.drop = nn.Dropout(settings.dropout)
        self.masked, self.heads = settings.blanks == "masked", settings.heads
        self.longest = settings.max_tokens(shape.answer)

    def forward(self, questions: Tensor, answers: Tensor) -> Tensor:
        """Return logits (B, A, V) of each answer token given those before it, from tokens (B, T) and (B, A)."""
        rows, width = questions.shape
        begin = questions.new_full((rows, 1), self.start)
        tokens = torch.cat([questions, begin, answers[:, :-1]], dim=1)  # (B, T + A)
        readable = torch.ones_like(answers, dtype=torch.bool)
        reads = torch.cat([read_mask(questions, self.masked), readable], dim=1)  # (B, T + A)
        length = tokens.shape[1] if self.training else width + self.longest
        x, _ = self._through(tokens, reads, self._initial_state(questions, length), width)  # (B, T + A, D)
        return self._logits(x[:, width:])

    def begin(self, questions: Tensor) -> State:
        """Return the state after questions (B, T), before the first token."""
        width = questions.shape[1]
        initial = self._initial_state(questions, width + self.longest)
        return self._through(questions, read_mask(questions, self.masked), initial, width)[1]

    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, A, V) after each of tokens (B, A), and the state after them."""
        x, state = self._through(tokens, torch.ones_like(tokens, dtype=torch.bool), state)  # (B, A, D)
        return self._logits(x), state

    def passes(self, x: Tensor, state: State) -> Iterator[Pass]:
        """Yield the passes in order of application, for embedded tokens x (B, S, D)."""
        for i in range(len(self.blocks)):
            yield Pass(i)

    def _initial_state(self, questions: Tensor, length: int) -> State:
        """Return the state before the first token of sequences of `length` tokens."""
        rows = len(questions)
        state = {
            "reads": questions.new_zeros((rows, 0), dtype=torch.bool),
            "before": questions.new_zeros(rows),
            "ruler": self.positions.ruler(questions, length),
        }
        if len(self.biases):
            state["indices"] = questions.new_zeros((rows, 0))
        return state

    def _through(self, tokens: Tensor, reads: Tensor, state: State, asked: int = 0) -> tuple[Tensor, State]:
        """Pass tokens (B, S), the first `asked` of a question, behind P others through all blocks.

        Returns:
            (B, S, D), and the state after them.
        """
        indices, before = self.positions.indices(tokens, reads, state["before"], asked)  # (B, S)
        indices = indices.clamp(max=state["ruler"].shape[1] - 1)
        positions = state["ruler"].gather(1, indices)  # (B, S)
        rotation = self.positions.rotation(positions, self.heads)
        after = {**state, "reads": torch.cat([state["reads"], reads], dim=1), "before": before}  # (B, P + S)
        masks = self._masks(indices, after)
        x = self.embedding(tokens) * self.embedding.embedding_dim**0.5 + self.positions.added(positions)
        x = self.drop(x)  # (B, S, D)
        for i, now in enumerate(self.passes(x, state)):
            past = (state[f"key{i}"], state[f"value{i}"]) if f"key{i}" in state else None
            made, (after[f"key{i}"], after[f"value{i}"]) = self.blocks[now.block](
                x + now.added, masks[now.block], rotation, past
            )  # (B, S, D)
            x = made if now.rows is None else made.where(now.rows, x)
        return x, after

    def _masks(self, indices: Tensor, after: State) -> list[Tensor]:
        """Return the mask or bias of each block for tokens at indices (B, S), and add the indices to the state."""
        mask = _causal(after["reads"], indices.shape[1])  # (B, 1, S, P + S)
        if not len(self.biases):
            return [mask] * len(self.blocks)
        after["indices"] = torch.cat([after["indices"], indices], dim=1)  # (B, P + S)
        ruler, hidden = after["ruler"][0], torch.zeros((), device=mask.device).where(mask, -torch.inf)
        return [hidden + gather_bias(fire(ruler), indices, after["indices"]) for fire in self.biases]

    def _logits(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.norm(x))
        return logits


def _causal(reads: Tensor, size: int) -> Tensor:
    """Return the mask of the last `size` tokens, bool (B, 1, size, P + size), from reads (B, P + size).

    A token attends to tokens before it that are read, and to itself, since attention needs at least one key.
    """
    at = torch.arange(reads.shape[1], device=reads.device)
    query = at[-size:, None]  # (S, 1)
    return ((reads[:, None] & (at <= query)) | (at == query))[:, None]


def build(
    shape: NetworkShape, settings: DecoderTransformerSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), DecoderTransformerSettings(), 0, DeviceConfig("cpu")).parameters
    101708
    """
    rng = generator_for_seed(seed, device_config)
    network = AutoregressiveModel(DecoderTransformer(shape, settings, rng), shape, settings, device_config)
    network.limit = of_positions(shape.question, shape.answer, settings)
    return network
