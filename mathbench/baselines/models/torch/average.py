"""The exponential moving average of the weights of a PyTorch network.

Source: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging" (1992), with exponential weights as
in Tarvainen and Valpola, "Mean teachers are better role models" (2017).
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

AVERAGE = "average"  # its name among the moments of a weight


class WeightAverage:
    """A moving average of weights. It starts with the weights after the first step, as that of Keras.

    Args:
        weights: the weights in training.
        decay: share of the average that remains at each step.
    """

    def __init__(self, weights: Sequence[Tensor], decay: float):
        self._weights, self._decay = list(weights), decay
        self.values: list[Tensor] = []

    @torch.no_grad()
    def update(self) -> None:
        """Add the weights of a step."""
        if self.values:
            torch._foreach_lerp_(self.values, self._weights, 1 - self._decay)
        else:
            self.values = [weight.detach().clone() for weight in self._weights]

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the weights and the average. Values are copied, because compiled steps know the addresses."""
        if self.values:
            weights = [weight.detach().clone() for weight in self._weights]
            torch._foreach_copy_(self._weights, self.values)
            torch._foreach_copy_(self.values, weights)

    def load(self, values: Mapping[int, Tensor]) -> None:
        """Restore the average, given by the index of each weight."""
        self.values = [values[i] for i in range(len(self._weights))] if values else []
