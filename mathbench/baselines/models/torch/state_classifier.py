"""Classifiers whose only view of a question is a state that every symbol maps to the next."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn


class StateClassifier(nn.Module, ABC):
    """A layer of states and a read-out, at the end or at every position. Padding leaves the state as it is.

    Attributes:
        reader: maps tokens (B, T) to the states after each of them, (B, T, H), and None; it has the first state as
            ``start``, (H,), and a method ``next_states``.
        prefix: whether every position is answered in training.
    """

    skips_padding = True
    parts: tuple[str, ...] = ("reader",)
    reader: Any
    prefix: bool

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, T) to logits (B, 1, C), or while training on prefixes to (B, T, C)."""
        states, _ = self.reader(tokens)
        if not (self.prefix and torch.is_grad_enabled()):
            states = states[:, -1:]
        return self.read_out(states)

    def first_state(self) -> Tensor:
        """Return the state before the first token, (H,)."""
        start: Tensor = self.reader.start
        return start

    def next_states(self, states: Tensor, tokens: Tensor) -> Tensor:
        """Map states (n, H) and tokens (n,) to the next states, (n, H)."""
        after: Tensor = self.reader.next_states(states, tokens)
        return after

    @abstractmethod
    def read_out(self, states: Tensor) -> Tensor:
        """Map states (..., H) to logits (..., C)."""
