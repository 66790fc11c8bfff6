"""A local endpoint with the parts of the Hub's protocol that an upload needs."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Hub:
    """What was sent.

    Attributes:
        address: of the endpoint.
        files: the content of the repository by path.
        created: the names of repositories, and whether they are private.
        tokens: the `Authorization` headers of requests to the API.
        blobs: large files by their SHA-256.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    created: list[tuple[str, bool]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    blobs: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def serving_hub() -> Iterator[Hub]:
    """Serve an empty hub."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _reply(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._reply({"id": "ada/sums", "sha": "0" * 40, "siblings": []})

    def do_PUT(self) -> None:
        data = self._body()
        self.hub.blobs[hashlib.sha256(data).hexdigest()] = data
        self._reply({})

    def do_POST(self) -> None:
        body, path = self._body(), self.path.partition("?")[0]
        self.hub.tokens.add(self.headers.get("authorization"))
        if path == "/api/repos/create":
            self._create(json.loads(body))
        elif path.endswith("/preupload/main"):
            files = [
                {
                    "path": f["path"],
                    "uploadMode": "lfs" if f["path"].endswith(".parquet") else "regular",
                    "shouldIgnore": False,
                }
                for f in json.loads(body)["files"]
            ]
            self._reply({"files": files})
        elif path.endswith("/info/lfs/objects/batch"):
            self._reply({"transfer": "basic", "objects": list(map(self._lfs, json.loads(body)["objects"]))})
        elif path.endswith("/commit/main"):
            self._commit(body)
        else:
            self._reply({})

    def _create(self, wanted: dict) -> None:
        name = "/".join(filter(None, (wanted.get("organization"), wanted["name"])))
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        self.hub.created.append((name, private))
        self._reply({"url": f"{self.hub.address}/datasets/{name}"})

    def _lfs(self, wanted: dict) -> dict:
        upload = {"href": f"{self.hub.address}/blob/{wanted['oid']}", "header": {}}
        return {"oid": wanted["oid"], "size": wanted["size"], "actions": {"upload": upload}}

    def _commit(self, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.hub.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.hub.files[value["path"]] = self.hub.blobs[re.sub("sha256:", "", value["oid"])]
        url = f"{self.hub.address}/datasets/ada/sums/commit/{'0' * 40}"
        self._reply({"commitUrl": url, "commitOid": "0" * 40, "success": True})
