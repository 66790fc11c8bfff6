"""Writing an answer token by token: greedily or with a beam, in batches, from a cached state.

A state is a dict of tensors with one row per question, so that rows can be chosen, repeated and dropped
without knowing what is in it.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

State = dict[str, Tensor]


class WritingModule(nn.Module, ABC):
    """A module that writes. Token 0 is the blank, which ends an answer; `start` stands before its first token.

    ``forward`` knows the whole answer (teacher forcing), ``begin`` and ``advance`` write it: both give the same
    logits.
    """

    start: int

    @abstractmethod
    def forward(self, questions: Tensor, answers: Tensor) -> Tensor:
        """Logits (B, A, V) of each answer token given those before it, from tokens (B, T) and (B, A)."""

    @abstractmethod
    def begin(self, questions: Tensor) -> State:
        """What is known after questions (B, T), before the first token."""

    @abstractmethod
    def advance(self, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        """Logits (B, V) of what follows tokens (B,), and the state after them."""


def select(state: State, rows: Tensor) -> State:
    """The state of some rows, int64 (n,), in that order; a row may come more than once."""
    return {name: value[rows] for name, value in state.items()}


def greedy(module: WritingModule, questions: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """Take the likeliest token each time, until every answer has ended.

    Args:
        module: what writes.
        questions: tokens (B, T).
        longest: tokens written at most.

    Returns:
        Tokens int64 (B, longest), blank behind the end, and their probabilities float32 (B, longest), 1 there.
    """
    rows = len(questions)
    written = questions.new_zeros((rows, longest))
    chances = torch.ones((rows, longest), device=questions.device)
    last, ended = questions.new_full((rows,), module.start), questions.new_zeros(rows, dtype=torch.bool)
    state = module.begin(questions)
    for at in range(longest):
        logits, state = module.advance(state, last)  # (B, V)
        chance, last = logits.float().softmax(dim=1).max(dim=1)  # (B,)
        last = last.masked_fill(ended, 0)
        written[:, at], chances[:, at] = last, chance.masked_fill(ended, 1.0)
        ended |= last == 0
        if ended.all():
            break
    return written, chances


def beams(module: WritingModule, questions: Tensor, longest: int, beam: int) -> tuple[Tensor, Tensor]:
    """Follow the likeliest `beam` beginnings of every answer.

    Args:
        module: what writes.
        questions: tokens (B, T).
        longest: tokens written at most.
        beam: beginnings followed at once.

    Returns:
        The likeliest answers found, int64 (B, longest), blank behind the end, and the logarithms of their
        probabilities, float32 (B,).
    """
    rows, device = len(questions), questions.device
    first = torch.arange(rows, device=device)[:, None] * beam  # (B, 1): where a question's beams begin
    state = select(module.begin(questions), first.new_tensor(range(rows)).repeat_interleave(beam))
    written = questions.new_zeros((rows * beam, longest))
    # all beams of a question are the same at first, so only one of them may grow
    scores = torch.full((rows, beam), -torch.inf, device=device)
    scores[:, 0] = 0.0
    last, ended = questions.new_full((rows * beam,), module.start), torch.zeros_like(scores, dtype=torch.bool)
    for at in range(longest):
        logits, state = module.advance(state, last)  # (B * k, V)
        chances = logits.float().log_softmax(dim=1).view(rows, beam, -1)  # (B, k, V)
        chances = _ended_stay(chances, ended)
        grown = (scores[:, :, None] + chances).flatten(1)  # (B, k * V)
        scores, chosen = grown.topk(beam, dim=1)  # (B, k), best first
        source = (first + chosen // chances.shape[2]).flatten()  # (B * k,)
        last = (chosen % chances.shape[2]).flatten()  # (B * k,)
        state, written = select(state, source), written[source]
        written[:, at] = last
        ended = (ended.flatten()[source] | (last == 0)).view(rows, beam)
        if ended[:, 0].all():  # what has not ended can only become less likely
            break
    return written.view(rows, beam, -1)[:, 0], scores[:, 0]


def _ended_stay(chances: Tensor, ended: Tensor) -> Tensor:
    """An answer that has ended goes on with blanks, which costs nothing, and with nothing else."""
    stay = torch.full_like(chances[0, 0], -torch.inf)
    stay[0] = 0.0
    return torch.where(ended[:, :, None], stay, chances)
