"""Networks that answer in one go: loss, prediction in chunks, hidden states, first weights."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX, PREDICT_BATCH, DeviceConfig
from mathbench.baselines.models.torch.activations import capture_activations
from mathbench.baselines.models.torch.model import TorchModel
from mathbench.baselines.models.torch.recurrent import make_recurrent
from mathbench.baselines.settings import TrainingSettings


class TorchNetwork(TorchModel):
    """A module that answers in one go (see `mathbench.baselines.models.interface.Network`).

    Args:
        module: maps features (B, T, F) to logits (B, positions, outputs).
        features: maps tokens (B, T) to features float32 (B, T, F).
        settings: the hyperparameters.
        place: device and threads.
    """

    def __init__(
        self,
        module: nn.Module,
        features: Callable[[Tokens], NDArray[np.float32]],
        settings: TrainingSettings,
        device_config: DeviceConfig,
    ):
        super().__init__(module, settings, device_config)
        self._features = features

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """The likeliest output tokens, (n, positions); positions are independent, so a beam finds the same."""
        return self.probabilities(questions)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, NDArray[np.float32]]:
        """The likeliest output tokens and their probabilities, both (n, positions)."""
        self.module.eval()
        with torch.inference_mode():
            parts = [
                self._likeliest(questions[i : i + PREDICT_BATCH])
                for i in range(0, len(questions), PREDICT_BATCH)
            ]
        tokens, chances = zip(*parts, strict=True)
        return np.concatenate(tokens), np.concatenate(chances)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """The hidden states of every recurrent layer for one question, (positions, units)."""
        self.module.eval()
        with torch.inference_mode(), capture_activations(self.module) as seen:
            self.module(self._inputs(questions))
        return seen

    def _loss(self, questions: Tokens, labels: Tokens) -> Tensor:
        logits = self._forward(self._inputs(questions)).flatten(0, 1)  # (B * positions, outputs)
        requested = torch.from_numpy(labels).to(self.device).flatten()
        return functional.cross_entropy(logits, requested, ignore_index=IGNORE_INDEX, reduction="sum")

    def _inputs(self, questions: Tokens) -> Tensor:
        return torch.from_numpy(self._features(questions)).to(self.device)

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        chances, chosen = self.module(self._inputs(questions)).float().softmax(dim=2).max(dim=2)
        return chosen.cpu().numpy(), chances.cpu().numpy()


def make_lstm(inputs: int, hidden: int, layers: int, rng: torch.Generator, gain: float = 1.0) -> nn.RNNBase:
    """An LSTM with Keras' first weights (see `recurrent`)."""
    return make_recurrent("lstm", inputs, hidden, rng, layers, gain)


def make_dense(inputs: int, outputs: int, rng: torch.Generator) -> nn.Linear:
    """A linear layer with Keras' first weights: Glorot, and no bias to begin with."""
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        nn.init.xavier_uniform_(layer.weight, generator=rng)
        layer.bias.zero_()
    return layer
