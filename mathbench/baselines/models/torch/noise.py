"""Noise on the states of recurrent layers, which makes networks robust on questions longer than those of training."""

import torch
from torch import Tensor, nn


def add_noise(state: Tensor, level: float) -> Tensor:
    """Add normal noise of some standard deviation while the network trains."""
    if not (level and torch.is_grad_enabled()):
        return state
    return state + level * torch.randn_like(state)


def noisy_states(reader: nn.RNNBase, features: Tensor, level: float) -> Tensor:
    """Read features (B, T, F) with noise on every state; returns the states of the last layer, (B, T, H)."""
    state, states = None, []
    for position in range(features.shape[1]):
        read, state = reader(features[:, position : position + 1], state)
        parts = [add_noise(part, level) for part in (state if isinstance(state, tuple) else (state,))]
        state = tuple(parts) if isinstance(state, tuple) else parts[0]
        states.append(read)
    return torch.cat(states, dim=1)
