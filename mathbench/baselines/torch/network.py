"""What the PyTorch networks share: a step of Adam, prediction in chunks, state as arrays, first weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.network import CHUNK, IGNORED, Arrays, Place
from mathbench.baselines.settings import Training
from mathbench.baselines.torch.recurrent import recurrent
from mathbench.errors import InputError

FILE = "model.safetensors"


class TorchNetwork:
    """A module with its optimiser, as the runner wants it (see `mathbench.baselines.network.Network`).

    Args:
        module: maps features (B, T, F) to logits (B, positions, outputs).
        features: maps tokens (B, T) to features float32 (B, T, F).
        settings: the hyperparameters.
        place: device and threads.
    """

    def __init__(
        self,
        module: nn.Module,
        features: Callable[[Tokens], NDArray[np.float32]],
        settings: Training,
        place: Place,
    ):
        torch.set_num_threads(place.threads)
        self.device = device_of(place.device)
        self.module = module.to(self.device)
        self._features = features
        self._clip = settings.clip
        self._trained = [p for p in module.parameters() if p.requires_grad]
        self._names = [name for name, p in module.named_parameters() if p.requires_grad]
        self.parameters = sum(p.numel() for p in self._trained)
        betas = (settings.beta1, settings.beta2)
        # Keras' epsilon, so that both frameworks take the same steps
        self._adam = torch.optim.Adam(self._trained, lr=settings.rate, betas=betas, eps=1e-7, fused=True)

    def step(self, questions: Tokens, labels: Tokens, rate: float) -> float:
        """One update on a batch; returns its mean loss."""
        self._adam.param_groups[0]["lr"] = rate
        logits = self.module(self._inputs(questions))  # (B, positions, outputs)
        wanted = torch.from_numpy(labels).to(self.device)
        loss = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED)
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if self._clip:
            nn.utils.clip_grad_norm_(self._trained, self._clip)
        self._adam.step()
        return float(loss.item())

    def predict(self, questions: Tokens) -> Tokens:
        """The likeliest output tokens."""
        with torch.inference_mode():
            parts = [self._likeliest(questions[i : i + CHUNK]) for i in range(0, len(questions), CHUNK)]
        return np.concatenate(parts)

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """All trained weights."""
        return {name: _array(p) for name, p in zip(self._names, self._trained, strict=True)}

    def load_weights(self, weights: Arrays) -> None:
        """Put weights back."""
        with torch.no_grad():
            for name, p in zip(self._names, self._trained, strict=True):
                p.copy_(torch.from_numpy(np.asarray(weights[name])))

    def state(self) -> dict[str, NDArray[np.generic]]:
        """What the optimiser remembers."""
        kept = zip(self._names, (self._adam.state[p] for p in self._trained), strict=True)
        return {f"{name}/{key}": _array(value) for name, moments in kept for key, value in moments.items()}

    def load_state(self, state: Arrays) -> None:
        """Put the optimiser back."""
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
        save_file({name: p.detach().cpu().contiguous() for name, p in self._named()}, folder / FILE)
        return FILE

    def load(self, folder: Path) -> None:
        """Read the weights."""
        try:
            self.load_weights({name: value.numpy() for name, value in load_file(folder / FILE).items()})
        except (SafetensorError, KeyError, RuntimeError) as error:
            raise InputError(f"{folder / FILE} is damaged: {error}.") from None

    def _named(self) -> list[tuple[str, Tensor]]:
        return list(zip(self._names, self._trained, strict=True))

    def _inputs(self, questions: Tokens) -> Tensor:
        return torch.from_numpy(self._features(questions)).to(self.device)

    def _likeliest(self, questions: Tokens) -> Tokens:
        chosen = self.module(self._inputs(questions)).argmax(dim=2)
        return np.asarray(chosen.cpu().numpy(), dtype=np.int64)


def lstm(inputs: int, hidden: int, layers: int, luck: torch.Generator, gain: float = 1.0) -> nn.RNNBase:
    """An LSTM with Keras' first weights (see `recurrent`)."""
    return recurrent("lstm", inputs, hidden, luck, layers, gain)


def dense(inputs: int, outputs: int, luck: torch.Generator) -> nn.Linear:
    """A linear layer with Keras' first weights: Glorot, and no bias to begin with."""
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        nn.init.xavier_uniform_(layer.weight, generator=luck)
        layer.bias.zero_()
    return layer


def device_of(wish: str) -> str:
    """The device to use: the one asked for, or for ``auto`` the first accelerator.

    Raises:
        InputError: when PyTorch cannot use it here.
    """
    if wish == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=wish)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"PyTorch cannot use device '{wish}' here: {reason}") from None
    return wish


def _array(tensor: Tensor) -> NDArray[np.generic]:
    return np.array(tensor.detach().cpu().numpy())
