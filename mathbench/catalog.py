"""Where the folders that people edit lie: in a checkout at its root, in a wheel inside the package."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `generators`, `baselines` or `leaderboard` with suites, recipes or results.

    >>> (folder("generators") / "classic.toml").is_file()
    True
    """
    packed = _PACKAGE / "_catalog"
    return (packed if packed.is_dir() else _PACKAGE.parent) / name
