from dataclasses import replace

import fake_model
import pytest
from fake_model import FakeModel

from mathbench.baselines import table


@pytest.fixture
def model(monkeypatch, tmp_path):
    """The model that openai: opens in a test, and an empty folder to work in."""
    found = FakeModel()
    monkeypatch.setattr(fake_model, "MODEL", found)
    entry = replace(table.PROMPTED["openai"], target="fake_model:MODEL")
    monkeypatch.setitem(table.PROMPTED, "openai", entry)
    monkeypatch.chdir(tmp_path)
    return found
