"""Random numbers of Python and NumPy in a guest's code, seeded for a while."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def seeded(bits: int) -> Iterator[None]:
    """Seed the global generators of Python and NumPy in the context, and put them back afterwards.

    Args:
        bits: 64 bits.

    >>> with seeded(3):
    ...     first = random.random(), np.random.rand()
    >>> with seeded(3):
    ...     first == (random.random(), np.random.rand())
    True
    """
    before = random.getstate(), np.random.get_state()
    random.seed(bits)
    np.random.seed(bits & 0xFFFFFFFF)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
