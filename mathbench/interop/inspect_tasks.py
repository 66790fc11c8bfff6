"""Tasks of Inspect: one Python file with a task per configuration, in a package for its register."""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from mathbench.dataset.manifest import Config
from mathbench.errors import InputError
from mathbench.interop.copying import copy_files
from mathbench.interop.origin import identifier, identifiers
from mathbench.interop.source import Progress, Source
from mathbench.version import __version__

DEFAULT_SPLITS = ("interpolate", "extrapolate", "validation", "train")


@dataclass(frozen=True)
class InspectOptions:
    """How the tasks are packaged.

    Args:
        name: of the package; by default that of the dataset.
        packaged: copy the Parquet files, so that the folder can be moved and installed.
    """

    name: str = ""
    packaged: bool = False


def write_inspect(
    source: Source, folder: Path, options: InspectOptions, progress: Progress = lambda rows: None
) -> list[str]:
    """Write the package; return the names of its tasks.

    Args:
        source: the dataset.
        folder: the empty folder to write to.
        options: how to package.
        progress: called with the number of rows copied since its last call.

    Raises:
        InputError: for files of an object store that are not copied.
    """
    check_options(source, options)
    package = identifier(options.name or f"mathbench_{source.name}").lower()
    names = identifiers([config.name for config in source.configs])
    inner = folder / package
    inner.mkdir()
    about = f'"""The dataset {package_title(source)} of mathbench, as tasks of Inspect."""\n'
    (inner / "__init__.py").write_text(about, encoding="utf-8")
    (inner / "tasks.py").write_text(_tasks(source, names, options), encoding="utf-8")
    (folder / "pyproject.toml").write_text(_project(package), encoding="utf-8")
    if options.packaged:
        copy_files(source, inner, progress)
    return [f"{package}/{name}" for name in names.values()]


def check_options(source: Source, options: InspectOptions) -> None:
    """Check what the tasks need; errors as for :func:`write_inspect`."""
    if not options.packaged and not isinstance(source.dataset.folder, Path):
        raise InputError(f"{source.dataset.folder} is not on this disk: give --packaged to copy its files.")


def package_title(source: Source) -> str:
    """The name of the dataset as it may stand in a docstring: without quotes, backslashes and line ends."""
    return re.sub(r"[^\w .+-]", "_", source.name)


def _tasks(source: Source, names: dict[str, str], options: InspectOptions) -> str:
    """The Python file."""
    template = (files("mathbench.interop") / "templates" / "inspect_tasks.py.txt").read_text("utf-8")
    if options.packaged:
        place = "Path(__file__).parent"
    else:
        place = f"Path({str(Path(str(source.dataset.folder)).absolute())!r})"
    configs = {config.name: _config(source, config) for config in source.configs}
    text = template.replace("$TITLE", f"The dataset {package_title(source)} of mathbench")
    text = text.replace("$FIRST", next(iter(names.values()))).replace("$FOLDER", place)
    text = text.replace("$CONFIGS", json.dumps(configs, indent=1))
    return text + "".join(_function(source, config, names[config.name]) for config in source.configs)


def _config(source: Source, config: Config) -> dict[str, Any]:
    """What the file has to know about a configuration."""
    paths = {split: source.files(config, split) for split in source.splits_of(config)}
    task = config.task
    return {"task": task.id, "parameters": task.parameters, "seed": config.seed, "files": paths}


def _function(source: Source, config: Config, name: str) -> str:
    """The task of a configuration."""
    split = next(split for split in DEFAULT_SPLITS if split in source.splits_of(config))
    return (
        f'\n\n@task\ndef {name}(split: str = "{split}", shots: int = 0, extract: str = "whole") -> Task:\n'
        f'    """{config.name}."""\n    return make({config.name!r}, split, shots, extract)\n'
    )


def _project(package: str) -> str:
    """The file that makes it a package which Inspect finds."""
    return f"""\
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[project]
name = "{package.replace("_", "-")}"
version = "1.0"
description = "Tasks of mathbench for Inspect"
requires-python = ">=3.11"
dependencies = ["inspect_ai>=0.3.200", "mathbench-toolkit>={__version__}", "pyarrow"]

[project.entry-points.inspect_ai]
{package} = "{package}.tasks"

[tool.setuptools]
packages = ["{package}"]

[tool.setuptools.package-data]
{package} = ["**/*.parquet"]
"""
