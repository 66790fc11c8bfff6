"""A local server of the OpenAI protocol that does what a test tells it: answer, stream, fail, garble, hang up."""

import json
import re
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "adder"
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
DONE = "[DONE]"


class LanguageServer:
    """What came to a server, and how it reacts.

    `react(exchange)` is called for each question; `models` is what GET /models returns, as (status, body).
    """

    def __init__(self):
        self.react = add
        self.models = (
            200,
            {"object": "list", "data": [{"id": MODEL, "owned_by": "us", "max_model_len": 64}]},
        )
        self.requests = []
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()
        self.url = ""

    @property
    def bodies(self):
        """The bodies of the questions."""
        return [request["body"] for request in self.requests if request["method"] == "POST"]

    @contextmanager
    def counted(self):
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            with self.lock:
                self.in_flight -= 1


class Exchange(BaseHTTPRequestHandler):
    """One request, with the ways to react to it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    @property
    def state(self):
        return self.server.state

    def do_GET(self):
        self._record(None)
        self.send(*self.state.models)

    def do_POST(self):
        with self.state.counted():
            self.body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._record(self.body)
            self.state.react(self)

    def _record(self, body):
        with self.state.lock:
            self.state.requests.append(
                {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
            )
            self.number = sum(1 for request in self.state.requests if request["method"] == self.command)

    @property
    def chat(self):
        return "messages" in self.body

    @property
    def question(self):
        return self.body["messages"][-1]["content"] if self.chat else self.body["prompt"]

    def send(self, status, body, **headers):
        """Answer with a status and a body: bytes, or JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fail(self, status, message="no", *, code=None, **headers):
        self.send(status, {"error": {"message": message, "code": code, "type": "error"}}, **headers)

    def reply(self, text, *, finish="stop", usage=USAGE, **fields):
        """Answer with a text; further fields belong to the message."""
        answer = (
            {"message": {"role": "assistant", "content": text, **fields}} if self.chat else {"text": text}
        )
        choice = {"index": 0, "finish_reason": finish, **answer}
        self.send(200, {"id": "x", "model": MODEL, "choices": [choice], "usage": usage})

    def delta(self, text=None, *, finish=None, **fields):
        """An event of a stream."""
        piece = {"content": text} if text is not None else {}
        answer = {"delta": piece | fields} if self.chat else {"text": text or ""}
        return {"id": "x", "model": MODEL, "choices": [{"index": 0, "finish_reason": finish, **answer}]}

    def stream(self, *events, end=(DONE,)):
        """Send events word by word: JSON, or raw text; the connection closes at the end."""
        self.send_response(200)
        self.send_header("content-type", "Text/Event-Stream; charset=utf-8")
        self.send_header("connection", "close")
        self.end_headers()
        for event in (*events, *end):
            data = event if isinstance(event, str) else json.dumps(event)
            self.wfile.write(f"data: {data}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def hang_up(self):
        """Close the connection without, or in the middle of, an answer."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def total(question):
    """The sum that a question asks for."""
    numbers = re.findall(r"\d+(?:\+\d+)+", question)[-1].split("+")
    return str(sum(map(int, numbers)))


def add(exchange):
    """Answer sums right."""
    exchange.reply(total(exchange.question))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients hang up, and so do some reactions."""


@contextmanager
def running():
    """A server in a thread; it ends, with all its connections, when the test does."""
    state = LanguageServer()
    server = _Server(("127.0.0.1", 0), Exchange)
    server.state = state
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
