"""The certificates of the repository prove what its results say."""

import json

import pytest

from mathbench.certificates import checker, document
from mathbench.cli.certify import verdict_json
from mathbench.registry import builtin_folder

FOLDER = builtin_folder("leaderboard") / "proofs"
ROWS = json.loads((FOLDER / "proofs.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['name']}-seed{row['seed']}")
def test_a_result_is_what_its_certificate_proves(row):
    certificate = document.read(FOLDER / f"{row['name']}-seed{row['seed']}.safetensors")
    assert row["proved"] and not row["dirty"]
    assert verdict_json(checker.check(certificate)) == row["verdict"]
    assert certificate.network == row["baseline"]
    family = row["task"]["id"].rpartition("-v")[0]
    assert certificate.claim.is_about(family, row["task"]["parameters"])


def test_no_certificate_is_left_over():
    names = {f"{row['name']}-seed{row['seed']}" for row in ROWS}
    assert {path.stem for path in FOLDER.glob("*.safetensors")} == names
