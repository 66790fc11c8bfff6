"""Every command on every terminal: encodings without our signs, pipes that end early, no colours, narrow windows."""

import io
import os
import subprocess
import sys

import pytest

from mathbench.cli import streams
from tests.cli.test_help import commands
from tests.commands import run

SIZES = ("--train", 40, "--validation", 10, "--interpolate", 10, "--extrapolate", 10)
UTF8 = {**os.environ, "PYTHONUTF8": "1"}


def start(*words, shell="", **environment):
    """Run the command in a new interpreter, with `shell` behind it."""
    line = f'"{sys.executable}" -m mathbench {" ".join(words)} {shell}'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, env={**UTF8, **environment}
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a dataset, a run, and a board with that run."""
    folder = tmp_path_factory.mktemp("made")
    assert run("generate", "--task", "gcd", *SIZES, "--out", folder / "data").returncode == 0
    words = ("--data", folder / "data", "--no-submit", "--out", folder / "run")
    assert run("run-baseline", "constant", *words).returncode == 0
    named = ("--name", "my-constant", "--board", folder / "board.sqlite")
    assert run("submit", folder / "run", *named).returncode == 0
    return folder


COMMANDS = (
    ("tasks",),
    ("tasks", "addition"),
    ("tasks", "deepmind/algebra__linear_1d"),
    ("tasks", "classic"),
    ("baselines",),
    ("baselines", "lstm-seq2seq"),
    ("verify", "data"),
    ("describe", "data"),
    ("generate", "--task", "gcd", *SIZES, "--out", "more", "--force"),
    ("run-baseline", "constant", "--data", "data", "--no-submit", "--force", "--out", "again"),
    ("run-baseline", "--dry-run"),
    ("score", "run"),
    ("ask", "run", "gcd(12,8)"),
    ("plot", "run"),
    ("submit", "run", "--name", "my-constant", "--board", "board.sqlite"),
    ("leaderboard", "show", "--board", "board.sqlite", "--task", "gcd"),
    ("leaderboard", "show", "--board", "board.sqlite", "--open"),
    ("leaderboard", "show", "--board", "board.sqlite", "--task", "gcd", "--plot", "--split", "interpolate"),
    ("leaderboard", "show", "--board", "board.sqlite", "--task", "gcd", "--markdown"),
    ("leaderboard", "show", "--board", "board.sqlite", "--macro"),
    ("leaderboard", "season", "show", "core-1"),
    ("evaluate", "run", "--dry-run"),
    ("leaderboard", "export", "--board", "board.sqlite"),
    ("leaderboard", "verify", "--board", "board.sqlite"),
)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(map(str, words[:2])))
def test_commands_work_in_encodings_without_our_signs(made, words, encoding):
    shown = run(*words, cwd=made, encoding=encoding)
    assert shown.returncode == 0, shown.stderr
    assert "\\u" not in shown.stdout + shown.stderr


@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_help_works_in_ascii_and_has_a_short_name(words, command):
    names = words.split()[1:]
    short, long = run(*names, "-h", encoding="ascii"), run(*names, "--help", encoding="ascii")
    assert short.returncode == 0 and "Usage:" in short.stdout and short.stdout == long.stdout
    assert "\\u" not in short.stdout


def test_a_group_without_a_command_shows_its_help():
    for words in ((), ("leaderboard",), ("leaderboard", "round")):
        shown = run(*words, encoding="ascii")
        assert shown.returncode == 0 and "Usage:" in shown.stdout and not shown.stderr


def test_the_version():
    from mathbench import __version__

    assert run("--version").stdout == f"mathbench {__version__}\n"


def test_error_lines_in_ascii():
    refused = run("tasks", "é✓", encoding="ascii")
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1 and r"\xe9" in refused.stderr


def test_an_unknown_name_hints_at_tasks_and_suites():
    assert "Did you mean 'classic'?" in run("tasks", "clasic").stderr
    assert "Did you mean 'addition'?" in run("tasks", "aditon").stderr


@pytest.mark.parametrize("width", [1, 20])
@pytest.mark.parametrize("words", COMMANDS[:9], ids=lambda words: " ".join(map(str, words[:2])))
def test_narrow_terminals(made, words, width):
    shown = run(*words, cwd=made, width=width)
    assert shown.returncode == 0, shown.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="bash")
class TestPipes:
    """Real processes, because closed files and signals have no equal in one process."""

    @pytest.mark.parametrize(
        ("words", "code"),
        [("tasks", 0), ("tasks --json", 0), ("describe data", 0), ("verify data", 0), ("verify broken", 1)],
    )
    def test_a_reader_that_leaves_is_no_error_and_changes_no_exit_code(self, made, words, code):
        if "broken" in words:
            assert run("generate", "--task", "gcd", *SIZES, "--out", made / "broken").returncode == 0
            next((made / "broken").rglob("train*.parquet")).write_bytes(b"no")
        name, *rest = words.split()
        rest = [str(made / word) if (made / word).exists() else word for word in rest]
        # `head -c0` reads nothing, so that every write fails
        done = start(name, *rest, shell="| head -c0" if "data" in words else "| head -1 >/dev/null")
        assert done.returncode == code, done.stderr
        assert b"Traceback" not in done.stderr and b"ipe" not in done.stderr

    def test_errors_go_into_a_closed_pipe_quietly(self):
        done = start("tasks", "nosuch", shell="2>&1 | head -c0")
        assert done.returncode == 2 and not done.stderr

    @pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
    def test_closed_streams(self, closed):
        for words, code in (("tasks", "-h"), 0), (("tasks", "nosuch"), 2):
            done = start(*words, shell=closed)
            assert done.returncode == code and b"Traceback" not in done.stderr

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
    def test_a_full_disk_is_one_line(self):
        done = start("tasks", shell="> /dev/full")
        assert done.returncode == 2 and done.stderr == b"error: No space left on device\n"

    @pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
    def test_python_s_own_variable(self, encoding):
        done = start("tasks", "gcd", PYTHONUTF8="0", PYTHONIOENCODING=encoding)
        assert done.returncode == 0, done.stderr
        assert (" → " if encoding == "utf-8" else " -> ") in done.stdout.decode(encoding)

    @pytest.mark.parametrize("columns", ["0", "-5", "abc", "\N{SUPERSCRIPT TWO}", "99999999999", "20"])
    def test_odd_widths(self, columns):
        done = start("tasks", "-h", COLUMNS=columns, TERMINAL_WIDTH=columns, LINES=columns)
        assert done.returncode == 0 and b"Usage" in done.stdout

    def test_bytes_that_are_no_text(self):
        done = subprocess.run(
            [sys.executable, "-m", "mathbench", "tasks", b"caf\xe9"], capture_output=True, env=UTF8
        )
        assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"UTF-8" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudoterminals")
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("words", ["tasks gcd", "tasks -h", "leaderboard -h", "verify data", "tasks nosuch"])
def test_no_escape_codes_where_they_are_not_wanted(made, words, environment):
    plain = on_terminal(made, words, environment)
    assert plain and b"\x1b" not in plain


def test_escape_codes_where_they_are_wanted(made):
    assert b"\x1b" in on_terminal(made, "tasks gcd", {"TERM": "xterm-256color"})


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudoterminals")
def test_progress_bars_in_ascii(made):
    environment = {"TERM": "xterm", "PYTHONIOENCODING": "ascii"}
    assert b"Traceback" not in on_terminal(made, "verify data --all", environment)


def on_terminal(folder, words, environment):
    """Return what a command writes to a terminal."""
    import pty

    ours, theirs = pty.openpty()
    env = {name: value for name, value in UTF8.items() if name not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-m", "mathbench", *words.split()],
        **dict.fromkeys(("stdin", "stdout", "stderr"), theirs),
        cwd=folder,
        env={**env, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    written = b""
    while piece := _read(ours):
        written += piece
    os.close(ours)
    process.wait()
    return written


def _read(terminal):
    try:
        return os.read(terminal, 1 << 16)
    # on Linux, the end of a terminal is an error
    except OSError:
        return b""


def test_every_sign_that_we_print_has_an_equal_in_ascii():
    root = os.path.dirname(os.path.dirname(streams.__file__))
    signs = set()
    for folder, _, files in os.walk(root):
        for file in files:
            if file.endswith(".py"):
                with open(os.path.join(folder, file), encoding="utf-8") as source:
                    signs |= {c for c in source.read() if not c.isascii()}
    # letters of names and examples
    assert {c for c in signs if not c.isalpha() and "\\" in streams.to_ascii(c)} == set()


def test_a_stream_that_cannot_be_reconfigured_is_left_alone(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    streams.prepare()
    assert sys.stdout is stream
