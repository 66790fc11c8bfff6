"""Task families by name: a registry of classes, and functions that make a task from a name and parameters.

The families of mathbench are listed here by name and imported when they are used; listing names imports none of them.
Other packages add families under the entry point group ``mathbench.tasks`` as ``"module:Class"``. Entry points are read
only for a name that is not listed here, and when all names are listed.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from mathbench.errors import InputError, did_you_mean, shown
from mathbench.registry import load, unique_table

if TYPE_CHECKING:
    from mathbench.task import Task

GROUP = "mathbench.tasks"
FAMILIES = unique_table(
    "task families",
    (
        ("addition", "mathbench.generators.addition:Addition"),
        ("subtraction", "mathbench.generators.subtraction:Subtraction"),
        ("multiplication", "mathbench.generators.multiplication:Multiplication"),
        ("division", "mathbench.generators.division:Division"),
        ("divisible", "mathbench.generators.divisible:Divisible"),
        ("prime", "mathbench.generators.prime:Prime"),
        ("correct-addition", "mathbench.generators.statements:CorrectAddition"),
        ("correct-multiplication", "mathbench.generators.statements:CorrectMultiplication"),
        ("modular", "mathbench.generators.modular:Modular"),
        ("gcd", "mathbench.generators.gcd:Gcd"),
        ("comparison", "mathbench.generators.comparison:Comparison"),
        ("modular-chain", "mathbench.generators.modular_chain:ModularChain"),
        ("permutation", "mathbench.generators.permutation:Permutation"),
        ("expression", "mathbench.generators.expression:Expression"),
    ),
)
# Versions of families whose rows have changed since. Their ids still name the rows of data made before.
EARLIER = unique_table(
    "earlier versions",
    (
        ("divisible-v1", "mathbench.generators.earlier:DivisibleV1"),
        ("prime-v1", "mathbench.generators.earlier:PrimeV1"),
        ("correct-addition-v1", "mathbench.generators.earlier:CorrectAdditionV1"),
        ("correct-multiplication-v1", "mathbench.generators.earlier:CorrectMultiplicationV1"),
    ),
)
# Data of other tools: a family that nothing generates, and that no list of tasks has.
IMPORTED = "imported"
IMPORTED_FAMILY = "mathbench.dataset.imported.task:Imported"


# School mathematics: the family `deepmind/AREA__MODULE` for each module, and one family of all modules together.
SCHOOL = "deepmind/"
SCHOOL_ALL = f"{SCHOOL}all"
SCHOOL_FAMILY = "mathbench.generators.deepmind:family"
SCHOOL_MODULES = {
    "algebra": (
        "linear_1d",
        "linear_1d_composed",
        "linear_2d",
        "linear_2d_composed",
        "polynomial_roots",
        "polynomial_roots_composed",
        "sequence_next_term",
        "sequence_nth_term",
    ),
    "arithmetic": (
        "add_or_sub",
        "add_or_sub_in_base",
        "mul",
        "div",
        "add_sub_multiple",
        "mul_div_multiple",
        "mixed",
        "nearest_integer_root",
        "simplify_surd",
    ),
    "calculus": ("differentiate", "differentiate_composed"),
    "comparison": (
        "pair",
        "pair_composed",
        "kth_biggest",
        "kth_biggest_composed",
        "closest",
        "closest_composed",
        "sort",
        "sort_composed",
    ),
    "measurement": ("conversion", "time"),
    "numbers": (
        "base_conversion",
        "div_remainder",
        "gcd",
        "is_factor",
        "is_prime",
        "lcm",
        "list_prime_factors",
        "place_value",
        "round_number",
        "div_remainder_composed",
        "gcd_composed",
        "is_factor_composed",
        "is_prime_composed",
        "lcm_composed",
        "list_prime_factors_composed",
        "place_value_composed",
        "round_number_composed",
    ),
    "polynomials": (
        "evaluate",
        "evaluate_composed",
        "add",
        "collect",
        "compose",
        "expand",
        "coefficient_named",
        "simplify_power",
    ),
    "probability": ("swr_p_sequence", "swr_p_level_set"),
}
# the extrapolation sets of the original data, each a level of one of the modules
SCHOOL_PUBLISHED = {
    "algebra": ("polynomial_roots_big",),
    "arithmetic": (
        "add_or_sub_big",
        "mul_big",
        "div_big",
        "add_sub_multiple_longer",
        "mul_div_multiple_longer",
        "mixed_longer",
    ),
    "comparison": ("kth_biggest_more", "closest_more", "sort_more"),
    "numbers": ("place_value_big", "round_number_big"),
    "probability": ("swr_p_sequence_more_samples", "swr_p_level_set_more_samples"),
}


class UnknownTask(InputError):
    """No family has the name of a requested task."""


@cache
def school_names() -> tuple[str, ...]:
    """Names of the families of school mathematics: modules by area, published extrapolation sets, all modules.

    >>> school_names()[0], school_names()[-1]
    ('deepmind/algebra__linear_1d', 'deepmind/all')
    """
    tables = SCHOOL_MODULES, SCHOOL_PUBLISHED
    names = [f"{SCHOOL}{area}__{name}" for table in tables for area in table for name in table[area]]
    return *names, SCHOOL_ALL


@cache
def tasks() -> Mapping[str, type["Task"]]:
    """The classes of the families of mathbench by name, without school mathematics."""
    return {name: load(target) for name, target in FAMILIES.items()}


def names() -> list[str]:
    """Names of all task families, those of other packages last. Imports no family.

    >>> names()[:2]
    ['addition', 'subtraction']
    """
    return [*FAMILIES, *school_names(), *sorted(_others())]


def family(name: str) -> type["Task"]:
    """Import the class of a task family, by its name with or without a version.

    Raises:
        UnknownTask: for an unknown name.
        InputError: for an unknown version, or a family of another package that cannot be used.

    >>> family("addition-v1").__name__
    'Addition'
    """
    if not isinstance(name, str):
        raise InputError(f"a task must be given by its name. Received: {shown(name)}.")
    stem, version = re.fullmatch(r"(.*?)(?:-v(\d+))?", name, re.DOTALL).groups()  # type: ignore[union-attr]
    if name in EARLIER:
        return load(EARLIER[name])
    if stem in FAMILIES:
        cls = load(FAMILIES[stem])
    elif stem == IMPORTED:
        cls = load(IMPORTED_FAMILY)
    elif stem in school_names():
        cls = load(SCHOOL_FAMILY)(stem, version and int(version[:6]))
    elif stem in (others := _others()):
        cls = _loaded(others[stem])
    else:
        hint = did_you_mean(stem, [*FAMILIES, *school_names(), *others])
        raise UnknownTask(f"unknown task '{name}'. {hint}")
    if version and version != str(cls.version):
        allowed = ", ".join([*earlier(cls.family, cls.version), f"{cls.family}-v{cls.version}"])
        raise InputError(f"unknown version '{name}'. Allowed: {allowed}.")
    return cls


def earlier(name: str, version: int) -> list[str]:
    """The ids of the versions of a family before its current one whose rows can still be made.

    >>> earlier("prime", 2), earlier("deepmind/numbers__gcd", 2), earlier("deepmind/numbers__is_prime", 1)
    (['prime-v1'], ['deepmind/numbers__gcd-v1'], [])
    """
    if name in school_names():
        return [f"{name}-v{number}" for number in range(1, version)]
    return [id for id in EARLIER if id.rpartition("-v")[0] == name]


def from_spec(id: str, parameters: Mapping[str, Any]) -> "Task":
    """Make a task from its id and parameters, as manifests, runs and submissions store them.

    Args:
        id: the name of the family, with or without a version.
        parameters: values by name, or text as given on the command line; others have their defaults.

    Raises:
        InputError: for an unknown id or a parameter that is not allowed.

    >>> from_spec("divisible-v1", {"k": "3"}).name
    'divisible-3-base10'
    """
    cls = family(id)
    if not isinstance(parameters, Mapping):
        raise InputError(f"{id}: parameters must be values by name. Received: {shown(parameters)}.")
    return cls.of(parameters)


def task(name: str, **parameters: Any) -> "Task":
    """Make a task from the name of its family and parameters; see :func:`from_spec`.

    Raises:
        InputError: for an unknown name or a parameter that is not allowed.

    >>> task("multiplication", digits=2).name
    'multiplication-base10-digits2'
    """
    return from_spec(name, parameters)


def _others() -> dict[str, EntryPoint]:
    """Families of other packages; a name of mathbench cannot be taken."""
    points = entry_points(group=GROUP)
    own = {*FAMILIES, IMPORTED}
    return {p.name: p for p in points if p.name not in own and not p.name.startswith(SCHOOL)}


def _loaded(point: EntryPoint) -> type["Task"]:
    from mathbench.task import Task

    label = f"the task '{point.name}' of the package {point.dist.name if point.dist else point.module}"
    try:
        cls = point.load()
    except Exception as error:  # whatever a foreign module raises, the user gets one line that names it
        raise InputError(f"{label} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(cls, type) and issubclass(cls, Task)):
        raise InputError(f"{label} is not a subclass of mathbench.task.Task. Received: {point.value}.")
    if cls.family != point.name:
        raise InputError(f"{label} calls its family '{cls.family}'; the two names must be the same.")
    return cls
