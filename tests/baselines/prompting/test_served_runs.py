"""Whole runs of models behind servers: what is recorded, resumed, and said when something is missing."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mathbench import errors
from tests.baselines.prompting.language_server import USAGE, add, running, total
from tests.commands import outcome

pytest.importorskip("openai", reason="the extra openai")

ROOT = Path(__file__).resolve().parents[3]
KEY = "sk-secret-0123456789"
LONG_WAIT = 60
WORDS = (
    "run-baseline",
    "openai:adder",
    "--task",
    "addition",
    "--digits",
    "3",
    "--limit",
    "20",
    "--out",
    "run",
)


@pytest.fixture
def server():
    with running() as found:
        yield found


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATHBENCH_BOARD", str(tmp_path / "board.sqlite"))
    for name in ("OPENAI_CUSTOM_HEADERS", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def journal():
    return [json.loads(line) for line in Path("run/replies.jsonl").read_text().splitlines()]


def questions(bodies):
    return [json.dumps(body["messages"]) for body in bodies]


def test_what_a_run_records(server):
    usage = USAGE | {"completion_tokens_details": {"reasoning_tokens": 1}}
    server.react = lambda exchange: exchange.reply(
        f"<think>as {exchange.headers['authorization']} wants</think>{total(exchange.question)}", usage=usage
    )
    words = (
        "--set",
        "parallel=3",
        "--set",
        "price_input=2",
        "--set",
        "price_output=10",
        "--set",
        "revision=v2",
    )
    assert outcome(*WORDS, "--url", server.url, *words)[0] == 0
    assert len(server.bodies) == 40 and server.most_in_flight <= 3
    found = json.loads(Path("run/result.json").read_text())
    assert found["asked"]["tokens"] == {"prompt": 200, "reply": 80, "reasoning": 40}
    assert found["asked"]["price"] == pytest.approx((200 * 2 + 80 * 10) / 1e6)
    assert found["scores"]["interpolate"]["exact_match"] == 1
    assert found["asked"]["model"]["details"] == {"max_model_len": 64, "owned_by": "us"}
    assert {line["reasoning"] for line in journal()} == {"as Bearer [key] wants"}
    assert set(pq.read_table("run/predictions.parquet")["prediction"].to_pylist()) == {
        line["text"] for line in journal()
    }


def test_no_key_is_written_or_shown_whatever_the_server_repeats(server):
    echo = {"data": [{"id": "adder", "owned_by": KEY}], "note": KEY}
    server.models = (200, echo)

    def react(exchange):
        if exchange.number <= 30:
            exchange.reply(f"{total(exchange.question)} {KEY}", finish=KEY, reasoning=KEY)
        else:
            exchange.fail(400, f"{KEY} is not allowed {exchange.headers['authorization']}")

    server.react = react
    shown = outcome(*WORDS, "--url", server.url, "--set", "parallel=1")
    assert shown[0] == 2 and "[key] is not allowed Bearer [key]" in shown[2]
    server.react = lambda exchange: exchange.reply(KEY)
    finished = outcome(*WORDS, "--url", server.url, "--resume")
    assert finished[0] == 0
    files = [path for path in Path().rglob("*") if path.is_file()]
    assert {"result.json", "run.json", "replies.jsonl", "board.sqlite"} <= {path.name for path in files}
    for path in files:
        assert KEY.encode() not in path.read_bytes(), path
    assert not any(KEY in text for text in (*shown[1:], *finished[1:]))


def test_a_server_that_fails_in_the_middle_is_resumed_by_row(server):
    server.react = lambda exchange: add(exchange) if exchange.number <= 25 else exchange.fail(503, "tired")
    words = ("--url", server.url, "--set", "parallel=1")
    code, _, shown = outcome(*WORDS, *words, "--set", "retries=0")
    assert code == 2 and shown.rstrip().endswith(
        f"{server.url} was asked a question once without a reply. Last: 503: tired."
    )
    assert not Path("run/result.json").exists() and len(journal()) == 25
    answered = questions(server.bodies[:25])
    server.react = add
    server.requests.clear()
    assert outcome(*WORDS, *words, "--resume")[0] == 0
    assert len(server.bodies) == 15 and not set(questions(server.bodies)) & set(answered)
    assert json.loads(Path("run/result.json").read_text())["scores"]["extrapolate"]["exact_match"] == 1


@pytest.mark.parametrize(
    ("sent", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGKILL, -signal.SIGKILL, marks=pytest.mark.slow)],
)
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_process_that_is_stopped_ends_its_requests_and_is_resumed(server, sent, code):
    holding, release = threading.Event(), threading.Event()

    def react(exchange):
        if exchange.number <= 12:
            return add(exchange)
        holding.set()
        return release.wait(LONG_WAIT)

    server.react = react
    # Ctrl-C reaches the process as the terminal sends it, with the handler of Python
    start = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    command = [sys.executable, "-c", start + "from mathbench.__main__ import main; main()", *WORDS]
    process = subprocess.Popen(
        [*command, "--url", server.url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not holding.wait(0.05) or Path("run/replies.jsonl").read_bytes().count(b"\n") < 12:
        assert process.poll() is None, process.communicate()
    process.send_signal(sent)
    _, shown = process.communicate(timeout=LONG_WAIT)
    release.set()
    assert process.returncode == code and "Traceback" not in shown
    answered = questions(server.bodies[:12])
    server.react = add
    server.requests.clear()
    assert outcome(*WORDS, "--url", server.url, "--resume")[0] == 0
    assert len(server.bodies) == 28 and not set(questions(server.bodies)) & set(answered)


CURVES = re.findall(r"^ask (\w+) (--task .*)$", (ROOT / "docs/served-models.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("name", "words"), CURVES, ids=[name for name, _ in CURVES])
def test_the_commands_of_the_curves_run(server, name, words):
    server.react = lambda exchange: exchange.reply("7")
    command = (
        "run-baseline",
        "openai:adder",
        "--url",
        server.url,
        "--limit",
        3,
        "--out",
        name,
        "--no-submit",
    )
    assert outcome(*command, *words.split())[0] == 0
    lengths = re.search(r"--long (\S+)", words)
    found = json.loads(Path(name, "result.json").read_text()).get("long", {})
    assert sorted(found, key=int) == (lengths[1].split(",") if lengths else [])


def test_there_are_commands_for_four_curves():
    assert [name for name, _ in CURVES] == ["sums", "residues", "primes", "decimals"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "a served model needs the address of its server, such as --url http://localhost:8000/v1."),
        (
            ("--url", "localhost:8000"),
            "the address of a server is like http://localhost:8000/v1. Received: 'localhost:8000'.",
        ),
        (
            ("--url", "http://me:hidden@localhost:8000/v1"),
            "the address of a server must have no user, password, query or fragment. A key goes into OPENAI_API_KEY.",
        ),
        (
            ("--url", "http://127.0.0.1:9/v1"),
            "http://127.0.0.1:9/v1 does not answer: All connection attempts failed.",
        ),
        (
            ("--url", "http://127.0.0.1:9/v1", "--set", 'extra={"n": 2}'),
            "settings: extra cannot change the field 'n' of a request.",
        ),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_leaves_nothing(words, message):
    code, _, shown = outcome(*WORDS, *words)
    assert code == 2 and re.sub(r"^\W*error: ", "", shown.strip(), flags=re.IGNORECASE) == message
    assert not Path("run").exists() and not Path("board.sqlite").exists()


def test_a_missing_extra_is_one_line(server, monkeypatch):
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name == "openai" else find_spec(name))
    code, _, shown = outcome(*WORDS, "--url", server.url)
    assert code == 2 and "openai is not installed: pip install 'mathbench-toolkit[openai]'." in shown
    assert not Path("run").exists() and not server.requests
