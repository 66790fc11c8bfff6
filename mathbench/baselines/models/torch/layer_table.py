"""The layers of a PyTorch module, from its tree of modules and one batch that passes through it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn

from mathbench.baselines.models.layer_table import Layer

Shapes = dict[str, list[tuple[int, ...] | None]]  # by module, the shape of the output of each use


def module_layers(module: nn.Module, rows: int, run: Callable[[], Any]) -> tuple[Layer, ...]:
    """Return the parts of a module without parts of their own, and the weights that others hold themselves.

    Weights that are used in several places count at the first.

    Args:
        module: the module.
        rows: rows of the batch that `run` passes through it.
        run: passes a batch through the module.
    """
    shapes = _output_shapes(module, run)
    counted: set[int] = set()
    return tuple(
        layer for name, part in module.named_modules() for layer in _rows(name, part, shapes, rows, counted)
    )


def _output_shapes(module: nn.Module, run: Callable[[], Any]) -> Shapes:
    shapes: Shapes = {}
    with ExitStack() as hooks:
        for name, part in module.named_modules():

            def note(part: nn.Module, inputs: Any, output: Any, name: str = name) -> None:
                shapes.setdefault(name, []).append(_shape(output))

            hooks.callback(part.register_forward_hook(note).remove)
        run()
    return shapes


def _shape(output: Any) -> tuple[int, ...] | None:
    """Return the shape of an output, of several the first, such as that of a recurrent layer without its states."""
    while isinstance(output, tuple | list) and output:
        output = output[0]
    return tuple(output.shape) if isinstance(output, Tensor) else None


def _rows(name: str, part: nn.Module, shapes: Shapes, rows: int, counted: set[int]) -> Iterator[Layer]:
    own = [
        (key, p)
        for key, p in part.named_parameters(recurse=False)
        if p.requires_grad and id(p) not in counted
    ]
    counted.update(id(p) for _, p in own)
    if next(part.children(), None) is None:
        uses = shapes.get(name, [])
        if not uses and not own:
            return
        shape = _without_rows(uses[0], rows) if uses else None
        yield Layer(
            name or "network", type(part).__name__, shape, sum(p.numel() for _, p in own), max(len(uses), 1)
        )
        return
    for key, p in own:
        yield Layer(".".join(filter(None, (name, key))), "weights", tuple(p.shape), p.numel())


def _without_rows(shape: tuple[int, ...] | None, rows: int) -> tuple[int | None, ...] | None:
    return (None, *shape[1:]) if shape and shape[0] == rows else shape
