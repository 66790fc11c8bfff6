"""Datasets, on disk and in memory; the functions of `mathbench.dataset.write` are loaded from here on first use."""

from typing import Any

__all__ = ["Dataset", "generate", "generate_part", "merge", "open_dataset"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'mathbench.dataset' has no attribute '{name}'")
    from mathbench.dataset import write

    return getattr(write, name)
