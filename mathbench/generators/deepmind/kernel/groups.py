"""Groups: problems of very different shape, written group by group and put back in order."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pyarrow as pa

from mathbench import text
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.task import Int

AnyColumns = TypeVar("AnyColumns", bound=Columns)


def by_group(
    group: Int, problems: AnyColumns, write: Callable[[int, AnyColumns], pa.StringArray]
) -> pa.StringArray:
    """Write problems group by group.

    Args:
        group: int64 (n,), the group of each, 0 or a small number above.
        problems: n problems.
        write: from a group and its problems to strings.

    Returns:
        Strings (n,), in the order of the problems.
    """
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group))
    parts = [
        write(number, problems.take(rows))
        for number, rows in enumerate(np.split(order, ends[:-1]))
        if len(rows)
    ]
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return pa.concat_arrays(parts).take(text.integers(place)) if parts else text.column([])
