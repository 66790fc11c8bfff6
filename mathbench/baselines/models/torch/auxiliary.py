"""Auxiliary labels in PyTorch: a linear layer on the states that the output layer reads, in training only.

Labels of residues modulo several moduli belong to a network that says residues itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

import numpy as np
from torch import Tensor, from_numpy, nn
from torch.nn import functional

from mathbench.baselines.auxiliary import Auxiliary
from mathbench.baselines.distributed import world
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX
from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError


class ResidueModule(Protocol):
    """A network that says residues modulo several moduli itself.

    Attributes:
        residues: the layer that maps states to residues.
    """

    residues: nn.Module

    def label_loss(self, states: Tensor, prefixes: Tensor) -> Tensor:
        """Return the mean loss of the numbers up to each digit, int64 (B, T), given what `residues` read."""


class AuxiliaryLoss(nn.Module, ABC):
    """The loss of auxiliary labels.

    Args:
        auxiliary: the kind of labels.
        weight: factor on their mean loss.
        layer: the layer of the network that reads the states.
    """

    def __init__(self, auxiliary: Auxiliary, weight: float, layer: nn.Module):
        super().__init__()
        self._auxiliary, self._weight = auxiliary, weight
        # in a list, so that the weights of the network are not those of this module too
        self._read_out = [layer]

    def split(self, questions: Tokens, labels: Tokens) -> tuple[Tokens, Tokens]:
        """Split labels (B, positions) into those of the answer and the auxiliary ones behind them."""
        size = self._auxiliary.positions(questions.shape[1], labels.shape[1] // 2)
        return labels[:, :-size], labels[:, -size:]

    @contextmanager
    def captured(self) -> Iterator[list[Tensor]]:
        """Collect the states that the layer reads while the context is open.

        Raises:
            InputError: where it reads none.
        """
        states: list[Tensor] = []

        def capture(layer: nn.Module, inputs: Any) -> None:
            states.append(inputs[0])

        hook = self._read_out[0].register_forward_pre_hook(capture)
        try:
            yield states
        finally:
            hook.remove()
        if not states:
            raise InputError("auxiliary labels need a network that calls its attribute output.")

    @abstractmethod
    def loss(self, states: Tensor, targets: Tokens, total: int) -> Tensor:
        """Return the weighted loss of labels.

        Args:
            states: what the layer read.
            targets: labels (B, E).
            total: labels of the whole batch that count.
        """


class AuxiliaryHead(AuxiliaryLoss):
    """A linear layer that learns auxiliary labels. Its weights start at zero and predict nothing.

    Args:
        auxiliary: the kind of labels.
        weight: factor on their mean loss.
        output: the output layer of the network, whose inputs are the states.
    """

    def __init__(self, auxiliary: Auxiliary, weight: float, output: nn.Linear):
        super().__init__(auxiliary, weight, output)
        # a sigmoid over two classes has one output
        classes = max(output.out_features, 2)
        self.labels = nn.Linear(output.in_features, auxiliary.outputs(classes))
        nn.init.zeros_(self.labels.weight)
        nn.init.zeros_(self.labels.bias)

    def loss(self, states: Tensor, targets: Tokens, total: int) -> Tensor:
        """Return the weighted loss of labels.

        Args:
            states: what the output layer read, (B, P, H), or (B, H).
            targets: labels (B, E) of the last positions, or those of carries of the first.
            total: labels of the whole batch that count.
        """
        states = states.reshape(len(targets), -1, states.shape[-1])
        size = targets.shape[1]
        if states.shape[1] < size:
            raise InputError(
                f"auxiliary={self._auxiliary.kind} needs an output layer that reads a state at {size} positions. "
                f"Received: {states.shape[1]}."
            )
        states = states[:, :size] if self._auxiliary.kind == "carries" else states[:, -size:]
        logits = self.labels(states).float().flatten(0, 1)
        labels = from_numpy(np.ascontiguousarray(targets)).to(states.device).flatten()
        loss = functional.cross_entropy(logits, labels, ignore_index=IGNORE_INDEX, reduction="sum")
        return loss * (self._weight / total)


class ResidueLoss(AuxiliaryLoss):
    """The loss of labels that a network's own layer learns, so that they predict.

    Args:
        auxiliary: the kind of labels.
        weight: factor on their mean loss.
        module: the network.
    """

    def __init__(self, auxiliary: Auxiliary, weight: float, module: ResidueModule):
        super().__init__(auxiliary, weight, module.residues)
        self._label_loss = module.label_loss

    def loss(self, states: Tensor, targets: Tokens, total: int) -> Tensor:
        """Return the weighted loss of the numbers up to each digit, (B, T), given what the layer read."""
        numbers = from_numpy(np.ascontiguousarray(targets)).to(states.device)
        return self._weight * self._label_loss(states, numbers)


def make_auxiliary(module: nn.Module, settings: TrainingSettings) -> AuxiliaryLoss | None:
    """Return the loss of the auxiliary labels of a training; None without any.

    Raises:
        InputError: for a training in several processes, or a network without an output layer of this name.
    """
    labels = settings.auxiliary_labels
    if labels is None:
        return None
    if world() > 1:
        raise InputError(
            f"auxiliary labels require a training in one process. Received: {world()} processes."
        )
    if labels.kind == "prefix-residues":
        return ResidueLoss(labels, settings.auxiliary_weight, cast(ResidueModule, module))
    output = getattr(module, "output", None)
    if not isinstance(output, nn.Linear):
        raise InputError(
            "auxiliary labels need a network whose attribute output is an nn.Linear, which reads the states. "
            f"Received: {'none' if output is None else type(output).__name__}."
        )
    return AuxiliaryHead(labels, settings.auxiliary_weight, output)
