"""Where the content that people edit lies: suites, recipes and results, in a checkout or in an installed wheel."""

from pathlib import Path

from mathbench.errors import InputError

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder of suites (``generators``), recipes (``baselines``) or results (``leaderboard``).

    A wheel carries it as package data; a checkout has it at its root.

    >>> folder("baselines").name
    'baselines'
    """
    for place in (_PACKAGE / "_catalog" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise InputError(f"this installation has no folder '{name}'; it is damaged.")
