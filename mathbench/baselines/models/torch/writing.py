"""The base class of PyTorch modules that generate an answer token by token."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

State = dict[str, Tensor]  # one row per question, so that rows can be selected without knowing the names


class WritingModule(nn.Module, ABC):
    """A module that generates an answer token by token. Token 0 is padding and ends an answer.

    A subclass implements ``begin``, which reads the question, and ``decode``, which goes on from a state. Both
    ``forward`` (teacher forcing on a known answer) and ``advance`` (one token at a time) give the same logits.

    Attributes:
        start: the token before the first one of an answer.
    """

    start: int

    @abstractmethod
    def begin(self, questions: Tensor) -> State:
        """Return the state after questions (B, T), before the first token."""

    @abstractmethod
    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, A, V) after each of tokens (B, A), and the state after them."""

    def forward(self, questions: Tensor, answers: Tensor) -> Tensor:
        """Return logits (B, A, V) of each answer token given those before it, from tokens (B, T) and (B, A)."""
        start = answers.new_full((len(answers), 1), self.start)
        logits, _ = self.decode(torch.cat([start, answers[:, :-1]], dim=1), self.begin(questions))
        return logits

    def advance(self, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        """Return logits (B, V) after tokens (B,), and the state after them."""
        logits, state = self.decode(tokens[:, None], state)
        return logits[:, 0], state
