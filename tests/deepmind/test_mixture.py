"""All modules together: one task, one configuration `all` of a dataset, scores per part and area."""

from types import SimpleNamespace

import datasets
import pytest

from mathbench.dataset import mixed as mixtures
from mathbench.dataset.data import Data
from mathbench.dataset.manifest import single_config
from mathbench.dataset.mixed import mixed
from mathbench.dataset.read import open_dataset
from mathbench.dataset.suite import load
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.dataset.write import generate
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.generators.deepmind.all_modules import Mixture
from mathbench.rows import Rows

SIZES = {"train": 20, "validation": 4, "interpolate": 6, "extrapolate": 4}
SOME = ("algebra__linear_1d", "comparison__sort", "measurement__time", "polynomials__evaluate_composed")
MIXTURE = Mixture.of_modules(tuple(TASKS[f"deepmind/{name}"]() for name in SOME), Mixture.version)()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small dataset of some modules."""
    return made(SOME, tmp_path_factory.mktemp("deepmind") / "some")


def made(names, place):
    generate([single_config(task(f"deepmind/{name}"), SIZES) for name in names], place)
    return place


def test_all_modules_are_in_the_mixture():
    assert [module.name for module in task("deepmind/all").modules] == list(MODULES)


def test_a_row_of_each_module_in_turn():
    rows = Rows(MIXTURE, "train").batch(range(2 * len(SOME))).to_pylist()
    assert [row["stratum"].partition("/")[0] for row in rows] == 2 * list(SOME)
    for i, name in enumerate(SOME):
        alone = Rows(task(f"deepmind/{name}"), "train").batch(range(2))["question"].to_pylist()
        assert [row["question"] for row in rows[i :: len(SOME)]] == alone


def test_rows_of_the_mixture_depend_on_nothing_but_their_number():
    rows = Rows(MIXTURE, "interpolate")
    whole, some = rows.batch(range(120)), [119, 0, 3, 3, 60]
    assert rows.batch(some).equals(whole.take(some))


def test_a_dataset_of_all_modules_is_the_mixture(folder):
    found = mixed(MIXTURE, open_dataset(folder))
    sizes = {split: rows * len(SOME) for split, rows in SIZES.items()}
    assert found.digest == Data.generate(MIXTURE, sizes).digest


@pytest.mark.slow
def test_all_modules_together(tmp_path):
    dataset = open_dataset(made(MODULES, tmp_path / "all"))
    mixture = task("deepmind/all")
    sizes = {split: rows * len(MODULES) for split, rows in SIZES.items()}
    assert mixed(mixture, dataset).digest == Data.generate(mixture, sizes).digest
    assert all(check.passed for check in verify(dataset, VerifyOptions(regenerate_all=True)))


@pytest.mark.parametrize("difficulty", ["all", "published"])
@pytest.mark.parametrize("id", ["deepmind/all-v1", "deepmind/all-v2"])
def test_a_dataset_is_the_mixture_of_its_version_and_difficulty(id, difficulty):
    expected = task(id, difficulty=difficulty)
    configs = {name: SimpleNamespace(task=part) for name, part in expected.parts.items()}
    assert mixtures._mixture(SimpleNamespace(configs=configs)) == expected


def test_other_datasets_are_compared_with_the_current_mixture():
    configs = {"sums": SimpleNamespace(task=task("addition"))}
    assert mixtures._mixture(SimpleNamespace(configs=configs)) == task("deepmind/all")


def test_a_dataset_of_another_difficulty_is_not(folder):
    with pytest.raises(InputError, match=f"{SOME[0]} differs in difficulty from {SOME[0]}-published"):
        mixed(type(MIXTURE)(difficulty="published"), open_dataset(folder))


def test_all_modules_at_the_published_difficulty():
    mixture = type(MIXTURE)(difficulty="published")
    found = {split: mixture.strata(split) for split in ("train", "interpolate", "extrapolate")}
    assert found["train"] == MIXTURE.strata("train") and found["extrapolate"] == MIXTURE.strata("extrapolate")
    rows = Rows(mixture, "interpolate").batch(range(40)).to_pylist()
    assert {row["stratum"] for row in rows} <= {stratum.name for stratum in found["interpolate"]}
    assert [row["stratum"] for row in rows if not row["stratum"].startswith("measurement")] == [
        f"{SOME[i % 4]}/difficulty=published" for i in range(40) if i % 4 != 2
    ]


def test_a_dataset_of_some_modules_is_not(tmp_path):
    generate([single_config(task("deepmind/numbers__gcd"), SIZES)], tmp_path / "one")
    with pytest.raises(InputError, match="does not contain the"):
        mixed(task("deepmind/all"), open_dataset(tmp_path / "one"))


def test_the_configuration_all_has_every_row(folder, tmp_path):
    loaded = datasets.load_dataset(str(folder), "all", cache_dir=str(tmp_path))
    assert {split: len(rows) for split, rows in loaded.items()} == {
        split: rows * len(SOME) for split, rows in SIZES.items()
    }
    assert set(loaded["train"]["task"]) == set(SOME)


def test_verify_answers_questions_of_every_module(folder):
    checks = list(verify(open_dataset(folder), VerifyOptions(regenerate_all=True)))
    assert all(check.passed for check in checks), [check for check in checks if not check.passed]
    assert any("independent solver" in check.what for check in checks)


def test_the_card_states_repeats_of_train(folder):
    card = (folder / "README.md").read_text()
    assert card.count("repeat an earlier problem") == len(SOME)


def test_published_extrapolation_modules_have_no_train():
    published = [
        level.published
        for module in MODULES.values()
        for level in module.axes
        if level.published not in ("", module.name)
    ]
    for name in published:
        assert not len(Rows(task(f"deepmind/{name}"), "train"))
        assert len(Rows(task(f"deepmind/{name}"), "extrapolate").batch(range(5))) == 5


def test_the_suite_has_every_module():
    assert [config.task.id for config in load("deepmind").configs] == [
        f"deepmind/{name}-v{module.version}" for name, module in MODULES.items()
    ]


def test_one_difficulty_alone():
    rows = Rows(task("deepmind/numbers__gcd", difficulty="hard"), "interpolate").batch(range(50))
    assert set(rows["stratum"].to_pylist()) == {"difficulty=hard"}
