"""Hidden states and attention weights of a network, captured by forward hooks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Activations = dict[str, NDArray[np.float32]]


@contextmanager
def capture_activations(module: nn.Module) -> Iterator[Activations]:
    """Capture the activations of a batch while the context is open.

    Every `nn.LSTM`, `nn.GRU` and `nn.RNN`, and every layer with an attribute ``recurrent``, gives ``hidden/NAME``,
    float32 (B, positions, units). Every layer with a method ``weights``, which takes the arguments of its forward and
    returns attention weights (B, heads, queries, keys), gives ``attention/NAME/headI``, float32 (B, queries, keys).
    The uses of a repeated layer are numbered. Layers inside a recurrent layer are skipped.
    """
    activations: Activations = {}
    loops = tuple(f"{name}." for name, layer in module.named_modules() if hasattr(layer, "recurrent"))
    with ExitStack() as hooks:
        for name, layer in module.named_modules():
            if name.startswith(loops):
                continue
            hook = _hook(layer, name.replace(".", "/"), activations)
            if hook is not None:
                hooks.callback(layer.register_forward_hook(hook, with_kwargs=True).remove)
        yield activations


def _hook(layer: nn.Module, name: str, activations: Activations) -> Callable[..., None] | None:
    if isinstance(layer, nn.RNNBase) or hasattr(layer, "recurrent"):

        def states(layer: nn.Module, args: Any, kwargs: Any, outputs: Any) -> None:
            hidden: Tensor = outputs[0]  # (B, T, H)
            activations[_unused(f"hidden/{name}", activations)] = _array(hidden)

        return states
    if hasattr(layer, "weights"):

        def attention(layer: Any, args: Any, kwargs: Any, outputs: Any) -> None:
            label = _unused(f"attention/{name}", activations, "/head0")
            for i, head in enumerate(layer.weights(*args, **kwargs).unbind(1)):  # (B, queries, keys)
                activations[f"{label}/head{i}"] = _array(head)

        return attention
    return None


def _unused(name: str, activations: Activations, suffix: str = "") -> str:
    """Return the name, numbered from the second use of a layer on."""
    uses = 1
    while (name if uses == 1 else f"{name}/use{uses}") + suffix in activations:
        uses += 1
    return name if uses == 1 else f"{name}/use{uses}"


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().float().cpu().numpy())
