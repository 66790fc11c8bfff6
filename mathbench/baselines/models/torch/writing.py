"""What a PyTorch module that writes token by token has."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

State = dict[str, Tensor]  # one row per question, so that rows can be chosen without knowing what is in it


class WritingModule(nn.Module, ABC):
    """A module that writes. Token 0 is the blank, which ends an answer; `start` stands before its first token.

    A module says how to ``begin`` and how to go on (``decode``). ``forward`` knows the whole answer (teacher forcing),
    ``advance`` writes it: both give the same logits.
    """

    start: int

    @abstractmethod
    def begin(self, questions: Tensor) -> State:
        """What is known after questions (B, T), before the first token."""

    @abstractmethod
    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, A, V) of what follows each of tokens (B, A), and the state after them."""

    def forward(self, questions: Tensor, answers: Tensor) -> Tensor:
        """Logits (B, A, V) of each answer token given those before it, from tokens (B, T) and (B, A)."""
        start = answers.new_full((len(answers), 1), self.start)
        logits, _ = self.decode(torch.cat([start, answers[:, :-1]], dim=1), self.begin(questions))
        return logits

    def advance(self, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        """Logits (B, V) of what follows tokens (B,), and the state after them."""
        logits, state = self.decode(tokens[:, None], state)
        return logits[:, 0], state
