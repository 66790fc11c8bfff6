"""Look into a network while it computes: hidden states and attention weights, by the names of its layers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Seen = dict[str, NDArray[np.float32]]


@contextmanager
def capture_activations(module: nn.Module) -> Iterator[Seen]:
    """Keep what passes while the block runs, of the first question of a batch.

    Every `nn.LSTM`, `nn.GRU` and `nn.RNN`, and a layer of one's own that says ``recurrent``, gives
    ``hidden/NAME``, float32 (positions, units); every layer with a method ``weights``, which takes what its
    forward takes and returns attention (B, heads, looking, looked at), gives ``attention/NAME/headI``, float32
    (looking, looked at). A layer that is used again counts its uses; within a recurrent layer nothing is kept.
    """
    seen: Seen = {}
    loops = tuple(f"{name}." for name, layer in module.named_modules() if hasattr(layer, "recurrent"))
    with ExitStack() as hooks:
        for name, layer in module.named_modules():
            if name.startswith(loops):
                continue
            note = _note_of(layer, name.replace(".", "/"), seen)
            if note is not None:
                hooks.callback(layer.register_forward_hook(note, with_kwargs=True).remove)
        yield seen


def _note_of(layer: nn.Module, name: str, seen: Seen) -> Callable[..., None] | None:
    if isinstance(layer, nn.RNNBase) or hasattr(layer, "recurrent"):

        def states(layer: nn.Module, given: Any, named: Any, made: Any) -> None:
            read: Tensor = made[0]  # (B, T, H)
            seen[_fresh(f"hidden/{name}", seen)] = _array(read[0])

        return states
    if hasattr(layer, "weights"):

        def attention(layer: Any, given: Any, named: Any, made: Any) -> None:
            device_config = _fresh(f"attention/{name}", seen, "/head0")
            for i, head in enumerate(layer.weights(*given, **named)[0]):  # (looking, looked at)
                seen[f"{device_config}/head{i}"] = _array(head)

        return attention
    return None


def _fresh(name: str, seen: Seen, end: str = "") -> str:
    """A name not yet used: a layer that is used again counts its uses."""
    uses = 1
    while (name if uses == 1 else f"{name}/use{uses}") + end in seen:
        uses += 1
    return name if uses == 1 else f"{name}/use{uses}"


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().float().cpu().numpy())
