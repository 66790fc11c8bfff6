"""The base classes of guests' networks in PyTorch.

A guest subclasses `TorchBaseline` for a network that answers in one pass, or `TorchWriter` for one that generates its
answer token by token. Seeds, training steps, checkpoints, exact resume and predictions are those of all networks.
"""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parameter import UninitializedParameter

from mathbench.baselines.distributed import broadcast_command
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.guests.network import GuestNetwork
from mathbench.baselines.guests.randomness import seeded
from mathbench.baselines.guests.torch_optimizer import GuestOptimizer
from mathbench.baselines.models.interface import (
    IGNORE_INDEX,
    Arrays,
    DeviceConfig,
    Network,
    NetworkShape,
    StateMachine,
    one_hot,
)
from mathbench.baselines.models.settings.writing import WritingSettings
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.model import MODEL_FILE, TorchModel, generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork
from mathbench.baselines.models.torch.writing import State, WritingModule
from mathbench.baselines.settings import SequenceSettings, TrainingSettings
from mathbench.errors import InputError

__all__ = ["TorchBaseline", "TorchWriter", "WritingModule"]


class TorchBaseline(GuestNetwork):
    """A PyTorch network that answers in one pass. A subclass defines ``build``, which returns an `nn.Module`.

    >>> class Linear(TorchBaseline):
    ...     fixed_width = True
    ...
    ...     def build(self, shape, settings):
    ...         size = shape.question * shape.symbols
    ...         output = nn.Linear(size, shape.answer * shape.outputs)
    ...         return nn.Sequential(nn.Flatten(), output, nn.Unflatten(1, (shape.answer, shape.outputs)))
    >>> network = Linear.make_network(NetworkShape(12, 12, 7, 4), TrainingSettings(), 0, DeviceConfig("cpu"))
    >>> network.parameters
    4080
    """

    framework: ClassVar[str] = "torch"
    auxiliaries: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]] = (
        ("residue", "prefix-residue", "prefix"),
        ("carries",),
    )

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of every target, (B, positions), by default the cross entropy.

        Args:
            logits: (B, positions, outputs).
            targets: tokens or classes (B, positions). `IGNORE_INDEX` marks those without a loss, which do not count.
        """
        return functional.cross_entropy(
            logits.transpose(1, 2), targets, ignore_index=IGNORE_INDEX, reduction="none"
        )

    def optimizer(self, module: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer | None:
        """Return the optimiser; None for Adam. Its learning rates follow the schedule of the settings in proportion."""
        return None

    @classmethod
    def make_network(
        cls, shape: NetworkShape, settings: TrainingSettings, seed: int | str, device_config: DeviceConfig
    ) -> Network:
        """Return the untrained network, whose first weights depend on the seed alone.

        Raises:
            InputError: when ``build`` raises or returns no module with weights.
        """
        bits = generator_for_seed(seed, device_config).initial_seed()
        shape = replace(shape, prefix=shape.prefix or settings.labels_prefixes)
        with cls.guard("build"), seeded(bits), torch.random.fork_rng(range(torch.cuda.device_count())):
            torch.manual_seed(bits)
            guest = cls()
            module = guest.build(shape, settings)
        _check_module(cls, module)
        with cls.guard("the network"):
            return guest._network(module, shape, settings, device_config)

    def _network(
        self, module: nn.Module, shape: NetworkShape, settings: TrainingSettings, device_config: DeviceConfig
    ) -> Network:
        if isinstance(module, WritingModule):
            raise InputError(
                f"{self.title()}: build returned a WritingModule. Subclass TorchWriter instead of TorchBaseline."
            )
        return _OnePass(self, module, shape, settings, device_config)


class TorchWriter(TorchBaseline):
    """A PyTorch network that generates its answer token by token. ``build`` returns a `WritingModule`."""

    common: ClassVar[type[TrainingSettings]] = WritingSettings
    settings = WritingSettings

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("classify", "fixed_width"):
            if getattr(cls, name):
                raise InputError(
                    f"{cls.title()}: {name} must be False, because a TorchWriter writes text token by token."
                )

    def _network(
        self, module: nn.Module, shape: NetworkShape, settings: TrainingSettings, device_config: DeviceConfig
    ) -> Network:
        if not isinstance(module, WritingModule):
            raise InputError(
                f"{self.title()}: build must return a WritingModule. Received: {type(module).__name__}."
            )
        if not isinstance(getattr(module, "start", None), int):
            raise InputError(
                f"{self.title()}: {type(module).__name__} has no attribute start, the token before an answer."
            )
        return _Writer(self, module, shape, cast(WritingSettings, settings), device_config)


class _Guest(TorchModel):
    """What the networks of guests have beside `TorchModel`: faults in one line, and all of a module's state.

    Weights include what is not trained, such as the running means of batch normalisation, so that a loaded network
    answers as the trained one.
    """

    guest: TorchBaseline

    def _adopt(self, guest: TorchBaseline, settings: TrainingSettings) -> None:
        """Take the guest's own optimiser, and leave attributes called ``noise`` alone where no setting means them."""
        self.guest = guest
        if not isinstance(settings, SequenceSettings):
            self._noisy = []
        own = guest.optimizer(self.module, settings)
        if own is not None:
            if not isinstance(own, torch.optim.Optimizer):
                raise InputError(
                    f"{guest.title()}: optimizer must return a torch.optim.Optimizer or None. Received: {_kind(own)}."
                )
            trained = {id(p) for p in self._trained}
            if not all(id(p) in trained for group in own.param_groups for p in group["params"]):
                raise InputError(
                    f"{guest.title()}: optimizer must update weights of the module, and no others."
                )
            self._adam = GuestOptimizer(
                own, dict(zip(self._names, self._trained, strict=True)), settings.rate
            )

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> float:
        """Update the weights on a batch and return its mean loss."""
        with self.guest.guard("a training step"), seeded(random_bits):
            return super().step(questions, labels, rate, random_bits, noise)

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """Return all weights and buffers by name."""
        return {name: self._stored(name, value) for name, value in self.module.state_dict().items()}

    def _stored(self, name: str, value: object) -> NDArray[np.generic]:
        """Return a weight or a buffer as an array.

        Raises:
            InputError: where it is no tensor, or of a type that NumPy lacks.
        """
        try:
            return np.array(cast(Tensor, value).detach().cpu().numpy())
        except (AttributeError, TypeError):
            raise InputError(
                f"{self.guest.title()}: {name} cannot be stored. Received: {_kind(value)}."
            ) from None

    def load_weights(self, weights: Arrays) -> None:
        """Restore weights and buffers."""
        broadcast_command("load_weights", weights)
        self.module.load_state_dict(
            {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
        )

    def save(self, folder: Path) -> str:
        """Write weights and buffers, and return the name of the file."""
        save_file(self.weights(), folder / MODEL_FILE)
        return MODEL_FILE

    def load(self, folder: Path) -> None:
        """Read weights and buffers from the file that `save` wrote."""
        path = folder / MODEL_FILE
        try:
            self.load_weights(load_file(path))
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path} is damaged: {error}.") from None
        except RuntimeError:
            raise InputError(
                f"{path} has the weights of another network than {self.guest.title()} builds."
            ) from None


class _OnePass(_Guest, TorchNetwork):
    """A guest's module that answers in one pass."""

    def __init__(
        self,
        guest: TorchBaseline,
        module: nn.Module,
        shape: NetworkShape,
        settings: TrainingSettings,
        device_config: DeviceConfig,
    ):
        width = shape.question if guest.fixed_width else None

        def features(tokens: Tokens) -> NDArray[np.float32] | Tokens:
            read = np.ascontiguousarray(tokens[:, :width])
            return one_hot(read, shape.symbols) if guest.inputs == "one-hot" else read

        super().__init__(module, features, settings, device_config)
        self._shape = shape
        self._adopt(guest, settings)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """Return activations by name."""
        with self.guest.guard("the inspection"):
            return super().inspect(questions, answers)

    def state_machine(self) -> StateMachine | None:
        """Return the network as a map of states; None for a module that is not a `StepwiseModule`."""
        with self.guest.guard("the state machine"):
            return super().state_machine()

    def _loss(self, questions: Tokens, targets: Tokens) -> Tensor:
        classes = torch.from_numpy(targets).to(self.device)
        rows, positions = targets.shape
        # with auxiliary labels of prefixes, the answer is that of the last position
        answered = questions.shape[1] if self._shape.prefix else positions
        logits = self._checked(self._forward(self._inputs(questions)), rows, answered)[:, -positions:]
        return sum_losses(self.guest, logits, classes)

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        shape = self._shape
        with self.guest.guard("an answer"):
            output = self.module(self._inputs(questions))
        if shape.prefix and isinstance(output, Tensor) and output.dim() == 3:
            # the answer is what the network says after the last token
            output = output[:, -1:]
        logits = self._checked(output, len(questions), shape.answer)
        probabilities, tokens = logits.float().softmax(dim=2).max(dim=2)
        return tokens.cpu().numpy(), probabilities.cpu().numpy()

    def _checked(self, output: object, rows: int, positions: int) -> Tensor:
        """Return the output of the module as logits (rows, positions, outputs)."""
        wanted = (rows, positions, self._shape.outputs)
        if isinstance(output, Tensor) and positions == 1 and output.dim() == 2:
            output = output[:, None]
        if not (isinstance(output, Tensor) and output.is_floating_point() and output.shape == wanted):
            meaning = (
                "(B, T, outputs), with labels of prefixes" if self._shape.prefix else "(B, answer, outputs)"
            )
            raise InputError(
                f"{self.guest.title()}: the module must return logits {wanted}, {meaning}. Received: {_kind(output)}."
            )
        return output


class _Writer(_Guest, AutoregressiveModel):
    """A guest's module that generates its answer token by token."""

    def __init__(
        self,
        guest: TorchBaseline,
        module: WritingModule,
        shape: NetworkShape,
        settings: WritingSettings,
        device_config: DeviceConfig,
    ):
        super().__init__(module, shape, settings, device_config)
        self._outputs = shape.outputs
        self._adopt(guest, settings)

    def begin(self, questions: Tokens) -> State:
        """Return the state after questions (B, T), before the first token."""
        with self.guest.guard("begin"):
            state = super().begin(questions)
        self._check_state("begin", state, len(questions))
        return state

    def advance(self, state: State, tokens: Tokens) -> tuple[NDArray[np.float32], State]:
        """Return logits (B, V) after tokens (B,), and the state after them."""
        with self.guest.guard("decode"):
            logits, state = super().advance(state, tokens)
        self._check_state("decode", state, len(tokens))
        if logits.shape != (len(tokens), self._outputs):
            raise InputError(
                f"{self.guest.title()}: advance must return logits {(len(tokens), self._outputs)}. "
                f"Received: {logits.shape}."
            )
        return logits, state

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """Return activations by name."""
        with self.guest.guard("the inspection"):
            return super().inspect(questions, answers)

    def _check_state(self, method: str, state: object, rows: int) -> None:
        """Check that a state has tensors by name with one row per question, which a beam can select."""
        for name, value in state.items() if isinstance(state, dict) else [("", state)]:
            if not (name and isinstance(value, Tensor) and value.dim() and len(value) == rows):
                label = f"state '{name}'" if name else "a state"
                raise InputError(
                    f"{self.guest.title()}: {method} must return tensors by name with one row per question, {rows}. "
                    f"Received: {label}, {_kind(value)}."
                )

    def _loss(self, questions: Tokens, targets: Tokens) -> Tensor:
        answers = self._tensor(targets)  # (B, A)
        with self._autocast():
            logits = self._forward(self._tensor(questions), answers.clamp(min=0))  # (B, A, V)
        if not isinstance(logits, Tensor) or logits.shape != (*answers.shape, self._outputs):
            raise InputError(
                f"{self.guest.title()}: the module must return logits {(*answers.shape, self._outputs)}. "
                f"Received: {_kind(logits)}."
            )
        return sum_losses(self.guest, logits.float(), answers)


def sum_losses(guest: TorchBaseline, logits: Tensor, targets: Tensor) -> Tensor:
    """Return the sum of the losses of all targets that count.

    Raises:
        InputError: where ``loss`` returns anything but a loss for every target.
    """
    losses = guest.loss(logits, targets)
    if not isinstance(losses, Tensor) or losses.shape != targets.shape or not losses.requires_grad:
        raise InputError(
            f"{guest.title()}: loss must return one loss for every target, {tuple(targets.shape)}, computed from the "
            f"logits. Received: {_kind(losses)}."
        )
    return losses.masked_fill(targets == IGNORE_INDEX, 0.0).sum()


def _check_module(kind: type[TorchBaseline], module: object) -> None:
    """Check what ``build`` returned."""
    if not isinstance(module, nn.Module):
        raise InputError(f"{kind.title()}: build must return an nn.Module. Received: {_kind(module)}.")
    if any(isinstance(p, UninitializedParameter) for p in module.parameters()):
        raise InputError(
            f"{kind.title()}: build returned a module with lazy layers. Call it on one batch in build."
        )
    if not any(p.requires_grad for p in module.parameters()):
        raise InputError(f"{kind.title()}: build returned a module without weights to train.")


def _kind(value: object) -> str:
    """Describe a value in a message: a tensor by shape and type."""
    if isinstance(value, Tensor):
        return f"{tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    return "None" if value is None else type(value).__name__
