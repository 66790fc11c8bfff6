"""Networks that answer in one go: loss, prediction in chunks, hidden states, first weights."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import CHUNK, IGNORED, Place
from mathbench.baselines.models.torch.activations import watched
from mathbench.baselines.models.torch.model import Trained
from mathbench.baselines.models.torch.recurrent import recurrent
from mathbench.baselines.settings import Training


class TorchNetwork(Trained):
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
        settings: Training,
        place: Place,
    ):
        super().__init__(module, settings, place)
        self._features = features

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """The likeliest output tokens, (n, positions); positions are independent, so a beam finds the same."""
        return self.probabilities(questions)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, NDArray[np.float32]]:
        """The likeliest output tokens and their probabilities, both (n, positions)."""
        self.module.eval()
        with torch.inference_mode():
            parts = [self._likeliest(questions[i : i + CHUNK]) for i in range(0, len(questions), CHUNK)]
        tokens, chances = zip(*parts, strict=True)
        return np.concatenate(tokens), np.concatenate(chances)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """The hidden states of every recurrent layer for one question, (positions, units)."""
        self.module.eval()
        with torch.inference_mode(), watched(self.module) as seen:
            self.module(self._inputs(questions))
        return seen

    def _loss(self, questions: Tokens, labels: Tokens) -> Tensor:
        logits = self._forward(self._inputs(questions)).flatten(0, 1)  # (B * positions, outputs)
        wanted = torch.from_numpy(labels).to(self.device).flatten()
        return functional.cross_entropy(logits, wanted, ignore_index=IGNORED, reduction="sum")

    def _inputs(self, questions: Tokens) -> Tensor:
        return torch.from_numpy(self._features(questions)).to(self.device)

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        chances, chosen = self.module(self._inputs(questions)).float().softmax(dim=2).max(dim=2)
        return chosen.cpu().numpy(), chances.cpu().numpy()


def lstm(inputs: int, hidden: int, layers: int, luck: torch.Generator, gain: float = 1.0) -> nn.RNNBase:
    """An LSTM with Keras' first weights (see `recurrent`)."""
    return recurrent("lstm", inputs, hidden, luck, layers, gain)


def dense(inputs: int, outputs: int, luck: torch.Generator) -> nn.Linear:
    """A linear layer with Keras' first weights: Glorot, and no bias to begin with."""
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        nn.init.xavier_uniform_(layer.weight, generator=luck)
        layer.bias.zero_()
    return layer
