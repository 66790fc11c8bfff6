"""Modules that read a question token by token, as maps of states."""

import copy
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import PREDICT_BATCH, StateMachine, States


@runtime_checkable
class StepwiseModule(Protocol):
    """A module whose answer depends on the question through a state that every token changes.

    Attributes:
        skips_padding: whether padding leaves a state as it is.
        parts: the names of what a state consists of, in parts of equal size.
    """

    skips_padding: bool
    parts: tuple[str, ...]

    def first_state(self) -> Tensor:
        """Return the state before the first token, (H,)."""

    def next_states(self, states: Tensor, tokens: Tensor) -> Tensor:
        """Map states (n, H) and tokens (n,) to the next states, (n, H)."""

    def read_out(self, states: Tensor) -> Tensor:
        """Map states (n, H) to logits (n, C)."""


def make_state_machine(module: StepwiseModule) -> StateMachine:
    """Return a copy of a module as a map of states, in float64 on the CPU."""
    exact: Any = copy.deepcopy(module)
    exact.cpu().double().eval()
    return StateMachine(
        exact.first_state().detach().double().numpy(),
        lambda states, tokens: _in_batches(exact.next_states, states, tokens),
        lambda states: _in_batches(exact.read_out, states),
        module.parts,
        module.skips_padding,
    )


def _in_batches(function: Callable[..., Tensor], *arrays: States | Tokens) -> States:
    """Apply a function to batches of rows, because the matrices of a second-order layer take memory for every row."""
    with torch.inference_mode():
        parts = [
            function(*(torch.from_numpy(array[i : i + PREDICT_BATCH]) for array in arrays)).numpy()
            for i in range(0, len(arrays[0]), PREDICT_BATCH)
        ]
    return np.concatenate(parts)
