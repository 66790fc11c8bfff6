"""What is installed where: extras by platform, their lower bounds, and what is said where one is missing."""

import re
import sys
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from mathbench import errors
from mathbench.errors import InputError
from mathbench.families import task
from tests.commands import run

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from lowest import lowest, project, requirements  # noqa: E402

EXTRAS = project()["optional-dependencies"]
LIGHT = ("plots", "verify", "ray", "sweep", "s3", "server", "openai", "report")
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux"}
PLATFORMS = {
    "Linux on x86_64": LINUX,
    "Linux on ARM": {"sys_platform": "linux", "platform_machine": "aarch64", "platform_system": "Linux"},
    "macOS on Apple": {"sys_platform": "darwin", "platform_machine": "arm64", "platform_system": "Darwin"},
    "macOS on Intel": {"sys_platform": "darwin", "platform_machine": "x86_64", "platform_system": "Darwin"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64", "platform_system": "Windows"},
    "Python 3.14": LINUX | {"python_version": "3.14"},
}
WITHOUT = {"macOS on Intel": {"torch", "keras", "hf"}, "Python 3.14": {"keras"}}
EVERYWHERE = pytest.mark.parametrize("platform", PLATFORMS)


def resolved(extras, platform) -> dict[str, Requirement]:
    """The requirements that apply on a platform by name."""
    environment = {**default_environment(), "python_version": "3.13", **PLATFORMS[platform]}
    return {r.name: r for r in requirements(extras, environment)}


@EVERYWHERE
@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_requirements_are_well_formed_and_have_one_lower_bound(platform, extra):
    found = resolved([extra] if extra else [], platform)
    assert all(re.fullmatch(r"\d+(\.\d+)*", lowest(requirement)) for requirement in found.values())
    assert not any(r.url for r in found.values())


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        ("Linux on x86_64", "tensorflow-cpu"),
        ("Windows", "tensorflow-cpu"),
        ("Linux on ARM", "tensorflow"),
        ("macOS on Apple", "tensorflow"),
        # there is none, and pip says so
        ("macOS on Intel", "tensorflow"),
    ],
)
def test_keras_gets_the_tensorflow_that_exists(platform, name):
    assert {n for n in resolved(["keras"], platform) if n.startswith("tensorflow")} == {name}


@EVERYWHERE
def test_all_has_every_extra_for_users_that_exists_there(platform):
    frameworks = {"torch", "keras", "hf"} - WITHOUT.get(platform, set())
    every = resolved([*LIGHT, *sorted(frameworks)], platform)
    assert resolved(["all"], platform) == every
    assert {"torch", "keras"} & every.keys() == {"torch", "keras"} & frameworks
    assert set(EXTRAS) == {*LIGHT, "torch", "keras", "hf", "all", "dev", "site", "bench"}


@EVERYWHERE
def test_the_base_install_has_neither_plots_nor_school_mathematics(platform):
    assert {"matplotlib", "sympy"}.isdisjoint(resolved([], platform))
    assert "sympy" in resolved(["server"], platform)  # a server checks submissions of every family
    for framework in ("torch", "keras", "hf"):
        assert {"matplotlib", "sympy"} <= set(resolved([framework], platform))


def test_the_pinned_versions_are_allowed():
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    pinned = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins.items()}
    for requirement in requirements(["all", "dev"]):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert requirement.specifier.contains(pinned[name]), requirement


@pytest.fixture
def without(monkeypatch):
    """A function that hides an installed package from the check for extras."""

    def hide(module):
        found = errors.find_spec
        monkeypatch.setattr(errors, "find_spec", lambda name: None if name == module else found(name))

    return hide


NO_PLOTS = "matplotlib is not installed: pip install 'mathbench-toolkit[plots]'."
NO_SOLVER = "sympy is not installed: pip install 'mathbench-toolkit[verify]'."
SMALL = ("--train", "40", "--validation", "10", "--interpolate", "10", "--extrapolate", "10")


def refused(*words):
    done = run(*words)
    assert done.returncode == 2, done.stderr
    return done.stderr.strip().removeprefix("error: ")


def test_plots_name_their_extra(without, tmp_path):
    data, made = tmp_path / "data", tmp_path / "run"
    assert run("generate", "--task", "addition", *SMALL, "--out", str(data)).returncode == 0
    without("matplotlib")
    assert refused("describe", str(data), "--plot", str(tmp_path / "plot.png")) == NO_PLOTS
    options = ("--data", str(data), "--out", str(made), "--no-submit")
    assert refused("run-baseline", "constant", "--plots", *options) == NO_PLOTS
    assert not made.exists()
    assert run("run-baseline", "constant", *options).returncode == 0
    assert refused("plot", str(made)) == NO_PLOTS


def test_school_mathematics_names_its_extra_where_it_is_solved_only(without, tmp_path):
    data, made = tmp_path / "data", tmp_path / "run"
    without("sympy")
    assert run("generate", "--task", "deepmind/numbers__gcd", *SMALL, "--out", str(data)).returncode == 0
    assert refused("verify", str(data)) == NO_SOLVER
    # every run is compared with the solver
    assert refused("run-baseline", "constant", "--data", str(data), "--out", str(made)) == NO_SOLVER
    assert not made.exists()
    for name in ("deepmind/numbers__gcd", "deepmind/all"):
        with pytest.raises(InputError, match=re.escape(NO_SOLVER)):
            task(name).require_solver()
    task("gcd").require_solver()
