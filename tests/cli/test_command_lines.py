"""What every command refuses or understands in the same way: repeated options, digits, paths, bytes."""

import json
from typing import get_args, get_type_hints

import pytest

from mathbench.cli.running import parse_duration
from mathbench.errors import InputError
from tests.cli.test_help import commands
from tests.commands import run

FEW = ("--train", 5, "--validation", 2, "--interpolate", 2, "--extrapolate", 2)
ODD_DIGITS = ("\u0663", "\uff11\uff10", "1_0", " 3 ", "3.0", "0x3", "", "9" * 5000)


def refused(done, *words):
    """Check that a command was refused in one line with some words."""
    assert done.returncode == 2 and not done.stdout, done.stdout
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def options(command):
    return [p for p in command.params if p.param_type_name == "option" and p.name != "help"]


@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_an_option_with_one_value_may_be_given_once(words, command):
    for option in options(command):
        if option.multiple:
            assert "may be repeated" in option.help
            continue
        flag = bool in (hint := get_type_hints(command.callback)[option.name], *get_args(hint))
        given = [option.opts[0]] if flag else [option.opts[0], "1"]
        refused(
            run(*words.split()[1:], *given, *given), option.opts[0], "may be given once. Received: 2 times"
        )


@pytest.mark.parametrize(
    "words",
    [
        "run-baseline constant --submit --no-submit",
        "generate --task gcd --digits 3 --digits 4",
        "generate --task gcd --digits 3 --digits=4",
        "tasks modular --train-share 0.5 --train_share 0.6",
        "run-baseline mlp --set hidden=8 --set hidden=16 --dry-run",
        "run-baseline mlp --set lr=1 --set rate=1 --dry-run",
        "leaderboard round open new --closes 1h --task gcd:digits=3,digits=4",
    ],
)
def test_other_ways_to_repeat(words, tmp_path):
    refused(run(*words.split(), cwd=tmp_path), "once")
    assert not list(tmp_path.iterdir())


def test_options_that_may_be_repeated(tmp_path):
    assert (
        run("run-baseline", "mlp", "--set", "hidden=8", "--set", "steps=9", *FEW, "--dry-run").returncode == 0
    )


@pytest.mark.parametrize("word", ODD_DIGITS)
@pytest.mark.parametrize("option", ["--train", "--workers", "--digits"])
def test_integers_have_the_digits_0_to_9(word, option, tmp_path):
    refused(
        run("generate", "--task", "gcd", f"{option}={word}", cwd=tmp_path), option[2:], "must be an integer"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("word", ["\u0663", "1_0", "nan", "inf", ""])
def test_numbers_have_the_digits_0_to_9(word):
    for option in ("--seconds", "--work", "--work-per-token"):
        refused(run("leaderboard", "serve", f"{option}={word}"), f"{option} must be a number")
    refused(run("tasks", "modular", f"--train-share={word}"), "train_share must be a number")


@pytest.mark.parametrize("text", ["\u0663m", "0", "0s", "-1m", "1e3", "9" * 400 + "h", "10001d", "1 m h", ""])
def test_durations(text):
    with pytest.raises(InputError, match="--closes must be a time such as 90s"):
        parse_duration(text, "--closes")


def test_longest_and_shortest_durations(tmp_path):
    assert parse_duration("10000d") == 864e6
    opened = (
        "leaderboard",
        "round",
        "open",
        tmp_path / "round",
        "--task",
        "gcd",
        "--secret",
        tmp_path / "key",
    )
    refused(run(*opened, "--closes", "0.5"), "--closes must be at least one second")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", ["tasks", "generate --task", "verify", "ask x", "leaderboard show --board"])
@pytest.mark.parametrize("garbage", ["a\0b", "caf\udce9", "\ud800"])
def test_what_is_no_text_is_refused(words, garbage):
    refused(run(*words.split(), garbage), "valid UTF-8 without NUL", ascii(garbage)[1:3])


def test_home_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert run("generate", "--task", "gcd", *FEW, "--out=~/ds").returncode == 0
    assert run("verify", "~/ds").returncode == 0
    assert run("describe", "~/ds", "--plot=~/picture.png").returncode == 0
    words = ("--data=~/ds", "--out=~/run", "--no-submit")
    assert run("run-baseline", "constant", *words).returncode == 0
    assert run("submit", "~/run", "--name=mine", "--board=~/boards/b.sqlite").returncode == 0
    monkeypatch.setenv("MATHBENCH_BOARD", "~/boards/b.sqlite")
    shown = run("leaderboard", "show", "--json")
    assert json.loads(shown.stdout)["tables"]
    (tmp_path / "mine.toml").write_text('name = "mine"\n[[tasks]]\ntask = "gcd"\n')
    assert run("tasks", "~/mine.toml").returncode == 0
    # matplotlib has folders of its own there
    names = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert names == {"ds", "picture.png", "run", "boards", "mine.toml"}


@pytest.mark.parametrize(
    "words", ["generate --task gcd --out", "verify", "submit", "leaderboard show --board"]
)
def test_home_folders_of_nobody(words, tmp_path):
    refused(run(*words.split(), "~nosuchuser/x", cwd=tmp_path), "names no user's home folder")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words", ["verify", "generate --task gcd --out", "leaderboard show --board", "leaderboard build", "score"]
)
def test_an_empty_path_is_no_path(words, tmp_path):
    refused(run(*words.split(), "", cwd=tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["con", "x-00000-of-00001", ".", "..", "a/b", "", "x" * 300])
def test_names_that_a_dataset_cannot_have(name, tmp_path):
    refused(run("generate", "--task", "gcd", *FEW, "--name", name, cwd=tmp_path), "name")
    assert not list(tmp_path.iterdir())


def test_a_refused_token_makes_no_board(tmp_path):
    refused(
        run("leaderboard", "token", "create", "", "--board", tmp_path / "new" / "board.sqlite"),
        "name of a token",
    )
    assert not list(tmp_path.iterdir())
