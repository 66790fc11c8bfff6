"""School mathematics without leakage between splits: one package per area, and a shared kernel.

Areas are imported when one of their modules is used. `MODULES` and `TASKS` import all of them.

The modules are those of Saxton et al. (2019), "Analysing Mathematical Reasoning Abilities of Neural Models". The
mathematics, the ranges and the form of the answers are theirs, so that results are comparable. The wording and the code
are new.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any

from mathbench.families import SCHOOL, SCHOOL_ALL, SCHOOL_MODULES, school_names
from mathbench.generators.deepmind.kernel.composition import DefiningModule
from mathbench.generators.deepmind.kernel.module import Module, ModuleTask
from mathbench.registry import unique_table
from mathbench.task import Task

MODULES: dict[str, Module]  # every module by name
TASKS: dict[str, type[Task]]  # every module, every published extrapolation set, and all modules in one

# the modules that may define a value for their parent
_DEFINING = (
    "arithmetic__add_or_sub",
    "arithmetic__mixed",
    "algebra__linear_1d",
    "algebra__linear_2d",
    "polynomials__evaluate",
    "polynomials__add",
    "polynomials__collect",
    "calculus__differentiate_composed",
)


class _Definers(Mapping[str, DefiningModule]):
    """The defining modules by name, in the wordings of a version; each is imported when it is first looked up."""

    def __init__(self, version: int):
        self._version = version

    def __getitem__(self, name: str) -> DefiningModule:
        return _in_version(name, self._version)

    def __iter__(self) -> Iterator[str]:
        return iter(_DEFINING)

    def __len__(self) -> int:
        return len(_DEFINING)


def area_of(module: str) -> str:
    """The area of a module or of a published extrapolation set.

    >>> area_of("numbers__gcd")
    'numbers'
    """
    return module.partition("__")[0]


@cache
def modules_of(area: str) -> dict[str, Module]:
    """Import the modules of an area, by name."""
    modules: tuple[Module, ...] = import_module(f"{__name__}.{area}").MODULES
    return unique_table("modules", ((module.name, module) for module in modules))


def family(name: str, version: int | None = None) -> type[Task]:
    """Import a task family of school mathematics.

    Args:
        name: its name, such as ``"deepmind/numbers__gcd"``.
        version: an earlier version; None: the current one. A number that is too high gives the current one.

    >>> family("deepmind/numbers__gcd").version, family("deepmind/numbers__gcd", 1).version
    (2, 1)
    """
    if name == SCHOOL_ALL:
        return _mixture(version)
    return _module_family(name, version)


def _module_family(name: str, version: int | None) -> type[ModuleTask]:
    module, published = _families_of(area_of(name.removeprefix(SCHOOL)))[name]
    return _family(module.name, published, min(version or module.version, module.version))


@cache
def _families_of(area: str) -> dict[str, tuple[Module, str]]:
    """The families of an area: its modules and their published extrapolation sets, each with its module."""
    modules = modules_of(area).values()
    families = [(module, "") for module in modules]
    families += [
        (module, level.published)
        for module in modules
        for level in module.axes
        if level.published not in ("", module.name)
    ]
    return unique_table(
        "task families",
        ((f"{SCHOOL}{published or module.name}", (module, published)) for module, published in families),
    )


@cache
def _family(module: str, published: str, version: int) -> type[ModuleTask]:
    return ModuleTask.of_module(_in_version(module, version), _Definers(version), published)


@cache
def _in_version(name: str, version: int) -> Module:
    """A module with the wordings of a version."""
    return replace(modules_of(area_of(name))[name], version=version)


@cache
def _mixture(version: int | None = None) -> type[Task]:
    from mathbench.generators.deepmind.all_modules import ADDED, Mixture

    known = min(version or Mixture.version, Mixture.version)
    if known != version:
        return _mixture(known)
    names = [name for area in SCHOOL_MODULES for name in modules_of(area) if ADDED.get(name, 1) <= known]
    return Mixture.of_modules(tuple(_module_family(f"{SCHOOL}{name}", known)() for name in names), known)


@cache
def _all_modules() -> dict[str, Module]:
    return {name: module for area in SCHOOL_MODULES for name, module in modules_of(area).items()}


@cache
def _all_families() -> dict[str, type[Task]]:
    return {name: family(name) for name in school_names()}


def __getattr__(name: str) -> Any:
    """Make the tables of all areas, and the classes of families by their names, when they are first used."""
    if name == "MODULES":
        return _all_modules()
    if name == "TASKS":
        return _all_families()
    stem, _, version = name.rpartition("_v")
    if not version.isdecimal():
        stem, version = name, ""
    if f"{SCHOOL}{stem}" in school_names():
        return family(f"{SCHOOL}{stem}", int(version) if version else None)
    raise AttributeError(f"module {__name__} has no attribute {name}")
