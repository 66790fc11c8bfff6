"""PyTorch networks that generate their answer token by token: loss, decoding, activations."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.decoding import Float, append_end, decode, strip_end
from mathbench.baselines.models.interface import IGNORE_INDEX, DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.writing import WritingSettings
from mathbench.baselines.models.torch.model import TorchModel
from mathbench.baselines.models.torch.writing import State, WritingModule
from mathbench.errors import InputError


@contextmanager
def _half_precision(device: str) -> Iterator[None]:
    """Compute in bfloat16 where PyTorch holds that it is exact enough."""
    # its types hide that this is a boolean
    flags: Any = torch.backends.mkldnn
    before = flags.enabled
    # oneDNN has no LSTM in bfloat16 for processors without AVX-512; PyTorch's own computes it in float32
    flags.enabled = before and (device != "cpu" or _has_avx512())
    try:
        with torch.autocast(device, torch.bfloat16):
            yield
    finally:
        flags.enabled = before


def _has_avx512() -> bool:
    return torch.backends.cpu.get_cpu_capability().startswith("AVX512")


class AutoregressiveModel(TorchModel):
    """An autoregressive module (see `mathbench.baselines.models.interface.Network`).

    Args:
        module: see `WritingModule`.
        shape: for the longest training answer.
        settings: the hyperparameters.
        device_config: device and threads.
    """

    def __init__(
        self,
        module: WritingModule,
        shape: NetworkShape,
        settings: WritingSettings,
        device_config: DeviceConfig,
    ):
        super().__init__(module, settings, device_config, settings.decay)
        self._writing, self.start = module, module.start
        self._settings, self._longest = settings, settings.max_tokens(shape.answer)
        if settings.compile != "no":
            self._forward = self._compiled(settings.compile)

    def _compiled(self, mode: str) -> Callable[..., Tensor]:
        if mode != "yes" and torch.device(self.device).type != "cuda":
            raise InputError(f"compile={mode} requires a GPU. Allowed on {self.device}: no, yes.")
        from torch._inductor import config  # the import takes two seconds

        # dropout draws the same masks as without compilation
        config.fallback_random = True
        return torch.compile(self._forward, mode=None if mode == "yes" else mode)

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """Return the likeliest answers found, int64 (n, longest), padded behind their end."""
        return self.probabilities(questions, beam)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, Float]:
        """Return `predict` and the probability of each token given those before it, both (n, longest)."""
        self.module.eval()
        return decode(self, questions, self._longest, beam or self._settings.beam)

    @torch.inference_mode()
    def begin(self, questions: Tokens) -> State:
        """See `mathbench.baselines.models.decoding.StepDecoder`."""
        return self._writing.begin(self._tensor(questions))

    @torch.inference_mode()
    def advance(self, state: State, tokens: Tokens) -> tuple[Float, State]:
        """See `mathbench.baselines.models.decoding.StepDecoder`."""
        logits, state = self._writing.advance(state, self._tensor(tokens))
        return logits.float().cpu().numpy(), state

    @torch.inference_mode()
    def select(self, state: State, rows: Tokens) -> State:
        """See `mathbench.baselines.models.decoding.StepDecoder`."""
        selected = self._tensor(rows)
        return {name: value[selected] for name, value in state.items()}

    def _pass(self, questions: Tokens, answers: Tokens) -> Tensor:
        logits: Tensor = self.module(self._tensor(questions), self._tensor(strip_end(answers)))
        return logits

    def state_machine(self) -> None:
        """Return None: the network reads the question as a whole."""

    def _targets(self, labels: Tokens) -> Tokens:
        return append_end(labels)

    def _backward(self, questions: Tokens, targets: Tokens, total: int) -> Tensor:
        """Accumulate the gradient of a batch in parts, which saves memory."""
        loss = torch.zeros((), device=self.device)
        for rows in np.array_split(np.arange(len(questions)), min(self._settings.accumulate, len(questions))):
            loss += super()._backward(questions[rows], targets[rows], total)
        return loss

    def _loss(self, questions: Tokens, targets: Tokens) -> Tensor:
        answers = self._tensor(targets)  # (B, A)
        with self._autocast():
            logits = self._forward(self._tensor(questions), answers.clamp(min=0))  # (B, A, V)
        flat = logits.float().flatten(0, 1)
        return functional.cross_entropy(flat, answers.flatten(), ignore_index=IGNORE_INDEX, reduction="sum")

    def _autocast(self) -> AbstractContextManager[object]:
        half = self._settings.precision == "bfloat16"
        return _half_precision(torch.device(self.device).type) if half else nullcontext()

    def _tensor(self, tokens: Tokens) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(tokens)).to(self.device)
