"""School mathematics without leaks, one file per area on a small shared kernel.

The modules are those of Saxton et al. (2019), "Analysing Mathematical Reasoning Abilities of Neural Models". The
mathematics, the ranges and the form of the answers are theirs, so that results compare; wording and code are new.
"""

from mathbench.generators.deepmind import arithmetic, numbers
from mathbench.generators.deepmind.kernel.compose import Definer
from mathbench.generators.deepmind.kernel.module import Module, School
from mathbench.registry import table

MODULES: dict[str, Module] = table(
    "modules", ((module.name, module) for area in (arithmetic, numbers) for module in area.MODULES)
)

# the modules that may define a value for another
_DEFINING = ("arithmetic__add_or_sub", "arithmetic__mixed")
_DEFINERS: dict[str, Definer] = {name: MODULES[name] for name in _DEFINING}

_FAMILIES = [School.of_module(module, _DEFINERS) for module in MODULES.values()]
_PUBLISHED = [
    School.of_module(module, _DEFINERS, level.published)
    for module in MODULES.values()
    for level in module.axes
    if level.published
]
TASKS: dict[str, type[School]] = table(
    "task families", ((family.family, family) for family in (*_FAMILIES, *_PUBLISHED))
)
