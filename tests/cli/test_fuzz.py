"""Whatever is typed: no traceback, exit code 0, 1, 2 or 130, one line for what is refused, and nothing half-written.

Commands and options are read from the app, so that new ones are covered. Values are drawn by the name of the option
(`VALUES`), by its type, and from garbage.
"""

import json
import os
from pathlib import Path
from typing import get_args, get_type_hints

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mathbench.cli.request import TASK_OPTIONS
from mathbench.dataset.manifest import MANIFEST_FILE, UNFINISHED_FILE
from mathbench.dataset.read import open_dataset
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.families import FAMILIES, family
from mathbench.reserve import SPLITS
from tests.cli import world
from tests.cli.test_help import commands
from tests.commands import run

NUMBERS = ("0", "1", "2", "3", "4", "5", "10", "60", "500", "-1", "+2", "007", "99999999999999999999")
ODD_NUMBERS = (
    "1_000",
    " 3 ",
    "\u0663",
    "\uff11\uff10",
    "1.5",
    "nan",
    "inf",
    "-inf",
    "1e3",
    "0x10",
    "--",
    "9" * 5000,
)
GARBAGE = (
    *(
        "",
        " ",
        "-",
        "--",
        "~",
        "~nosuchuser/x",
        ".",
        "..",
        "/",
        "//",
        "a/../b",
        "nosuch",
        "x" * 300,
        "a\nb",
        "a\0b",
    ),
    *(
        "\udcff",
        "caf\udce9",
        "é✓",
        "[/x]",
        "[bold]",
        "%s",
        "$HOME",
        "'",
        '"',
        "a=b",
        "=",
        ",",
        ":",
        "1/0",
        "0/1",
    ),
    *("foo://bar", "memory://", "http://127.0.0.1:1", "file:///", "README.md", "con", "null", "-h", "--json"),
    *("/dev/null", "/proc/nowhere/x", "README.md/x", "data/README.md", "x" * 70 + "/" + "y" * 300),
)
TASKS = (*FAMILIES, "addition-v1", "gcd-v9", "deepmind/arithmetic__add_or_sub", "clasic")
SMALL_TASKS = ("gcd:digits=2", "addition:digits=2", "gcd:digits", "gcd:digits=2,digits=3", "prime:base=x")
PATHS = (
    "new",
    "new/deep",
    "~/home",
    "empty",
    "data",
    "part",
    "constant",
    "exact-solver",
    "results",
    "round",
    "README.md",
)
FILES = (
    "new.png",
    "new.json",
    "new.parquet",
    "new.jsonl",
    "new.md",
    "page.md",
    "predictions.parquet",
    "answers.jsonl",
)
BOARDS = (
    "board.sqlite",
    "new.sqlite",
    "new/board.sqlite",
    "results",
    "sqlite:///board.sqlite",
    "README.md",
    "empty",
)
URLS = (
    "postgresql://127.0.0.1:1/x",
    "sqlite://",
    "mysql://x/y",
    "http://127.0.0.1:1/rounds/x",
    "https://nosuch.invalid",
)
SPLIT_SIZES = ("0", "1", "2", "5", "8", "-1", "\u0663")
VALUES = {
    "task": (*TASKS, *SMALL_TASKS),
    "suite": ("classic", "hofstadter", "suite.toml", "README.md", "nosuch.toml"),
    "name": (
        *TASKS,
        "classic",
        "suite.toml",
        "season.toml",
        "core-1",
        "README.md",
        "mine",
        "constant",
        "mlp",
        "exact-solver",
        "mine.py:Zero",
    ),
    "files": (
        "exam.csv",
        "exam.jsonl",
        "test=exam.csv",
        "README.md",
        "empty",
        "nosuch.parquet",
        "=",
        "a=b=c",
    ),
    "answer": ("answer", "question"),
    "split_column": ("split", "answer"),
    "shares": ("train=1", "train=0.5,interpolate=0.5", "train=2", "trian=1", "=", "train=nan,interpolate=1"),
    "recipe": ("addition-rnn", "mlp", "recipe.toml", "nosuch.toml"),
    "framework": ("torch", "keras", "none"),
    "settings": ("hidden=8", "steps=1", "lr=1e-3", "lr=x", "curriculum=0.5 *", "hidden"),
    "sweep": ("hidden=8,16", "lr=1e-4..1e-2", "lr=2..1", "hidden=8..\u0669", "x=1", "hidden=8,8"),
    "budget": ("10", "5s", "1.5m", "0", "9" * 400 + "h", "\u0663m"),
    "closes": ("1h", "7d", "0.5", "9" * 400 + "d", "\u0663d"),
    "answer_within": ("1h", "10m", "soon"),
    "device": ("cpu", "auto", "cuda", "tpu"),
    "engine": ("local", "ray", "rya"),
    "address": ("127.0.0.1:1", "x"),
    "shard": ("1/1", "1/2", "2/1", "0/3", "1/\u0662", "a/b"),
    "config": ("gcd-base10", "all"),
    "split": (*SPLITS, "trian"),
    "seed": ("0", "5", "-1", "winter", "18446744073709551616", "\u0663", "++5", " 5 "),
    "sort": ("score", "model", "parameters", "time", "x"),
    "season": ("core-1", "mine", "season.toml", "README.md", "nosuch.toml"),
    "file": ("season.toml", "README.md", "empty", "nosuch.toml"),
    "group": ("categories", "operations", "x"),
    "badge": ("claimed", "re-scored", "reproduced", "proved", "x"),
    "format": (
        "plain",
        "reversed",
        "padded:width=3",
        "padded:width=3,width=4",
        "markdown",
        "csv",
        "json",
        "html",
        "every-eval-ever",
        "eval-results",
    ),
    "dataset_id": ("ada/sums", "sums", "a/b/c"),
    "dataset_revision": ("0" * 40, "main"),
    "source_name": ("Ada", "a\u202eb"),
    "source_url": ("https://example.org", "example.org", "https://a b"),
    "question": ("gcd(4,6)", "1+1", "question", ""),
    "questions": ("gcd(4,6)", "1+1", ""),
    "model": ("mine", "x" * 300),
    "weights": ("weights", "empty", "nosuch"),
    "entry": ("e1", "e2", "e0"),
    "answers": ("answers.jsonl", "q.jsonl", "README.md"),
    "secret": ("key", "weights", "new.json", "round/key", "new/key"),
    "receipt": ("0" * 64, "x"),
    "reason": ("by mistake", "", "x" * 3000),
    "track": ("wandb", "nosuch", "mine:Zero", "os:nosuch"),
    "run": ("constant", "exact-solver", "data", "empty", "README.md"),
    "folder": ("data", "part", "round", "results", "empty", "new", "README.md"),
    "study": ("study.toml", "networks.toml", "README.md", "nosuch.toml"),
    "learner": ("constant", "exact-solver", "mlp", "*", "x"),
    "data": ("data", "part", "empty", "memory://nosuch/x"),
    "place": ("round", "empty", *URLS),
    "board": (*BOARDS, *URLS),
    "host": ("127.0.0.1", "nosuch"),
    "url": URLS,
    "predictions": ("constant", "predictions.parquet", "answers.jsonl", "README.md", "empty"),
    "token_file": ("token", "README.md", "empty"),
    **dict.fromkeys(SPLITS, SPLIT_SIZES),
    **dict.fromkeys(
        ("workers", "devices", "threads", "seeds", "trials", "port"), ("1", "2", "0", *ODD_NUMBERS)
    ),
}
# of an option without values of its own, by its type
BY_TYPE = {
    int: (*NUMBERS, *ODD_NUMBERS),
    float: ("1", "2.5", *ODD_NUMBERS),
    Path: (*PATHS, *FILES),
    str: (*PATHS, *NUMBERS),
}
TASK_PARAMETERS = sorted({field.name for name in FAMILIES for field in family(name).fields()})
PARAMETER_VALUES = {
    "format": VALUES["format"],
    "answer": ("label", "residue"),
    "distribution": ("lengths", "numbers", "log-uniform"),
    "errors": ("digit:2", "digit:1,digit:2", "swap:\u0663"),
    "negatives": ("natural", "coprime", "hard"),
    "operation": ("plus", "minus", "times"),
    "train_share": ("0.5", "1", "nan", "\u0660.5"),
}


def kind_of(hint):
    """The type of an option, as in `Path | None` or `list[int] | None`."""
    known = (hint, *get_args(hint), *(inner for part in get_args(hint) for inner in get_args(part)))
    return next((kind for kind in (int, float, Path) if kind in known), str)


@st.composite
def command_lines(draw, words, command, digests):
    """Draw the words of a command line."""
    hints = get_type_hints(command.callback)
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    chosen = draw(st.lists(st.sampled_from(options), max_size=4, unique_by=id)) if options else []
    chosen += [p for p in options if p.required and p not in chosen and draw(st.integers(0, 9))]
    # the same option once more, or the opposite one
    chosen += [p for p in chosen if not draw(st.integers(0, 19))]
    line = list(words.split()[1:])
    for argument in arguments:
        if draw(st.integers(0, 9)) or argument.required:
            line.append(draw(value(argument.name, kind_of(hints[argument.name]), digests)))
    for option in chosen:
        names = draw(st.sampled_from([*option.opts, *option.secondary_opts]))
        if bool in (hints[option.name], *get_args(hints[option.name])):
            line.append(names)
            continue
        line += joined(draw, names, draw(value(option.name, kind_of(hints[option.name]), digests)))
    if command.context_settings.items() >= TASK_OPTIONS.items():
        for name in draw(st.lists(st.sampled_from(TASK_PARAMETERS), max_size=2)):
            values = PARAMETER_VALUES.get(name, (*NUMBERS, *ODD_NUMBERS))
            line += joined(draw, f"--{name.replace('_', '-')}", draw(st.sampled_from(values)))
    if not draw(st.integers(0, 19)):
        line.insert(draw(st.integers(0, len(line))), draw(garbage))
    return line


def joined(draw, name, word):
    """An option and its value, as two words or as one."""
    return [f"{name}={word}"] if draw(st.booleans()) else [name, word]


garbage = st.sampled_from(GARBAGE) | st.text(max_size=20)


@st.composite
def value(draw, name, kind, digests):
    """Draw the value of an option: mostly one that belongs there."""
    if not draw(st.integers(0, 5)):
        return draw(garbage)
    known = VALUES.get(name, BY_TYPE[kind])
    if name in ("first", "second", "submission_id"):
        known = (*digests, digests[0][:8], "constant", "exact-solver", "", "g")
    return draw(st.sampled_from(known))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder with one of everything, and the digests on its board."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(home))
        patch.setenv("MPLCONFIGDIR", str(home))
        world.shorten_season(patch, tmp_path_factory.mktemp("builtin"))
        folder = tmp_path_factory.mktemp("template")
        yield folder, world.build(folder)


@pytest.fixture(scope="module")
def place(template, tmp_path_factory):
    """A function that runs words in a copy of the template and checks what they left."""
    folder = tmp_path_factory.mktemp("place") / "work"
    with pytest.MonkeyPatch.context() as patch:
        world.stand_in(patch, folder / "home")
        world.restore(template[0], folder)
        before = world.snapshot(folder)

        def check(line):
            nonlocal before
            try:
                return _check(line, folder, before)
            finally:
                if world.snapshot(folder) != before:
                    world.restore(template[0], folder)
                    before = world.snapshot(folder)

        yield check


def _check(line, folder, before):
    done = run(*line, cwd=folder)
    assert done.returncode in (0, 1, 2, 130), done
    assert "Traceback" not in done.stderr
    after = world.snapshot(folder)
    changed = [path for path in {**before, **after} if before.get(path, 0) != after.get(path, 0)]
    # SQLite removes these when the process ends
    changed = [path for path in changed if not path.endswith(("-wal", "-shm"))]
    assert not [path for path in changed if path.endswith(".tmp")]
    if done.returncode == 2:
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
        assert not done.stdout, done.stdout
        assert all(_may_change(line[0], folder, path) for path in changed), changed
    for path in changed:
        if after.get(path, 0):
            _check_whole(folder / path, line)
    return done


def _may_change(command, folder, path):
    """Whether a refused command may leave a path: boards count refused submissions, and answers are kept."""
    answers = command == "evaluate" and "seasons" in Path(path).parts
    return answers or (command in ("submit", "evaluate") and _is_board(folder / path))


def _is_board(path):
    """Whether a path is a board, or a folder of nothing but boards."""
    if path.is_dir():
        return all(map(_is_board, path.iterdir()))
    return path.name.endswith(("-wal", "-shm")) or path.read_bytes().startswith(b"SQLite format 3")


def _check_whole(path, line):
    """Check that a file is as whole as its name says; a copy of a board may have any name."""
    if line[:2] == ["leaderboard", "backup"] and _is_board(path):
        return
    if path.name == UNFINISHED_FILE:
        assert any(word.startswith("--shard") for word in line)
    if path.name == MANIFEST_FILE:
        checks = list(verify(open_dataset(path.parent), VerifyOptions(regenerate_all=True)))
        assert all(check.passed for check in checks), checks
    if path.suffix == ".parquet":
        pq.read_table(path)
    if path.suffix == ".json" and path.name != UNFINISHED_FILE:
        json.loads(path.read_text())
    assert path.stat().st_size


EXAMPLES = int(os.environ.get("MATHBENCH_FUZZ", 100))
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=20 * EXAMPLES, derandomize=False)


def fuzz(words, command, template, place, how):
    """Run command lines of one command."""

    # drawing a run takes a second
    @settings(how, max_examples=how.max_examples // 20 if words == "mathbench plot" else how.max_examples)
    @given(command_lines(words, command, template[1]))
    def check(line):
        place(line)

    check()


@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_any_command_line(words, command, template, place):
    fuzz(words, command, template, place, QUICK)


@pytest.mark.parametrize(
    "words", [("five-minutes",), ("five-minutes", "--dry-run"), ("networks.toml", "--json")]
)
def test_no_command_line_starts_a_study_with_networks(words, place):
    done = place(["study", *words])
    assert done.returncode == 2 and "stand-in: no study is run" in done.stderr


def test_a_study_of_shortcuts_is_run(place):
    assert place(["study", "study.toml", "--out", "new"]).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_many_command_lines(words, command, template, place):
    fuzz(words, command, template, place, LONG)
