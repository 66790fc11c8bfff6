"""Networks that write their answer token by token: loss, decoding and what there is to look at."""

from contextlib import AbstractContextManager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.network import CHUNK, IGNORED, Place, Shape
from mathbench.baselines.torch.decoding import WritingModule, beams, greedy
from mathbench.baselines.torch.trained import Trained
from mathbench.baselines.torch.watching import watched
from mathbench.baselines.writers import Writing


class Writer(Trained):
    """A module that writes (see `mathbench.baselines.network.Network`).

    Args:
        module: see `WritingModule`.
        shape: for the longest training answer.
        settings: the hyperparameters.
        place: device and threads.
    """

    def __init__(self, module: WritingModule, shape: Shape, settings: Writing, place: Place):
        super().__init__(module, settings, place, settings.decay)
        self._writing = module
        self._settings, self._longest = settings, settings.tokens(shape.answer)
        self._forward = torch.compile(module) if settings.compile == "yes" else module

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """The likeliest answers that are found, int64 (n, longest), blank behind their end."""
        beam = beam or self._settings.beam
        if beam == 1:
            return self.probabilities(questions)[0]
        self.module.eval()
        with torch.inference_mode():
            found = [
                beams(self._writing, part, self._longest, beam)[0] for part in self._parts(questions, beam)
            ]
        return torch.cat(found).cpu().numpy()

    def probabilities(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        """The greedy answers, and the probability of each token given those before it; (n, longest) both."""
        self.module.eval()
        with torch.inference_mode():
            found = [greedy(self._writing, part, self._longest) for part in self._parts(questions)]
        tokens, chances = (torch.cat(parts).cpu().numpy() for parts in zip(*found, strict=True))
        return tokens, chances

    def inspect(self, questions: Tokens) -> dict[str, NDArray[np.float32]]:
        """Hidden states and attention weights for one question and its greedy answer."""
        answer = self.probabilities(questions[:1])[0]
        answer = answer[:, : int((answer != 0).sum()) + 1]  # with the blank that ends it
        with torch.inference_mode(), watched(self.module) as seen:
            self._writing(self._tensor(questions[:1]), self._tensor(answer))
        return seen

    def _learn(self, questions: Tokens, labels: Tokens) -> Tensor:
        """The gradient of a batch, learnt in parts; each weighs as much as it has tokens."""
        wanted, total = with_end(labels), torch.zeros((), device=self.device)
        counted = (wanted != IGNORED).sum()
        for rows in np.array_split(np.arange(len(questions)), min(self._settings.accumulate, len(questions))):
            share = (wanted[rows] != IGNORED).sum() / counted
            loss = self._loss(questions[rows], wanted[rows]) * float(share)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _loss(self, questions: Tokens, labels: Tokens) -> Tensor:
        wanted = self._tensor(labels)  # (B, A)
        with self._arithmetic():
            logits = self._forward(self._tensor(questions), wanted.clamp(min=0))  # (B, A, V)
        flat = logits.float().flatten(0, 1)
        return functional.cross_entropy(flat, wanted.flatten(), ignore_index=IGNORED)

    def _arithmetic(self) -> AbstractContextManager[object]:
        half = self._settings.precision == "bfloat16"
        return torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=half)

    def _parts(self, questions: Tokens, beam: int = 1) -> list[Tensor]:
        rows = max(1, CHUNK // beam)
        return [self._tensor(questions[i : i + rows]) for i in range(0, len(questions), rows)]

    def _tensor(self, tokens: Tokens) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(tokens)).to(self.device)


def with_end(labels: Tokens) -> Tokens:
    """Labels with a blank behind the longest answer; only the first blank of a row is learnt.

    >>> with_end(np.array([[3, 0, 0], [1, 2, 3]])).tolist()
    [[3, 0, -1, -1], [1, 2, 3, 0]]
    """
    wanted = np.pad(labels, ((0, 0), (0, 1)))
    blank = wanted == 0
    return np.where(np.cumsum(blank, axis=1) > 1, IGNORED, wanted)
