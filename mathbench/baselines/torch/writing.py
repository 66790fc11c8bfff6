"""What a PyTorch module that writes token by token has."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

State = dict[str, Tensor]  # one row per question, so that rows can be chosen without knowing what is in it


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
