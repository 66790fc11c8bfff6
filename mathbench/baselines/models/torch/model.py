"""What every PyTorch network shares: a step of Adam, its state as arrays, its weights on disk."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mathbench.baselines.distributed import broadcast_command, local_device, local_rows, rank, world
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX, Arrays, DeviceConfig
from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.hashing import key_of

MODEL_FILE = "model.safetensors"


class TorchModel(ABC):
    """A module with its optimiser; what it computes a loss of is for the classes below to say.

    Args:
        module: the network.
        settings: the hyperparameters.
        place: device and threads.
        decay: weight decay of the matrices; biases and norms have none.
    """

    def __init__(
        self, module: nn.Module, settings: TrainingSettings, device_config: DeviceConfig, decay: float = 0.0
    ):
        self.device = resolve_device(device_config.device)
        self.module = module.to(self.device)
        self._clip = settings.clip
        self._trained = [p for p in module.parameters() if p.requires_grad]
        # what learns: with several processes, one that averages their gradients
        self._forward: Callable[..., Tensor] = (
            module if world() == 1 else nn.parallel.DistributedDataParallel(self.module)
        )
        self._names = [name for name, p in module.named_parameters() if p.requires_grad]
        self.parameters = sum(p.numel() for p in self._trained)
        self._training, self._decay = settings, decay
        # to seed every device that there could be takes a fiftieth of a small network's step
        self._draw_from = torch.default_generator.manual_seed if self.device == "cpu" else torch.manual_seed

    @cached_property
    def _adam(self) -> torch.optim.Optimizer:
        """Made at the first step: the first optimiser of a process takes two seconds, which `ask` need not wait."""
        settings, decay = self._training, self._decay
        kind = torch.optim.AdamW if decay else torch.optim.Adam
        groups = [
            {"params": [p for p in self._trained if (p.dim() > 1) == matrix], "weight_decay": decay * matrix}
            for matrix in (True, False)
        ]
        betas = (settings.beta1, settings.beta2)
        # Keras' epsilon, so that both frameworks take the same steps
        return kind(groups, lr=settings.rate, betas=betas, eps=1e-7, fused=True)

    def step(self, questions: Tokens, labels: Tokens, rate: float, random_bits: int) -> float:
        """One update on a batch; returns its mean loss."""
        requested = self._wanted(labels)
        own = local_rows(questions, requested)
        broadcast_command("step", questions, labels, rate, random_bits)
        self._draw_from(
            key_of(random_bits, rank()) if rank() else random_bits
        )  # layers that draw, such as dropout
        self.module.train()
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._adam.zero_grad()
        loss = self._learn(*own, max(int((requested != IGNORE_INDEX).sum()), 1))
        if self._clip:
            nn.utils.clip_grad_norm_(self._trained, self._clip)
        self._adam.step()
        return float(loss.item())

    def _wanted(self, labels: Tokens) -> Tokens:
        """What is learnt of labels (B, positions)."""
        return labels

    def _learn(self, questions: Tokens, labels: Tokens, counted: int) -> Tensor:
        """Add the gradient of a batch's mean loss to the weights, from this process's part of it; returns that loss.

        Args:
            questions: tokens of the part (b, T).
            labels: of the part (b, positions).
            counted: labels of the whole batch that are learnt.
        """
        loss = self._loss(questions, labels) / counted
        (loss * world()).backward()  # type: ignore[no-untyped-call]  # of several gradients the mean is taken
        return self._summed(loss.detach())

    def _summed(self, loss: Tensor) -> Tensor:
        """The loss of the parts of all processes together."""
        if world() > 1:
            torch.distributed.all_reduce(loss)
        return loss

    @abstractmethod
    def _loss(self, questions: Tokens, labels: Tokens) -> Tensor:
        """The losses of all labels of a batch, added up."""

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """All trained weights."""
        return {name: _array(p) for name, p in zip(self._names, self._trained, strict=True)}

    def load_weights(self, weights: Arrays) -> None:
        """Put weights back."""
        broadcast_command("load_weights", weights)
        with torch.no_grad():
            for name, p in zip(self._names, self._trained, strict=True):
                p.copy_(torch.from_numpy(np.asarray(weights[name])))

    def state(self) -> dict[str, NDArray[np.generic]]:
        """What the optimiser remembers."""
        kept = zip(self._names, (self._adam.state[p] for p in self._trained), strict=True)
        return {f"{name}/{key}": _array(value) for name, moments in kept for key, value in moments.items()}

    def load_state(self, state: Arrays) -> None:
        """Put the optimiser back."""
        broadcast_command("load_state", state)
        for name, p in zip(self._names, self._trained, strict=True):
            mine = {
                key.rpartition("/")[2]: value
                for key, value in state.items()
                if key.rpartition("/")[0] == name
            }
            moments = {key: torch.from_numpy(np.array(value)).to(self.device) for key, value in mine.items()}
            if moments:
                self._adam.state[p] = moments

    def save(self, folder: Path) -> str:
        """Write the weights; returns the name of the file."""
        save_file({name: p.detach().cpu().contiguous() for name, p in self._named()}, folder / MODEL_FILE)
        return MODEL_FILE

    def load(self, folder: Path) -> None:
        """Read the weights."""
        try:
            self.load_weights({name: value.numpy() for name, value in load_file(folder / MODEL_FILE).items()})
        except (SafetensorError, KeyError, RuntimeError) as error:
            raise InputError(f"{folder / MODEL_FILE} is damaged: {error}.") from None

    def _named(self) -> list[tuple[str, Tensor]]:
        return list(zip(self._names, self._trained, strict=True))


def generator_for_seed(seed: int | str, device_config: DeviceConfig) -> torch.Generator:
    """What first weights are drawn from.

    Threads are set here and not later: orthogonal matrices come out of a decomposition whose last bits depend on them.
    """
    torch.set_num_threads(device_config.threads)
    return torch.Generator().manual_seed(key_of("weights", seed) >> 1)


def resolve_device(wish: str) -> str:
    """The device to use: the one asked for, or for ``auto`` the first accelerator.

    Raises:
        InputError: when PyTorch cannot use it here.
    """
    if wish == "auto":
        wish = local_device() if torch.cuda.is_available() else "cpu"
    if wish == "cuda":
        wish = local_device()
    try:
        torch.empty(0, device=wish)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"PyTorch cannot use device '{wish}' here: {reason}") from None
    return wish


def _array(tensor: Tensor) -> NDArray[np.generic]:
    return np.array(tensor.detach().cpu().numpy())
