"""Reading of many objects at once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Make many objects that stay, without garbage collections in between.

    Python looks for cyclic garbage whenever the number of objects has grown, and looks at all of them each time: of
    10,000 submissions that is more than half of the time of reading them, and finds nothing.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
