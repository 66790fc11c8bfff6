"""Set Keras up before its first import: a quiet backend, our own folder for its settings, few threads.

Importing Keras writes a settings file into ``KERAS_HOME``, by default into the home directory; ours goes to
the cache. Without TensorFlow Keras would not start, so PyTorch takes its place where it is installed.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from mathbench.errors import InputError


def load_keras(threads: int = 1) -> Any:
    """The module keras, imported with our settings; what the environment already says is kept.

    Args:
        threads: CPU threads for one operation; takes effect before the first computation only.

    Raises:
        InputError: when no backend is installed.
    """
    if "keras" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("KERAS_HOME", str(Path(platformdirs.user_cache_dir("mathbench")) / "keras"))
        os.environ.setdefault("KERAS_BACKEND", _backend())
    with _quiet():
        import keras

    _few_threads(keras.backend.backend(), threads)
    return keras


def _backend() -> str:
    for backend, module in (("tensorflow", "tensorflow"), ("torch", "torch"), ("jax", "jax")):
        if importlib.util.find_spec(module):
            return backend
    raise InputError("Keras needs a backend. Install mathbench-toolkit[keras].")


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what C++ prints while it is imported; TensorFlow heeds its own log level only from then on.

    An import that fails still says so, as an exception.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _few_threads(backend: str, threads: int) -> None:
    if backend == "tensorflow":
        import tensorflow

        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:  # TensorFlow has started already; its results do not depend on threads
            return
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
