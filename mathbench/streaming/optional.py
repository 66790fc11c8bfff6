"""Frameworks that are optional dependencies."""

from importlib.util import find_spec

from mathbench.errors import InputError


def require_extra(module: str, extra: str) -> None:
    """Check that a framework is installed, without importing it.

    Raises:
        InputError: when it is not; names the extra to install.

    >>> require_extra("no_such_framework", "torch")
    Traceback (most recent call last):
    ...
    mathbench.errors.InputError: no_such_framework is not installed: pip install 'mathbench-toolkit[torch]'.
    """
    if find_spec(module) is None:
        raise InputError(f"{module} is not installed: pip install 'mathbench-toolkit[{extra}]'.")
