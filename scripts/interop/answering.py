"""Answers of five kinds to a dataset, what they should score, and a server of the OpenAI protocol that gives them."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import mathbench
from mathbench.dataset.read import open_dataset
from mathbench.scores.grading import Grades

KINDS = ("right", "wrong", "unsigned", "chatty", "empty")


def run_mathbench(*words: object) -> str:
    """Run `mathbench WORDS`; return what it prints."""
    command = [sys.executable, "-m", "mathbench", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def written(kind: str, row: dict) -> str:
    """The answer of one kind to a row."""
    answer = row["answer"]
    return {
        "right": f" {answer}",
        "wrong": str(int(answer) + 1),
        "unsigned": answer.lstrip("-"),
        "chatty": f"{row['question']} is easy.\nAnswer: {answer}.",
        "empty": "",
    }[kind]


class Answers:
    """Answers to the rows of a split, whose kinds take turns.

    Args:
        folder: a dataset with one configuration.
        split: the split.
    """

    def __init__(self, folder: str, split: str = "interpolate"):
        dataset = open_dataset(folder)
        self.config, self.split = dataset.config(), split
        self.rows = dataset.table(self.config, split).to_pylist()
        self.kinds = [KINDS[i % len(KINDS)] for i in range(len(self.rows))]
        self.texts = [written(kind, row) for kind, row in zip(self.kinds, self.rows, strict=True)]
        self.by_question = {row["question"]: text for row, text in zip(self.rows, self.texts, strict=True)}

    def grades(self, extract: str = "whole") -> Grades:
        """How mathbench judges them."""
        truths = [row["answer"] for row in self.rows]
        return mathbench.grade_all(self.texts, truths, self.config.task, extract=extract)

    def share(self, extract: str = "whole") -> float:
        """Their exact match."""
        return self.grades(extract).score.exact_match

    def to(self, prompt: str) -> str:
        """The answer to the question at the end of a prompt."""
        question = re.sub(r"\s*\nAnswer:\s*$", "", prompt).rpartition("Question: ")[2].strip()
        return self.by_question[question]


@contextmanager
def serving(answers: Answers) -> Iterator[str]:
    """Serve the answers; yields the address with `/v1`."""
    handler = type("Handler", (_Handler,), {"answers": answers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Chat and text completions."""

    answers: Answers

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        chat = "messages" in body
        prompts = [_text(body["messages"][-1]["content"])] if chat else body["prompt"]
        texts = [self.answers.to(p) for p in ([prompts] if isinstance(prompts, str) else prompts)]
        stops = [body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop") or []
        choices = [_choice(i, _cut(text, stops), chat) for i, text in enumerate(texts)]
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        kind = "chat.completion" if chat else "text_completion"
        self._send(
            {"id": "x", "object": kind, "created": 1, "model": "answers", "choices": choices, "usage": usage}
        )

    def _send(self, value: dict) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _text(content: object) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _cut(text: str, stops: list[str]) -> str:
    """A text up to the first stop sequence in it, as servers do."""
    for stop in stops:
        text = text.partition(stop)[0]
    return text


def _choice(index: int, text: str, chat: bool) -> dict:
    said = {"message": {"role": "assistant", "content": text}} if chat else {"text": text, "logprobs": None}
    return {"index": index, "finish_reason": "stop", **said}
