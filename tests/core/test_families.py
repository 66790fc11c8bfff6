"""Names of families are listed without importing a family; the written-out table of school mathematics is right."""

import pkgutil
import subprocess
import sys

import pytest

from mathbench import families
from mathbench.generators import deepmind
from mathbench.numbers.text import to_text

AREAS = tuple(families.SCHOOL_MODULES)


def imported(code: str) -> set[str]:
    """The modules of mathbench that a fresh interpreter has imported after some code."""
    code = f"import sys; {code}; print(*(m for m in sys.modules if m.startswith('mathbench')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_table_of_school_mathematics_is_what_the_areas_register():
    folders = {m.name for m in pkgutil.iter_modules(deepmind.__path__) if m.ispkg} - {"kernel"}
    assert set(AREAS) == folders
    for area in AREAS:
        modules = [f"{area}__{name}" for name in families.SCHOOL_MODULES[area]]
        published = [f"{area}__{name}" for name in families.SCHOOL_PUBLISHED.get(area, ())]
        assert list(deepmind.modules_of(area)) == modules
        assert list(deepmind._families_of(area)) == [f"deepmind/{name}" for name in modules + published]
    assert set(families.SCHOOL_PUBLISHED) <= set(AREAS)


def test_every_name_is_the_name_of_its_family():
    for name in families.names():
        assert families.family(name).family == name
    assert list(deepmind.TASKS) == list(families.school_names())
    assert len(deepmind.TASKS["deepmind/all"]().modules) == len(deepmind.MODULES)


def test_names_are_listed_without_an_import_of_a_family():
    loaded = imported("from mathbench import families; families.names()")
    assert not {m for m in loaded if m.startswith("mathbench.generators")}
    assert "mathbench.task" not in loaded
    unknown = "from mathbench.families import task\ntry: task('adition')\nexcept ValueError: pass"
    assert not {m for m in imported(f"exec({unknown!r})") if m.startswith("mathbench.generators")}


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("addition", ""),
        ("deepmind/numbers__gcd", "numbers"),
        ("deepmind/numbers__gcd_composed", "numbers"),
        ("deepmind/probability__swr_p_sequence_more_samples", "probability"),
    ],
)
def test_a_family_imports_no_area_but_its_own(name, needed):
    loaded = imported(f"from mathbench.families import task; task('{name}')")
    areas = {m.split(".")[3] for m in loaded if m.startswith("mathbench.generators.deepmind.")}
    assert areas & set(AREAS) == {needed} - {""}


def test_a_task_is_made_from_its_spec():
    made = families.task("divisible", k=3, base=2)
    assert families.from_spec(made.id, made.parameters) == made
    assert families.from_spec("divisible", {"k": "3", "base": "2"}) == made


@pytest.mark.parametrize("answer", ["label", "residue"])
def test_answers_by_residue_are_those_of_every_number(answer):
    made = families.task("divisible", k=7, base=3, answer=answer)
    answers = made.answers_by_residue()
    assert [made.oracle(to_text(n, 3)) for n in range(100)] == [answers[n % 7] for n in range(100)]
    assert families.task("modular").answers_by_residue() is None
