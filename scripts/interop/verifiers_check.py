"""Load the taskset of verifiers, and run vf-eval on it against a local server that subtracts, sometimes wrongly."""

import json
import os
import re
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from threading import Thread

import mathbench
from mathbench.rewards.verifiers import taskset

MODULE = """from mathbench.rewards.verifiers import taskset

Mathbench = taskset()
__all__ = ["Mathbench"]
"""
ROWS = 12
FORMS = ("{}", "It is {}.", "{}0", "{}")  # of four answers, the first and the last are right


class Subtracts(BaseHTTPRequestHandler):
    """A chat server that writes the difference in the form of the first digit of the question."""

    def log_message(self, *words):
        """Log nothing."""

    def do_GET(self):
        """List the models."""
        self._json({"object": "list", "data": [{"id": "subtracts", "object": "model"}]})

    def do_POST(self):
        """Answer the last turn, as a stream of events where it is asked for."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        content = asked["messages"][-1]["content"]
        question = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        text = answer_to(question)
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        head = {"id": "answer", "created": 1, "model": "subtracts"}
        if not asked.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            self._json({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        delta = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
        stop = {"index": 0, "delta": {}, "finish_reason": "stop"}
        for event in ({"choices": [delta]}, {"choices": [stop]}, {"choices": [], "usage": usage}):
            chunk = json.dumps({**head, "object": "chat.completion.chunk", **event})
            self.wfile.write(f"data: {chunk}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def _json(self, reply):
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def answer_to(question):
    """The answer of the server to a question such as `57-8`."""
    first, second = map(int, re.fullmatch(r"\s*(\d+)-(\d+)\s*", question).groups())
    return FORMS[first % 4].format(first - second)


def evaluate(folder, port):
    """Run vf-eval; return the episodes that it wrote."""
    (folder / "mathbench_taskset.py").write_text(MODULE)
    command = [
        *(str(Path(sys.executable).with_name("vf-eval")), "mathbench_taskset", "-m", "subtracts", "-r", "1"),
        *("--env.taskset.family", "subtraction", "--env.taskset.split", "interpolate"),
        *("--env.taskset.parameters", '{"digits": 2}', "--select.include.idx", f"0:{ROWS}"),
        *("--client.base-url", f"http://127.0.0.1:{port}/v1", "--client.api-key-var", "OPENAI_API_KEY"),
        *("--env.agent.harness.id", "null", "--env.agent.runtime.type", "subprocess"),
        *("--no-push", "--no-rich", "-o", "out"),
    ]
    environment = {**os.environ, "OPENAI_API_KEY": "none", "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    episodes = [
        json.loads(line) for file in folder.rglob("traces.jsonl") for line in file.read_text().splitlines()
    ]
    assert not done.returncode and episodes, done.stdout[-3000:] + done.stderr[-3000:]
    return episodes


def check_tasks():
    """Check that train has no end and the other splits have one, and that tasks are rows."""
    made = taskset()
    config = {"id": "mathbench_taskset", "family": "subtraction", "parameters": {"digits": 1}}
    config_class = made.__orig_bases__[0].__args__[1]
    train = made(config_class(**config))
    test = made(config_class(**config, split="interpolate"))
    assert not train.bounded
    assert test.bounded
    assert made.INFINITE
    rows = mathbench.stream("subtraction", "interpolate", digits=1)
    assert [task.data.prompt for task in test] == [row["question"] for row in rows]
    size = len(mathbench.stream("subtraction", digits=1))
    keys = [task.key for task in islice(train, 2 * size)]
    assert sorted(keys[:size]) == sorted(keys[size:]), "the second epoch has the same rows"
    assert not {task.data.prompt for task in islice(train, 2 * size)} & {task.data.prompt for task in test}


def main():
    """Run all checks."""
    check_tasks()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Subtracts)
    Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        episodes = evaluate(Path(folder), server.server_address[1])
    server.shutdown()
    rows = mathbench.stream("subtraction", "interpolate", digits=2, ids=True)[:ROWS]
    expected = {row["id"]: float(answer_to(row["question"]) == row["answer"]) for row in rows}
    found = {
        episode["task"]["data"]["id"]: episode["traces"][0]["rewards"]["exact_match"]["score"]
        for episode in episodes
    }
    assert found == expected, (found, expected)
    assert 0 < sum(found.values()) < ROWS
    print(f"verifiers {version('verifiers')}: {sum(found.values()):.0f} of {ROWS} right, as expected")


if __name__ == "__main__":
    main()
