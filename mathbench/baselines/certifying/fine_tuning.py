"""Fine-tuning on interval bounds until the boxes of a network are closed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from mathbench.baselines.certifying.options import ProofOptions

SHRINK = 0.9  # the boxes that images have to reach, relative to those of the certificate


class BoxedNetwork(Protocol):
    """The weights of a network and the centres of its boxes."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """All weights and centres."""

    def violations(self, radius: float, reach: float) -> tuple[Tensor, Tensor]:
        """Return how far images leave the boxes of size `reach`, and the margins of the outputs.

        Args:
            radius: half the width of the boxes that states come from.
            reach: half the width of the boxes that images must lie in.
        """

    def loss(self, radius: float, reach: float) -> Tensor:
        """Return the loss of these violations."""


@dataclass(frozen=True)
class Schedule:
    """The steps of a fine-tuning.

    Args:
        rate: the first learning rate, of which a tenth is left at the end.
        check_every: steps between checks.
        growth_steps: steps after which boxes have their full size; 0: from the start.
    """

    rate: float
    check_every: int
    growth_steps: int = 0

    def radius(self, step: int, full: float) -> float:
        """Return half the width of the boxes at a step."""
        return full * min(1.0, 0.2 + step / self.growth_steps) if self.growth_steps else full


def close_boxes(network: BoxedNetwork, schedule: Schedule, options: ProofOptions, full: float) -> bool:
    """Fine-tune until all boxes of the full size are closed; return whether they are."""
    optimizer = torch.optim.Adam(network.parameters(), schedule.rate)
    started = time.monotonic()
    for step in range(options.steps):
        radius = schedule.radius(step, full)
        if radius == full and step % schedule.check_every == 0 and _closed(network, options, full, step):
            return True
        if time.monotonic() - started > options.budget:
            break
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * (1 - 0.9 * step / options.steps)
        loss = network.loss(radius, SHRINK * radius)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return _closed(network, options, full, options.steps)


def _closed(network: BoxedNetwork, options: ProofOptions, radius: float, step: int) -> bool:
    with torch.no_grad():
        outside, margins = network.violations(radius, SHRINK * radius)
    violation, margin = float(outside.max()), float(margins.min())
    options.report(step, violation, margin)
    return violation == 0.0 and margin > 0.0
