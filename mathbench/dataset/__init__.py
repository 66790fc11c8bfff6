"""Datasets on disk and in memory. The functions to write and open them are imported on first use."""

from importlib import import_module
from typing import Any

_MODULES = {
    "Dataset": "mathbench.dataset.read",
    "generate": "mathbench.dataset.write",
    "generate_part": "mathbench.dataset.write",
    "merge": "mathbench.dataset.write",
    "open_dataset": "mathbench.dataset.read",
}
__all__ = ["Dataset", "generate", "generate_part", "merge", "open_dataset"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'mathbench.dataset' has no attribute '{name}'")
    return getattr(import_module(_MODULES[name]), name)
