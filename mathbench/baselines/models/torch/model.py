"""The base class of PyTorch networks: training step, weights and optimiser as arrays, weights on disk."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mathbench.baselines.distributed import broadcast_command, local_device, local_rows, rank, world
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX, Arrays, DeviceConfig
from mathbench.baselines.models.layer_table import Layer
from mathbench.baselines.models.reading_limit import ReadingLimit
from mathbench.baselines.models.torch.activations import capture_activations
from mathbench.baselines.models.torch.adam import Adam
from mathbench.baselines.models.torch.auxiliary import AuxiliaryLoss, make_auxiliary
from mathbench.baselines.models.torch.average import AVERAGE, WeightAverage
from mathbench.baselines.models.torch.layer_table import module_layers
from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.hashing import key_of

MODEL_FILE = "model.safetensors"


class TorchModel(ABC):
    """A module with its optimiser. Subclasses define the loss and the prediction.

    Args:
        module: the network.
        settings: the hyperparameters.
        device_config: device and threads.
        decay: weight decay of the matrices. Biases and norms have none.
    """

    limit: ReadingLimit | None = None

    def __init__(
        self, module: nn.Module, settings: TrainingSettings, device_config: DeviceConfig, decay: float = 0.0
    ):
        self.device = resolve_device(device_config.device)
        self.module = module.to(self.device)
        self._clip = settings.clip
        self._auxiliary = make_auxiliary(self.module, settings)
        # the module in training: with several processes, a wrapper that averages their gradients
        self._forward: Callable[..., Tensor] = (
            module if world() == 1 else nn.parallel.DistributedDataParallel(self.module)
        )
        self._noisy: list[Any] = [layer for layer in module.modules() if hasattr(layer, "noise")]
        named = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self.parameters = sum(p.numel() for p in named.values())
        # what predicts comes first
        self._predicting = len(named)
        if self._auxiliary:
            named |= self._auxiliary.to(self.device).named_parameters(prefix="auxiliary")
        self._names, self._trained = list(named), list(named.values())
        self._adam = Adam(self._trained, settings.beta1, settings.beta2, decay)
        self._average = WeightAverage(self._trained, settings.average) if settings.average else None
        # seeding all possible devices would take a fiftieth of a small network's step
        self._seed_rng = torch.default_generator.manual_seed if self.device == "cpu" else torch.manual_seed

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> float:
        """Update the weights on a batch and return its mean loss."""
        extra = None
        if self._auxiliary:
            labels, extra = self._auxiliary.split(questions, labels)
        targets = self._targets(labels)
        total = max(int((targets != IGNORE_INDEX).sum()), 1)
        if extra is not None:
            self._extra = (extra.shape[1], max(int((extra != IGNORE_INDEX).sum()), 1))
            targets = np.concatenate([targets, extra], axis=1)
        local = local_rows(questions, targets)
        broadcast_command("step", questions, labels, rate, random_bits, noise)
        for layer in self._noisy:
            layer.noise = noise
        # for layers such as dropout
        self._seed_rng(key_of(random_bits, rank()) if rank() else random_bits)
        self.module.train()
        self._adam.zero_grad()
        loss = self._backward(*local, total)
        if self._clip:
            nn.utils.clip_grad_norm_(self._trained, self._clip)
        self._adam.step(rate)
        if self._average is not None:
            self._average.update()
        return float(loss.item())

    def _targets(self, labels: Tokens) -> Tokens:
        """Return the targets of the loss for labels (B, positions)."""
        return labels

    def _backward(self, questions: Tokens, targets: Tokens, total: int) -> Tensor:
        """Accumulate the gradient of a batch's mean loss from the rows of this process, and return that loss.

        Args:
            questions: tokens of these rows (b, T).
            targets: of these rows (b, positions), followed by their auxiliary labels if there are any.
            total: targets of the whole batch that count.

        Returns:
            The loss of the answers; that of auxiliary labels is only part of the gradient.
        """
        if self._auxiliary:
            return self._backward_with_auxiliary(self._auxiliary, questions, targets, total)
        loss = self._loss(questions, targets) / total
        # DistributedDataParallel averages the gradients of the processes
        (loss * world()).backward()  # type: ignore[no-untyped-call]
        return self._sum_over_processes(loss.detach())

    def _backward_with_auxiliary(
        self, head: AuxiliaryLoss, questions: Tokens, targets: Tokens, total: int
    ) -> Tensor:
        size, extra_total = self._extra
        with head.captured() as states:
            loss = self._loss(questions, targets[:, :-size]) / total
        objective = loss + head.loss(states[0], targets[:, -size:], extra_total)
        objective.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _sum_over_processes(self, loss: Tensor) -> Tensor:
        """Return the sum of the losses of all processes."""
        if world() > 1:
            torch.distributed.all_reduce(loss)
        return loss

    @abstractmethod
    def _loss(self, questions: Tokens, targets: Tokens) -> Tensor:
        """Return the sum of the losses of all targets of a batch."""

    @abstractmethod
    def _pass(self, questions: Tokens, answers: Tokens) -> Tensor:
        """Return the logits of questions (n, T), given their answers (n, positions)."""

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """Return hidden states and attention weights for questions and their answers."""
        self.module.eval()
        with torch.inference_mode(), capture_activations(self.module) as matrices:
            self._pass(questions, answers)
        return matrices

    def layers(self, questions: Tokens, answers: Tokens) -> tuple[Layer, ...]:
        """Return the layers, with the shapes of their outputs for questions and answers."""
        self.module.eval()
        with torch.inference_mode():
            return module_layers(self.module, len(questions), lambda: self._pass(questions, answers))

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """Return all trained weights by name, those of auxiliary labels last."""
        return {name: _array(p) for name, p in zip(self._names, self._trained, strict=True)}

    def load_weights(self, weights: Arrays) -> None:
        """Restore weights."""
        broadcast_command("load_weights", weights)
        with torch.no_grad():
            for name, p in zip(self._names, self._trained, strict=True):
                p.copy_(torch.from_numpy(np.asarray(weights[name])))

    def swap_average(self) -> None:
        """Exchange the weights and their moving average. Does nothing without one, and before the first step."""
        if self._average is not None:
            self._average.swap()

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the moments of the optimiser as ``WEIGHT/MOMENT``, with the average of the weights among them."""
        states = zip(self._names, (self._adam.moments.get(p, {}) for p in self._trained), strict=True)
        moments = {f"{name}/{key}": _array(value) for name, own in states for key, value in own.items()}
        averages = zip(self._names, self._average.values if self._average else (), strict=False)
        return moments | {f"{name}/{AVERAGE}": _array(value) for name, value in averages}

    def load_state(self, state: Arrays) -> None:
        """Restore the optimiser state."""
        broadcast_command("load_state", state)
        averages = {}
        for i, (name, p) in enumerate(zip(self._names, self._trained, strict=True)):
            moments = {
                key.rpartition("/")[2]: _laid_out_like(p, torch.from_numpy(np.array(value)).to(self.device))
                for key, value in state.items()
                if key.rpartition("/")[0] == name
            }
            if AVERAGE in moments:
                averages[i] = moments.pop(AVERAGE)
            if moments:
                self._adam.moments[p] = moments
        if self._average is not None:
            self._average.load(averages)

    def save(self, folder: Path) -> str:
        """Write the weights and return the name of the file."""
        named = list(zip(self._names, self._trained, strict=True))[: self._predicting]
        save_file({name: p.detach().cpu().contiguous() for name, p in named}, folder / MODEL_FILE)
        return MODEL_FILE

    def load(self, folder: Path) -> None:
        """Read the weights from the file that `save` wrote."""
        try:
            stored = {name: value.numpy() for name, value in load_file(folder / MODEL_FILE).items()}
            untrained = dict(list(self.weights().items())[self._predicting :])
            self.load_weights({**untrained, **stored})
        except (SafetensorError, KeyError, RuntimeError) as error:
            raise InputError(f"{folder / MODEL_FILE} is damaged: {error}.") from None


def generator_for_seed(seed: int | str, device_config: DeviceConfig) -> torch.Generator:
    """Return the random generator for the first weights, and set the number of threads.

    Threads are set before the weights are drawn: orthogonal matrices come from a decomposition whose last bits depend
    on them.
    """
    torch.set_num_threads(device_config.threads)
    return torch.Generator().manual_seed(key_of("weights", seed) >> 1)


def resolve_device(requested: str) -> str:
    """Return the device to use: the requested one, or for ``auto`` the GPU of this process if there is one.

    Raises:
        InputError: when PyTorch cannot use the device.
    """
    if requested == "auto":
        requested = local_device() if torch.cuda.is_available() else "cpu"
    if requested == "cuda":
        requested = local_device()
    try:
        torch.empty(0, device=requested)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"PyTorch cannot use device '{requested}' here: {_device_reason(error)}.") from None
    return requested


def _device_reason(error: Exception) -> str:
    """Why PyTorch refuses a device. Its list of all kinds of devices that exist anywhere helps nobody."""
    reason = str(error).splitlines()[0].rstrip(".")
    if reason.startswith("Expected one of"):
        reason = "there is no such kind of device"
    return f"{reason}. Allowed: auto, cpu, and cuda or cuda:N where there is a GPU"


def _laid_out_like(weight: Tensor, value: Tensor) -> Tensor:
    """Return a value with the strides of a weight: the fused steps of Adam go through memory, not through indices."""
    return torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value


def _array(tensor: Tensor) -> NDArray[np.generic]:
    return np.array(tensor.detach().cpu().numpy())
