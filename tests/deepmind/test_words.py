"""Words: a model that is trained on our rows has seen the words of the original's questions."""

import json
import re
from pathlib import Path

import pytest

from mathbench.generators.deepmind import MODULES
from tests.deepmind.shared import first_rows

FACTS = json.loads(Path(__file__).with_name("published_words.json").read_text())
ROWS = 4000
SHARE = 0.01


def test_all_published_modules_have_words():
    assert len(FACTS["words"]) == 56 and set(FACTS["words"]) <= set(MODULES)
    assert all(FACTS["words"].values())


@pytest.mark.parametrize("name", FACTS["words"])
def test_train_shows_every_word_that_the_original_uses(name):
    questions = "\n".join(first_rows(name, "train", ROWS)["question"].to_pylist())
    shown = set(re.findall(r"[a-z]{2,}", questions.lower()))
    used = {word for word, share in FACTS["words"][name].items() if share > SHARE}
    assert used - shown - set(FACTS["misspelt"]) == set()
