"""Positional encodings of a transformer.

``learned``: a vector per position, Radford et al. (2018). ``sinusoidal``: Vaswani et al. (2017). ``rotary``: queries
and keys are rotated, Su et al., "RoFormer" (2021). ``none``: Kazemnejad et al., "The Impact of Positional Encoding on
Length Generalization" (2023). ``randomised``: ordered positions drawn from a longer range, Ruoss et al., "Randomized
Positional Encodings Boost Length Generalization" (2023). ``abacus``: a vector per digit of a number, with a
common offset drawn while training, McLeish et al., "Transformers Can Do Arithmetic with the Right Embeddings" (2024).
``coupled``: a vector per place, shared by the digits of that place in all operands and in the answer, with an offset
drawn while training, Cho et al., "Position Coupling: Improving Length Generalization of Arithmetic Transformers Using
Task Structure" (2024). ``fire`` and ``fire-randomised``: see `mathbench.baselines.models.torch.fire`.
"""

from functools import partial

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import NetworkShape
from mathbench.baselines.models.settings.writing import DecoderTransformerSettings
from mathbench.baselines.models.torch.attention import Rotation
from mathbench.baselines.models.torch.layers import make_embedding
from mathbench.errors import InputError

BESIDE = (
    1  # index of operators and of the token before the answer in coupled positions; padding has 0, units 2
)


class Positions(nn.Module):
    """The indices of tokens, and the encoding of their positions.

    Indices are counted from 0 over the tokens that are read. With ``abacus`` they are counted from 1 over the digits of
    each number, 0 elsewhere. With ``coupled`` they are counted from 2 at the units of each number, 1 for other
    characters, 0 for padding. A ruler (B, N) maps indices to positions, which differ from them where positions are
    drawn.
    """

    def __init__(self, shape: NetworkShape, settings: DecoderTransformerSettings, rng: torch.Generator):
        super().__init__()
        self.kind, self.span, self.width = settings.positions, settings.span, settings.hidden
        self.trained = shape.question + shape.answer + 1
        self.answer_share = shape.answer / max(shape.question, 1)
        self.ascending = _coupled_order(shape, self.span) if self.kind == "coupled" else True
        size = {"learned": self.trained, "abacus": self.span, "coupled": self.span + 1}.get(self.kind)
        self.table = make_embedding(size, self.width, rng) if size else None
        self.register_buffer("digits", digit_mask(shape), persistent=False)
        self.digits: Tensor

    def ruler(self, questions: Tensor, length: int) -> Tensor:
        """Return the position of each index, int64 (B, N), drawn at random while training.

        Args:
            questions: int64 (B, T).
            length: the number of indices.
        """
        if self.kind == "coupled":
            return self._places(questions, length)
        return self._line(length, questions.device).expand(len(questions), -1)

    def _line(self, length: int, device: torch.device) -> Tensor:
        """Return positions that are the same for all rows, int64 (N,)."""
        if self.kind in ("randomised", "fire-randomised"):
            if self.training and length <= self.span:
                return torch.randperm(self.span)[:length].sort().values.to(device)
            return torch.arange(length, device=device) * max(1, self.span // length)
        if self.kind == "abacus" and self.training:
            offset = int(torch.randint(max(1, self.span - self.trained), ()))
            return torch.cat([torch.zeros(1, dtype=torch.int64), torch.arange(1, length + 1) + offset]).to(
                device
            )
        return torch.arange(length + 1, device=device)

    def _places(self, questions: Tensor, length: int) -> Tensor:
        """Return coupled positions (B, N) within `span` where they fit: while training anywhere, else in the middle.

        Positions near the ends are the rarest in training, so they are used for the longest numbers only.
        """
        line = torch.arange(length + BESIDE + 1, device=questions.device)
        longest = digit_counts(self.digits[questions]).amax(dim=1)  # (B,)
        # answers are as long for their questions as in training: in sums half, in products all of it
        answer = (questions != 0).sum(dim=1) * self.answer_share
        room = (self.span - BESIDE - 1 - torch.maximum(longest, answer.ceil().long())).clamp(min=0)  # (B,)
        share = torch.rand(len(questions)) if self.training else torch.full((len(questions),), 0.5)
        offset = (share.to(questions.device) * (room + 1)).long()  # (B,)
        return line + offset[:, None] * (line > 0)

    def indices(self, tokens: Tensor, reads: Tensor, before: Tensor, asked: int) -> tuple[Tensor, Tensor]:
        """Return the indices of tokens (B, S), and `before` for the tokens after them.

        Args:
            tokens: int64 (B, S).
            reads: which of them are read, bool (B, S).
            before: int64 (B,), zeros at the start.
            asked: how many of them, from the first on, belong to the question.
        """
        if self.kind == "coupled":
            return self._coupled(tokens, before, asked)
        if self.kind != "abacus":
            counts = before[:, None] + reads.cumsum(dim=1)  # (B, S)
            return (counts - 1).clamp(min=0), counts[:, -1]
        run = digit_counts(self.digits[tokens], before)  # (B, S)
        return run, run[:, -1]

    def _coupled(self, tokens: Tensor, before: Tensor, asked: int) -> tuple[Tensor, Tensor]:
        digit = self.digits[tokens]
        question, answer = digit[:, :asked], digit[:, asked:]
        places = digit_counts(question) if self.ascending else digit_counts(question.flip(1)).flip(1)
        run = torch.cat([places, digit_counts(answer, before)], dim=1)  # (B, S)
        # the token before the answer ends a number, so the count matters behind it only
        return (run + BESIDE) * (tokens != 0), run[:, -1] if answer.shape[1] else before

    def added(self, positions: Tensor) -> Tensor | float:
        """Return the vectors added to the tokens at positions (B, S): (B, S, D), or 0 where there are none."""
        if self.table is not None:
            last = self.table.num_embeddings - 1  # positions beyond those learnt count as the last one
            marks: Tensor = self.table(positions.clamp(max=last)) * self.width**0.5
            return marks
        if self.kind in ("sinusoidal", "randomised"):
            return sinusoids(positions, self.width)
        return 0.0

    def rotation(self, positions: Tensor, heads: int) -> Rotation | None:
        """Return the rotation of queries and keys (2, B, heads, S, D / heads) at positions (B, S), if there is one."""
        if self.kind != "rotary":
            return None
        angles = positions[:, None, :, None] * _frequencies(self.width // heads, positions.device)
        return partial(_rotate, cos=angles.cos(), sin=angles.sin())  # (B, 1, S, D/2h)


def digit_mask(shape: NetworkShape) -> Tensor:
    """Return which tokens are digits, bool (symbols + 1,)."""
    digits = torch.zeros(shape.symbols + 1, dtype=torch.bool)
    digits[list(shape.digits)] = True
    return digits


def digit_counts(digit: Tensor, before: Tensor | None = None) -> Tensor:
    """Return the count of each digit in its run from 1 on, 0 elsewhere, int64 (B, S).

    Args:
        digit: which tokens are digits, bool (B, S).
        before: digits directly before the first token, int64 (B,).
    """
    at = torch.arange(digit.shape[1], device=digit.device)
    other = (
        at.where(~digit, -1).cummax(dim=1).values if digit.shape[1] else digit.long()
    )  # the last non-digit
    run = at - other
    if before is not None:
        run = run + before[:, None] * (other < 0)
    return run * digit


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Return sines and cosines of positions (B, S) in geometric wavelengths up to 10,000 * 2 pi, (B, S, width)."""
    angles = positions[:, :, None] * _frequencies(width, positions.device)
    return torch.cat([angles.sin(), angles.cos()], dim=2)


def _coupled_order(shape: NetworkShape, span: int) -> bool:
    """Return whether the numbers of a question are read from the units on.

    Raises:
        InputError: where the places of an answer's digits are not known while it is generated, or `span` is too small.
    """
    if shape.ascending is None or not shape.ascending[1]:
        raise InputError(
            "positions=coupled requires answers that are generated from the units on: answer=last in plain text, or "
            "answer=first in the format reversed."
        )
    if span < shape.answer + BESIDE:
        raise InputError(
            f"positions=coupled requires span of at least {shape.answer + BESIDE}, for the training answers. "
            f"Received: span={span}."
        )
    return shape.ascending[0]


def _frequencies(width: int, device: torch.device) -> Tensor:
    return 10_000.0 ** (-torch.arange(0, width, 2, device=device) / width)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    one, two = x.chunk(2, dim=-1)  # (2, B, h, S, D/2h)
    return torch.cat([one * cos - two * sin, two * cos + one * sin], dim=-1).to(x.dtype)
