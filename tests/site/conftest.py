"""A board to look at: models that are good at some tasks, and at short numbers."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mathbench.generators import task as make_task
from mathbench.leaderboard.store import Board
from mathbench.leaderboard.submit import submit_run

from ..conftest import absent
from ..leaderboard.conftest import SIZES, manifest, right, write_run
from ..server.conftest import Served

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
QUIET = (
    "headless=new",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "hide-scrollbars",
)

# share of right answers per digit of the longest operand that a model has lost, and framework
MODELS = {
    "lstm-seq2seq": (0.02, "torch", 56_332),
    "attentional-lstm": (0.01, "keras", 120_400),
    "transformer": (0.05, "torch", 85_580),
    "decoder-transformer": (0.003, "torch", 68_684),
    "mlp": (0.09, "keras", 99_888),
    "<b>hostile</b> & \"model\" 'name'": (0.12, None, None),
}
TASKS = {
    "addition": {"digits": 4},
    "multiplication": {"digits": 3},
    "gcd": {},
    "divisible": {"k": 7},
    "prime": {},
    "deepmind/numbers__gcd": {},
}


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
    for i, model in enumerate(models):
        loss, framework, parameters = MODELS[model]
        for name in tasks:
            document = manifest(made(name), sizes, baseline=model, framework=framework, parameters=parameters)
            path = write_run(
                place / f"run-{i}-{name.replace('/', '-')}", document, answered(made(name), loss, 0, sizes)
            )
            digests[model, name] = submit_run(path, str(board)).digest
    return digests


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A small board that tests only read: its path and the digests on it."""
    place = tmp_path_factory.mktemp("board")
    digests = fill(place / "board.sqlite", place, tasks=("addition", "divisible"))
    return place / "board.sqlite", digests


@pytest.fixture
def opened(filled):
    return Board(filled[0], create=False)


def driver(*options):
    """A headless Chromium; everything that it would look up or download by itself is off."""
    if not (Path(CHROMIUM).exists() and Path(DRIVER).exists()):
        absent("Chromium is not installed (Debian: apt-get install chromium chromium-driver)")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    chosen = ChromeOptions()
    chosen.binary_location = CHROMIUM
    for option in (*QUIET, *options):
        chosen.add_argument(f"--{option}")
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(chosen, Service(DRIVER))


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests."""
    made = driver("window-size=1200,900")
    yield made
    made.quit()


@pytest.fixture(scope="session")
def served(filled, tmp_path_factory):
    """The board, served by a process of its own; `served.url`, `served.token`."""
    place = tmp_path_factory.mktemp("served")
    for path in filled[0].parent.glob("board.sqlite*"):  # also what is still in the write-ahead log
        shutil.copy(path, place / path.name)
    server = Served(place / "board.sqlite", place)
    yield server
    server.stop()
