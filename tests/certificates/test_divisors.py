"""The search for the least labels with which a network is proved: its results, and how it goes on."""

import importlib.util
import json
from importlib.machinery import SourceFileLoader

import pytest

from mathbench.certificates.automaton import residues
from tests.docs.pages import ROOT

FILE = ROOT / "leaderboard" / "proofs" / "divisors.json"
FOUND = json.loads(FILE.read_text())
ROWS = FOUND["rows"]
STEPS = ["examples", "residue", "prefix"]


@pytest.fixture
def script(monkeypatch):
    """The module of `scripts/divisors`, whose name has no ending."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    loader = SourceFileLoader("divisors", str(ROOT / "scripts" / "divisors"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("divisors", loader))
    loader.exec_module(module)
    return module


def test_every_divisor_has_rows():
    """But those that were not run yet: two clones began at both ends."""
    assert {row["seed"] for row in ROWS} == {0}
    assert set(range(2, 65)) - {row["k"] for row in ROWS} == set(range(44, 59))
    assert all(2 <= row["k"] <= 64 for row in ROWS)
    assert FILE.stat().st_size < 300_000


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['k']}-{row['step']}-seed{row['seed']}")
def test_a_row_is_proved_only_with_a_verdict(row):
    assert not FOUND["environments"][row["environment"]]["dirty"]
    assert f"--k {row['k']} " in row["command"] and f"--seed {row['seed']} " in row["command"]
    assert ("--answer residue" in row["command"]) == (row["step"] != "examples")
    assert ("labels=prefix" in row["command"]) == (row["step"] == "prefix")
    whole = [str(r) if row["step"] != "examples" else str(r == 0) for r in range(row["k"])]
    assert row["states"] == len(residues(row["k"], 10, whole).minimal().table)
    assert row["units"] == max(16, -(-row["states"] // 8) * 8)
    if row["proved"]:
        verdict = row["verdict"]
        what = f"multiple of {row['k']}," if row["step"] == "examples" else f"modulo {row['k']},"
        assert what in verdict["claim"] and verdict["claim"].endswith("base 10 of any number of digits")
        assert verdict["clearance"] > 0 and verdict["margin"] > 0 and row["certificate"].startswith("sha256:")
        # no automaton with fewer boxes gives the true answers
        assert verdict["transitions"] >= 10 * (row["states"] + 1)
        assert set(row["certified"].values()) == {1.0} and "reason" not in row
    else:
        assert row["reason"] and not {"verdict", "certificate"} & set(row)
        assert 0 <= row["trained"]["4000"] <= 1


def test_labels_are_tried_in_order_until_a_proof():
    for key in {(row["k"], row["seed"]) for row in ROWS}:
        mine = [row for row in ROWS if (row["k"], row["seed"]) == key]
        steps = [STEPS.index(row["step"]) for row in mine]
        assert steps == list(range(steps[0], steps[0] + len(steps)))
        assert not any(row["proved"] for row in mine[:-1])
        assert key[1] or not steps[0]


def row(k, seed, step, proved):
    return {"k": k, "seed": seed, "step": step, "proved": proved}


def test_the_search_goes_on_after_what_is_there(script):
    rows = [row(5, 0, "examples", False), row(6, 0, "examples", True)]
    assert [script.next_step(rows, k, 0, every=False) for k in (4, 5, 6)] == ["examples", "residue", None]
    rows += [row(5, 0, "residue", True)]
    assert [script.next_step(rows, 5, seed, every=False) for seed in (0, 1)] == [None, "residue"]
    assert script.next_step(rows, 5, 1, every=True) == "examples"
    rows += [row(5, 1, step, False) for step in ("residue", "prefix")]
    assert script.next_step(rows, 5, 1, every=False) is None


def test_rows_are_kept_with_what_they_were_measured_on(script, tmp_path):
    found, path = script.read(tmp_path / "rows.json"), tmp_path / "rows.json"
    for k, commit in ((3, "a"), (2, "a"), (4, "b")):
        script.add(found, row(k, 0, "examples", True), {"commit": commit})
    script.write(found, path)
    kept = script.read(path)
    assert [r["k"] for r in kept["rows"]] == [2, 3, 4]
    assert [kept["environments"][r["environment"]]["commit"] for r in kept["rows"]] == ["a", "a", "b"]


def test_widths_follow_the_states(script):
    assert [script.units(k, "examples") for k in (2, 17, 29, 60, 64)] == [16, 24, 32, 16, 24]
    assert [script.units(k, "prefix") for k in (2, 64)] == [16, 64]


def test_rows_of_a_second_clone_are_joined(script):
    found = {
        "environments": [{"commit": "a"}],
        "rows": [{"k": 2, "seed": 0, "step": "examples", "environment": 0}],
    }
    other = {"environments": [{"commit": "b"}, {"commit": "a"}], "rows": []}
    for number, k in enumerate((64, 63)):
        other["rows"].append({"k": k, "seed": 0, "step": "prefix", "environment": number})
    other["rows"].append({**found["rows"][0], "environment": 0})
    script.join(found, other)
    assert [(row["k"], found["environments"][row["environment"]]["commit"]) for row in found["rows"]] == [
        (2, "a"), (64, "b"), (63, "a")
    ]  # fmt: skip
