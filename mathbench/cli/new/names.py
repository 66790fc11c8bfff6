"""Names of new packages: what is allowed, and what is derived from them."""

import keyword
import re
from dataclasses import dataclass, field
from importlib.util import find_spec

from mathbench.errors import InputError, did_you_mean, shown

LONGEST = 40
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_VERSION = re.compile(r".*-v\d+")
FRAMEWORKS = {"torch": "PyTorch", "keras": "Keras"}


@dataclass(frozen=True)
class PackageNames:
    """The names of a new package.

    Args:
        given: the name as the user wrote it.
        further: what else is replaced in the templates, by placeholder.

    Raises:
        InputError: for anything but lower-case letters, digits, and hyphens or underscores between them.

    >>> names = PackageNames("digit_sum")
    >>> names.name, names.module, names.class_name
    ('digit-sum', 'digit_sum', 'DigitSum')
    """

    given: str
    further: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.given) or len(self.given) > LONGEST:
            raise InputError(
                f"a name must have at most {LONGEST} lower-case letters, digits, and single hyphens or underscores "
                f"between them, and begin with a letter. Received: {shown(self.given)}."
            )

    @property
    def name(self) -> str:
        """The name in commands."""
        return self.given.replace("_", "-")

    @property
    def module(self) -> str:
        """The name of the Python module."""
        return self.given.replace("-", "_")

    @property
    def class_name(self) -> str:
        """The name of the class."""
        return "".join(part.capitalize() for part in self.name.split("-"))

    @property
    def replacements(self) -> dict[str, str]:
        """What stands in the place of each placeholder of the templates."""
        own = {"new-name": self.name, "new_module": self.module, "NewClass": self.class_name}
        return own | self.further


def task_names(given: str) -> PackageNames:
    """Return the names of a package with a task family.

    Raises:
        InputError: for a name that is not allowed, or that something else has.
    """
    from mathbench.families import IMPORTED, names

    made = PackageNames(given, {"new-group": "tasks", "new-requirement": "mathbench-toolkit"})
    _check_module(made)
    if _VERSION.fullmatch(made.name):
        raise InputError(f"the name of a task must not end like a version. Received: {shown(given)}.")
    if made.name in (*names(), IMPORTED):
        raise InputError(f"there is a task '{made.name}' already. Give another name.")
    return made


def baseline_names(given: str, framework: str) -> PackageNames:
    """Return the names of a package with a network.

    Args:
        given: its name.
        framework: ``torch`` or ``keras``.

    Raises:
        InputError: for an unknown framework, a name that is not allowed, or one that something else has.
    """
    from mathbench.baselines.table import BASELINES, PROMPTED, guest_points
    from mathbench.registry import folded_name

    if framework not in FRAMEWORKS:
        raise InputError(f"unknown framework {shown(framework)}. {did_you_mean(framework, FRAMEWORKS)}")
    further = {
        "new-group": "baselines",
        "new-requirement": f"mathbench-toolkit[{framework}]",
        "new-framework": FRAMEWORKS[framework],
    }
    made = PackageNames(given, further)
    _check_module(made)
    # boards compare names in this form, and know a class of a file by its own
    taken = {folded_name(name) for name in (*BASELINES, *PROMPTED, *guest_points())}
    for name in (made.name, made.class_name):
        if folded_name(name) in taken:
            raise InputError(f"there is a baseline '{folded_name(name)}' already. Give another name.")
    return made


def suite_names(given: str) -> PackageNames:
    """Return the names of a folder with a suite.

    Raises:
        InputError: for a name that is not allowed, or that a suite of mathbench has.
    """
    from mathbench.dataset.suite import available

    made = PackageNames(given)
    if made.name in available():
        raise InputError(f"there is a suite '{made.name}' already. Give another name.")
    return made


def _check_module(names: PackageNames) -> None:
    """Refuse the name of a module that Python would confuse with the new one.

    Raises:
        InputError: for a word of Python, or the name of a module that is installed.
    """
    if keyword.iskeyword(names.module):
        raise InputError(f"a name must not be a word of Python. Received: {shown(names.given)}.")
    spec = find_spec(names.module)
    # a folder without Python files hides no module
    if spec is not None and spec.origin is not None:
        raise InputError(f"there is a Python module '{names.module}' already. Give another name.")
