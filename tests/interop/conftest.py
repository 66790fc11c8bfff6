"""The list of known datasets in a folder of each test."""

import pytest


@pytest.fixture(autouse=True)
def own_list(tmp_path, monkeypatch):
    monkeypatch.setenv("MATHBENCH_IMPORTED", str(tmp_path / "known"))
    monkeypatch.setenv("MATHBENCH_BOARD", str(tmp_path / "board.sqlite"))
