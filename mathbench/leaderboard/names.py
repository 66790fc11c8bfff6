"""Names of models: a plain set of characters, compared without case, and some that only the board itself uses."""

import re
from functools import cache

from mathbench.baselines.table import BASELINES, PROMPTED
from mathbench.errors import InputError, shown
from mathbench.registry import folded_name as folded_name

PATTERN = r"[A-Za-z0-9][A-Za-z0-9._+@/:-]{0,99}"
# earlier versions of submission.json allow more; that it is ASCII keeps out letters that look alike
EARLIER = r"(?=.*[A-Za-z0-9])[ -~]{1,200}"
ALLOWED = "up to 100 letters, digits and . _ + @ / : -, beginning with a letter or a digit"

_CLASS = re.compile(r"\.py:\w+$|^[A-Za-z_][\w.]*:[A-Z]\w*$")


def plain_name(baseline: str) -> str:
    """The name of a model of a run, from that of its baseline, which may be a class in a file or a module.

    >>> plain_name("mlp"), plain_name("./nets/mine.py:MyGRU"), plain_name("pack.nets:MyGRU"), plain_name("hf:Adder 1B")
    ('mlp', 'MyGRU', 'MyGRU', 'hf:Adder-1B')
    """
    if baseline.partition(":")[0] in PROMPTED:
        return re.sub(r"[^A-Za-z0-9._+@/:-]+", "-", baseline)
    return baseline.rpartition(":")[2] if _CLASS.search(baseline) else baseline


def check_new_name(name: str) -> None:
    """Check that a model may get a name today.

    Raises:
        InputError: for characters outside `PATTERN`, or a name of a floor or of the exact solver.
    """
    if not re.fullmatch(PATTERN, name):
        raise InputError(f"the name of a model must be {ALLOWED}. Received: {name[:100]!a}.")
    check_name(name)


def check_name(name: object) -> None:
    """Check that a submission may have a name.

    Raises:
        InputError: for other characters, or a name of a floor or of the exact solver.
    """
    if not isinstance(name, str):
        raise InputError(f"the name of a model must be {ALLOWED}. Received: {shown(name)}.")
    if not re.fullmatch(EARLIER, name):
        raise InputError(f"the name of a model must be {ALLOWED}. Received: {name[:100]!a}.")
    if is_reserved(name):
        raise InputError(
            f"the name {name!a} is reserved: the board itself computes floors and the exact solver. "
            "Choose another name."
        )


def is_reserved(name: str) -> bool:
    """Whether a name is that of a floor or of the exact solver.

    >>> is_reserved("Exact_Solver"), is_reserved("mlp")
    (True, False)
    """
    return folded_name(name) in reserved_names()


@cache
def reserved_names() -> frozenset[str]:
    """The names of the floors and of the exact solver, as they are compared."""
    return frozenset(
        folded_name(name) for name, entry in BASELINES.items() if entry.kind in ("floor", "ceiling")
    )
