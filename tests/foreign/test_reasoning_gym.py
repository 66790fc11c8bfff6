"""Questions of reasoning-gym: ranges of rows of their own, no test question in train, and one line without the package.

A stand-in has the package's interface: row i of a dataset depends on seed + i alone. `scripts/test-interop
reasoning-gym` runs the real one.
"""

import json
import random
import sys
from types import ModuleType

import pytest

from mathbench.dataset.read import open_dataset
from mathbench.interop import reasoning_gym as gym
from tests.commands import run


class Sums:
    """A dataset of the stand-in."""

    def __init__(self, size, seed, largest=10**6, answer=str):
        if largest < 1:
            raise AssertionError("largest must be positive")
        self.size, self.seed, self.largest, self.answer = size, seed, largest, answer

    def __len__(self):
        return self.size

    def __getitem__(self, row):
        rng = random.Random(self.seed + row)
        first, second = rng.randrange(self.largest), rng.randrange(self.largest)
        answer = {"text": str, "none": lambda _: None}.get(self.answer, str)(first + second)
        return {"question": f"{first}+{second}?", "answer": answer, "metadata": {}}


@pytest.fixture
def stand_in(monkeypatch):
    """The package, as far as it is used."""
    package, factory = ModuleType("reasoning_gym"), ModuleType("reasoning_gym.factory")
    factory.DATASETS = {"sums": Sums, "products": Sums}
    package.factory = factory
    package.create_dataset = lambda name, **settings: factory.DATASETS[name](**settings)
    monkeypatch.setitem(sys.modules, "reasoning_gym", package)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", factory)
    monkeypatch.setattr("mathbench.errors.find_spec", lambda name: name)
    monkeypatch.setattr(gym, "version", lambda name: "0.1.25")


def imported(folder, *words):
    done = run("import", "reasoning-gym", "sums", *words, "--out", folder / "out", "--json")
    assert done.returncode == 0, done.stderr
    data = open_dataset(folder / "out").data()
    return json.loads(done.stdout), {split: table.to_pylist() for split, table in data.splits.items()}


def refused(folder, *words):
    done = run("import", "reasoning-gym", *words, "--out", folder / "out")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert not (folder / "out").exists()
    return done.stderr


def test_without_the_package_one_line_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr("mathbench.errors.find_spec", lambda name: None)
    error = refused(tmp_path, "sums")
    assert "reasoning_gym is not installed: pip install 'mathbench-toolkit[bench]'" in error


def test_every_split_has_a_range_of_its_own(tmp_path, stand_in):
    shown, found = imported(tmp_path, "--train", 50, "--validation", 5, "--interpolate", 7, "--seed", 3)
    assert {split: len(rows) for split, rows in found.items()} == {
        "train": 50,
        "validation": 5,
        "interpolate": 7,
    }
    for split, position in (("train", 0), ("validation", 1), ("interpolate", 2)):
        for row in found[split][:5]:
            assert row["question"] == Sums(9, 3 + position * 2**28)[row["row"]]["question"]
    about = shown["configs"]["reasoning-gym-sums"]["imported"]
    assert about["source"] == "reasoning-gym 0.1.25: sums" and about["seed"] == 3


def test_no_test_question_is_in_train(tmp_path, stand_in):
    # 25 questions in all: most rows repeat
    words = ("--set", "largest=5", "--train", 40, "--validation", 6, "--interpolate", 8)
    shown, found = imported(tmp_path, *words)
    questions = {split: [row["question"] for row in rows] for split, rows in found.items()}
    assert not set(questions["train"]) & {*questions["validation"], *questions["interpolate"]}
    assert not set(questions["validation"]) & set(questions["interpolate"])
    assert len(set(questions["interpolate"])) == 8 and len(set(questions["validation"])) == 6
    # train may repeat its own questions
    assert len(questions["train"]) == 40 and len(set(questions["train"])) <= 11
    overlap = shown["configs"]["reasoning-gym-sums"]["imported"]["overlap"]
    assert all(pair["same_question"] == 0 for pair in overlap["shared"])
    assert overlap["repeats"]["train"]["same_question"] == 40 - len(set(questions["train"]))


def test_extrapolate_has_settings_of_its_own(tmp_path, stand_in):
    words = ("--set", "largest=10", "--extrapolate", 5, "--set-extrapolate", "largest=10000000", "--train", 9)
    _, found = imported(tmp_path, *words, "--validation", 2, "--interpolate", 2)
    assert max(int(row["answer"]) for row in found["train"]) < 20
    assert min(int(row["answer"]) for row in found["extrapolate"]) > 20


def test_other_requests_are_refused(tmp_path, stand_in):
    assert "Did you mean 'sums'?" in refused(tmp_path, "sum")
    assert "refuses the settings {'largest': 0} of sums: largest must" in refused(
        tmp_path, "sums", "--set", "largest=0"
    )
    assert "unexpected keyword argument 'bogus'" in refused(tmp_path, "sums", "--set", "bogus=0")
    assert "--set must be given as key=value" in refused(tmp_path, "sums", "--set", "largest")
    assert "may be given once" in refused(tmp_path, "sums", "--set", "largest=1", "--set", "largest=2")
    assert "extrapolate needs other settings" in refused(tmp_path, "sums", "--extrapolate", 5)
    assert "row 0 has no text as its answer. Received: None" in refused(
        tmp_path, "sums", "--set", "answer=none"
    )
    few = refused(tmp_path, "sums", "--set", "largest=2", "--interpolate", 5)
    assert "interpolate has 4 different questions" in few
