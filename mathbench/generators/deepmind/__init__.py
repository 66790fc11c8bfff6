"""School mathematics without leakage between splits: one package per area, and a shared kernel.

The modules are those of Saxton et al. (2019), "Analysing Mathematical Reasoning Abilities of Neural Models". The
mathematics, the ranges and the form of the answers are theirs, so that results are comparable. The wording and the code
are new.
"""

from mathbench.generators.deepmind import (
    algebra,
    arithmetic,
    calculus,
    comparison,
    measurement,
    numbers,
    polynomials,
    probability,
)
from mathbench.generators.deepmind.all_modules import Mixture
from mathbench.generators.deepmind.kernel.composition import DefiningModule
from mathbench.generators.deepmind.kernel.module import Module, ModuleTask
from mathbench.registry import unique_table
from mathbench.task import Task

_AREAS: tuple[tuple[Module, ...], ...] = (
    algebra.MODULES,
    arithmetic.MODULES,
    calculus.MODULES,
    comparison.MODULES,
    measurement.MODULES,
    numbers.MODULES,
    polynomials.MODULES,
    probability.MODULES,
)
MODULES: dict[str, Module] = unique_table(
    "modules", ((module.name, module) for area in _AREAS for module in area)
)

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
_DEFINERS: dict[str, DefiningModule] = {name: MODULES[name] for name in _DEFINING}

_FAMILIES = [ModuleTask.of_module(module, _DEFINERS) for module in MODULES.values()]
_PUBLISHED = [
    ModuleTask.of_module(module, _DEFINERS, level.published)
    for module in MODULES.values()
    for level in module.axes
    if level.published not in ("", module.name)
]
_ALL = Mixture.of_modules(tuple(family() for family in _FAMILIES))

# every module, every published extrapolation module, and all modules in one
TASKS: dict[str, type[Task]] = unique_table(
    "task families", ((family.family, family) for family in (*_FAMILIES, *_PUBLISHED, _ALL))
)
