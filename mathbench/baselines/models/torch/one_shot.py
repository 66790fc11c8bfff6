"""PyTorch networks that answer in one pass: loss, prediction in batches, hidden states."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX, PREDICT_BATCH, DeviceConfig, StateMachine
from mathbench.baselines.models.torch.model import TorchModel
from mathbench.baselines.models.torch.stepwise import StepwiseModule, make_state_machine
from mathbench.baselines.settings import TrainingSettings


class TorchNetwork(TorchModel):
    """A module that answers in one pass (see `mathbench.baselines.models.interface.Network`).

    Args:
        module: maps features (B, T, F) to logits (B, positions, outputs).
        features: maps tokens (B, T) to features float32 (B, T, F), or leaves them as they are.
        settings: the hyperparameters.
        device_config: device and threads.
    """

    def __init__(
        self,
        module: nn.Module,
        features: Callable[[Tokens], NDArray[np.float32] | Tokens],
        settings: TrainingSettings,
        device_config: DeviceConfig,
    ):
        super().__init__(module, settings, device_config)
        self._features = features

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """Return the likeliest output tokens, (n, positions). Positions are independent, so `beam` has no effect."""
        return self.probabilities(questions)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, NDArray[np.float32]]:
        """Return the likeliest output tokens and their probabilities, both (n, positions)."""
        self.module.eval()
        with torch.inference_mode():
            parts = [
                self._likeliest(questions[i : i + PREDICT_BATCH])
                for i in range(0, len(questions), PREDICT_BATCH)
            ]
        tokens, probabilities = zip(*parts, strict=True)
        return np.concatenate(tokens), np.concatenate(probabilities)

    def state_machine(self) -> StateMachine | None:
        """Return the network as a map of states, in float64; None for a module that is not a `StepwiseModule`."""
        return make_state_machine(self.module) if isinstance(self.module, StepwiseModule) else None

    def _pass(self, questions: Tokens, answers: Tokens) -> Tensor:
        logits: Tensor = self.module(self._inputs(questions))
        return logits

    def _loss(self, questions: Tokens, targets: Tokens) -> Tensor:
        logits = self._forward(self._inputs(questions))
        # with auxiliary labels of prefixes, the answer is that of the last position
        logits = logits[:, -targets.shape[1] :].flatten(0, 1)  # (B * positions, outputs)
        classes = torch.from_numpy(np.ascontiguousarray(targets)).to(self.device).flatten()
        return functional.cross_entropy(logits, classes, ignore_index=IGNORE_INDEX, reduction="sum")

    def _inputs(self, questions: Tokens) -> Tensor:
        return torch.from_numpy(self._features(questions)).to(self.device)

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        probabilities, tokens = self.module(self._inputs(questions)).float().softmax(dim=2).max(dim=2)
        return tokens.cpu().numpy(), probabilities.cpu().numpy()
