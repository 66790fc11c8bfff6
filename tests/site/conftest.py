"""A board to look at: models that are good at some tasks, and at short numbers."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from mathbench.families import task as make_task
from mathbench.leaderboard.ranking.macro import ModelKey, model_id
from mathbench.leaderboard.seasons.files import parse_season
from mathbench.leaderboard.site import address
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import submit_run
from tests.conftest import absent
from tests.leaderboard.conftest import SIZES, from_anybody, manifest, right, write_run, written_by_anybody
from tests.leaderboard.test_rounds import Host
from tests.server.conftest import Served

from .visitor import CHROMIUM, DRIVER, Visitor, start

HOSTILE = "<b>hostile</b> & \"model\" 'name'"  # of a framework, and of an open model

# share of right answers per digit of the longest operand that a model has lost, and framework
MODELS = {
    "lstm-seq2seq": (0.02, "torch", 56_332),
    "attentional-lstm": (0.01, "keras", 120_400),
    "transformer": (0.05, "torch", 85_580),
    "decoder-transformer": (0.003, "torch", 68_684),
    "mlp": (0.09, "keras", 99_888),
    "stranger": (0.12, HOSTILE, None),
}
TASKS = {
    "addition": {"digits": 4},
    "multiplication": {"digits": 3},
    "gcd": {},
    "divisible": {"k": 7},
    "prime": {},
    "deepmind/numbers__gcd": {},
}


# three of the tasks, with the rows of `SIZES`
SEASON = """
name = "small"
title = "Small season"
description = "Three tasks."
opens = 2020-01-01T00:00:00Z

[rows]
interpolate = 300
extrapolate = 200

[rules]
training = "Rows of train are internal."

[[tasks]]
name = "sums"
group = "operations"
task = "addition-v1"
digits = 4

[[tasks]]
name = "multiples-of-7"
group = "categories"
task = "divisible-v2"
k = 7

[[tasks]]
name = "gcd"
group = "operations"
task = "gcd-v1"
"""
NAMED = {
    "addition": "sums",
    "divisible": "multiples-of-7",
    "gcd": "gcd",
}  # the names of the tasks in the season
FLOORS = {"interpolate": {"constant": 90, "copy": 120}, "extrapolate": {"constant": 80}}  # right rows


def references(season):
    """Floors and exact solver as a board computes them."""
    scores = {
        split: {name: {"n": SIZES[split], "correct": correct} for name, correct in floors.items()}
        | {"exact-solver": {"n": SIZES[split], "correct": SIZES[split]}}
        for split, floors in FLOORS.items()
    }
    return {"season": season.digest, "scores": {task.name: scores for task in season.tasks}}


def add_season(target, text=SEASON):
    """Add a season to a board."""
    season = parse_season(text, "season.toml")
    Board(target).add_season(text, season, references(season))


def made(name):
    return make_task(name, **TASKS[name])


def answered(task, loss, seed, sizes=SIZES):
    """The right answers, some of them spoilt: the longer the question, the more."""
    table = right(task, sizes)
    source = np.random.default_rng(
        int(hashlib.sha256(f"{task.name} {loss} {seed}".encode()).hexdigest()[:8], 16)
    )
    lengths = np.array([len(text) for text in table["prediction"].to_pylist()])
    beyond = np.array([split == "extrapolate" for split in table["split"].to_pylist()])
    kept = (1 - loss) ** (lengths + 4 * beyond) > source.random(len(lengths))
    said = [
        answer if ok else f"{answer}0"
        for answer, ok in zip(table["prediction"].to_pylist(), kept, strict=True)
    ]
    return table.set_column(2, "prediction", pa.array(said, pa.string()))


def fill(board, place, tasks=tuple(TASKS), models=tuple(MODELS), sizes=SIZES):
    """Submit every model to every task; returns the digests by model and task."""
    digests = {}
    add_season(board)
    for i, model in enumerate(models):
        loss, framework, parameters = MODELS[model]
        for name in tasks:
            document = manifest(made(name), sizes, baseline=model, framework=framework, parameters=parameters)
            path = write_run(
                place / f"run-{i}-{name.replace('/', '-')}", document, answered(made(name), loss, 0, sizes)
            )
            digests[model, name] = submit_run(path, str(board)).digest
    return digests


def fill_open(board, place):
    """Submit what is not about rows of the season, one with a name that only submissions of version 1 may have."""
    task = made("prime")
    submit_run(
        write_run(place / "open", manifest(task, baseline="open-model"), answered(task, 0.1, 0)), str(board)
    )
    document = from_anybody(task)
    document["model"]["name"] = HOSTILE
    path = written_by_anybody(place / "hostile", document, answered(task, 0.2, 1), "p.parquet")
    submit_run(path, str(board))


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A small board that tests only read: its path and the digests on it."""
    place = tmp_path_factory.mktemp("board")
    digests = fill(place / "board.sqlite", place, tasks=("addition", "divisible"))
    fill_open(place / "board.sqlite", place)
    return place / "board.sqlite", digests


@pytest.fixture
def opened(filled):
    return Board(filled[0], create=False)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """One browser for all tests."""
    for program in (CHROMIUM, DRIVER):
        if not program.exists():
            absent(f"{program} is not installed (scripts/install-services)")
    driver = start(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def board_server(tmp_path_factory):
    """A served board that tests only read, with a round; some models left a task out."""
    place = tmp_path_factory.mktemp("served")
    digests = fill(place / "board.sqlite", place / "all", tasks=("addition", "divisible"))
    fill(place / "board.sqlite", place / "some", tasks=("gcd",), models=tuple(MODELS)[:3])
    fill_open(place / "board.sqlite", place)
    (place / "rounds").mkdir()
    Host(place / "rounds", [make_task("addition", digits=2)]).play()
    server = Served(place / "board.sqlite", place, "--rounds", place / "rounds", "--season", "small")
    server.digests = digests
    yield server
    server.stop()


@pytest.fixture
def visitor(chromium, board_server):
    """Somebody who looks at that board."""
    return Visitor(chromium, board_server.url)


@pytest.fixture(scope="session")
def tasks():
    """The pages of its tasks."""
    return {name: address.of_season_task(named) for name, named in NAMED.items()}


@pytest.fixture(scope="session")
def pages(board_server, tasks):
    """One page of every kind."""
    prime = made("prime")
    first, second = (board_server.digests[name, "addition"] for name in ("lstm-seq2seq", "stranger"))
    models = [model_id(ModelKey(None, name, None, "torch", "")) for name in ("lstm-seq2seq", "transformer")]
    return {
        "overview": address.OVERVIEW,
        "models": address.MODELS,
        "progress": address.PROGRESS,
        "open": address.OPEN,
        "seasons": address.SEASONS,
        "other season": f"{address.of_season('core-1')}{address.OVERVIEW}",
        "task": tasks["addition"],
        "open task": address.of_task(prime.name, prime.id),
        "model": address.of_model("lstm-seq2seq", "torch"),
        "hostile model": address.of_model("stranger", HOSTILE),
        "compare": address.COMPARE,
        "pair": address.of_pair(first, second),
        "models pair": address.of_models(*models),
        "task pair": address.of_models(*models, "sums"),
        "rounds": address.ROUNDS,
        "round": address.of_round("winter"),
        "submit": address.SUBMIT,
        "about": address.ABOUT,
        "missing": "nothing/here.html",
    }
