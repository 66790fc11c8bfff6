"""The floors and the exact solver on the rows of a season: computed by the board, once, and never reported to it."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mathbench.baselines.shortcuts.scores import score_shortcuts
from mathbench.dataset.data import DEFAULT_SIZES, Data, all_sizes
from mathbench.errors import InputError
from mathbench.leaderboard.seal import NO_WEIGHTS, entry_seed
from mathbench.leaderboard.seasons.files import FOLDER, load_season
from mathbench.leaderboard.seasons.season import Season, SeasonTask
from mathbench.registry import builtin_folder
from mathbench.scores import strict_json
from mathbench.scores.results import Score
from mathbench.scores.schema import COUNTS, DIGEST
from mathbench.scores.schema_types import MapOf, Record

SOLVER = "exact-solver"  # the name of that baseline
References = Mapping[str, Mapping[str, Mapping[str, Score]]]  # by task of the season, split and name

REFERENCES = Record({"season": DIGEST, "scores": MapOf(MapOf(MapOf(COUNTS)))})


def compute_references(season: Season, on_task: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Fit the floors, and score them and the exact solver on all rows of a season.

    Floors are fitted on as many rows of train as a dataset has by default. A sealed season has none of these scores
    before its seed is revealed.

    Args:
        season: the season.
        on_task: called with the name of each task.

    Returns:
        Plain values of the schema `REFERENCES`, which name the season by its digest.
    """
    scores = {}
    for task in season.tasks:
        on_task(task.name)
        if (seed := _reference_seed(task, season)) is not None:
            scores[task.name] = _task_references(task, seed)
    return {"season": season.digest, "scores": scores}


def _reference_seed(task: SeasonTask, season: Season) -> int | str | None:
    """The seed of the rows that floors and exact solver are scored on.

    In a sealed season every model has rows of its own; these are drawn as for a model whose digest is all zeros, as
    soon as the seed is revealed. None before.
    """
    if season.sealed is None:
        return task.seed
    return entry_seed(season.sealed.seed, NO_WEIGHTS) if season.sealed.seed else None


def _task_references(task: SeasonTask, seed: int | str) -> dict[str, dict[str, dict[str, int]]]:
    fitted = {split: DEFAULT_SIZES[split] for split in ("train", "validation")}
    sizes = all_sizes(task.task, dict(task.rows), fitted, seed)
    floors, solver = score_shortcuts(Data.generate(task.task, sizes, seed))
    named = {**floors, SOLVER: solver}
    return {
        split: {
            name: {count: by_split[split][count] for count in ("n", "correct")}
            for name, by_split in named.items()
            if split in by_split
        }
        for split in task.rows
    }


def parse_references(document: Any, season: Season, where: str) -> References:
    """Read the references of a season.

    Raises:
        InputError: for anything that the schema does not allow, or the references of another season.
    """
    REFERENCES(document, where)
    if document["season"] != season.digest:
        raise InputError(f"{where} has the floors of another season than {season.name}.")
    return {
        task: {
            split: {name: Score(**count) for name, count in named.items()} for split, named in splits.items()
        }
        for task, splits in document["scores"].items()
    }


@cache
def builtin_seasons() -> tuple[tuple[Season, References], ...]:
    """The seasons that come with mathbench, with their references."""
    return tuple(seasons_in(builtin_folder("leaderboard")))


def seasons_in(folder: Path) -> Iterator[tuple[Season, References]]:
    """The seasons in a folder board, with their references where these are there.

    Raises:
        InputError: for an invalid file.
    """
    for path in sorted((folder / FOLDER).glob("*.toml")):
        season = load_season(str(path))
        yield season, read_references(references_path(path), season)


def references_path(season: Path) -> Path:
    """The file of the references of a season with a file."""
    return season.with_suffix(".references.json")


def read_references(path: Path, season: Season) -> References:
    """Read the references of a season from a file; none where there is no file."""
    if not path.is_file():
        return {}
    return parse_references(strict_json.parse(path.read_bytes(), path.name), season, path.name)


def references_text(document: Mapping[str, Any]) -> str:
    """References as the text of their file."""
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
