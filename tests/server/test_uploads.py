"""Bodies that do not end in time."""

from itertools import chain, repeat

import anyio
import pytest
from fastapi import HTTPException, Request

from mathbench.leaderboard.server import uploads


def trickling(kind):
    """A request whose body comes byte by byte, and never ends."""
    start = b'--b\r\nContent-Disposition: form-data; name="manifest"; filename="a"\r\n\r\n'
    parts = chain([start] if b"multipart" in kind else [], repeat(b" "))

    async def receive():
        await anyio.sleep(0.001)
        return {"type": "http.request", "body": next(parts), "more_body": True}

    return Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind)]}, receive)


@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=b"])
def test_a_body_that_trickles_is_refused_in_time(monkeypatch, tmp_path, kind):
    monkeypatch.setattr(uploads, "BODY_TIMEOUT", 0.05)

    async def read():
        if kind == b"application/json":
            await uploads.read_json_body(trickling(kind), 1 << 40)
        else:
            await uploads.save_form(trickling(kind), tmp_path, 1 << 40)

    with pytest.raises(HTTPException) as caught:
        anyio.run(read)
    assert caught.value.status_code == 408
