"""Keras networks that generate their answer token by token: three models that share their layers, and decoding."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.decoding import Float, append_end, decode, strip_end
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.models.settings.writing import WritingSettings
from mathbench.errors import InputError

# settings that PyTorch alone supports, with the only value allowed in Keras
TORCH_ONLY = {"precision": "float32", "accumulate": 1, "compile": "no", "decay": 0.0}


@dataclass(frozen=True)
class KerasSubmodels:
    """The models of an autoregressive network, which share their layers.

    Args:
        start: the token before the first one of an answer.
        forward: from questions (B, T) and answers (B, A) to logits (B, A, V) with teacher forcing.
        begin: from questions (B, T) to the state before the first token, a list of tensors with rows first.
        advance: from tokens (B,) and a state to logits (B, V) and the state after them, as one list.
        activations: activations of `forward` by name: ``attention/...`` (B, heads, queries, keys), ``hidden/...``
            (B, positions, units).
    """

    start: int
    forward: Any
    begin: Any
    advance: Any
    activations: dict[str, Any] = field(default_factory=dict)


def build_submodels(net: Any) -> KerasSubmodels:
    """Connect the layers of a network to its three models.

    Args:
        net: an object with the attributes ``keras`` and ``start`` and the methods ``begin``, from questions to a state,
            ``decode``, from tokens and a state to logits and activations by name, and ``advance``, from one token
            and a state to a list of logits and the tensors of the next state.
    """
    keras = net.keras
    questions, answers = (keras.Input((None,), dtype="int32") for _ in range(2))
    state = net.begin(questions)
    logits, activations = net.decode(shift_right(keras, answers, net.start), state)
    token = keras.Input((), dtype="int32")
    known = [keras.Input(part.shape[1:], dtype=part.dtype) for part in state]
    return KerasSubmodels(
        net.start,
        keras.Model([questions, answers], logits),
        keras.Model(questions, state),
        keras.Model([token, *known], net.advance(token, known)),
        activations,
    )


class KerasAutoregressiveModel(KerasNetwork):
    """An autoregressive network (see `mathbench.baselines.models.interface.Network`).

    Args:
        models: see `KerasSubmodels`.
        shape: for the longest training answer.
        settings: the hyperparameters.
        device_config: device and threads.

    Raises:
        InputError: for a setting that only PyTorch supports.
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
        super().__init__(models.forward, _int32, settings, device_config)
        self._models, self.start = models, models.start
        self._beam, self._longest = settings.beam, settings.max_tokens(shape.answer)

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """Return the likeliest answers found, int64 (n, longest), padded behind their end."""
        return self.probabilities(questions, beam)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, Float]:
        """Return `predict` and the probability of each token given those before it, both (n, longest)."""
        return decode(self, questions, self._longest, beam or self._beam)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, Float]:
        """Return hidden states and attention weights for questions and their answers."""
        model = self.keras.Model(self.model.inputs, self._models.activations)
        outputs = model.predict_on_batch([_int32(questions), _int32(strip_end(answers))])
        matrices = {name: values for name, values in outputs.items() if values.ndim == 3}
        for name, values in outputs.items():
            if values.ndim == 4:
                matrices |= {f"{name}/head{i}": values[:, i] for i in range(values.shape[1])}
        return matrices

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
        targets = append_end(labels)
        return [_int32(questions), _int32(np.maximum(targets, 0))], targets


def read_mask(keras: Any, questions: Any, masked: bool) -> Any:
    """Return which tokens of questions (B, T) are read, bool (B, T): all, or with `masked` all but the padding.

    The padding of an empty question is read, since attention needs at least one key.
    """
    ops = keras.ops
    if not masked:
        return ops.equal(questions, questions)
    characters = ops.not_equal(questions, 0)
    return ops.logical_or(characters, ops.logical_not(ops.any(characters, axis=1, keepdims=True)))


def shift_right(keras: Any, answers: Any, start: int) -> Any:
    """Shift answers (B, A) right by one behind the start token: the inputs of the decoder."""
    return keras.ops.concatenate([keras.ops.full_like(answers[:, :1], start), answers[:, :-1]], axis=1)


def attention_output(keras: Any, q: Any, k: Any, v: Any, mask: Any) -> tuple[Any, Any]:
    """Return the output (B, h, S, E) and the weights (B, h, S, T) of scaled dot-product attention."""
    ops = keras.ops
    scores = ops.matmul(q, ops.swapaxes(k, 2, 3)) / float(q.shape[3]) ** 0.5  # (B, h, S, T)
    weights = ops.softmax(ops.where(mask, scores, -1e30), axis=3)
    return ops.matmul(weights, v), weights


def _int32(tokens: Tokens) -> Any:
    return np.asarray(tokens, dtype=np.int32)
