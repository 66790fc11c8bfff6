"""What an installed package has of the folder leaderboard/: the seasons, from which all that is read is found."""

import shutil
import tomllib
from pathlib import Path

from mathbench import registry
from mathbench.leaderboard.seasons.files import available, load_season
from mathbench.leaderboard.seasons.references import seasons_in

ROOT = Path(__file__).resolve().parents[2]


def test_the_seasons_are_packed_and_results_are_not(tmp_path, monkeypatch):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for source, target in included.items():
        shutil.copytree(ROOT / source, tmp_path / target)
    packed = tmp_path / "mathbench" / "_catalog" / "leaderboard"
    assert [path.name for path in packed.iterdir()] == ["seasons"]
    expected = list(seasons_in(ROOT / "leaderboard"))
    monkeypatch.setattr(registry, "_PACKAGE", tmp_path / "mathbench")
    assert registry.builtin_folder("leaderboard") == packed
    assert list(seasons_in(packed)) == expected and "core-1" in available()
    assert load_season("core-1").name == "core-1"


def test_nothing_else_of_the_folder_is_read():
    uses = [
        line.strip()
        for path in (ROOT / "mathbench").rglob("*.py")
        for line in path.read_text().splitlines()
        if 'builtin_folder("leaderboard")' in line
    ]
    assert uses and all("/ FOLDER" in line or "seasons_in(" in line for line in uses)
