"""Configuration of Keras before its first import: quiet backend, settings folder in the cache, number of threads.

Importing Keras writes a settings file into ``KERAS_HOME``, which is in the home directory by default and in the user's
cache here. Keras does not start without TensorFlow unless another backend is named, so an installed PyTorch or JAX is.
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
    """Import and return the module keras. Environment variables that are set already take precedence.

    Args:
        threads: CPU threads for one operation. Has an effect before the first computation only.

    Raises:
        InputError: when no backend is installed.
    """
    if "keras" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("KERAS_HOME", str(Path(platformdirs.user_cache_dir("mathbench")) / "keras"))
        os.environ.setdefault("KERAS_BACKEND", _backend())
    with quiet_stderr():
        import keras

    _set_threads(keras.backend.backend(), threads)
    return keras


def _backend() -> str:
    for backend, module in (("tensorflow", "tensorflow"), ("torch", "torch"), ("jax", "jax")):
        if importlib.util.find_spec(module):
            return backend
    raise InputError("Keras needs a backend: pip install 'mathbench-toolkit[keras]'.")


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Discard stderr of C++ code during an import: TensorFlow ignores its own log level until it is imported.

    A failed import still raises its exception.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _set_threads(backend: str, threads: int) -> None:
    if backend == "tensorflow":
        import tensorflow

        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:  # TensorFlow has started already. Its results do not depend on threads
            return
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
