"""PyTorch networks over columns of digits: results written out, statements judged by them, or labels."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.columns import Statements
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX, DeviceConfig, NetworkShape
from mathbench.baselines.models.torch.one_shot import TorchNetwork
from mathbench.baselines.settings import TrainingSettings


class ColumnNetwork(TorchNetwork):
    """A network that reads tokens (n, columns, numbers), see `mathbench.baselines.columns`.

    Args:
        module: maps features to logits (B, C, outputs), or with labels to (B, 1, outputs).
        features: maps tokens to the inputs of the module.
        shape: the layout of the columns, and the classes.
        settings: the hyperparameters.
        device_config: device and threads.
    """

    def __init__(
        self,
        module: nn.Module,
        features: Callable[[Tokens], NDArray[np.float32] | Tokens],
        shape: NetworkShape,
        settings: TrainingSettings,
        device_config: DeviceConfig,
    ):
        super().__init__(module, features, settings, device_config)
        self._statements = Statements.of(shape.layout, shape.classes) if shape.layout else None

    def _inputs(self, questions: Tokens) -> Tensor:
        return super()._inputs(self._statements.operands(questions) if self._statements else questions)

    def _backward(self, questions: Tokens, targets: Tokens, total: int) -> Tensor:
        """Accumulate the gradient. Of statements, the columns of the true ones have a target."""
        if self._statements:
            targets = self._statements.targets(questions, targets, IGNORE_INDEX)
            total *= targets.shape[1]
        return super()._backward(questions, targets, total)

    def _loss(self, questions: Tokens, targets: Tokens) -> Tensor:
        known = (targets != IGNORE_INDEX).all(axis=1)
        digits = torch.from_numpy(targets[known]).to(self.device)
        logits = self._logits(self._inputs(questions[known]), digits)
        return functional.cross_entropy(logits.flatten(0, 1), digits.flatten(), reduction="sum")

    def _logits(self, columns: Tensor, digits: Tensor | None) -> Tensor:
        """Return the logits of each column, given the digits of those before it."""
        logits: Tensor = self._forward(columns)
        return logits

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        if not self._statements:
            return super()._likeliest(questions)
        digits = torch.from_numpy(self._statements.claimed(questions)).to(self.device)
        shares = self._logits(self._inputs(questions), digits).float().softmax(dim=2)
        return self._statements.judge(questions, shares.cpu().numpy())
