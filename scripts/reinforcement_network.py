"""The network of scripts/reinforcement: a small transformer that reads `a+b=` at once and writes the sum by digits.

Digits come least significant first, in the format `reversed-all`. Digits of the same place share an embedding, shifted
by a random offset per problem, so that the places of long numbers are trained by short ones as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SYMBOLS = "0123456789+="
PAD, END = 0, len(SYMBOLS) + 1
START = SYMBOLS.index("=") + 1  # the first input of the writer
PLACES = 18
EXTRA = 2  # an answer has one digit more than its operands, and the end

Memory = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Prompts:
    """Questions as tensors.

    Attributes:
        tokens, places: int64 (n, w), padded with 0.
        offsets: int64 (n,), the offset of the places of each problem.
        digits: int64 (n,), the digits of the longest operand.
    """

    tokens: Tensor
    places: Tensor
    offsets: Tensor
    digits: Tensor

    def repeat(self, count: int) -> "Prompts":
        """Each question `count` times in a row."""
        return Prompts(*(t.repeat_interleave(count, 0) for t in vars(self).values()))

    def select(self, chosen: Tensor) -> "Prompts":
        """Some of the questions."""
        return Prompts(*(t[chosen] for t in vars(self).values()))

    def answer_places(self, width: int) -> Tensor:
        """The places of the first characters of the answers, int64 (n, width)."""
        return (self.offsets[:, None] + torch.arange(1, width + 1)).clamp(max=PLACES)


def encode_prompts(questions: Sequence[str], generator: torch.Generator) -> Prompts:
    """Encode questions `a+b`, with an offset of their places at random."""
    digits = [max(map(len, question.split("+"))) for question in questions]
    width = max(map(len, questions)) + 1
    tokens, places = torch.zeros(2, len(questions), width, dtype=torch.int64)
    for row, question in enumerate(questions):
        codes = [SYMBOLS.index(symbol) + 1 for symbol in question + "="]
        tokens[row, : len(codes)] = torch.tensor(codes)
        within = [p for part in question.split("+") for p in (*range(1, len(part) + 1), 0)]
        places[row, : len(codes)] = torch.tensor(within)
    room = PLACES - EXTRA - torch.tensor(digits)
    offsets = (torch.rand(len(questions), generator=generator) * (room + 1)).long()
    places = torch.where(places > 0, places + offsets[:, None], 0)
    return Prompts(tokens, places, offsets, torch.tensor(digits))


def encode_answers(answers: Sequence[str]) -> Tensor:
    """Encode answers with their end, int64 (n, w), padded with 0."""
    tokens = torch.zeros(len(answers), max(map(len, answers)) + 1, dtype=torch.int64)
    for row, answer in enumerate(answers):
        tokens[row, : len(answer) + 1] = torch.tensor([SYMBOLS.index(s) + 1 for s in answer] + [END])
    return tokens


def decode_answers(tokens: Tensor) -> list[str | None]:
    """The texts before the end; None where a text has no end or something else than symbols."""
    texts: list[str | None] = []
    for codes in tokens.tolist():
        before = codes[: codes.index(END)] if END in codes else [PAD]
        texts.append(None if PAD in before else "".join(SYMBOLS[code - 1] for code in before))
    return texts


class Block(nn.Module):
    """Attention to a memory and to what precedes, and a network for each position."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.positions = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )

    def forward(
        self, x: Tensor, mask: Tensor, earlier: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Apply the block.

        Args:
            x: float32 (n, t, width).
            mask: bool, broadcast to (n, heads, t, s), which of all s keys each position sees.
            earlier: keys and values before those of x.

        Returns:
            The result, like x, and all keys and values.
        """
        parts = self.project(self.before(x)).unflatten(-1, (3 * self.heads, -1)).transpose(1, 2)
        query, key, value = parts.chunk(3, dim=1)
        if earlier is not None:
            key, value = torch.cat([earlier[0], key], 2), torch.cat([earlier[1], value], 2)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.mix(seen.transpose(1, 2).flatten(2))
        return x + self.positions(self.between(x)), (key, value)


class Network(nn.Module):
    """A transformer that encodes prompts in both directions and writes answers from left to right."""

    def __init__(self, width: int = 64, layers: int = 2, heads: int = 4):
        super().__init__()
        self.symbols = nn.Embedding(END + 1, width)
        self.places = nn.Embedding(PLACES + 1, width)
        self.roles = nn.Embedding(2, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, END + 1)

    def read(self, prompts: Prompts) -> Memory:
        """Encode prompts: the keys and values of each block."""
        x, mask = self._embed(prompts.tokens, prompts.places, 0), _seen(prompts)
        memory = []
        for block in self.blocks:
            x, kept = block(x, mask, None)
            memory.append(kept)
        return memory

    def write(self, memory: Memory, mask: Tensor, tokens: Tensor, places: Tensor) -> tuple[Tensor, Memory]:
        """The logits of the next characters, float32 (n, t, symbols), and the longer memory."""
        x, longer = self._embed(tokens, places, 1), []
        for block, earlier in zip(self.blocks, memory, strict=True):
            x, kept = block(x, mask, earlier)
            longer.append(kept)
        return self.head(self.norm(x)), longer

    def _embed(self, tokens: Tensor, places: Tensor, role: int) -> Tensor:
        return self.symbols(tokens) + self.places(places) + self.roles.weight[role]

    def log_likelihood(self, prompts: Prompts, answers: Tensor, copies: int = 1) -> Tensor:
        """The log probability of each character of answers, float32 (n * copies, w); 0 for padding.

        Args:
            prompts: n questions.
            answers: int64 (n * copies, w), `copies` answers in a row to each question.
        """
        count, width = answers.shape
        inputs = torch.cat([torch.full((count, 1), START), answers[:, :-1]], 1)
        causal = torch.ones(width, width, dtype=torch.bool).tril()
        seen = _seen(prompts).repeat_interleave(copies, 0).expand(-1, 1, width, -1)
        mask = torch.cat([seen, causal.expand(count, 1, width, width)], 3)
        memory = _repeated(self.read(prompts), copies)
        places = prompts.answer_places(width).repeat_interleave(copies, 0)
        logits, _ = self.write(memory, mask, inputs, places)
        found = logits.log_softmax(-1).gather(2, answers[:, :, None])[:, :, 0]
        return found.masked_fill(answers == PAD, 0.0)

    @torch.no_grad()
    def answer(self, prompts: Prompts, generator: torch.Generator | None = None, copies: int = 1) -> Tensor:
        """Write answers, int64 (n * copies, w), padded with 0 after their end.

        Args:
            prompts: n questions.
            generator: the source of samples at temperature 1; None: the likeliest character each time.
            copies: the number of answers to each question.
        """
        memory, seen = _repeated(self.read(prompts), copies), _seen(prompts).repeat_interleave(copies, 0)
        width = int(prompts.digits.max()) + EXTRA
        places = prompts.answer_places(width).repeat_interleave(copies, 0)
        token = torch.full((len(places), 1), START)
        done, written = torch.zeros(len(places), 1, dtype=torch.bool), []
        for position in range(width):
            seen = torch.cat([seen, torch.ones(len(seen), 1, 1, 1, dtype=torch.bool)], 3)
            logits, memory = self.write(memory, seen, token, places[:, position : position + 1])
            token = _chosen(logits[:, 0], generator).masked_fill(done, PAD)
            written.append(token)
            done = done | (token == END)
            if bool(done.all()):
                break
        return torch.cat(written, 1)


def _chosen(logits: Tensor, generator: torch.Generator | None) -> Tensor:
    if generator is None:
        return logits.argmax(-1, keepdim=True)
    return torch.multinomial(logits.softmax(-1), 1, generator=generator)


def _seen(prompts: Prompts) -> Tensor:
    """Which characters of the prompts are no padding, bool (n, 1, 1, w)."""
    return (prompts.tokens != PAD)[:, None, None, :]


def _repeated(memory: Memory, copies: int) -> Memory:
    if copies == 1:
        return memory
    return [(key.repeat_interleave(copies, 0), value.repeat_interleave(copies, 0)) for key, value in memory]
