"""Whatever comes in, the server answers with a receipt or with one line, and never with a 5xx."""

import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mathbench.leaderboard.verify import verify

from .test_api import SUBMIT, form
from .test_load import SMALL

FEW = settings(max_examples=30, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=600, suppress_health_check=list(HealthCheck))

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=300)
    | st.sampled_from(
        ["addition-v1", "../../etc/passwd", "\x00", "\ud800", "1e999", "interpolate", "x" * 300]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=8,
)
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4)
QUERY = st.dictionaries(
    st.sampled_from(["task", "framework", "split", "sort", "limit", "before", "digest", "other"]),
    st.text(max_size=50) | st.integers().map(str),
    max_size=3,
)


def fine(response):
    """Either what was asked for, or a refusal in one line."""
    assert response.status_code < 500, response.text
    document = response.json()
    if response.status_code >= 400:
        assert list(document) == ["error"] and "\n" not in document["error"] and document["error"]


def paths(value, here=()):
    """Where something stands in a JSON value."""
    yield here
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*here, key))


def changed(document, path, value, drop):
    if not path:
        return value
    copy = dict(document)
    if drop and len(path) == 1:
        copy.pop(path[0])
    else:
        copy[path[0]] = changed(document[path[0]], path[1:], value, drop)
    return copy


def spoilt(data, edits):
    data = bytearray(data)
    for at, byte in edits:
        data[at % len(data)] = byte
    return bytes(data)


@pytest.fixture
def sent(run):
    from tests.leaderboard.conftest import make_task, right

    return form(run(predictions=right(make_task("addition", digits=2), SMALL), sizes=SMALL))


def submissions(client, sent):
    """Send a right submission with one value of its manifest replaced, or some bytes of its files."""
    document = json.loads(sent["manifest"][1])

    def send(data):
        predictions = spoilt(sent["predictions"][1], data.draw(EDITS))
        # the right hash of the wrong file, so that the file itself is looked at
        other = document | {"predictions_sha256": hashlib.sha256(predictions).hexdigest()}
        if data.draw(st.booleans()):
            path = data.draw(st.sampled_from(list(paths(document))))
            other = changed(other, path, data.draw(VALUES), data.draw(st.booleans()))
        manifest = spoilt(json.dumps(other).encode(), data.draw(EDITS))
        files = {
            "manifest": ("result.json", manifest),
            "predictions": ("predictions.parquet", predictions),
        }
        fine(client.post(SUBMIT, files=files))

    return send


def test_a_few_broken_submissions(client, sent):
    FEW(given(st.data())(submissions(client, sent)))()
    assert verify(client.board)[1] == []


@pytest.mark.slow
def test_many_broken_submissions(client, sent):
    MANY(given(st.data())(submissions(client, sent)))()
    assert verify(client.board)[1] == []


@FEW
@given(QUERY, st.sampled_from(["/board", "/attempts", "/health"]))
def test_queries(client, query, address):
    fine(client.get("/api/v1" + address, params=query))


@FEW
@given(
    st.binary(max_size=300), st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=60)
)
def test_bodies_of_any_kind(client, body, kind):
    fine(client.post(SUBMIT, content=body, headers={"Content-Type": kind}))
    fine(client.post(SUBMIT, content=body, headers={"Content-Type": f"multipart/form-data; boundary={kind}"}))
    marked = b"--b\r\nContent-Disposition: form-data; name=" + body
    fine(client.post(SUBMIT, content=marked, headers={"Content-Type": "multipart/form-data; boundary=b"}))


@FEW
@given(st.text(max_size=100))
def test_addresses_of_any_kind(client, address):
    from urllib.parse import quote

    fine(client.get("/api/v1/submissions/" + quote(address, safe="")))
    fine(client.get("/api/v1/" + quote(address)))


@FEW
@given(
    st.text(max_size=100),
    st.text(max_size=300),
    st.sampled_from(["", "tasks/", "models/", "compare/", "rounds/"]),
)
def test_pages_of_any_address_and_query(client, address, word, area):
    from urllib.parse import quote

    query = {key: word for key in ("q", "framework", "badge", "sort", "id")}
    for path in (area + quote(address), "compare.html", "models.html"):
        answer = client.get("/" + path, params=query, follow_redirects=False)
        assert answer.status_code in (200, 303, 308, 400, 404, 422), (path, answer.status_code)
        kind = answer.headers.get("content-type", "text/html")
        assert kind.startswith(("text/html", "application/json")), kind
        assert "<script>" not in answer.text
