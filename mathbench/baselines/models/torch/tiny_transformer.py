"""Tiny transformer in PyTorch: one attention layer, one hidden layer, token vectors as output layer.

Made for the question how few weights can add. The attention scores may depend on fixed positions alone, values may be
the token vectors times a gain, and the vectors of digits may be a parabola: then 17 weights add numbers of ten digits.

Sources: the challenge "AdderBoard" (2026), whose rules are in docs/tiny.md; sinusoidal positions and attention of
Vaswani et al., "Attention Is All You Need" (2017); tied output layer of Press and Wolf, "Using the Output Embedding to
Improve Language Models" (2017); norm of Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
"""

from collections.abc import Sequence
from functools import partial
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.group import Members
from mathbench.baselines.models.interface import IGNORE_INDEX, Arrays, DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.settings.tiny import TinyTransformerSettings
from mathbench.baselines.models.torch.adam import Adam
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.average import AVERAGE, WeightAverage
from mathbench.baselines.models.torch.model import generator_for_seed, resolve_device
from mathbench.baselines.models.torch.tiny_function import TinyFunction
from mathbench.baselines.models.torch.writing import State, WritingModule


class TinyTransformer(WritingModule):
    """A tiny transformer (see `TinyFunction`). A state holds the tokens so far, (B, L).

    Args:
        function: its function.
        rng: source of the first weights.
    """

    def __init__(self, function: TinyFunction, rng: torch.Generator):
        super().__init__()
        self.layer, self.start = function, function.start
        for name, first in function.initial_weights(rng).items():
            self.register_parameter(name, nn.Parameter(first))

    def begin(self, questions: Tensor) -> State:
        """Return the state after questions (B, T), before the first token."""
        return {"tokens": questions}

    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, A, V) after each of tokens (B, A), and the state after them."""
        read = torch.cat([state["tokens"], tokens], dim=1)
        weights = {name: p[None] for name, p in self.named_parameters()}
        logits = self.layer(weights, read, tokens.shape[1])[0]  # (W, A, B)
        return self.layer.all_logits(logits), {"tokens": read}


class TinyModel(AutoregressiveModel):
    """A tiny transformer as a network. With digits only, answers have one length and no end."""

    def __init__(
        self,
        module: TinyTransformer,
        shape: NetworkShape,
        settings: TinyTransformerSettings,
        device_config: DeviceConfig,
    ):
        super().__init__(module, shape, settings, device_config)
        self._function = module.layer

    def _targets(self, labels: Tokens) -> Tokens:
        return self._function.targets(labels)


class TinyMembers:
    """Tiny transformers that train side by side in one tensor program (see `Members`).

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seeds: seed of the first weights of each member.
        device_config: device and threads.
    """

    def __init__(
        self,
        shape: NetworkShape,
        settings: TinyTransformerSettings,
        seeds: Sequence[int | str],
        device_config: DeviceConfig,
    ):
        self._build = partial(build, shape, settings, device_config=device_config)
        self._settings, self.numbers = settings, tuple(range(len(seeds)))
        self.device = resolve_device(device_config.device)
        self._function = TinyFunction(shape, settings).to(self.device)
        first = [self._function.initial_weights(generator_for_seed(seed, device_config)) for seed in seeds]
        self._weights = {
            name: torch.stack([member[name] for member in first]).to(self.device).requires_grad_()
            for name in first[0]
        }
        self.parameters = sum(w[0].numel() for w in self._weights.values())
        self._open_member = cast(TinyModel, self._build(seeds[0]))
        self._adam, self._average = self._optimiser()

    def _optimiser(self) -> tuple[Adam, WeightAverage]:
        settings, weights = self._settings, list(self._weights.values())
        adam = Adam(weights, settings.beta1, settings.beta2, settings.decay, stacked=True)
        return adam, WeightAverage(weights, settings.average)

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> NDArray[np.float64]:
        """Update all members on a batch, and return the mean loss of each."""
        self._adam.zero_grad()
        losses = self._losses(questions, labels)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        if self._settings.clip:
            self._clip(self._settings.clip)
        self._adam.step(rate)
        if self._settings.average:
            self._average.update()
        return losses.detach().double().cpu().numpy()

    def _losses(self, questions: Tokens, labels: Tokens) -> Tensor:
        """Return the mean loss of each member, (S,)."""
        targets = torch.from_numpy(self._function.targets(labels)).to(self.device)  # (B, A)
        start = targets.new_full((len(targets), 1), self._function.start)
        answers = targets.clamp(min=0)[:, :-1]
        read = torch.cat([torch.from_numpy(questions).to(self.device), start, answers], dim=1)
        logits = self._function(self._weights, read, targets.shape[1])  # (S, W, A, B)
        counted = targets.T != IGNORE_INDEX
        chosen = self._function.vector_of[targets.T.clamp(min=0)].expand(len(logits), 1, -1, -1)
        likelihood = torch.log_softmax(logits, dim=1).gather(1, chosen)[:, 0]  # (S, A, B)
        return -(likelihood * counted).sum((1, 2)) / counted.sum()

    def _clip(self, limit: float) -> None:
        """Scale the gradient of each member down to a norm."""
        gradients = [w.grad for w in self._weights.values() if w.grad is not None]
        norms = torch.stack([g.flatten(1).square().sum(1) for g in gradients]).sum(0).sqrt()  # (S,)
        factors = (limit / (norms + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factors.view(-1, *[1] * (gradient.dim() - 1)))

    def member(self, number: int) -> Network:
        """Return a member as a network, valid until the next call."""
        self._open_member.load_weights(self.weights(number))
        return self._open_member

    def keep(self, numbers: Sequence[int]) -> None:
        """Drop all other members."""
        places = torch.tensor([self.numbers.index(number) for number in numbers], device=self.device)
        moments = [self._adam.moments.get(weight, {}) for weight in self._weights.values()]
        averages = [value[places] for value in self._average.values]
        self._weights = {name: w.detach()[places].requires_grad_() for name, w in self._weights.items()}
        self.numbers, (self._adam, self._average) = tuple(numbers), self._optimiser()
        self._average.load(dict(enumerate(averages)))
        for weight, own in zip(self._weights.values(), moments, strict=True):
            if own:
                self._adam.moments[weight] = {key: m[places] if m.dim() else m for key, m in own.items()}

    def weights(self, number: int) -> dict[str, NDArray[np.generic]]:
        """Return the weights of a member by name."""
        place = self.numbers.index(number)
        return {name: w.detach()[place].cpu().numpy().copy() for name, w in self._weights.items()}

    def load_weights(self, number: int, weights: Arrays) -> None:
        """Restore the weights of a member."""
        place = self.numbers.index(number)
        with torch.no_grad():
            for name, w in self._weights.items():
                w[place] = torch.from_numpy(np.array(weights[name])).to(self.device)

    def swap_average(self) -> None:
        """Exchange the weights of all members and their moving averages."""
        self._average.swap()

    def state(self, number: int) -> dict[str, NDArray[np.generic]]:
        """Return the moments of the optimiser of a member as ``WEIGHT/MOMENT``, with the averages among them."""
        place = self.numbers.index(number)
        averages = zip(self._weights, self._average.values, strict=False)
        moments = {
            f"{name}/{key}": m
            for name, w in self._weights.items()
            for key, m in self._adam.moments.get(w, {}).items()
        } | {f"{name}/{AVERAGE}": value for name, value in averages}
        return {
            path: (m[place] if m.dim() else m).detach().cpu().numpy().copy() for path, m in moments.items()
        }

    def load_state(self, number: int, state: Arrays) -> None:
        """Restore the moments of a member. The count of steps is that of all members."""
        place, averages = self.numbers.index(number), dict(enumerate(self._average.values))
        for at, (name, weight) in enumerate(self._weights.items()):
            own = {
                path.rpartition("/")[2]: torch.from_numpy(np.array(value)).to(self.device)
                for path, value in state.items()
                if path.rpartition("/")[0] == name
            }
            if AVERAGE in own:
                averages.setdefault(at, torch.zeros_like(weight))[place] = own.pop(AVERAGE)
            moments = self._adam.moments.setdefault(weight, {}) if own else {}
            for key, value in own.items():
                if key == "step":
                    moments[key] = value
                else:
                    moments.setdefault(key, torch.zeros_like(weight))[place] = value
        self._average.load(averages)


def build(
    shape: NetworkShape, settings: TinyTransformerSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> settings = TinyTransformerSettings(hidden=2, heads=1, inner=1, norm="none", vocabulary="digits",
    ...     digits="quadratic", queries="rotation", values="diagonal", skip="learned")
    >>> shape = NetworkShape(12, 12, 23, 12, digits=tuple(range(2, 12)))
    >>> build(shape, settings, 0, DeviceConfig("cpu")).parameters
    17
    """
    rng = generator_for_seed(seed, device_config)
    return TinyModel(TinyTransformer(TinyFunction(shape, settings), rng), shape, settings, device_config)


def build_members(
    shape: NetworkShape,
    settings: TinyTransformerSettings,
    seeds: Sequence[int | str],
    device_config: DeviceConfig,
) -> Members:
    """Return untrained networks that train side by side. The arguments are those of `build`, with a seed for each."""
    return TinyMembers(shape, settings, seeds, device_config)
