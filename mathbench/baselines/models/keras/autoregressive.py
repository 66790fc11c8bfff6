"""Keras networks that write their answer token by token: three models that share their layers, and a decoder."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.decoding import Float, append_end, decode, strip_end
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.settings import WritingSettings
from mathbench.errors import InputError

TORCH_ONLY = {"precision": "float32", "accumulate": 1, "compile": "no", "decay": 0.0}


@dataclass(frozen=True)
class KerasSubmodels:
    """What a writing network is in Keras; all share their layers.

    Args:
        start: the token that stands before the first one of an answer.
        whole: from questions (B, T) and answers (B, A) to logits (B, A, V), each token given those before it.
        begin: from questions (B, T) to the state before the first token, a list of tensors with rows first.
        advance: from tokens (B,) and a state to logits (B, V) and the state after them, as one list.
        looks: what `whole` computes on its way: ``attention/...`` (B, heads, looking, looked at), ``hidden/...``
            (B, positions, units).
    """

    start: int
    whole: Any
    begin: Any
    advance: Any
    looks: dict[str, Any] = field(default_factory=dict)


class KerasAutoregressiveModel(KerasNetwork):
    """Models that write (see `mathbench.baselines.models.interface.Network`).

    Args:
        models: see `KerasSubmodels`.
        shape: for the longest training answer.
        settings: the hyperparameters.
        place: device and threads.

    Raises:
        InputError: for a setting that PyTorch alone has.
    """

    def __init__(
        self,
        models: KerasSubmodels,
        shape: NetworkShape,
        settings: WritingSettings,
        device_config: DeviceConfig,
    ):
        for name, value in TORCH_ONLY.items():
            if getattr(settings, name) != value:
                raise InputError(
                    f"in Keras {name} must be {value}. Received: {getattr(settings, name)}. Give --framework torch."
                )
        super().__init__(models.whole, _int32, settings, device_config)
        self._models, self.start = models, models.start
        self._beam, self._longest = settings.beam, settings.max_tokens(shape.answer)

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """The likeliest answers that are found, int64 (n, longest), blank behind their end."""
        return self.probabilities(questions, beam)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, Float]:
        """What `predict` answers, and the probability of each token given those before it; (n, longest) both."""
        return decode(self, questions, self._longest, beam or self._beam)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, Float]:
        """Hidden states and attention weights for one question and its answer."""
        answer = strip_end(answers[:1])
        looking = self.keras.Model(self.model.inputs, self._models.looks)
        found = looking.predict_on_batch([_int32(questions[:1]), _int32(answer)])
        seen = {name: matrix[0] for name, matrix in found.items() if matrix.ndim == 3}
        for name, matrix in found.items():
            if matrix.ndim == 4:
                seen |= {f"{name}/head{i}": head for i, head in enumerate(matrix[0])}
        return seen

    def begin(self, questions: Tokens) -> list[Any]:
        """See `mathbench.baselines.models.decoding.StepDecoder`."""
        with self.keras.device(self.device):
            state: list[Any] = self._models.begin.predict_on_batch(_int32(questions))
        return state

    def advance(self, state: list[Any], tokens: Tokens) -> tuple[Float, list[Any]]:
        """See `mathbench.baselines.models.decoding.StepDecoder`."""
        with self.keras.device(self.device):
            logits, *state = self._models.advance.predict_on_batch([_int32(tokens), *state])
        return logits, state

    def select(self, state: list[Any], rows: Tokens) -> list[Any]:
        """See `mathbench.baselines.models.decoding.StepDecoder`."""
        return [part[rows] for part in state]

    def _batch(self, questions: Tokens, labels: Tokens) -> tuple[Any, Tokens]:
        requested = append_end(labels)
        return [_int32(questions), _int32(np.maximum(requested, 0))], requested


def read_mask(kind: Any, questions: Any, masked: bool) -> Any:
    """Which tokens of questions (B, T) are read, bool (B, T): all, or all but the blanks.

    An empty question is read as its blanks, since attention needs something to look at.
    """
    ops = kind.ops
    if not masked:
        return ops.equal(questions, questions)
    characters = ops.not_equal(questions, 0)
    return ops.logical_or(characters, ops.logical_not(ops.any(characters, axis=1, keepdims=True)))


def shift_right(kind: Any, answers: Any, start: int) -> Any:
    """Answers (B, A) moved behind the start: what stands before each of their tokens."""
    return kind.ops.concatenate([kind.ops.full_like(answers[:, :1], start), answers[:, :-1]], axis=1)


def attention_output(kind: Any, q: Any, k: Any, v: Any, mask: Any) -> tuple[Any, Any]:
    """Scaled dot-product attention, heads first: what is found (B, h, S, E), and the weights (B, h, S, T)."""
    ops = kind.ops
    scores = ops.matmul(q, ops.swapaxes(k, 2, 3)) / float(q.shape[3]) ** 0.5  # (B, h, S, T)
    weights = ops.softmax(ops.where(mask, scores, -1e30), axis=3)
    return ops.matmul(weights, v), weights


def _int32(tokens: Tokens) -> Any:
    return np.asarray(tokens, dtype=np.int32)
