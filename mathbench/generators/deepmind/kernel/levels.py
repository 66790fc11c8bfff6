"""Levels: how many problems the easier ones have."""

from dataclasses import replace
from typing import TypeVar

from mathbench.generators.deepmind.kernel.module import MANY, Module

AnyModule = TypeVar("AnyModule", bound=Module)


def holding(module: AnyModule, easy: int, medium: int = MANY) -> AnyModule:
    """A module whose easier levels hold few problems.

    Args:
        module: a module with the levels easy, medium and hard.
        easy, medium: how many different problems a test split hands out of these at least, as measured.
    """
    levels = zip(module.inner, (easy, medium, MANY), strict=True)
    return replace(module, levels=tuple(replace(level, holds=many) for level, many in levels))
