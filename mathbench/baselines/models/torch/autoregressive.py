"""Networks that write their answer token by token: loss, decoding and what there is to look at."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.decoding import Float, likeliest, up_to_end, with_end
from mathbench.baselines.models.interface import IGNORED, Place, Shape
from mathbench.baselines.models.torch.activations import watched
from mathbench.baselines.models.torch.model import Trained
from mathbench.baselines.models.torch.writing import State, WritingModule
from mathbench.baselines.settings import Writing
from mathbench.errors import InputError


class Writer(Trained):
    """A module that writes (see `mathbench.baselines.models.interface.Network`).

    Args:
        module: see `WritingModule`.
        shape: for the longest training answer.
        settings: the hyperparameters.
        place: device and threads.
    """

    def __init__(self, module: WritingModule, shape: Shape, settings: Writing, place: Place):
        super().__init__(module, settings, place, settings.decay)
        self._writing, self.start = module, module.start
        self._settings, self._longest = settings, settings.tokens(shape.answer)
        if settings.compile != "no":
            self._forward = self._compiled(settings.compile)

    def _compiled(self, mode: str) -> Callable[..., Tensor]:
        if mode != "yes" and torch.device(self.device).type != "cuda":
            raise InputError(f"compile={mode} needs a GPU; allowed on {self.device}: no, yes.")
        from torch._inductor import config  # takes two seconds

        config.fallback_random = (
            True  # what is drawn in a step, such as dropout, is what it is without compilation
        )
        return torch.compile(self._forward, mode=None if mode == "yes" else mode)

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """The likeliest answers that are found, int64 (n, longest), blank behind their end."""
        return self.probabilities(questions, beam)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, Float]:
        """What `predict` answers, and the probability of each token given those before it; (n, longest) both."""
        self.module.eval()
        return likeliest(self, questions, self._longest, beam or self._settings.beam)

    @torch.inference_mode()
    def begin(self, questions: Tokens) -> State:
        """See `mathbench.baselines.models.decoding.Scribe`."""
        return self._writing.begin(self._tensor(questions))

    @torch.inference_mode()
    def advance(self, state: State, tokens: Tokens) -> tuple[Float, State]:
        """See `mathbench.baselines.models.decoding.Scribe`."""
        logits, state = self._writing.advance(state, self._tensor(tokens))
        return logits.float().cpu().numpy(), state

    @torch.inference_mode()
    def select(self, state: State, rows: Tokens) -> State:
        """See `mathbench.baselines.models.decoding.Scribe`."""
        chosen = self._tensor(rows)
        return {name: value[chosen] for name, value in state.items()}

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, Float]:
        """Hidden states and attention weights for one question and its answer."""
        self.module.eval()
        with torch.inference_mode(), watched(self.module) as seen:
            self._writing(self._tensor(questions[:1]), self._tensor(up_to_end(answers[:1])))
        return seen

    def _wanted(self, labels: Tokens) -> Tokens:
        return with_end(labels)

    def _learn(self, questions: Tokens, labels: Tokens, counted: int) -> Tensor:
        """The gradient of a batch, learnt in parts."""
        total = torch.zeros((), device=self.device)
        for rows in np.array_split(np.arange(len(questions)), min(self._settings.accumulate, len(questions))):
            total += super()._learn(questions[rows], labels[rows], counted)
        return total

    def _loss(self, questions: Tokens, labels: Tokens) -> Tensor:
        wanted = self._tensor(labels)  # (B, A)
        with self._arithmetic():
            logits = self._forward(self._tensor(questions), wanted.clamp(min=0))  # (B, A, V)
        flat = logits.float().flatten(0, 1)
        return functional.cross_entropy(flat, wanted.flatten(), ignore_index=IGNORED, reduction="sum")

    def _arithmetic(self) -> AbstractContextManager[object]:
        half = self._settings.precision == "bfloat16"
        return torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=half)

    def _tensor(self, tokens: Tokens) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(tokens)).to(self.device)
