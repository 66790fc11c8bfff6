"""Optimisers of a guest's own choice."""

from typing import Any

import torch
from torch import Tensor

from mathbench.baselines.models.torch.adam import Adam
from mathbench.errors import InputError

_NUMBERS = {"int": int, "float": float, "bool": bool}


class GuestOptimizer(Adam):
    """An optimiser of PyTorch in the place of Adam.

    Args:
        optimizer: the optimiser.
        names: the trained weights by name.
        rate: the learning rate of the settings, to which those of the optimiser's groups stay in proportion.

    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> (2 * weight).sum().backward()
    >>> GuestOptimizer(torch.optim.SGD([weight], lr=0.1), {"w": weight}, rate=0.1).step(rate=0.2)
    >>> round(weight.item(), 3)
    0.6
    """

    def __init__(self, optimizer: torch.optim.Optimizer, names: dict[str, Tensor], rate: float):
        self._own = optimizer
        self._factors = [group["lr"] / rate if rate else 1.0 for group in optimizer.param_groups]
        self.moments = _Moments(optimizer)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        self._own.zero_grad(set_to_none=True)

    def step(self, rate: float) -> None:
        """Update all parameters, with the learning rate of the schedule."""
        for group, factor in zip(self._own.param_groups, self._factors, strict=True):
            group["lr"] = rate * factor
        self._own.step()


class _Moments(dict[Tensor, dict[str, Tensor]]):
    """The state of an optimiser as tensors. Numbers become tensors of one element, whose name has their type."""

    def __init__(self, optimizer: torch.optim.Optimizer):
        super().__init__()
        self._optimizer = optimizer

    def get(self, parameter: Tensor, default: Any = None) -> dict[str, Tensor]:
        state = self._optimizer.state.get(parameter, {})
        return dict(_as_tensor(key, value) for key, value in state.items() if value is not None)

    def __setitem__(self, parameter: Tensor, moments: dict[str, Tensor]) -> None:
        self._optimizer.state[parameter] = dict(_from_tensor(key, value) for key, value in moments.items())


def _as_tensor(key: str, value: Any) -> tuple[str, Tensor]:
    if isinstance(value, Tensor):
        return key, value
    kind = type(value).__name__
    if kind not in _NUMBERS:
        raise InputError(f"the state '{key}' of the optimiser cannot be stored. Received: {kind}.")
    return f"{key}:{kind}", torch.tensor(value, dtype=torch.int64 if kind == "int" else torch.float64)


def _from_tensor(key: str, value: Tensor) -> tuple[str, Any]:
    name, _, kind = key.partition(":")
    if kind:
        return name, _NUMBERS[kind](value.item())
    # optimisers keep the number of steps on the CPU
    return name, value.cpu() if value.dim() == 0 else value
