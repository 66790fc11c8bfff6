"""PyTorch networks that answer with as many tokens as their question has, so that long questions get long answers."""

import numpy as np
from torch import Tensor

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.torch.one_shot import TorchNetwork
from mathbench.tokenizer import PAD


class QuestionWideNetwork(TorchNetwork):
    """A network whose module maps tokens (B, T) to logits (B, T, V). Answers end at their first padding token.

    Answers longer than their question are cut off. No sum, difference, product or quotient is.
    """

    def _backward(self, questions: Tokens, targets: Tokens, total: int) -> Tensor:
        """Accumulate the gradient. Padding fills the targets up to the width of the question."""
        width = questions.shape[1]
        fitted = np.full((len(targets), width), PAD)
        fitted[:, : targets.shape[1]] = targets[:, :width]
        return super()._backward(questions, fitted, total * width // targets.shape[1])
