"""Decoder-only transformer in PyTorch: question and answer are one sequence, the loss is on the answer alone.

Source: Radford et al., "Improving Language Understanding by Generative Pre-Training" (2018); the schemes of
positions have theirs in `mathbench.baselines.models.torch.positions`.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.torch.attention import Block, make_embedding, read_mask
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import make_dense
from mathbench.baselines.models.torch.positions import Positions
from mathbench.baselines.models.torch.writing import State, WritingModule
from mathbench.baselines.settings import DecoderTransformerSettings


class DecoderTransformer(WritingModule):
    """Tokens, positions, blocks with a causal mask, one softmax.

    A state holds, besides keys and values per block: ``reads`` (B, P), which of the P tokens so far may be looked
    at; ``before`` (B,), for counting places; ``ruler`` (B, N), the position of each place.
    """

    def __init__(self, shape: NetworkShape, settings: DecoderTransformerSettings, rng: torch.Generator):
        super().__init__()
        self.start = shape.symbols
        self.embedding = make_embedding(shape.symbols + 1, settings.hidden, rng)
        self.positions = Positions(shape, settings, rng)
        sizes = (settings.hidden, settings.heads, settings.inner, settings.dropout)
        self.blocks = nn.ModuleList(Block(*sizes, rng) for _ in range(settings.layers))
        self.norm, self.output = (
            nn.LayerNorm(settings.hidden),
            make_dense(settings.hidden, shape.outputs, rng),
        )
        self.drop = nn.Dropout(settings.dropout)
        self.masked, self.heads = settings.blanks == "masked", settings.heads
        self.longest = settings.max_tokens(shape.answer)

    def forward(self, questions: Tensor, answers: Tensor) -> Tensor:
        """Logits (B, A, V) of each answer token given those before it, from tokens (B, T) and (B, A)."""
        rows, width = questions.shape
        begin = questions.new_full((rows, 1), self.start)
        tokens = torch.cat([questions, begin, answers[:, :-1]], dim=1)  # (B, T + A)
        reads = torch.cat(
            [read_mask(questions, self.masked), torch.ones_like(answers, dtype=torch.bool)], dim=1
        )
        length = tokens.shape[1] if self.training else width + self.longest
        x, _ = self._through(tokens, reads, self._fresh(questions, length))  # (B, T + A, D)
        return self._logits(x[:, width:])

    def begin(self, questions: Tensor) -> State:
        """What is known after questions (B, T), before the first token."""
        fresh = self._fresh(questions, questions.shape[1] + self.longest)
        return self._through(questions, read_mask(questions, self.masked), fresh)[1]

    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, A, V) of what follows each of tokens (B, A), and the state after them."""
        x, state = self._through(tokens, torch.ones_like(tokens, dtype=torch.bool), state)  # (B, A, D)
        return self._logits(x), state

    def passes(self) -> Iterator[tuple[nn.Module, Tensor | float]]:
        """The blocks in the order in which a token passes them, and what is added before each: (D,) or nothing."""
        for block in self.blocks:
            yield block, 0.0

    def _fresh(self, questions: Tensor, length: int) -> State:
        """The state before the first token of sequences of a length."""
        rows = len(questions)
        return {
            "reads": questions.new_zeros((rows, 0), dtype=torch.bool),
            "before": questions.new_zeros(rows),
            "ruler": self.positions.ruler(length, questions.device).expand(rows, -1),
        }

    def _through(self, tokens: Tensor, reads: Tensor, state: State) -> tuple[Tensor, State]:
        """Tokens (B, S) behind P others through all blocks: (B, S, D), and the state after them."""
        size = tokens.shape[1]
        places, before = self.positions.places(tokens, reads, state["before"])  # (B, S)
        positions = state["ruler"].gather(1, places.clamp(max=state["ruler"].shape[1] - 1))  # (B, S)
        turn = self.positions.rotation(positions, self.heads)
        reads = torch.cat([state["reads"], reads], dim=1)  # (B, P + S)
        mask = _causal(reads, size)
        after = {"reads": reads, "before": before, "ruler": state["ruler"]}
        x = self.embedding(tokens) * self.embedding.embedding_dim**0.5 + self.positions.added(positions)
        x = self.drop(x)  # (B, S, D)
        for i, (block, added) in enumerate(self.passes()):
            past = (state[f"key{i}"], state[f"value{i}"]) if f"key{i}" in state else None
            x, (after[f"key{i}"], after[f"value{i}"]) = block(x + added, mask, turn, past)  # (B, S, D)
        return x, after

    def _logits(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.norm(x))
        return logits


def _causal(reads: Tensor, size: int) -> Tensor:
    """Who of the last `size` tokens may look at whom, bool (B, 1, size, P + size), from reads (B, P + size).

    Never ahead, never at what is not read; always at itself, since attention needs something to look at.
    """
    at = torch.arange(reads.shape[1], device=reads.device)
    own = at[-size:, None]  # (S, 1)
    return ((reads[:, None] & (at <= own)) | (at == own))[:, None]


def build(
    shape: NetworkShape, settings: DecoderTransformerSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), DecoderTransformerSettings(), 0, DeviceConfig("cpu")).parameters
    101708
    """
    rng = generator_for_seed(seed, device_config)
    return AutoregressiveModel(DecoderTransformer(shape, settings, rng), shape, settings, device_config)
